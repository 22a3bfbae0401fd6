// Refuses a large body before it is read: megabytes of variables or comments pass every limit on the document. No more
// of a body is ever read than the length says that was looked at here.
import type { GatewayPlugin } from '@graphql-hive/gateway-runtime';
import { createGraphQLError } from '@graphql-tools/utils';

function refuse(message: string, code: string, status: number): never {
  throw createGraphQLError(message, { extensions: { code, http: { status } } });
}

export function useBodyLimit(bytes: number): GatewayPlugin {
  return {
    onRequestParse({ request }) {
      if (request.method !== 'POST') return;
      const length = request.headers.get('content-length');
      if (length === null) refuse('The length of the body is required.', 'LENGTH_REQUIRED', 411);
      if (Number(length) > bytes) refuse(`The body is larger than ${bytes} bytes.`, 'REQUEST_ENTITY_TOO_LARGE', 413);
      // The gateway would count the bytes once more, through a stream of its own for each request, if it saw this one.
      Object.defineProperty(request, 'body', { value: null });
    },
  };
}
