"""A collector as the processes see it: OTLP over HTTP, decoded, and metrics under the names that Prometheus gets."""

import gzip
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import uvicorn
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

Found = TypeVar("Found")

UNITS = {"ms": "milliseconds", "s": "seconds", "1": "ratio", "By": "bytes"}
"""The suffixes that the collector gives by unit; an annotation in braces gives none."""


@dataclass(frozen=True)
class Span:
    """A span of a service."""

    service: str
    name: str
    kind: int
    trace: str
    id: str
    parent: str
    attributes: dict[str, Any]
    has_failed: bool
    links: tuple[str, ...]


@dataclass(frozen=True)
class Point:
    """A value of a metric, under the name and with the labels that Prometheus sees."""

    service: str
    name: str
    labels: dict[str, str]
    value: float


@dataclass(frozen=True)
class Line:
    """A line of a log."""

    service: str
    level: str
    body: str
    attributes: dict[str, Any]
    trace: str


@dataclass
class Collector:
    """What has come so far. Metrics are kept as they were sent last."""

    url: str = ""
    spans: list[Span] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    points: dict[tuple[str, str, str], Point] = field(default_factory=dict)
    raw: list[bytes] = field(default_factory=list)

    def take(self, path: str, body: bytes) -> None:
        """One request of an exporter."""
        self.raw.append(body)
        if path == "/v1/traces":
            self._take_spans(ExportTraceServiceRequest.FromString(body))
        elif path == "/v1/metrics":
            self._take_metrics(ExportMetricsServiceRequest.FromString(body))
        elif path == "/v1/logs":
            self._take_lines(ExportLogsServiceRequest.FromString(body))
        else:
            raise AssertionError(path)

    def _take_spans(self, request: ExportTraceServiceRequest) -> None:
        for resource in request.resource_spans:
            service = _attributes(resource.resource)["service.name"]
            for scope in resource.scope_spans:
                self.spans += [
                    Span(
                        service,
                        span.name,
                        span.kind,
                        span.trace_id.hex(),
                        span.span_id.hex(),
                        span.parent_span_id.hex(),
                        _attributes(span),
                        span.status.code == 2,
                        tuple(link.trace_id.hex() for link in span.links),
                    )
                    for span in scope.spans
                ]

    def _take_metrics(self, request: ExportMetricsServiceRequest) -> None:
        for resource in request.resource_metrics:
            service = _attributes(resource.resource)["service.name"]
            for scope in resource.scope_metrics:
                for metric in scope.metrics:
                    for point in _points(service, metric):
                        self.points[service, point.name, str(sorted(point.labels.items()))] = point

    def _take_lines(self, request: ExportLogsServiceRequest) -> None:
        for resource in request.resource_logs:
            service = _attributes(resource.resource)["service.name"]
            for scope in resource.scope_logs:
                self.lines += [
                    Line(
                        service,
                        line.severity_text,
                        line.body.string_value,
                        _attributes(line),
                        line.trace_id.hex(),
                    )
                    for line in scope.log_records
                ]

    def named(self, name: str, **labels: str) -> list[Point]:
        """The points of a metric that have these labels."""
        return [
            point
            for point in list(self.points.values())
            if point.name == name and labels.items() <= point.labels.items()
        ]

    def trace(self, id: str) -> list[Span]:
        """The spans of a trace."""
        return [span for span in list(self.spans) if span.trace == id]

    def until(self, look: Callable[[], Found], within: float = 20.0) -> Found:
        """What `look` finds once it finds something."""
        deadline = time.monotonic() + within
        while not (found := look()):
            assert time.monotonic() < deadline, "it has not come"
            time.sleep(0.1)
        return found


@contextmanager
def collecting() -> Iterator[Collector]:
    """A collector on a port of its own, in a thread of its own."""
    collector = Collector()

    async def take(request: Request) -> Response:
        body = await request.body()
        collector.take(request.url.path, gzip.decompress(body) if "content-encoding" in request.headers else body)
        return Response(media_type="application/x-protobuf")

    listening = socket.create_server(("127.0.0.1", 0))
    collector.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    app = Starlette(routes=[Route("/{path:path}", take, methods=["POST"])])
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
    thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
    thread.start()
    yield collector
    server.should_exit = True
    thread.join()


def _attributes(holder: Any) -> dict[str, Any]:
    return {one.key: getattr(one.value, one.value.WhichOneof("value") or "string_value") for one in holder.attributes}


def _points(service: str, metric: Any) -> Iterator[Point]:
    kind = metric.WhichOneof("data")
    data = getattr(metric, kind)
    name = prometheus_name(metric.name, metric.unit, is_counter=kind == "sum" and data.is_monotonic)
    for point in data.data_points:
        labels = {re.sub(r"\W", "_", key): str(value) for key, value in _attributes(point).items()}
        if kind == "histogram":
            yield Point(service, f"{name}_count", labels, point.count)
            yield Point(service, f"{name}_sum", labels, point.sum)
            for bound in (*(f"{bound:g}" for bound in point.explicit_bounds), "+Inf"):
                yield Point(service, f"{name}_bucket", labels | {"le": bound}, point.count)
        else:
            yield Point(service, name, labels, point.as_double or point.as_int)


def prometheus_name(name: str, unit: str, *, is_counter: bool) -> str:
    """The name that the collector's Prometheus exporter gives a metric (add_metric_suffixes, its default)."""
    unit = re.sub(r"\{.*?\}", "", unit)
    parts = [part for part in re.split(r"[^a-zA-Z0-9:]+", name) if part]
    suffix = UNITS.get(unit, unit)
    if suffix and suffix not in parts:
        parts.append(suffix)
    if is_counter and "total" not in parts:
        parts.append("total")
    return "_".join(parts)
