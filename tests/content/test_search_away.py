"""Elasticsearch is away: search says so in time, everything else goes on, and the index catches up later."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import text

from shared.app import Handlers, create_app
from shared.stack.running import Engines
from subgraphs.content.consumers import handlers
from subgraphs.content.runtime import settings_of
from subgraphs.content.schema import schema
from subgraphs.content.settings import Settings
from tests.conftest import Subgraph, Tenant
from tests.content.apart import apart
from tests.content.courses import new_course, published
from tests.content.finding_kit import SUGGEST, ask, finds, titles
from tests.shared.conftest import eventually
from tests.shared.test_documents_away import closed_port, silent_server

READ = "query($id: ID!) { contentItem(id: $id) { title text } }"
SOON = 8.0  # seconds; the router waits for ten


@pytest.fixture
async def own_settings(content: Subgraph, engines: Engines) -> AsyncIterator[Settings]:
    """Settings with which no other process takes content's events."""
    async with apart(content, engines) as settings:
        yield settings


class Refusing:
    """A server in Elasticsearch's place that is not up to anything, and counts who comes."""

    def __init__(self) -> None:
        self.requests = 0
        self.url = SecretStr("")

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Refusing"]:
        """Listens meanwhile."""
        async with await asyncio.start_server(self._refuse, "127.0.0.1", 0) as server:
            self.url = SecretStr(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
            yield self

    async def _refuse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(10_000):
            self.requests += 1
            writer.write(b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n")
        writer.close()


@asynccontextmanager
async def process(content: Subgraph, settings: Settings, handlers: Handlers) -> AsyncIterator[Subgraph]:
    """Content once more, with these settings, taking these events."""
    app = create_app("content", schema, settings, handlers=handlers)
    transport = httpx.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://subgraph", timeout=30) as client,
    ):
        yield Subgraph(app, client, content.sign)


@pytest.mark.parametrize("server", [silent_server, closed_port])
async def test_search_is_away_in_time_and_alone(content: Subgraph, tenant: Tenant, server: Any) -> None:
    course = await new_course(content, tenant, tenant.student)
    item = await published(content, tenant.teacher, course, title="Tide tables", text="High and low.")
    async with server() as port:
        url = SecretStr(f"http://127.0.0.1:{port}")
        settings = settings_of(content.platform).model_copy(update={"elasticsearch_url": url})
        async with process(content, settings, lambda _: ()) as blind:
            started = time.monotonic()
            answers = await asyncio.gather(
                ask(blind, tenant.student, "tide"),
                ask(blind, tenant.teacher, "tide"),
                blind.ask(SUGGEST, tenant.student, prefix="tide"),
            )
            assert [answer.codes for answer in answers] == [["SERVICE_UNAVAILABLE"]] * 3
            assert time.monotonic() - started < SOON
            read = await blind.ask(READ, tenant.student, id=item["id"])
            assert read.data["contentItem"] == {"title": "Tide tables", "text": "High and low."}


async def test_the_index_catches_up_once_search_is_back(
    content: Subgraph, own_settings: Settings, tenant: Tenant
) -> None:
    async with Refusing().running() as refusing:
        settings = own_settings.model_copy(update={"elasticsearch_url": refusing.url})
        async with process(content, settings, handlers) as blind:
            course = await new_course(blind, tenant, tenant.student)
            for title in ("Tide tables", "Tide pools"):
                await published(blind, tenant.teacher, course, title=title)
            await eventually(partial(has_tried_again, refusing), within=20)
            assert await parked(blind, tenant) == 0
    async with process(content, own_settings, handlers) as seeing:
        await finds(seeing, tenant.student, "tide", 2, within=20)
        assert await titles(seeing, tenant.student, "tide") == ["Tide pools", "Tide tables"]
        assert await parked(seeing, tenant) == 0


async def has_tried_again(refusing: Refusing) -> bool:
    """Whether events have come to the engine in vain more than once."""
    return refusing.requests >= 3


async def parked(content: Subgraph, tenant: Tenant) -> int:
    """How many events of the tenant are parked."""
    async with content.platform.database.begin(tenant.admin) as session:
        return await session.scalar(text("SELECT count(*) FROM parked_event")) or 0
