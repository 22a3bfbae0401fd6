// A span and a duration of each operation, and of each request that it makes to a subgraph; the trace goes on there.
//
// The gateway's own plugin for OpenTelemetry brings 214 packages, has no metrics, and tells the document of each
// operation, in which clients write passwords. Of an operation this one tells its name, its kind and how it ended.
import type { GatewayPlugin, Logger } from '@graphql-hive/gateway-runtime';
import { isAsyncIterable, type ExecutionRequest, type ExecutionResult, type Executor } from '@graphql-tools/utils';
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, TraceFlags, trace } from '@opentelemetry/api';
import type { Attributes, Context, Meter, Span, SpanOptions, Tracer } from '@opentelemetry/api';
import { getOperationAST, type DocumentNode } from 'graphql';

export interface TelemetryOptions {
  tracer: Tracer;
  meter: Meter;
  log: Logger;
  /** The operations that metrics name; clients may invent any number of others, which all count as `other`. */
  operations: ReadonlySet<string>;
}

interface Operation {
  span: Span;
  began: number;
  name?: string;
  kind?: string;
  /** The operation has been answered, or the subscription is under way. */
  ended?: boolean;
}

interface Client {
  client?: { class?: string; name?: string };
}

// How an operation ended: as it should, with a refusal that its client can do something about, or by a fault of ours.
type Outcome = 'ok' | 'refused' | 'fault';
const faults = new Set<unknown>(['INTERNAL_SERVER_ERROR', 'SERVICE_UNAVAILABLE']);

// Milliseconds.
const buckets = [5, 10, 25, 50, 75, 100, 250, 500, 750, 1_000, 2_500, 5_000, 10_000];

const operationOf = Symbol('operation');
type Traced = { [operationOf]?: Operation };

function outcomeOf(result: unknown): Outcome {
  const errors = (result as ExecutionResult | undefined)?.errors ?? [];
  if (errors.some(({ extensions }) => faults.has(extensions?.code))) return 'fault';
  return errors.length ? 'refused' : 'ok';
}

/** The context of the caller's span (W3C Trace Context); of none if there is none. */
function parentOf(traceparent: unknown): Context {
  const [, traceId, spanId, flags] = /^[\da-f]{2}-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})$/.exec(String(traceparent)) ?? [];
  if (!traceId || !spanId || !flags) return ROOT_CONTEXT;
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags: parseInt(flags, 16) & TraceFlags.SAMPLED, isRemote: true });
}

function traceparentOf(span: Span): string {
  const { traceId, spanId, traceFlags } = span.spanContext();
  return `00-${traceId}-${spanId}-0${traceFlags & TraceFlags.SAMPLED}`;
}

/** The events as they are; `end` is called once, when they are over or nobody wants them any more. */
function counted<Event>(events: AsyncIterable<Event>, end: () => void): AsyncIterableIterator<Event> {
  const iterator = events[Symbol.asyncIterator]();
  let over = false;
  const finish = () => {
    if (!over) end();
    over = true;
  };
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    async next() {
      try {
        const event = await iterator.next();
        if (event.done) finish();
        return event;
      } catch (error) {
        finish();
        throw error;
      }
    },
    async return(value?: unknown) {
      finish();
      return (await iterator.return?.(value)) ?? { value: undefined, done: true };
    },
  };
}

export function useTelemetry({ tracer, meter, log, operations }: TelemetryOptions): GatewayPlugin {
  const advice = { explicitBucketBoundaries: buckets };
  const latency = meter.createHistogram('lms.api_latency', {
    unit: 'ms',
    description: 'How long operations of clients take; of subscriptions, until they are under way.',
    advice,
  });
  const subgraphLatency = meter.createHistogram('lms.subgraph_latency', {
    unit: 'ms',
    description: 'How long requests of the router to subgraphs take.',
    advice,
  });
  const subscriptions = meter.createUpDownCounter('lms.active_subscriptions', {
    unit: '{subscription}',
    description: 'Subscriptions of clients that are under way.',
  });

  subscriptions.add(0, { operation: 'other' }); // so that there is a number before the first subscription

  const nameOf = ({ name }: Operation) => (name && operations.has(name) ? name : 'other');

  function identify(context: Traced, document: DocumentNode, operationName?: string | null) {
    const operation = context[operationOf];
    const definition = getOperationAST(document, operationName);
    if (!operation || !definition) return;
    operation.kind = definition.operation;
    operation.name = definition.name?.value;
  }

  function end(operation: Operation, outcome: Outcome, client: Client['client']) {
    const { span, kind = 'unknown', name } = operation;
    const who = { 'client.class': client?.class ?? 'unknown', 'client.name': client?.name ?? 'unknown' };
    span.updateName(name ? `${kind} ${name}` : kind);
    span.setAttributes({ 'graphql.operation.type': kind, ...(name && { 'graphql.operation.name': name }), ...who, outcome });
    if (outcome === 'fault') {
      span.setStatus({ code: SpanStatusCode.ERROR });
      const { traceId, spanId } = span.spanContext();
      log.warn({ trace_id: traceId, span_id: spanId, operation: name, kind }, 'An operation failed by a fault');
    }
    span.end();
    operation.ended = true;
    latency.record(performance.now() - operation.began, { operation: nameOf(operation), kind, outcome, ...who });
  }

  // What the later events of a subscription ask of subgraphs are traces of their own: its trace would never end.
  function below({ span, ended }: Operation, name: string, options: SpanOptions): Span {
    if (ended) return tracer.startSpan(name, { ...options, links: [{ context: span.spanContext() }] }, ROOT_CONTEXT);
    return tracer.startSpan(name, options, trace.setSpan(ROOT_CONTEXT, span));
  }

  function followed(executor: Executor, subgraph: string, operation: Operation): Executor {
    return async (request: ExecutionRequest) => {
      const began = performance.now();
      const attributes: Attributes = { subgraph, 'graphql.operation.type': request.operationType };
      const span = below(operation, `subgraph ${subgraph}`, { kind: SpanKind.CLIENT, attributes });
      let outcome: Outcome = 'fault';
      try {
        const extensions: Record<string, unknown> = (request.extensions ??= {});
        // Over HTTP it becomes a header; over WebSocket it goes with the message as it is.
        extensions.headers = { ...(extensions.headers as object), traceparent: traceparentOf(span) };
        const result = await executor(request);
        outcome = isAsyncIterable(result) ? 'ok' : outcomeOf(result);
        return result;
      } finally {
        if (outcome === 'fault') span.setStatus({ code: SpanStatusCode.ERROR });
        span.setAttribute('outcome', outcome).end();
        subgraphLatency.record(performance.now() - began, { subgraph, operation: nameOf(operation), outcome });
      }
    };
  }

  return {
    onParams({ request, context }) {
      const parent = parentOf(request.headers.get('traceparent'));
      const span = tracer.startSpan('graphql', { kind: SpanKind.SERVER }, parent);
      (context as Traced)[operationOf] = { span, began: performance.now() };
    },
    onExecute: ({ args }) => identify(args.contextValue as Traced, args.document, args.operationName),
    onSubscribe: ({ args }) => identify(args.contextValue as Traced, args.document, args.operationName),
    onSubgraphExecute({ subgraphName, executionRequest, executor, setExecutor }) {
      const operation = (executionRequest.context as Traced | undefined)?.[operationOf];
      if (operation) setExecutor(followed(executor, subgraphName, operation));
    },
    onExecutionResult({ result, context, setResult }) {
      const operation = (context as Traced)[operationOf];
      if (!operation) return;
      end(operation, outcomeOf(result), (context as Client).client);
      if (operation.kind !== 'subscription' || !isAsyncIterable(result)) return;
      const name = { operation: nameOf(operation) };
      subscriptions.add(1, name);
      setResult(counted(result as AsyncIterable<ExecutionResult>, () => subscriptions.add(-1, name)) as typeof result);
    },
  };
}
