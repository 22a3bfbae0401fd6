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

function url(name: string): URL {
  return URL.parse(required(name)) ?? refuse(`${name} is not a URL: ${environment[name]}`);
}

function oneOf<Choice extends string>(name: string, [fallback, ...others]: [Choice, ...Choice[]]): Choice {
  const value = environment[name] || fallback;
  return [fallback, ...others].find((choice) => choice === value) ?? refuse(`${name} is not known: ${value}`);
}

const beside = (name: string) => resolve(import.meta.dirname, name);
const keys = url('LYCEUM_JWKS_URL');

export const settings = {
  secret: required('LYCEUM_ROUTER_SECRET'),
  keys,
  apiKeys: environment.LYCEUM_API_KEYS_URL ? url('LYCEUM_API_KEYS_URL') : new URL('/api-keys/token', keys),
  operations: resolve(environment.LYCEUM_OPERATIONS || beside('persisted-query-manifest.json')),
  port: number('LYCEUM_PORT', 4000),
  host: environment.LYCEUM_HOST || '127.0.0.1',
  supergraph: resolve(environment.LYCEUM_SUPERGRAPH || beside('supergraph.graphql')),
  issuer: environment.LYCEUM_ISSUER || 'https://lyceum.example',
  audience: environment.LYCEUM_AUDIENCE || 'lyceum',
  production: oneOf('LYCEUM_ENVIRONMENT', ['development', 'production']) === 'production',
  // What clients of ours may ask; metrics name these operations only.
  operations: resolve(import.meta.dirname, 'persisted-query-manifest.json'),
  telemetry: !!environment.OTEL_EXPORTER_OTLP_ENDPOINT && environment.OTEL_SDK_DISABLED?.toLowerCase() !== 'true',
  proxies: number('LYCEUM_PROXIES', 0),
};
