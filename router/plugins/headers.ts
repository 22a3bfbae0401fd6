// What a subgraph is told about a request: who asks, from where, and that it was the router who passed it on.
// Nothing else of the client's headers goes on, so none of them can be forged.
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { GatewayContext } from '@graphql-hive/gateway-runtime';
import type { Authentication } from './authentication.ts';

interface Received {
  request: Request;
  context: GatewayContext & Partial<Authentication> & { req?: IncomingMessage; requestId?: string };
}

// A forwarded address counts only as far back as our own proxies wrote it.
function clientAddress({ request, context }: Received, proxies: number): string | undefined {
  const forwarded = request.headers.get('x-forwarded-for')?.split(',') ?? [];
  return (proxies > 0 && forwarded.at(-proxies)?.trim()) || context.req?.socket.remoteAddress;
}

export function subgraphHeaders({ secret, proxies }: { secret: string; proxies: number }) {
  return (received: Received) => {
    const { context, request } = received;
    // The gateway names HTTP requests itself; an operation on a WebSocket has only this name.
    context.requestId ??= request.headers.get('x-request-id') ?? randomUUID();
    return {
      'x-lyceum-router': secret,
      authorization: context.authorization || undefined,
      'x-request-id': context.requestId,
      traceparent: request.headers.get('traceparent'),
      'user-agent': request.headers.get('user-agent'),
      'x-forwarded-for': clientAddress(received, proxies),
    };
  };
}
