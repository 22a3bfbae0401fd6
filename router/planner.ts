// The Rust query planner. Its executor keeps one state for all events of a subscription, so that the errors of one
// event come again with every later one, and its data with an event that has none; both are undone here.
import { unifiedGraphHandler as rustPlanner } from '@graphql-hive/router-runtime';
import type { UnifiedGraphHandler } from '@graphql-hive/gateway-runtime';
import { createGraphQLError, isAsyncIterable, mapAsyncIterator } from '@graphql-tools/utils';

type Event = { data?: unknown; errors?: unknown[] };

const withData = (event: Event) => (event.data ? event : { ...event, data: {} });
const withOwnErrors = (event: Event) => (event.errors ? { ...event, errors: event.errors.splice(0) } : event);

// A subgraph that refuses a subscription throws the list of its errors; one that is lost throws something else.
function lastEvent(error: unknown): Event {
  if (Array.isArray(error)) return { data: {}, errors: error.map(({ message, ...rest }) => createGraphQLError(message, rest)) };
  const message = String((error as Error)?.message || 'The subscription lost its subgraph');
  return { data: {}, errors: [createGraphQLError(message, { extensions: { code: 'DOWNSTREAM_SERVICE_ERROR' } })] };
}

async function eachEvent<Result>(
  result: Result | Promise<Result>,
  change: (event: Event) => Event,
  end?: (error: unknown) => Event,
): Promise<Result> {
  const settled = await result;
  return isAsyncIterable<Event>(settled) ? (mapAsyncIterator(settled, change, end) as Result) : settled;
}

export const unifiedGraphHandler: UnifiedGraphHandler = async (options) => {
  const handler = await rustPlanner({
    ...options,
    onSubgraphExecute: (subgraph, request) =>
      eachEvent(options.onSubgraphExecute(subgraph, request), withData, lastEvent),
  });
  return { ...handler, executor: (request) => eachEvent(handler.executor!(request), withOwnErrors) };
};
