// OpenTelemetry's SDK, over OTLP/HTTP, configured by the standard OTEL_* variables. Imported only where
// OTEL_EXPORTER_OTLP_ENDPOINT is set: without it the router measures nothing and loads nothing of this.
import type { LogLevel, LogWriter } from '@graphql-hive/gateway-runtime';
import { SeverityNumber, type AnyValueMap } from '@opentelemetry/api-logs';
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-proto';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';

// Milliseconds between exports of metrics: Prometheus scrapes the collector as often.
const interval = Number(process.env.OTEL_METRIC_EXPORT_INTERVAL || 15_000);

// OTEL_RESOURCE_ATTRIBUTES is for all processes of a stack; who this one is comes last.
const resource = defaultResource()
  .merge(detectResources({ detectors: [envDetector] }))
  .merge(
    resourceFromAttributes({
      'service.name': 'lyceum-router',
      'service.namespace': 'lyceum',
      'service.instance.id': `router-${process.pid}`,
    }),
  );

// The sampler is OTEL_TRACES_SAMPLER's.
const tracers = new BasicTracerProvider({ resource, spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())] });
const reader = new PeriodicExportingMetricReader({
  exporter: new OTLPMetricExporter(),
  exportIntervalMillis: interval,
  exportTimeoutMillis: Math.min(interval, 10_000),
});
const meters = new MeterProvider({ resource, readers: [reader] });
const loggers = new LoggerProvider({ resource, processors: [new BatchLogRecordProcessor({ exporter: new OTLPLogExporter() })] });
const logger = loggers.getLogger('lyceum');

const severities: Record<LogLevel, SeverityNumber> = {
  trace: SeverityNumber.TRACE,
  debug: SeverityNumber.DEBUG,
  info: SeverityNumber.INFO,
  warn: SeverityNumber.WARN,
  error: SeverityNumber.ERROR,
};

export const logWriter: LogWriter = {
  write(level, attributes, message) {
    logger.emit({
      severityNumber: severities[level],
      severityText: level,
      body: message ?? '',
      attributes: (attributes ?? {}) as AnyValueMap,
    });
  },
};

export const tracer = tracers.getTracer('lyceum');
export const meter = meters.getMeter('lyceum');

/** Sends what is left. */
export async function stop() {
  await Promise.allSettled([tracers.shutdown(), meters.shutdown(), loggers.shutdown()]);
}
