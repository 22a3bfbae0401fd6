"""OpenTelemetry's SDK, over OTLP/HTTP: imported only where telemetry is on, configured by the standard variables.

Spans of statements and commands are made below other spans only: the background work looks at its engines many times
a second, and each look would be a trace of its own.
"""

import logging
import os
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from opentelemetry import context, trace
from opentelemetry._logs import SeverityNumber
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from redis.asyncio import Redis
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.telemetry.tracing import Attributes, Kind, interval

_LAST_WORDS = 2.0  # seconds to send what is left in; exporters would try a collector that is away for longer
_STATEMENT = 4_096  # characters of a statement that are told
_SECONDS = (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10)  # of OpenTelemetry's semantic conventions for databases

_KINDS = {
    "server": SpanKind.SERVER,
    "client": SpanKind.CLIENT,
    "producer": SpanKind.PRODUCER,
    "consumer": SpanKind.CONSUMER,
}
_SEVERITIES = {
    "info": SeverityNumber.INFO,
    "warning": SeverityNumber.WARN,
    "error": SeverityNumber.ERROR,
    "critical": SeverityNumber.FATAL,
}
_propagator = TraceContextTextMapPropagator()


class Telemetry:
    """What one process measures and sends. Sending happens in threads, in batches, and never holds up a request."""

    def __init__(self, subgraph: str) -> None:
        named = {"service.name": f"lyceum-{subgraph}", "service.namespace": "lyceum"}
        # OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES are not for all processes of a stack at once: ours come last.
        resource = Resource.create({"service.instance.id": f"{subgraph}-{os.getpid()}"}).merge(Resource(named))
        # The sampler is OTEL_TRACES_SAMPLER's.
        self._tracers = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._tracers.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        reader = PeriodicExportingMetricReader(OTLPMetricExporter(), export_interval_millis=interval() * 1_000)
        self._meters = MeterProvider([reader], resource=resource, shutdown_on_exit=False)
        self._loggers = LoggerProvider(resource=resource, shutdown_on_exit=False)
        self._loggers.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter()))
        self._tracer = self._tracers.get_tracer("lyceum")
        self._logger = self._loggers.get_logger("lyceum")
        self._meter = self._meters.get_meter("lyceum")
        self._durations = self._meter.create_histogram(
            "db.client.operation.duration",
            "s",
            "How long SQL statements take, those of the background work included.",
            explicit_bucket_boundaries_advisory=_SECONDS,
        )
        self._gauges: dict[str, Any] = {}
        self._parked = self._meter.create_counter("consumer.parked", "{event}", "Events that handlers failed on.")
        # While the collector is away it would say so with a traceback each time.
        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)

    def shut_down(self) -> None:
        """Sends what is left, as far as that takes no longer than a process may take to end."""
        providers = (self._tracers, self._meters, self._loggers)
        threads = [threading.Thread(target=provider.shutdown, daemon=True) for provider in providers]
        for thread in threads:
            thread.start()
        deadline = time.monotonic() + _LAST_WORDS
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    @contextmanager
    def span(
        self, name: str, kind: Kind, parent: str | None, attributes: Attributes, since: float | None
    ) -> Iterator[Span]:
        """See `tracing.span`."""
        with self._tracer.start_as_current_span(
            name,
            _propagator.extract({"traceparent": parent}, context.Context()) if parent else None,
            _KINDS[kind],
            attributes,
            start_time=None if since is None else int(since * 1e9),
            record_exception=False,  # its message may quote what somebody typed
            set_status_on_exception=False,
        ) as made:
            try:
                yield made
            except Exception as error:
                _fail(made, error)
                raise

    def traceparent(self) -> str | None:
        """See `tracing.traceparent`."""
        carrier: dict[str, str] = {}
        _propagator.inject(carrier)
        return carrier.get("traceparent")

    def ids(self) -> tuple[str, str] | None:
        """See `tracing.ids`."""
        current = trace.get_current_span().get_span_context()
        return (f"{current.trace_id:032x}", f"{current.span_id:016x}") if current.is_valid else None

    def describe(self, name: str, attributes: Attributes) -> None:
        """See `tracing.describe`."""
        current = trace.get_current_span()
        current.update_name(name)
        current.set_attributes(attributes)

    def end(self) -> None:
        """See `tracing.end`."""
        current = trace.get_current_span()
        if current.is_recording():
            current.end()

    def fail(self, error: BaseException | None) -> None:
        """See `tracing.fail`."""
        _fail(trace.get_current_span(), error)

    def set_gauge(self, name: str, unit: str, description: str, value: float, attributes: Attributes | None) -> None:
        """See `tracing.set_gauge`."""
        if name not in self._gauges:
            self._gauges[name] = self._meter.create_gauge(name, unit, description)
        self._gauges[name].set(value, attributes)

    def parked(self, source: str, event: str, count: int) -> None:
        """See `tracing.parked`."""
        self._parked.add(count, {"source": source, "event": event})

    def log_line(self, level: str, event: Mapping[str, Any]) -> None:
        """See `tracing.log_line`."""
        told = {name: value for name, value in event.items() if isinstance(value, str | int | float | bool)}
        self._logger.emit(
            timestamp=time.time_ns(),
            severity_number=_SEVERITIES.get(level, SeverityNumber.INFO),
            severity_text=level,
            body=told.pop("event", ""),
            attributes=told,
        )

    def follow_statements(self, engine: AsyncEngine, namespace: str) -> None:
        """See `tracing.follow_statements`."""

        def before(
            _connection: Any, _cursor: Any, statement: str, _parameters: Any, execution: Any, _many: Any
        ) -> None:
            execution.lyceum_began = time.perf_counter()
            execution.lyceum_span = self._below(statement.split(None, 1)[0].upper(), "postgresql", namespace, statement)

        def after(_connection: Any, _cursor: Any, statement: str, _parameters: Any, execution: Any, _many: Any) -> None:
            end(statement, execution, None)

        def failed(failure: Any) -> None:
            if failure.execution_context is not None:
                end(failure.statement or "", failure.execution_context, failure.original_exception)

        def end(statement: str, execution: Any, error: BaseException | None) -> None:
            began = execution.__dict__.pop("lyceum_began", None)
            if began is None:
                return
            attributes = {"db.system.name": "postgresql", "db.operation.name": _operation(statement)}
            if error is not None:
                attributes["error.type"] = type(error).__name__
            self._durations.record(time.perf_counter() - began, attributes)
            made = execution.__dict__.pop("lyceum_span")
            if made is not None:
                if error is not None:
                    _fail(made, error)
                made.end()

        event.listen(engine.sync_engine, "before_cursor_execute", before)
        event.listen(engine.sync_engine, "after_cursor_execute", after)
        event.listen(engine.sync_engine, "handle_error", failed)

    def follow_commands(self, redis: Redis) -> None:
        """See `tracing.follow_commands`; of a command only its name is told, since keys and values hold ids."""
        execute = redis.execute_command

        async def followed(*command: Any, **options: Any) -> Any:
            made = self._below(str(command[0]).upper(), "redis", None, None)
            if made is None:
                return await execute(*command, **options)
            try:
                return await execute(*command, **options)
            except Exception as error:
                _fail(made, error)
                raise
            finally:
                made.end()

        redis.execute_command = followed  # type: ignore[method-assign]

    def _below(self, operation: str, system: str, namespace: str | None, statement: str | None) -> Span | None:
        """A client's span below the current one, if there is one that is recorded."""
        if not trace.get_current_span().is_recording():
            return None
        attributes = {"db.system.name": system, "db.operation.name": operation}
        if namespace is not None:
            attributes["db.namespace"] = namespace
        if statement is not None:
            attributes["db.query.text"] = statement[:_STATEMENT]
        return self._tracer.start_span(operation, kind=SpanKind.CLIENT, attributes=attributes)


def _operation(statement: str) -> str:
    return statement.split(None, 1)[0].upper() if statement else ""


def _fail(span: Span, error: BaseException | None) -> None:
    span.set_status(StatusCode.ERROR)
    if error is not None:
        span.set_attribute("error.type", type(error).__name__)
