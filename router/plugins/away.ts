// A subgraph that failed to answer a request is not asked again by the same one: a plan may want it several times, one
// after the other, and each would wait for its timeout. Subscriptions keep their request; they ask again in a moment.
import type { GatewayPlugin } from '@graphql-hive/gateway-runtime';
import { createGraphQLError } from '@graphql-tools/utils';

const moment = 1_000;

export function useAskOnce(): GatewayPlugin {
  const failures = new WeakMap<object, Map<string, number>>();

  function remember(request: object, subgraph: string) {
    const failed = failures.get(request) ?? new Map<string, number>();
    failures.set(request, failed.set(subgraph, Date.now()));
  }

  return {
    onSubgraphExecute({ subgraphName, executor, executionRequest, setExecutor }) {
      const request = executionRequest.context as object | undefined;
      if (!request || executionRequest.operationType === 'subscription') return;
      const failed = failures.get(request)?.get(subgraphName);
      if (failed !== undefined && Date.now() - failed < moment) {
        const error = createGraphQLError('It did not answer', { extensions: { code: 'DOWNSTREAM_SERVICE_ERROR' } });
        setExecutor(() => ({ errors: [error] }));
        return;
      }
      setExecutor(async (execution) => {
        try {
          return await executor(execution);
        } catch (error) {
          remember(request, subgraphName);
          throw error;
        }
      });
    },
  };
}
