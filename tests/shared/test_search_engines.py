"""What each engine of `shared.search` promises beyond the contract: its cost, its fences, and how it is away."""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import pytest
from elasticsearch import AsyncElasticsearch
from pydantic import SecretStr
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError

from shared import ids
from shared.auth import Viewer
from shared.errors import Unavailable
from shared.graphql import refusal_of
from shared.postgres import Database
from shared.search import Search, SearchQuery, TitleQuery, open_search
from shared.search.postgres import PostgresSearch
from shared.stack.running import Engines
from tests.conftest import Tenant
from tests.shared import search as examples
from tests.shared.search import Tried, item


@pytest.fixture(scope="module")
async def search(engines: Engines) -> AsyncIterator[PostgresSearch]:
    """PostgreSQL."""
    async with examples.postgresql(engines) as made:
        assert isinstance(made, PostgresSearch)
        yield made


@pytest.fixture
def database(search: PostgresSearch) -> Database:
    """Its database."""
    return search._database


@pytest.mark.parametrize("first", [1, 50])
async def test_a_search_is_one_statement_however_many_hits(
    search: PostgresSearch, database: Database, tenant: Tenant, first: int
) -> None:
    await search.put([item(tenant.id, title="Tide", tags=(f"tag{n}",)) for n in range(60)])
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    event.listen(database._tenant.sync_engine, "before_cursor_execute", note)
    result = await Tried(search, tenant.id).ask("tide", first=first)
    event.remove(database._tenant.sync_engine, "before_cursor_execute", note)
    assert (len(result.hits), result.total, len(result.facets.tags)) == (first, 60, 50)
    assert len(statements) == 1


async def test_the_table_shows_a_session_only_its_organization(
    search: PostgresSearch, database: Database, tenant: Tenant, stranger: Tenant
) -> None:
    await search.put([item(tenant.id), item(stranger.id)])
    rows = text("SELECT DISTINCT organization_id FROM search_document")
    async with database.begin(Viewer(organization_id=tenant.id)) as session:
        assert list(await session.scalars(rows)) == [tenant.id]
    async with database.begin(Viewer()) as session:
        assert list(await session.scalars(rows)) == []
    async with database.system() as session:
        assert list(await session.scalars(rows)) == []
    move = text("UPDATE search_document SET organization_id = :other")
    async with database.begin(Viewer(organization_id=tenant.id)) as session:
        with pytest.raises(DBAPIError, match="row-level security"):
            await session.execute(move, {"other": stranger.id})
        await session.rollback()


async def test_writers_of_the_same_items_at_once_leave_the_newest(search: PostgresSearch, tenant: Tenant) -> None:
    made = [ids.new_id() for _ in range(30)]

    async def write(version: int) -> None:
        of_one = [item(tenant.id, id=id, title=f"Tide{version}", version=version) for id in made]
        await search.put(of_one if version % 2 else reversed(of_one))

    await asyncio.gather(*(write(version) for version in range(1, 9)))
    assert (await Tried(search, tenant.id).ask("tide8", first=0)).total == 30
    assert await search.count(tenant.id) == 30


@pytest.mark.parametrize("url", ["", "localhost:9200", "ftp://host", "http://", "http:///path"])
def test_an_address_that_is_none_is_refused_by_its_name(database: Database, url: str) -> None:
    with pytest.raises(ValueError, match="ELASTICSEARCH_URL"):
        open_search(SecretStr(url), database)


@asynccontextmanager
async def server(answer: bytes) -> AsyncIterator[str]:
    """The address of something that is not a healthy Elasticsearch: it says one thing, or nothing at all."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(10_000):
            writer.write(answer)
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with listening:
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"


async def all_calls_are_unavailable(search: Search) -> None:
    """Every call fails soon with what clients see as SERVICE_UNAVAILABLE, many at once too."""
    organization_id = ids.new_id()
    calls = [
        search.find(organization_id, SearchQuery(text="tide")),
        search.suggest(organization_id, TitleQuery(prefix="ti")),
        search.count(organization_id),
        *(search.find(organization_id, SearchQuery(text="tide")) for _ in range(20)),
    ]
    started = time.monotonic()
    errors = await asyncio.gather(*calls, return_exceptions=True)
    assert time.monotonic() - started < 4
    assert all(isinstance(refusal_of(error), Unavailable) for error in errors if isinstance(error, BaseException))
    assert all(isinstance(error, Exception) for error in errors)


BUSY = b"""HTTP/1.1 503 Service Unavailable
x-elastic-product: Elasticsearch
content-type: application/json
content-length: 2

{}"""


@pytest.mark.parametrize("answer", [b"", BUSY, b"not HTTP\r\n\r\n"], ids=["silent", "busy", "another protocol"])
async def test_elasticsearch_that_does_not_answer_is_away(database: Database, answer: bytes) -> None:
    async with server(answer) as url:
        search = open_search(SecretStr(url), database)
        await all_calls_are_unavailable(search)
        await search.close()


async def test_elasticsearch_that_is_not_there_is_away(database: Database) -> None:
    search = open_search(SecretStr("http://127.0.0.1:9"), database)
    await all_calls_are_unavailable(search)
    with pytest.raises(ConnectionError):
        await search.put([item(ids.new_id())])
    with pytest.raises(ConnectionError):
        await search.remove(ids.new_id(), [ids.new_id()])
    await search.close()


@pytest.mark.skipif("ELASTICSEARCH_URL" not in os.environ, reason="ELASTICSEARCH_URL is not set")
async def test_an_index_that_was_deleted_is_made_anew_and_never_guessed(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"deleted_{tenant.id.hex}"  # others use the usual one meanwhile
    monkeypatch.setattr("shared.search.elasticsearch.INDEX", name)
    monkeypatch.setattr("shared.search.elasticsearch.BEHIND", f"{name}_1")
    async with examples.elasticsearch() as search, examples.elasticsearch() as other:
        client = AsyncElasticsearch(os.environ["ELASTICSEARCH_URL"])
        for lost in (
            partial(search.put, [item(tenant.id)]),
            partial(search.find, tenant.id, SearchQuery(text="tide")),
            partial(search.suggest, tenant.id, TitleQuery(prefix="tide")),
            partial(search.count, tenant.id),
            search.refresh,
        ):
            await search.put([item(tenant.id, title="Tide", tags=("the sea",))])
            await client.indices.delete(index=f"{name}_1")
            with pytest.raises(ConnectionError, match="deleted"):
                await lost()
            assert not await client.indices.exists(index=name)
        made = await Tried(other, tenant.id).put(title="Tide", tags=("the sea",))
        assert await Tried(search, tenant.id).find("tide", tags=frozenset(["the sea"])) == [made.id]
        await client.indices.delete(index=f"{name}_1")
        await client.close()
