// Serves persisted operations, and decides who may send others: in production nobody, in development everybody but a
// partner. Own code, because the gateway's plugin for this throws its refusals, which closes a client's WebSocket with
// all that is on it, and runs the text of a request that has a known id beside it. Documents are not marked as valid:
// the gateway's cache of parsed and validated texts makes every request after the first as cheap.
import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { GatewayPlugin } from '@graphql-hive/gateway-runtime';
import type { Client, WithClient } from './client.ts';
import { isRefused, refuse, type Received } from './refusal.ts';

export interface OperationOptions {
  /** A manifest in Apollo's format, `apollo-persisted-query-manifest`. */
  operations: string;
  production: boolean;
}

interface Manifest {
  operations: { id: string; body: string; clientName: string }[];
}

interface Parameters {
  query?: string;
  documentId?: unknown;
  extensions?: { persistedQuery?: { sha256Hash?: unknown } };
}

/** What was asked for by id, in either of the usual places; of a GET, in its address. */
function idOf({ params, request }: Received): unknown {
  const { documentId, extensions } = (params ?? {}) as Parameters; // what is no object at all is refused after this
  const inAddress = request.method === 'GET' ? new URL(request.url).searchParams.get('documentId') : null;
  return documentId ?? extensions?.persistedQuery?.sha256Hash ?? inAddress ?? undefined;
}

function parse(path: string): Manifest {
  try {
    const manifest = JSON.parse(readFileSync(path, 'utf8'));
    if (manifest.format !== 'apollo-persisted-query-manifest') throw new Error(`Its format is ${manifest.format}`);
    return manifest;
  } catch (error) {
    throw new Error(`LYCEUM_OPERATIONS: ${path} is no manifest of persisted operations. ${error}`);
  }
}

function read(path: string) {
  const { operations } = parse(path);
  const documents = new Map(operations.map(({ id, body }) => [id, body]));
  const owned = new Set(operations.map(({ id, clientName }) => `${clientName} ${id}`));
  return {
    of: (client: Client, id: string) => (owned.has(`${client.class} ${id}`) ? documents.get(id) : undefined),
    any: (id: string) => documents.get(id),
  };
}

export function useOperations({ operations, production }: OperationOptions): GatewayPlugin {
  const documents = read(operations);
  return {
    onParams(payload) {
      const received = payload as Received;
      if (isRefused(received.context)) return;
      const { client } = received.context as WithClient;
      const { query, operationName, variables, extensions } = received.params ?? {};
      const mustBeListed = production || client.class === 'partner';
      const id = idOf(received);
      if (id === undefined) {
        if (mustBeListed) refuse(received, 'Send the id of a persisted operation.', 'PERSISTED_QUERY_REQUIRED', 400);
        return;
      }
      if (query && hash('sha256', String(query)) !== id) {
        return refuse(received, 'The id is not that of the text beside it.', 'PERSISTED_QUERY_MISMATCH', 400);
      }
      const found = mustBeListed ? documents.of(client, String(id)) : (documents.any(String(id)) ?? query);
      // Another class's operation is like one that does not exist; Apollo's clients know the message.
      if (!found) return refuse(received, 'PersistedQueryNotFound', 'PERSISTED_QUERY_NOT_FOUND', 404);
      received.setParams({ query: found, operationName, variables, extensions });
    },
  };
}
