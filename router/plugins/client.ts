// Which client sends a request: its class decides which operations it may send, and telemetry and limits read it, too.
// Web, mobile and desktop name themselves, which proves nothing; a partner is known by its API key alone.
import type { GatewayPlugin } from '@graphql-hive/gateway-runtime';
import type { Authentication } from './authentication.ts';
import type { Received } from './refusal.ts';

export type ClientClass = 'web' | 'mobile' | 'desktop' | 'partner';

export interface Client {
  class: ClientClass | undefined;
  /** `graphql-client-name` and `graphql-client-version` as they were sent, cut at 100 characters. */
  name: string | undefined;
  version: string | undefined;
  /** The API key, `api_key_…`, and the organization that it is of. */
  key: string | undefined;
  organization: string | undefined;
}

export interface WithClient {
  client: Client;
}

const named: readonly (string | undefined)[] = ['web', 'mobile', 'desktop'] satisfies ClientClass[];

/** A header; on a WebSocket a field of `connection_init`, because browsers cannot send headers with one. */
export function parameter({ context, request }: Pick<Received, 'context' | 'request'>, name: string): string | undefined {
  const { connectionParams = {} } = context as { connectionParams?: Record<string, unknown> };
  const value = Object.entries(connectionParams).find(([key]) => key.toLowerCase() === name)?.[1];
  return value === undefined || value === null ? (request.headers.get(name) ?? undefined) : String(value);
}

export function useClient(): GatewayPlugin {
  return {
    onParams(received) {
      const context = received.context as typeof received.context & WithClient & Partial<Authentication>;
      const name = parameter(received, 'graphql-client-name')?.slice(0, 100);
      context.client = {
        class: context.partner ? 'partner' : named.includes(name) ? (name as ClientClass) : undefined,
        name,
        version: parameter(received, 'graphql-client-version')?.slice(0, 100),
        key: context.partner?.key,
        organization: context.partner?.organization,
      };
    },
  };
}
