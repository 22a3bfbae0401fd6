// Decides what a client may read of an error. What a subgraph answered passes as it is; that a subgraph could not be
// reached, and anything unforeseen, goes to the log, because the gateway would tell addresses and subgraph queries.
import type { Logger } from '@graphql-hive/gateway-runtime';
import { createGraphQLError } from '@graphql-tools/utils';
import { GraphQLError } from 'graphql';

const unreachable = new Set([
  'DOWNSTREAM_SERVICE_ERROR',
  'GATEWAY_TIMEOUT',
  'RESPONSE_VALIDATION_FAILED',
  'SUBREQUEST_HTTP_ERROR',
  'TIMEOUT_ERROR',
]);

function isForClients(error: unknown): error is GraphQLError {
  if (!(error instanceof GraphQLError)) return false;
  return !error.originalError || isForClients(error.originalError);
}

function isUnreachable(error: unknown): boolean {
  return error instanceof GraphQLError && (unreachable.has(String(error.extensions.code)) || 'request' in error.extensions);
}

// What libraries refuse without a code is about the request, which is not GraphQL's yet, or about its variables.
function coded(error: GraphQLError): GraphQLError {
  const code = error.extensions.code ?? (error.extensions.http ? 'BAD_REQUEST' : 'BAD_USER_INPUT');
  return Object.assign(error, { extensions: { ...error.extensions, code } });
}

export function errorMask(log: Logger) {
  return (error: unknown): GraphQLError => {
    const path = error instanceof GraphQLError ? error.path : undefined;
    if (isUnreachable(error)) {
      const message = 'A part of the graph is not available at the moment.';
      return createGraphQLError(message, { path, extensions: { code: 'SERVICE_UNAVAILABLE' } });
    }
    if (isForClients(error)) return coded(error);
    log.error({ error: String((error as Error)?.stack ?? error) }, 'Unexpected error');
    return createGraphQLError('Unexpected error.', { path, extensions: { code: 'INTERNAL_SERVER_ERROR' } });
  };
}
