"""Spans and counts as the rest of the platform asks for them. All of it does nothing until `start` has turned it on."""

import os
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from redis.asyncio import Redis
    from sqlalchemy.ext.asyncio import AsyncEngine

    from shared.telemetry.opentelemetry import Telemetry

Kind = Literal["server", "client", "producer", "consumer"]
Attributes = Mapping[str, str | int | float | bool]

_telemetry: "Telemetry | None" = None
_NOTHING: AbstractContextManager[Any] = nullcontext()


def is_on() -> bool:
    """Whether this process is told to send telemetry: by the endpoint, unless `OTEL_SDK_DISABLED` is true."""
    disabled = os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true"
    return bool(os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT")) and not disabled


def interval() -> float:
    """Seconds between exports of metrics (`OTEL_METRIC_EXPORT_INTERVAL`); 15, as Prometheus scrapes the collector."""
    return float(os.environ.get("OTEL_METRIC_EXPORT_INTERVAL") or 15_000) / 1_000


def start(subgraph: str) -> None:
    """Begins to send, once per process; nothing happens where telemetry is off."""
    global _telemetry  # noqa: PLW0603  # the process has one, as it has one log
    if _telemetry is None and is_on():
        from shared.telemetry.opentelemetry import Telemetry  # noqa: PLC0415  # costs memory and time to import

        _telemetry = Telemetry(subgraph)


def stop() -> None:
    """Sends what is left."""
    if _telemetry:
        _telemetry.shut_down()


def span(
    name: str, kind: Kind, parent: str | None, attributes: Attributes, *, since: float | None = None
) -> AbstractContextManager[Any]:
    """The span of what is done in the context, below `parent` (a traceparent); `since` (epoch seconds) for what began
    before. An exception marks it as failed by its class alone."""
    return _telemetry.span(name, kind, parent, attributes, since) if _telemetry else _NOTHING


def traceparent() -> str | None:
    """The current span as W3C Trace Context, for whoever goes on with the trace."""
    return _telemetry.traceparent() if _telemetry else None


def ids() -> tuple[str, str] | None:
    """The current trace and span id, for log lines."""
    return _telemetry.ids() if _telemetry else None


def describe(name: str, attributes: Attributes) -> None:
    """Says of the current span what was not known when it began."""
    if _telemetry:
        _telemetry.describe(name, attributes)


def end() -> None:
    """Ends the current span before its context is over; nothing more is told below it."""
    if _telemetry:
        _telemetry.end()


def fail(error: BaseException | None) -> None:
    """Marks the current span as failed."""
    if _telemetry:
        _telemetry.fail(error)


def parked(source: str, event: str, count: int = 1) -> None:
    """Counts events that were parked; 0 at the start, since only what grows from a number is seen to grow."""
    if _telemetry:
        _telemetry.parked(source, event, count)


def set_gauge(name: str, unit: str, description: str, value: float, attributes: Attributes | None = None) -> None:
    """Sets what is measured from time to time."""
    if _telemetry:
        _telemetry.set_gauge(name, unit, description, value, attributes)


def follow_statements(engine: "AsyncEngine", namespace: str) -> None:
    """Makes a span of each SQL statement that is executed below another span, and a duration of each."""
    if _telemetry:
        _telemetry.follow_statements(engine, namespace)


def follow_commands(redis: "Redis") -> None:
    """Makes a span of each Redis command that is executed below another span."""
    if _telemetry:
        _telemetry.follow_commands(redis)


def log_line(level: str, event: Mapping[str, Any]) -> None:
    """Sends a log line on."""
    if _telemetry:
        _telemetry.log_line(level, event)
