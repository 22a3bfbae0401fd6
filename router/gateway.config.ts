// What the gateway does with a request; settings.ts says what can be told to it, server.ts how it listens.
import { blockFieldSuggestionsPlugin } from '@escape.tech/graphql-armor-block-field-suggestions';
import { JSONLogWriter, Logger, type GatewayConfigSupergraph } from '@graphql-hive/gateway-runtime';
import { operationNames } from './operations.ts';
import { unifiedGraphHandler } from './planner.ts';
import { useAuthentication } from './plugins/authentication.ts';
import { useAskOnce } from './plugins/away.ts';
import { useBodyLimit } from './plugins/body.ts';
import { useBoundedSubscriptions } from './plugins/bounded.ts';
import { useClient } from './plugins/client.ts';
import { errorMask } from './plugins/errors.ts';
import { graphiql, renderPage, useStartPage } from './plugins/graphiql.ts';
import { subgraphHeaders } from './plugins/headers.ts';
import { useDocumentLimits, useOperationLimits } from './plugins/limits.ts';
import { useOperations } from './plugins/operations.ts';
import { useRateLimit } from './plugins/rates.ts';
import { useSecurityHeaders } from './plugins/security.ts';
import { useSubscriptionLimit } from './plugins/subscriptions.ts';
import { useTelemetry } from './plugins/telemetry.ts';
import { settings } from './settings.ts';
import { supergraphFile } from './supergraph.ts';
import { transports } from './transport.ts';

const { production, proxies, origins, rates, timeout, timeouts } = settings;
// OpenTelemetry's SDK is not even loaded where it is off.
const telemetry = settings.telemetry ? await import('./telemetry.ts') : undefined;
const log = new Logger({
  level: 'info',
  writers: [new JSONLogWriter(), ...(telemetry ? [telemetry.logWriter] : [])],
});
const maskError = errorMask(log);
const limits = {
  depth: 12,
  tokens: 1_000,
  fields: 1_000,
  aliases: 15,
  directives: 9,
  rootFields: 20,
  cost: settings.maximumCost,
};

/** Sends what is left of it. */
export const sendTelemetry = async () => telemetry?.stop();

export const gatewayConfig: GatewayConfigSupergraph = {
  supergraph: supergraphFile(settings.supergraph, log),
  unifiedGraphHandler,
  gracefulSchemaReload: { drainTimeout: 10_000 },
  logging: log,

  transports: transports({
    headers: subgraphHeaders(settings),
    timeoutOf: (subgraph) => timeouts.get(subgraph) ?? timeout,
  }),

  maskedErrors: { maskError },
  subgraphErrors: false,

  // A header that no cross-site form or image can send; JSON bodies need none of them.
  csrfPrevention: { requestHeaders: ['authorization', 'x-requested-with', 'apollo-require-preflight'] },
  cors: origins.length > 0 && { origin: [...origins], credentials: false, exposedHeaders: ['retry-after', 'x-request-id'] },
  disableIntrospection: production ? {} : undefined,
  graphiql: production ? false : graphiql,
  renderGraphiQL: renderPage,
  landingPage: false,

  plugins: () => [
    ...(telemetry ? [useTelemetry({ ...telemetry, log, operations: operationNames(settings.operations) })] : []),
    useBodyLimit(256 * 1024),
    useAuthentication({ ...settings, log }),
    useClient(),
    rates ? useRateLimit({ ...rates, proxies, log }) : {},
    useOperations(settings),
    useAskOnce(),
    useBoundedSubscriptions({ limit: 500, patience: Math.max(timeout, ...timeouts.values()), mask: maskError }),
    useDocumentLimits(limits),
    useOperationLimits(limits),
    useSubscriptionLimit(settings.subscriptionsPerPerson),
    useSecurityHeaders(production),
    production ? blockFieldSuggestionsPlugin() : useStartPage(),
  ],
};
