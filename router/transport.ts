// Asks subgraphs over HTTP: a text goes out, a text comes back. The gateway's own transport sends each request through a
// fetch with hooks, signals and streams of its own, which took most of the router's time.
import * as http from 'node:http';
import * as https from 'node:https';
import overWebSocket from '@graphql-mesh/transport-ws';
import { createGraphQLError, type ExecutionRequest, type ExecutionResult, type Executor } from '@graphql-tools/utils';
import { GraphQLError, print, stripIgnoredCharacters, type DocumentNode } from 'graphql';
import type { subgraphHeaders } from './plugins/headers.ts';

export interface TransportOptions {
  /** What a subgraph is told about a request. */
  headers: ReturnType<typeof subgraphHeaders>;
  /** Milliseconds that a subgraph may take for a whole answer. */
  timeoutOf(subgraph: string): number;
}

type Headers = Record<string, string>;

const always: Headers = { accept: 'application/json', 'content-type': 'application/json' };
// What a new socket of a subscription says. The router's secret is read where the gateway fills in such texts.
const connectionParams = { 'x-lyceum-router': '{env.LYCEUM_ROUTER_SECRET}', authorization: '{context.authorization}' };
// Milliseconds: subgraphs close a connection that nobody used for 5 s, and must not do so while a request is on its way.
const idle = 4_000;

const fault = (message: string, code: string) => createGraphQLError(message, { extensions: { code } });

// A plan holds its documents, and is used again for every request with the same operation.
const texts = new WeakMap<DocumentNode, string>();

function textOf(document: DocumentNode): string {
  let text = texts.get(document);
  if (text === undefined) texts.set(document, (text = stripIgnoredCharacters(print(document))));
  return text;
}

/** Sends one body, and reads the answer to its end; rejects with GATEWAY_TIMEOUT when that takes too long. */
function poster(url: URL, timeout: number) {
  const { Agent, request } = url.protocol === 'https:' ? https : http;
  const agent = new Agent({ keepAlive: true, timeout: idle });
  const { hostname, port, pathname, search } = url;
  const target = { method: 'POST', hostname, port, path: pathname + search, agent };

  const post = (headers: Headers, body: string) =>
    new Promise<string>((resolve, reject) => {
      const asked = request({ ...target, headers }, (answer) => {
        let text = '';
        answer.setEncoding('utf8');
        answer.on('data', (part: string) => (text += part));
        answer.on('end', () => resolve(text));
        answer.on('error', reject);
      });
      const alarm = setTimeout(() => {
        reject(fault('It did not answer in time', 'GATEWAY_TIMEOUT'));
        asked.destroy();
      }, timeout);
      asked.on('error', reject);
      asked.on('close', () => clearTimeout(alarm));
      asked.end(body);
    });

  return { post, close: () => agent.destroy() };
}

function parsed(text: string): ExecutionResult | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What a subgraph answered; an answer that is none of GraphQL's is an error. */
function resultOf(text: string): ExecutionResult {
  const result = parsed(text);
  if (!result || (!result.data && !result.errors?.length)) {
    return { errors: [fault('It did not answer with a result', 'RESPONSE_VALIDATION_FAILED')] };
  }
  if (!result.errors) return result;
  return { ...result, errors: result.errors.map(({ message, ...rest }) => createGraphQLError(message, rest)) };
}

function bodyOf({ document, variables, operationName }: ExecutionRequest): string {
  return JSON.stringify({ query: textOf(document), variables, operationName: operationName || undefined });
}

function headersOf({ context, extensions }: ExecutionRequest, headers: TransportOptions['headers']): Headers {
  const sent = { ...always };
  const told = context?.request ? headers(context) : {};
  for (const [name, value] of Object.entries({ ...told, ...extensions?.headers })) if (value) sent[name] = String(value);
  return sent;
}

type Payload = Parameters<(typeof overWebSocket)['getSubgraphExecutor']>[0];

/** Queries and mutations over HTTP, subscriptions over a WebSocket at the same address. */
function executorOf({ subgraphName, transportEntry, getTransportExecutor, getDisposeReason }: Payload, options: TransportOptions) {
  const { post, close } = poster(new URL(transportEntry.location!), options.timeoutOf(subgraphName));
  let subscribe: ReturnType<typeof getTransportExecutor> | undefined;

  async function ask(request: ExecutionRequest): Promise<ExecutionResult> {
    const headers = headersOf(request, options.headers);
    try {
      return resultOf(await post(headers, bodyOf(request)));
    } catch (error) {
      if (error instanceof GraphQLError) throw error;
      return { errors: [getDisposeReason?.() ?? fault(String(error), 'SUBREQUEST_HTTP_ERROR')] };
    }
  }

  const executor: Executor = async (request) => {
    if (request.operationType !== 'subscription') return (await ask(request)) as any;
    subscribe ??= getTransportExecutor({ ...transportEntry, kind: 'ws', options: { connectionParams } });
    return (await subscribe)(request);
  };
  return Object.assign(executor, { [Symbol.asyncDispose]: async () => close() });
}

export const transports = (options: TransportOptions) => ({
  http: { getSubgraphExecutor: (payload: Payload) => executorOf(payload, options) },
  ws: overWebSocket,
});
