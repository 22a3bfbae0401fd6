// Who may open a WebSocket: pages of the allowed origins, and so many at once from one address. A socket that is too
// many gets status 429 instead of a handshake; clients try again by themselves.
import type { IncomingMessage } from 'node:http';
import type { VerifyClientCallbackAsync, WebSocketServer } from 'ws';
import { clientAddress, networkOf } from './plugins/address.ts';

export interface SocketOptions {
  /** `*`, or the origins of pages; programs send no origin and are let in. */
  origins: readonly string[];
  socketsPerAddress: number;
  proxies: number;
}

export function socketAdmission({ origins, socketsPerAddress, proxies }: SocketOptions) {
  const open = new Map<string, number>();

  function networkOfRequest({ headers, socket }: IncomingMessage): string {
    return networkOf(clientAddress(headers['x-forwarded-for']?.toString(), socket.remoteAddress, proxies));
  }

  const verifyClient: VerifyClientCallbackAsync = ({ origin, req }, answer) => {
    if (origin && !origins.includes('*') && !origins.includes(origin)) answer(false, 403, 'Forbidden');
    else if ((open.get(networkOfRequest(req)) ?? 0) >= socketsPerAddress) answer(false, 429, 'Too Many Requests');
    else answer(true);
  };

  function count(sockets: WebSocketServer) {
    sockets.on('connection', (socket, request) => {
      const network = networkOfRequest(request);
      open.set(network, (open.get(network) ?? 0) + 1);
      socket.once('close', () => {
        const left = open.get(network)! - 1;
        if (left) open.set(network, left);
        else open.delete(network);
      });
    });
  }

  return { verifyClient, count };
}
