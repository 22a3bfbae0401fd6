// Starts the router: the gateway over HTTP and Server-Sent Events, and over WebSocket (graphql-transport-ws).
// The gateway's own command line takes WebSocket messages of any size and is slow to notice that a client vanished.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import { createGatewayRuntime, getGraphQLWSOptions } from '@graphql-hive/gateway-runtime';
import { normalizeNodeRequest } from '@whatwg-node/server';
import { useServer, type Extra } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';
import { gatewayConfig, sendTelemetry } from './gateway.config.ts';
import { settings } from './settings.ts';
import { socketAdmission } from './sockets.ts';
import { watchSupergraph } from './supergraph.ts';

const maximumMessage = 64 * 1024;
const initialisationTimeout = 3_000;
// A silent client is dropped after two of these at the latest.
const pingInterval = 5_000;
// How long requests under way may take once the router is told to stop.
const drainTimeout = 2_000;
// How long the answers to those that were cut off may take to leave.
const lastWords = 200;

// The protocol's library closes a socket on an operation without a text; one that has an id needs none.
function withText(key: string, message: any) {
  const isBare = key === '' && message?.type === 'subscribe' && message.payload && message.payload.query === undefined;
  return isBare ? { ...message, payload: { ...message.payload, query: '' } } : message;
}

function refuse(error: unknown): never {
  console.error(String(error));
  process.exit(1);
}

const runtime = await Promise.resolve(gatewayConfig).then(createGatewayRuntime).catch(refuse);
await Promise.resolve(runtime.getSchema()).catch(refuse);
const unwatch = watchSupergraph(settings.supergraph, () => runtime.invalidateUnifiedGraph());

const server = createServer(runtime).listen(settings.port, settings.host);
await once(server, 'listening').catch(refuse);

const { verifyClient, count } = socketAdmission(settings);
const path = runtime.graphqlEndpoint;
const sockets = new WebSocketServer({ server, path, maxPayload: maximumMessage, verifyClient });
count(sockets);
const operations = getGraphQLWSOptions<object, Extra>(runtime, ({ extra }) => ({
  req: extra.request,
  socket: extra.socket,
  request: normalizeNodeRequest(extra.request, runtime.fetchAPI),
}));
const clients = useServer(
  { ...operations, connectionInitWaitTimeout: initialisationTimeout, jsonMessageReviver: withText },
  sockets,
  pingInterval,
);

console.log(`Router listening on http://${settings.host}:${settings.port}${runtime.graphqlEndpoint}`);

const within = (milliseconds: number, work: unknown) => Promise.race([work, setTimeout(milliseconds)]);

async function stop() {
  unwatch();
  const drained = once(server.close(), 'close');
  await within(drainTimeout, Promise.all([clients.dispose(), drained]));
  await within(drainTimeout, runtime.dispose());
  await within(lastWords, drained);
  await within(drainTimeout, sendTelemetry());
  process.exit(0);
}

// The gateway listens for these itself and would cut off every request under way.
for (const signal of ['SIGTERM', 'SIGINT']) process.removeAllListeners(signal).once(signal, stop);
