// How many subscriptions one person may have open at this router, on however many sockets and streams. One more is
// refused with TOO_MANY_SUBSCRIPTIONS; those that are open go on.
import type { GatewayPlugin } from '@graphql-hive/gateway-runtime';
import { createGraphQLError, isAsyncIterable } from '@graphql-tools/utils';
import type { Authentication } from './authentication.ts';

export function useSubscriptionLimit(limit: number): GatewayPlugin {
  const open = new Map<string, number>();
  const refusal = createGraphQLError(`At most ${limit} subscriptions may be open at once.`, {
    extensions: { code: 'TOO_MANY_SUBSCRIPTIONS' },
  });

  function taker(key: string) {
    open.set(key, (open.get(key) ?? 0) + 1);
    let isTaken = true;
    return () => {
      if (!isTaken) return;
      isTaken = false;
      const left = open.get(key)! - 1;
      if (left) open.set(key, left);
      else open.delete(key);
    };
  }

  return {
    onSubscribe({ args, setResultAndStopExecution }) {
      // Nobody in particular has none open: subgraphs end such a subscription at once.
      const { claims } = args.contextValue as Partial<Authentication>;
      const key = claims?.sub;
      if (!key) return undefined;
      if ((open.get(key) ?? 0) >= limit) return setResultAndStopExecution({ errors: [refusal] });
      const end = taker(key);
      return {
        onSubscribeError: end,
        onSubscribeResult({ result }) {
          if (isAsyncIterable(result)) return { onEnd: end };
          end();
          return undefined;
        },
      };
    },
  };
}
