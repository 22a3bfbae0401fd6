"""An engine of documents that is away or does not answer: an `OSError` in time, which is SERVICE_UNAVAILABLE."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from graphql import GraphQLError
from pydantic import SecretStr

from shared import ids
from shared.connections import Page
from shared.documents import open_store
from shared.documents.document import SECONDS
from shared.graphql import OperationGuard
from shared.postgres import Database
from tests.shared import documents as examples
from tests.shared.documents import PageVersion


@asynccontextmanager
async def silent_server() -> AsyncIterator[int]:
    """A port that takes connections and says nothing."""
    held = []
    server = await asyncio.start_server(lambda reader, writer: held.append((reader, writer)), "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    for _, writer in held:
        writer.close()
    server.close()


@asynccontextmanager
async def closed_port() -> AsyncIterator[int]:
    """A port at which nobody listens."""
    async with silent_server() as port:
        pass
    yield port


@pytest.mark.parametrize("server", [silent_server, closed_port])
@pytest.mark.parametrize("scheme", ["postgresql", "mongodb"])
async def test_a_call_ends_in_time_with_an_engine_that_is_away(server, scheme: str) -> None:
    async with server() as port:
        database = Database(examples.SCHEMA, examples.settings_for(f"postgresql://someone@127.0.0.1:{port}/lyceum"))
        mongodb_url = SecretStr(f"mongodb://127.0.0.1:{port}/") if scheme == "mongodb" else None
        store = open_store(examples.SCHEMA, mongodb_url, database)
        pages = store.collection("page", PageVersion)
        organization_id = ids.new_id()
        started = time.monotonic()
        failures = await asyncio.gather(
            pages.find(organization_id, {}, Page(10)),
            pages.insert(organization_id, [PageVersion(organization_id=organization_id)]),
            store.ping(),
            return_exceptions=True,
        )
        assert time.monotonic() - started < SECONDS + 0.5
        assert [answer_to(failure) for failure in failures] == ["SERVICE_UNAVAILABLE"] * 3
        await store.close()
        await database.close()


def answer_to(failure: object) -> str:
    """The code that a client would see."""
    assert isinstance(failure, OSError), failure  # by which consumers and the cache know an engine that is away
    answer = OperationGuard().anonymise_error(GraphQLError("", original_error=failure))
    assert answer.extensions
    return answer.extensions["code"]
