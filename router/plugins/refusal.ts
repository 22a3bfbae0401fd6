// Answers a request with an error before anything of it is parsed. Thrown, the error would close a client's WebSocket
// with all the subscriptions on it.
import { createGraphQLError } from '@graphql-tools/utils';
import type { ExecutionResult } from '@graphql-tools/utils';
import type { OnParamsEventPayload } from 'graphql-yoga';

export type Received = Pick<OnParamsEventPayload<object>, 'context' | 'params' | 'request' | 'setParams' | 'setResult'>;

const refused = new WeakSet<object>();

/** The answer; `status` is that of HTTP and says nothing to a socket, and so is `Retry-After`, for `retryAfter` seconds. */
export function refusal(
  context: object,
  message: string,
  code: string,
  status: number,
  retryAfter?: number,
): ExecutionResult {
  const headers = retryAfter === undefined ? undefined : { 'retry-after': String(retryAfter) };
  const http = 'connectionParams' in context ? {} : { http: { status, headers } };
  return { errors: [createGraphQLError(message, { extensions: { code, retryAfter, ...http } })] };
}

export function refuse(
  { context, setParams, setResult }: Received,
  message: string,
  code: string,
  status: number,
  retryAfter?: number,
) {
  refused.add(context);
  // The gateway looks for a text even where there is an answer already, and throws.
  setParams({ query: '{ __typename }' });
  setResult(refusal(context, message, code, status, retryAfter));
}

/** Whether a plugin before this one has answered: the first refusal is the one that the client reads. */
export const isRefused = (context: object) => refused.has(context);
