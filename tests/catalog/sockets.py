"""Catalog on a loopback port, and its subscriptions through a client that nobody here wrote."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from gql import Client, GraphQLRequest
from gql.client import AsyncClientSession
from gql.transport.exceptions import TransportQueryError
from gql.transport.websockets import WebsocketsTransport
from starlette.applications import Starlette

from shared.app import create_app
from shared.auth import Viewer
from subgraphs.catalog.consumers import handlers
from subgraphs.catalog.presence import keep_presence
from subgraphs.catalog.schema import schema
from tests.conftest import Subgraph

PRESENCE = "subscription($id: ID!) { coursePresence(courseId: $id) { count users { id } course { id title } } }"

State = dict[str, Any]


class _Server(uvicorn.Server):
    """A server that leaves the signals to pytest."""

    @contextlib.contextmanager
    def capture_signals(self) -> Any:
        yield


@asynccontextmanager
async def served(app: Starlette) -> AsyncIterator[str]:
    """The address of an application whose background work runs already."""
    config = uvicorn.Config(
        app, port=0, lifespan="off", ws="websockets-sansio", log_config=None, access_log=False,
        timeout_graceful_shutdown=2,
    )  # fmt: skip
    server = _Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.005)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"ws://127.0.0.1:{port}/graphql"
    server.should_exit = True
    await task


@asynccontextmanager
async def another_process(catalog: Subgraph) -> AsyncIterator[Starlette]:
    """Catalog once more on the same engines, with connections and background work of its own."""
    settings = catalog.platform.settings
    app = create_app("catalog", schema, settings, handlers=handlers, work=[keep_presence])
    async with app.router.lifespan_context(app):
        yield app


def params(catalog: Subgraph, who: Viewer | None) -> dict[str, str]:
    """The connection parameters that the router sends for a viewer."""
    secret = {"x-lyceum-router": catalog.platform.settings.router_secret.get_secret_value()}
    return secret if who is None else secret | {"authorization": f"Bearer {catalog.sign(who)}"}


@asynccontextmanager
async def connected(url: str, parameters: dict[str, Any]) -> AsyncIterator[AsyncClientSession]:
    """A socket as the router opens one."""
    subprotocols = [WebsocketsTransport.GRAPHQLWS_SUBPROTOCOL]
    transport = WebsocketsTransport(url, init_payload=parameters, subprotocols=subprotocols, close_timeout=1)
    async with Client(transport=transport) as session:
        yield session


class Watcher:
    """One subscription, and all it has been told."""

    field = "coursePresence"

    def __init__(self, session: AsyncClientSession, id: str, document: str = PRESENCE) -> None:
        self.states: list[State] = []
        self.codes: list[str] = []
        self._news = asyncio.Condition()
        self._task = asyncio.create_task(self._follow(session, id, document))

    async def _follow(self, session: AsyncClientSession, id: str, document: str) -> None:
        try:
            async for event in session.subscribe(GraphQLRequest(document, variable_values={"id": id})):
                await self._note(self.states.append, event[self.field])
        except TransportQueryError as error:
            codes = [found.get("extensions", {}).get("code", found["message"]) for found in error.errors or []]
            await self._note(self.codes.extend, codes)

    async def _note(self, note: Callable[[Any], None], what: Any) -> None:
        async with self._news:
            note(what)
            self._news.notify_all()

    async def sees(self, count: int, within: float = 5) -> State:
        """The latest state, once it shows this many people."""
        return await self._until(lambda: bool(self.states) and self.states[-1]["count"] == count, within)

    async def ends(self, within: float = 5) -> list[str]:
        """The codes of the error that ends the stream."""
        await self._until(lambda: bool(self.codes), within)
        async with asyncio.timeout(within):
            await self._task
        return self.codes

    async def _until(self, reached: Callable[[], bool], within: float) -> Any:
        try:
            async with asyncio.timeout(within), self._news:
                await self._news.wait_for(reached)
        except TimeoutError:
            raise AssertionError(f"not within {within} s; told: {self.states}, {self.codes}") from None
        return self.states[-1] if self.states else None

    async def close(self) -> None:
        """Ends the subscription in order."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


@asynccontextmanager
async def watching(catalog: Subgraph, url: str, who: Viewer, course_id: str) -> AsyncIterator[Watcher]:
    """Somebody who has a course open, over a socket of their own."""
    async with connected(url, params(catalog, who)) as session:
        watcher = Watcher(session, course_id)
        try:
            yield watcher
        finally:
            await watcher.close()
