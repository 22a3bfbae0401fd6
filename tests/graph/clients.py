"""Asking the router as its clients do: HTTP by httpx, Server-Sent Events by httpx, graphql-ws by gql or raw frames."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import httpx
import websockets
from gql import Client, gql
from gql.transport.exceptions import TransportError, TransportQueryError
from gql.transport.websockets import WebsocketsTransport

PASSWORD = "Lyceum-Demo-2026"
PROTOCOL = "graphql-transport-ws"
PRESENCE = """
subscription CoursePresence($courseId: ID!) {
  coursePresence(courseId: $courseId) { count users(first: 100) { id displayName } course { id title } }
}
"""
LOGIN = """
mutation Login($input: LoginInput!) {
  login(input: $input) {
    __typename
    ... on Tokens { accessToken refreshToken expiresAt viewer { user { id displayName } } }
    ... on Error { code message }
    ... on AccountLocked { lockedUntil }
    ... on InvalidInput { fields { path message } }
  }
}
"""

Json = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """What the router answered over HTTP."""

    status: int
    body: Json
    seconds: float

    @property
    def data(self) -> Any:
        """The data of an answer without errors."""
        assert self.status == 200, self.body
        assert "errors" not in self.body, self.body["errors"]
        return self.body["data"]

    @property
    def codes(self) -> list[str | None]:
        """The codes of the errors."""
        return codes_of(self.body)

    @property
    def partial(self) -> Any:
        """The data of an answer that may have errors beside it."""
        return self.body.get("data")


def codes_of(body: Json) -> list[str | None]:
    """The codes of the errors of an answer or an event."""
    return [error.get("extensions", {}).get("code") for error in body.get("errors") or []]


def bearer(token: str | None) -> dict[str, str]:
    """The header, or the connection parameter, that carries an access token."""
    return {"authorization": f"Bearer {token}"} if token is not None else {}


@dataclass
class Feed:
    """The events of one subscription with the time each came, collected while the feed is open."""

    events: list[tuple[float, Json]] = field(default_factory=list)
    has_ended: bool = False
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    async def pump(self, source: AsyncIterator[Json]) -> None:
        """Takes in a source until it ends."""
        try:
            async for event in source:
                self.events.append((time.monotonic(), event))
                self._news.set()
        finally:
            self.has_ended = True
            self._news.set()

    async def until(self, condition: Callable[[Json], bool], within: float = 5.0, after: float = 0.0) -> float:
        """The time of the first event later than `after` that meets the condition; fails after `within` seconds."""
        deadline = time.monotonic() + within
        while True:
            for moment, event in self.events:
                if moment >= after and condition(event):
                    return moment
            self._news.clear()
            left = deadline - time.monotonic()
            assert left > 0, f"no such event within {within} s; the last ones are {self.events[-3:]}"
            assert not self.has_ended, f"the stream ended; the last events are {self.events[-3:]}"
            with suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), left)

    async def end(self, within: float) -> Json:
        """The last event of a stream that ends by itself in time."""
        deadline = time.monotonic() + within
        while not self.has_ended:
            self._news.clear()
            left = deadline - time.monotonic()
            assert left > 0, f"still open after {within} s; the last events are {self.events[-3:]}"
            with suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), left)
        return self.events[-1][1] if self.events else {}

    @property
    def last(self) -> Json:
        """The newest event."""
        return self.events[-1][1]


def shows(*ids: str) -> Callable[[Json], bool]:
    """Whether an event of presence shows exactly these people."""

    def condition(event: Json) -> bool:
        presence = (event.get("data") or {}).get("coursePresence")
        return presence is not None and {user["id"] for user in presence["users"]} == set(ids)

    return condition


class Graph:
    """The graph behind one router."""

    def __init__(self, url: str, websocket: str) -> None:
        self.url, self.websocket = url, websocket
        limits = httpx.Limits(max_connections=250, max_keepalive_connections=20)
        self.http = httpx.AsyncClient(timeout=60, limits=limits, trust_env=False)

    async def ask(
        self, query: str, token: str | None = None, /, *, headers: dict[str, str] | None = None, **variables: Any
    ) -> Answer:
        """One operation over HTTP."""
        return await self.send({"query": query, "variables": variables}, token, headers=headers)

    async def send(self, body: Any, token: str | None = None, /, *, headers: dict[str, str] | None = None) -> Answer:
        """Any JSON over HTTP."""
        sent = {"accept": "application/json", "content-type": "application/json"} | bearer(token) | (headers or {})
        began = time.monotonic()
        response = await self.http.post(self.url, content=json.dumps(body), headers=sent)
        return Answer(response.status_code, response.json(), time.monotonic() - began)

    async def login(self, email: str, password: str = PASSWORD, slug: str | None = None) -> Json:
        """What login answers."""
        input = {"email": email, "password": password, "organizationSlug": slug}
        return (await self.ask(LOGIN, input=input)).data["login"]

    async def token(self, email: str, slug: str | None = None) -> str:
        """An access token."""
        return str((await self.login(email, slug=slug))["accessToken"])

    @asynccontextmanager
    async def over_websocket(self, token: str | None, **options: Any) -> AsyncIterator[Any]:
        """A gql session over graphql-ws."""
        transport = WebsocketsTransport(
            self.websocket, init_payload=bearer(token), subprotocols=[PROTOCOL], ping_interval=5, close_timeout=2
        )
        async with Client(transport=transport, fetch_schema_from_transport=False, **options) as session:
            yield session

    @asynccontextmanager
    async def watch(self, query: str, token: str | None, session: Any = None, **variables: Any) -> AsyncIterator[Feed]:
        """A subscription over graphql-ws: on a session that is open already, or on a socket of its own."""
        if session is None:
            async with self.over_websocket(token) as own, self.watch(query, token, own, **variables) as feed:
                yield feed
            return
        async with _collected(_results(session, query, variables)) as feed:
            yield feed

    @asynccontextmanager
    async def watch_sse(
        self, query: str, token: str | None, *, headers: dict[str, str] | None = None, **variables: Any
    ) -> AsyncIterator[Feed]:
        """The same over Server-Sent Events."""
        async with self.watch_sse_of({"query": query, "variables": variables}, token, headers=headers) as feed:
            yield feed

    @asynccontextmanager
    async def watch_sse_of(
        self, body: Any, token: str | None, *, headers: dict[str, str] | None = None
    ) -> AsyncIterator[Feed]:
        """The same of any JSON, such as one with the id of a persisted operation."""
        sent = {"accept": "text/event-stream"} | bearer(token) | (headers or {})
        async with (
            self.http.stream("POST", self.url, json=body, headers=sent, timeout=None) as response,
            _collected(_server_sent(response)) as feed,
        ):
            yield feed

    @asynccontextmanager
    async def frames(self, protocol: str | None = PROTOCOL, **options: Any) -> AsyncIterator["Frames"]:
        """A raw socket."""
        protocols = [websockets.Subprotocol(protocol)] if protocol else None
        async with websockets.connect(self.websocket, subprotocols=protocols, close_timeout=2, **options) as socket:
            yield Frames(socket)


class Frames:
    """JSON frames on a raw socket."""

    def __init__(self, socket: websockets.ClientConnection) -> None:
        self.socket = socket

    async def send(self, **message: Any) -> None:
        """One frame."""
        await self.socket.send(json.dumps(message))

    async def receive(self, within: float = 5.0) -> Json:
        """The next frame that is not a ping."""
        while True:
            message: Json = json.loads(await asyncio.wait_for(self.socket.recv(), within))
            if message["type"] != "ping":
                return message

    async def init(self, token: str | None = None, **parameters: Any) -> Json:
        """Opens the protocol, and gives what the server says to it."""
        await self.send(type="connection_init", payload=bearer(token) | parameters)
        return await self.receive()

    async def subscribe(self, query: str, id: str = "1", **variables: Any) -> None:
        """Starts an operation."""
        await self.send(type="subscribe", id=id, payload={"query": query, "variables": variables})

    async def closed(self, within: float = 8.0) -> tuple[int | None, str]:
        """The code and reason that the server closes the socket with."""
        with suppress(websockets.ConnectionClosed):
            async with asyncio.timeout(within):
                while True:
                    await self.socket.recv()
        return self.socket.close_code, self.socket.close_reason or ""


@asynccontextmanager
async def _collected(source: AsyncIterator[Json]) -> AsyncIterator[Feed]:
    feed = Feed()
    pump = asyncio.create_task(feed.pump(source))
    try:
        yield feed
    finally:
        pump.cancel()
        with suppress(asyncio.CancelledError, TransportError, httpx.HTTPError):
            await pump


async def _results(session: Any, query: str, variables: Json) -> AsyncIterator[Json]:
    request = gql(query)
    request.variable_values = variables
    results = session.subscribe(request, get_execution_result=True)
    try:
        async for result in results:
            yield {"data": result.data} | ({"errors": result.errors} if result.errors else {})
    except TransportQueryError as error:
        yield {"data": None, "errors": error.errors}
    finally:
        await results.aclose()


async def _server_sent(response: httpx.Response) -> AsyncIterator[Json]:
    if not response.headers["content-type"].startswith("text/event-stream"):
        yield json.loads(await response.aread()) | {"status": response.status_code}
        return
    async for line in response.aiter_lines():
        content = line.removeprefix("data:").strip()
        if line.startswith("data:") and content:
            yield json.loads(content)
