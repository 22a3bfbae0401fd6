// Everything the router can be told, all of it by environment:
//
//   LYCEUM_ROUTER_SECRET  what proves to the subgraphs that a request comes from the router; required
//   LYCEUM_JWKS_URL       where identity publishes the keys of access tokens; required
//   LYCEUM_PORT           default 4000
//   LYCEUM_HOST           default 127.0.0.1
//   LYCEUM_SUPERGRAPH     the composed supergraph, read again when it changes; default supergraph.graphql beside this file
//   LYCEUM_ISSUER         `iss` of access tokens; default https://lyceum.example
//   LYCEUM_AUDIENCE       `aud` of access tokens; default lyceum
//   LYCEUM_API_KEYS_URL   where identity exchanges API keys for access tokens; default /api-keys/token beside its keys
//   LYCEUM_OPERATIONS     the manifest of persisted operations; default persisted-query-manifest.json beside this file
//   LYCEUM_ENVIRONMENT    development (default), or production: persisted operations only, no GraphiQL, no introspection,
//                         no suggestions
//   OTEL_EXPORTER_OTLP_ENDPOINT  where traces, metrics and logs go (OTLP/HTTP); none are made without it. The other OTEL_*
//                         variables are OpenTelemetry's own
//   LYCEUM_PROXIES        how many proxies of ours stand before the router and append to x-forwarded-for; default 0
//   LYCEUM_ORIGINS        whose pages may use the graph, over HTTP and WebSocket: origins with commas between them, or *;
//                         default * in development, in production none
//   LYCEUM_REDIS_URL      the Redis that all routers count requests in (redis://, rediss:// or unix://); required unless
//                         requests are not counted
//   LYCEUM_RATE_LIMIT     requests a minute from one address; default 100, 0 for any number, uncounted
//   LYCEUM_RATE_LIMITS    requests a minute of signed-in clients, counted by organization instead: CLASS=n,
//                         ORGANIZATION_ID=n or ORGANIZATION_ID/CLASS=n, with commas between them; the closest match holds
//   LYCEUM_MAXIMUM_COST   the largest cost of an operation, about one for each object; default 20000, 0 for any
//   LYCEUM_SOCKETS        WebSockets open at once from one address, at this router; default 1000
//   LYCEUM_SUBSCRIPTIONS  subscriptions open at once of one person, at this router; default 50
//   LYCEUM_TIMEOUT        milliseconds that a subgraph may take to answer; default 10000
//   LYCEUM_TIMEOUTS       the same of single subgraphs: NAME=milliseconds, with commas between them
import { resolve } from 'node:path';

const environment = process.env;

function refuse(message: string): never {
  console.error(message);
  process.exit(1);
}

function required(name: string): string {
  return environment[name] || refuse(`${name} is not set.`);
}

function number(name: string, fallback: number): number {
  const value = environment[name] || String(fallback);
  return /^\d+$/.test(value) ? Number(value) : refuse(`${name} is not a number: ${value}`);
}

function list(name: string, fallback: readonly string[]): readonly string[] {
  const values = (environment[name] ?? '').split(',').map((value) => value.trim());
  return values.some(Boolean) ? values.filter(Boolean) : fallback;
}

function numbers(name: string): ReadonlyMap<string, number> {
  const pairs = list(name, []).map((pair) => /^([^=\s]+)=(\d+)$/.exec(pair) ?? refuse(`${name} is not NAME=number: ${pair}`));
  return new Map(pairs.map(([, key, value]) => [key!, Number(value)]));
}

function url(name: string): URL {
  return URL.parse(required(name)) ?? refuse(`${name} is not a URL: ${environment[name]}`);
}

function oneOf<Choice extends string>(name: string, [fallback, ...others]: [Choice, ...Choice[]]): Choice {
  const value = environment[name] || fallback;
  return [fallback, ...others].find((choice) => choice === value) ?? refuse(`${name} is not known: ${value}`);
}

const beside = (name: string) => resolve(import.meta.dirname, name);
const keys = url('LYCEUM_JWKS_URL');
const production = oneOf('LYCEUM_ENVIRONMENT', ['development', 'production']) === 'production';
const requests = number('LYCEUM_RATE_LIMIT', 100);
const exceptions = numbers('LYCEUM_RATE_LIMITS');
const isCounting = requests > 0 || exceptions.size > 0;

export const settings = {
  secret: required('LYCEUM_ROUTER_SECRET'),
  keys,
  apiKeys: environment.LYCEUM_API_KEYS_URL ? url('LYCEUM_API_KEYS_URL') : new URL('/api-keys/token', keys),
  // What clients of ours may ask; metrics name these operations only.
  operations: resolve(environment.LYCEUM_OPERATIONS || beside('persisted-query-manifest.json')),
  port: number('LYCEUM_PORT', 4000),
  host: environment.LYCEUM_HOST || '127.0.0.1',
  supergraph: resolve(environment.LYCEUM_SUPERGRAPH || beside('supergraph.graphql')),
  issuer: environment.LYCEUM_ISSUER || 'https://lyceum.example',
  audience: environment.LYCEUM_AUDIENCE || 'lyceum',
  production,
  telemetry: !!environment.OTEL_EXPORTER_OTLP_ENDPOINT && environment.OTEL_SDK_DISABLED?.toLowerCase() !== 'true',
  proxies: number('LYCEUM_PROXIES', 0),
  origins: list('LYCEUM_ORIGINS', production ? [] : ['*']),
  rates: isCounting ? { redis: url('LYCEUM_REDIS_URL').href, requests, exceptions } : undefined,
  maximumCost: number('LYCEUM_MAXIMUM_COST', 20_000),
  socketsPerAddress: number('LYCEUM_SOCKETS', 1_000),
  subscriptionsPerPerson: number('LYCEUM_SUBSCRIPTIONS', 50),
  timeout: number('LYCEUM_TIMEOUT', 10_000),
  timeouts: numbers('LYCEUM_TIMEOUTS'),
};
