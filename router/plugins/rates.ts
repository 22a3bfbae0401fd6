// Counts requests per minute in Redis, so that all routers together hold one limit; an operation on a WebSocket is a
// request. Above the limit the answer is RATE_LIMITED, over HTTP with status 429 and `Retry-After`.
import { createClient, defineScript } from '@redis/client';
import type { IncomingMessage } from 'node:http';
import type { GatewayPlugin, Logger } from '@graphql-hive/gateway-runtime';
import { clientAddress, networkOf } from './address.ts';
import type { Authentication } from './authentication.ts';
import { refuse, type Received } from './refusal.ts';

const window = 60_000;
// A Redis that does not answer costs this much once a second, and no request fails because of it.
const patience = 250;
const pause = 1_000;

export interface RateOptions {
  redis: string;
  /** Requests per window from one address. */
  requests: number;
  /** Requests per window of signed-in clients, by `class`, `organization` or `organization/class`. */
  exceptions: ReadonlyMap<string, number>;
  proxies: number;
  log: Logger;
}

interface Client extends Partial<Authentication> {
  client?: { class?: string };
  connectionParams?: object;
  req?: IncomingMessage;
}

interface Bucket {
  key: string;
  limit: number;
}

interface Taken {
  count: number;
  millisecondsLeft: number;
}

const nothing: Taken = { count: 0, millisecondsLeft: 0 };

// One call that Redis runs as a whole: two routers never both take the last request.
const take = defineScript({
  NUMBER_OF_KEYS: 1,
  SCRIPT: `
    local count = redis.call('INCR', KEYS[1])
    if count == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
    return {count, redis.call('PTTL', KEYS[1])}
  `,
  parseCommand(parser, key: string) {
    parser.pushKey(key);
    parser.push(String(window));
  },
  transformReply: (reply: unknown): Taken => {
    const [count, millisecondsLeft] = reply as [number, number];
    return { count, millisecondsLeft };
  },
});

function within<Result>(milliseconds: number, work: Promise<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`No answer within ${milliseconds} ms`)), milliseconds);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/** Windows in Redis. While it is away nothing is counted: limits protect the service, they must not take it down. */
function windows(url: string, log: Logger) {
  const redis = createClient({ url, disableOfflineQueue: true, scripts: { take } });
  let awayUntil = 0;
  redis.on('error', () => {}); // each command says it, too
  redis.connect().catch(() => {});

  return {
    async take(key: string): Promise<Taken | undefined> {
      if (Date.now() < awayUntil) return undefined;
      try {
        const taken = await within(patience, redis.take(key));
        if (awayUntil) log.info('Requests are counted again');
        awayUntil = 0;
        return taken;
      } catch (error) {
        if (!awayUntil) log.error({ error: String(error) }, 'Redis is away: requests are not counted');
        awayUntil = Date.now() + pause;
        return undefined;
      }
    },
    close: () => redis.destroy(),
  };
}

function bucketOf(client: Client, request: Request, { requests, exceptions, proxies }: RateOptions): Bucket {
  const organization = client.claims?.tid;
  const kind = client.client?.class ?? '';
  for (const name of organization ? [`${organization}/${kind}`, String(organization), kind] : []) {
    const limit = exceptions.get(name);
    if (limit !== undefined) return { key: `rate:${name === organization ? name : `${organization}/${kind}`}`, limit };
  }
  const address = clientAddress(request.headers.get('x-forwarded-for'), client.req?.socket.remoteAddress, proxies);
  return { key: `rate:${networkOf(address)}`, limit: requests };
}

/** After the plugin that verifies tokens: requests whose token is refused count, too. A limit of 0 is none. */
export function useRateLimit(options: RateOptions): GatewayPlugin {
  const { take, close } = windows(options.redis, options.log);
  return {
    async onParams(payload) {
      const received = payload as Received;
      const { key, limit } = bucketOf(received.context as Client, received.request, options);
      const { count, millisecondsLeft } = (limit > 0 && (await take(key))) || nothing;
      if (count <= limit) return;
      const retryAfter = Math.max(1, Math.ceil(millisecondsLeft / 1_000));
      const message = `At most ${limit} requests a minute are allowed; try again in ${retryAfter} s.`;
      refuse(received, message, 'RATE_LIMITED', 429, retryAfter);
    },
    onDispose: close,
  };
}
