// What a subgraph is told about a request: who asks, from where, and that it was the router who passed it on.
// Nothing else of the client's headers goes on, so none of them can be forged.
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { GatewayContext } from '@graphql-hive/gateway-runtime';
import { clientAddress } from './address.ts';
import type { Authentication } from './authentication.ts';

type Context = GatewayContext & Partial<Authentication> & { req?: IncomingMessage; requestId?: string };

export function subgraphHeaders({ secret, proxies }: { secret: string; proxies: number }) {
  return (context: Context) => {
    const { request } = context;
    // The gateway names HTTP requests itself; an operation on a WebSocket has only this name.
    context.requestId ??= request.headers.get('x-request-id') ?? randomUUID();
    return {
      'x-lyceum-router': secret,
      authorization: context.authorization || undefined,
      'x-request-id': context.requestId,
      traceparent: request.headers.get('traceparent'),
      'user-agent': request.headers.get('user-agent'),
      'x-forwarded-for': clientAddress(request.headers.get('x-forwarded-for'), context.req?.socket.remoteAddress, proxies),
    };
  };
}
