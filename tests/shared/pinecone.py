"""A server that follows Pinecone's published API (2026-04, serverless) for what `shared.vectors` asks of it.

It compares a query with every vector, and like the service it shows a write only some time after it. It can be told
to misbehave.
"""

import asyncio
import contextlib
import json
import math
import operator
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

INDEX = "lms-content"
VERSION = "2026-04"
_MOST_BYTES = 2_000_000  # in an upsert

Record = dict[str, Any]


@dataclass
class Namespace:
    """The vectors of a tenant, and the writes that queries do not see yet."""

    records: dict[str, Record] = field(default_factory=dict)
    waiting: list[tuple[float, int, str, Any]] = field(default_factory=list)
    last: int = 0
    indexed: int = 0

    def write(self, kind: str, what: Any, lag: float) -> int:
        """Notes a write; returns its number."""
        self.last += 1
        self.waiting.append((time.monotonic() + lag, self.last, kind, what))
        return self.last

    def settle(self) -> None:
        """Carries out the writes whose time has come, in order."""
        while self.waiting and self.waiting[0][0] <= time.monotonic():
            _, self.indexed, kind, what = self.waiting.pop(0)
            if kind == "upsert":
                self.records |= {record["id"]: record for record in what}
            else:
                gone = [id for id, record in self.records.items() if matches(record["metadata"], what)]
                for id in gone:
                    del self.records[id]


class Pinecone:
    """An account with one index."""

    def __init__(self, dimensions: int) -> None:
        self.dimensions = dimensions
        self.key = secrets.token_hex(16)
        self.address = ""
        self.metric = "cosine"
        self.lag = 0.02  # seconds until a write is seen
        self.namespaces: dict[str, Namespace] = {}
        self.requests: list[tuple[str, Any]] = []
        self.fault: Response | float | None = None
        """What every request is answered with, or how many seconds it waits first."""
        self.faults_left = -1
        """How many requests the fault still hits; with -1 all."""
        self.answers: dict[str, Callable[[Any], Response]] = {}
        """What to answer on a path instead."""

    def app(self) -> Starlette:
        """The control plane and the data plane on one address."""
        return Starlette(
            routes=[
                self._route("GET", "/indexes/{name}", self._describe_index),
                self._route("POST", "/describe_index_stats", self._describe_index_stats),
                self._route("POST", "/vectors/upsert", self._upsert),
                self._route("POST", "/vectors/delete", self._delete),
                self._route("POST", "/vectors/fetch_by_metadata", self._fetch_by_metadata),
                self._route("POST", "/query", self._query),
                self._route("GET", "/namespaces/{name}", self._describe_namespace),
            ]
        )

    def _route(self, method: str, path: str, answer: Any) -> Route:
        async def endpoint(request: Request) -> Response:
            content = await request.body()
            body = json.loads(content) if content else dict(request.path_params)
            self.requests.append((request.url.path, body))
            if (fault := await self._fault()) is not None:
                return fault
            if request.headers.get("api-key") != self.key:
                return _error(401, 16, "Invalid API key")
            if request.headers.get("x-pinecone-api-version") != VERSION:
                return _error(400, 3, "Unknown version")
            if len(content) > _MOST_BYTES:
                return _error(400, 11, "Request size exceeds the limit of 2MB")
            for namespace in self.namespaces.values():
                namespace.settle()
            return self.answers.get(path, answer)(body)

        return Route(path, endpoint, methods=[method])

    async def _fault(self) -> Response | None:
        if self.fault is None or self.faults_left == 0:
            return None
        self.faults_left -= 1
        if isinstance(self.fault, float):
            await asyncio.sleep(self.fault)
            return None
        return self.fault

    def _describe_index(self, body: Any) -> Response:
        if body["name"] != INDEX:
            return JSONResponse({"error": {"code": "NOT_FOUND", "message": "Resource not found"}, "status": 404}, 404)
        status = {"ready": True, "state": "Ready"}
        described = {"name": INDEX, "dimension": self.dimensions, "metric": self.metric, "status": status}
        return JSONResponse(described | {"host": self.address, "vector_type": "dense"})

    def _describe_index_stats(self, _body: Any) -> Response:
        counts = {name: {"vectorCount": len(namespace.records)} for name, namespace in self.namespaces.items()}
        return JSONResponse({"namespaces": counts, "dimension": self.dimensions, "metric": self.metric})

    def _upsert(self, body: Any) -> Response:
        records = body["vectors"]
        if not 1 <= len(records) <= 1_000:
            return _error(400, 3, "Between 1 and 1000 vectors")
        for record in records:
            if len(record["values"]) != self.dimensions or not any(record["values"]):
                return _error(400, 3, "Vector dimension does not match the dimension of the index")
            if len(json.dumps(record["metadata"], ensure_ascii=False).encode()) > 40_960:
                return _error(400, 3, "Metadata size exceeds 40960 bytes")
        namespace = self.namespaces.setdefault(body["namespace"], Namespace())
        number = namespace.write("upsert", records, self.lag)
        return JSONResponse({"upsertedCount": len(records)}, headers={"x-pinecone-request-lsn": str(number)})

    def _delete(self, body: Any) -> Response:
        if (namespace := self.namespaces.get(body["namespace"])) is None:
            return _error(404, 5, "Namespace not found")
        matches({}, body["filter"])
        number = namespace.write("delete", body["filter"], self.lag)
        return JSONResponse({}, headers={"x-pinecone-request-lsn": str(number)})

    def _fetch_by_metadata(self, body: Any) -> Response:
        namespace = self.namespaces.get(body["namespace"], Namespace())
        found = sorted(id for id, record in namespace.records.items() if matches(record["metadata"], body["filter"]))
        start, limit = int(body.get("paginationToken", 0)), body.get("limit", 100)
        page = {id: namespace.records[id] for id in found[start : start + limit]}
        answer = {"vectors": page, "namespace": body["namespace"], "usage": {"readUnits": 1}}
        more = {"pagination": {"next": str(start + limit)}} if start + limit < len(found) else {}
        return JSONResponse(answer | more)

    def _query(self, body: Any) -> Response:
        if len(body["vector"]) != self.dimensions or not 1 <= body["topK"] <= 10_000:
            return _error(400, 3, "Vector dimension does not match the dimension of the index")
        namespace = self.namespaces.get(body["namespace"], Namespace())
        wanted = body.get("filter", {})
        scored = [
            {"id": id, "score": cosine(body["vector"], record["values"])}
            | ({"metadata": record["metadata"]} if body.get("includeMetadata") else {})
            for id, record in namespace.records.items()
            if matches(record["metadata"], wanted)
        ]
        secrets.SystemRandom().shuffle(scored)  # the order of what is equally near is nothing to rely on
        scored.sort(key=lambda match: -match["score"])
        answer = {"matches": scored[: body["topK"]], "namespace": body["namespace"], "usage": {"readUnits": 1}}
        return JSONResponse(answer, headers={"x-pinecone-max-indexed-lsn": str(namespace.indexed)})

    def _describe_namespace(self, body: Any) -> Response:
        if (namespace := self.namespaces.get(body["name"])) is None:
            return _error(404, 5, "Namespace not found")
        return JSONResponse({"name": body["name"], "record_count": len(namespace.records)})


_OPERATORS = {
    "$eq": operator.eq,
    "$ne": operator.ne,
    "$gt": operator.gt,
    "$lt": operator.lt,
    "$in": lambda value, other: value in other,
    "$nin": lambda value, other: value not in other,
}


def matches(metadata: dict[str, Any], wanted: dict[str, Any]) -> bool:
    """Whether a record is one that a filter asks for; an unknown operator is an error, as it is there."""
    for key, condition in wanted.items():
        if key in ("$and", "$or"):
            if not condition:
                raise ValueError("a filter must have conditions")
            found = [matches(metadata, one) for one in condition]
            if not (all(found) if key == "$and" else any(found)):
                return False
        else:
            [(name, value)] = condition.items()
            if name in ("$in", "$nin") and not 1 <= len(value) <= 10_000:
                raise ValueError("between 1 and 10,000 values")
            if key not in metadata or not _OPERATORS[name](metadata[key], value):
                return False
    return True


def cosine(one: list[float], other: list[float]) -> float:
    """The cosine of the angle between two vectors."""
    product = sum(map(operator.mul, one, other))
    return product / math.hypot(*one) / math.hypot(*other)


def _error(status: int, code: int, message: str) -> Response:
    return JSONResponse({"code": code, "message": message, "details": []}, status)


class _Server(uvicorn.Server):
    """A server that leaves the signals to pytest."""

    @contextlib.contextmanager
    def capture_signals(self) -> Any:
        yield


@asynccontextmanager
async def served(dimensions: int) -> AsyncIterator[Pinecone]:
    """Pinecone on a free loopback port, until the end of the block."""
    account = Pinecone(dimensions)
    config = uvicorn.Config(
        account.app(), host="127.0.0.1", port=0, lifespan="off", log_config=None, access_log=False,
        timeout_graceful_shutdown=1,
    )  # fmt: skip
    server = _Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.005)
    account.address = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    yield account
    server.should_exit = True
    await task
