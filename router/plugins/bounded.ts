// Ends a subscription whose client reads slower than its events come, with the code SLOW_CONSUMER.
// The gateway itself has no backpressure: one client that never reads would make it grow without end. It also ends
// every subscription when the supergraph changes, which a client must be able to tell from an end that was meant, and
// waits without end for a subgraph that takes a subscription and says nothing.
import type { GatewayPlugin } from '@graphql-hive/gateway-runtime';
import { createGraphQLError, isAsyncIterable, type ExecutionResult } from '@graphql-tools/utils';
import type { GraphQLError } from 'graphql';

const refusal = (message: string, code: string): ExecutionResult => ({
  errors: [createGraphQLError(message, { extensions: { code } })],
});
const slowConsumer = refusal('The client reads too slowly.', 'SLOW_CONSUMER');
const schemaReload = refusal('The graph has changed; subscribe again.', 'SUBSCRIPTION_SCHEMA_RELOAD');

export interface BoundedOptions<Event> {
  limit: number;
  /** Milliseconds for the first event: every subscription of the graph starts with the current state. */
  patience: number;
  /** The last event of a source from which none came in time. */
  silence: Event;
  /** The last event of a client that reads too slowly. */
  overflow: Event;
  /** The last event of a source that broke: thrown, an error would close the client's socket with all that is on it. */
  failure(error: unknown): Event;
  /** The last event of a source that ended by itself, if there is more to say. */
  ending(): Event | undefined;
}

/** Pulls `source` eagerly into at most `limit` waiting events. */
export function bounded<Event>(source: AsyncIterable<Event>, options: BoundedOptions<Event>): AsyncIterableIterator<Event> {
  const iterator = source[Symbol.asyncIterator]();
  const waiting: Event[] = [];
  let ended = false;
  let wake = () => {};
  const alarm = setTimeout(() => {
    waiting.push(options.silence);
    stop();
  }, options.patience);

  // A source may be stuck or broken when it is told to stop; the client must not wait for it.
  const stop = () => {
    ended = true;
    clearTimeout(alarm);
    Promise.resolve(iterator.return?.()).catch(() => {});
    wake();
  };

  async function pull() {
    try {
      while (!ended) {
        const { value, done } = await iterator.next();
        clearTimeout(alarm);
        if (ended) break;
        if (done) {
          const last = options.ending();
          if (last) waiting.push(last);
          break;
        }
        if (waiting.length < options.limit) {
          waiting.push(value);
        } else {
          waiting.splice(0, Infinity, options.overflow);
          stop();
        }
        wake();
      }
    } catch (error) {
      clearTimeout(alarm);
      if (!ended) waiting.push(options.failure(error));
    }
    ended = true;
    wake();
  }

  void pull();
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    async next() {
      while (!waiting.length && !ended) await new Promise<void>((resolve) => (wake = resolve));
      return waiting.length ? { value: waiting.shift()!, done: false } : { value: undefined, done: true };
    },
    async return() {
      waiting.length = 0;
      stop();
      return { value: undefined, done: true };
    },
  };
}

export interface SubscriptionOptions {
  limit: number;
  patience: number;
  mask(error: unknown): GraphQLError;
}

export function useBoundedSubscriptions({ limit, patience, mask }: SubscriptionOptions): GatewayPlugin {
  const failure = (error: unknown): ExecutionResult => ({ errors: [mask(error)] });
  const silence = failure(createGraphQLError('No first event', { extensions: { code: 'GATEWAY_TIMEOUT' } }));
  const overflow = slowConsumer;
  let schema: unknown;
  return {
    onSchemaChange(change) {
      schema = change.schema;
    },
    onSubscribe() {
      const subscribed = schema;
      const ending = () => (schema === subscribed ? undefined : schemaReload);
      return {
        onSubscribeResult({ result, setResult }) {
          if (!isAsyncIterable(result)) return;
          const options = { limit, patience, silence, overflow, failure, ending };
          setResult(bounded(result, options) as typeof result);
        },
      };
    },
  };
}
