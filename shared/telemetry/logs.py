"""Structured logs with trace ids. Nothing is logged that is not named here: secrets and personal data stay out."""

import logging
import re
import secrets
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog

from shared.telemetry import tracing
from shared.telemetry.failures import told

_ALLOWED = frozenset(
    {
        "event", "level", "timestamp", "exception", "exc_info", "logger", "subgraph", "trace_id", "span_id", "error",
        "path", "operation", "duration_ms", "status", "partition", "sequence", "source", "first", "name", "count",
    }
)  # fmt: skip
"""Log keys; a new one is added here after asking who may see it."""

_TRACEPARENT = re.compile(r"^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$")


def set_up_logs(subgraph: str, log_format: str) -> None:
    """Sends structlog and the standard library's warnings to standard output, one line each."""
    console = structlog.dev.ConsoleRenderer(colors=False)
    renderer = console if log_format == "console" else structlog.processors.JSONRenderer()
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, _in_trace, structlog.processors.ExceptionRenderer(told), _only_allowed, _sent, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(subgraph=subgraph)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")
    # Strawberry logs every error, expected or not; ours are logged where they are masked.
    logging.getLogger("strawberry.execution").setLevel(logging.CRITICAL)


def _in_trace(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    current = tracing.ids()
    if current is not None:
        event["trace_id"], event["span_id"] = current
    return event


def _sent(_logger: Any, level: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    tracing.log_line(level, event)
    return event


def _only_allowed(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    return {key: value for key, value in event.items() if key in _ALLOWED}


def trace_id_of(headers: Mapping[str, str]) -> str:
    """The trace id of a request (W3C Trace Context, else the router's request id, else a new one)."""
    match = _TRACEPARENT.match(headers.get("traceparent", ""))
    if match:
        return match.group(1)
    return headers.get("x-request-id") or secrets.token_hex(16)
