"""`reindex`: another model's vectors for everything, once; an interrupted run goes on where it was."""

from collections.abc import AsyncIterator

import pytest

from shared.stack.running import Engines
from subgraphs.ai import consumers
from subgraphs.ai.reindex import reindex
from tests.ai.apart import asking, own_database, process
from tests.ai.conftest import TEXTS, new_course, rows, search, told, understood, version
from tests.conftest import Subgraph, Tenant
from tests.shared import openai_server
from tests.shared.openai_server import KEY, OpenAIServer

COUNT = 25


@pytest.fixture
async def server() -> AsyncIterator[OpenAIServer]:
    """A server with OpenAI's published API."""
    async with openai_server.running() as server:
        yield server


@pytest.fixture
async def own(
    ai: Subgraph, engines: Engines, tenant: Tenant, stranger: Tenant, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Subgraph]:
    """Ai with two tenants' items, understood by the model inside the process; `reindex` finds its database."""
    async with own_database(ai, engines) as settings, process(ai, settings, works=True) as own:
        for one, count in ((tenant, COUNT), (stranger, 3)):
            place = await new_course(own, one, one.student)
            titles = [*TEXTS, *(f"Item {number}" for number in range(COUNT))][:count]
            await told(own, one.id, *((consumers.keep_item, version(one, place, title)) for title in titles))
            await understood(own, one)
        monkeypatch.setenv("DATABASE_URL", settings.database_url.get_secret_value())
        monkeypatch.setenv("SYSTEM_DATABASE_URL", settings.system_database_url.get_secret_value())
        for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "PINECONE_API_KEY"):
            monkeypatch.delenv(name, raising=False)
        yield own


class Progress:
    """What was told of it."""

    def __init__(self, *, fails_after: int | None = None) -> None:
        self.told: list[tuple[int, int]] = []
        self._fails_after = fails_after

    def __call__(self, done: int, total: int) -> None:
        self.told.append((done, total))
        if self._fails_after is not None and done >= self._fails_after:
            raise KeyboardInterrupt


def switch(monkeypatch: pytest.MonkeyPatch, server: OpenAIServer) -> None:
    """Another model, from now on."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_BASE_URL", server.address)


async def models(own: Subgraph, tenant: Tenant) -> dict[str, int]:
    """How many vectors there are, by the model that made them."""
    return {
        row.model: row.count for row in await rows(own, tenant, "SELECT model, count(*) FROM item_vector GROUP BY 1")
    }


async def test_all_vectors_are_made_by_another_model_and_then_found(
    own: Subgraph, tenant: Tenant, stranger: Tenant, server: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    switch(monkeypatch, server)
    progress = Progress()
    assert await reindex(progress) == COUNT + 3
    assert progress.told[0] == (0, COUNT + 3)
    assert progress.told[-1] == (COUNT + 3, COUNT + 3)
    name = "text-embedding-3-small-1536/1536"
    assert (await models(own, tenant), await models(own, stranger)) == ({name: COUNT}, {name: 3})
    async with process(own, asking(own.platform.settings, server)) as other:  # type: ignore[arg-type]
        assert len(await search(other, tenant.student, "stars", first=100)) == COUNT
        assert len(await search(other, stranger.student, "stars", first=100)) == 3
    spent = await rows(own, stranger, "SELECT 1 FROM model_use WHERE nano_dollars > 0 AND operation = 'EMBED_ITEM'")
    assert len(spent) == 3


async def test_what_is_there_is_not_paid_for_again_unless_it_is_wanted(
    own: Subgraph, tenant: Tenant, server: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await reindex(Progress()) == 0
    switch(monkeypatch, server)
    await reindex(Progress())
    asked = len(server.requests)
    assert await reindex(Progress()) == 0
    assert len(server.requests) == asked
    assert await reindex(Progress(), from_start=True) == COUNT + 3
    assert len(server.requests) == 2 * asked


async def test_an_interrupted_run_goes_on_where_it_was(
    own: Subgraph, tenant: Tenant, server: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    switch(monkeypatch, server)
    with pytest.raises(KeyboardInterrupt):
        await reindex(Progress(fails_after=20))
    made = len(server.requests)
    assert 0 < made < COUNT + 3
    assert await reindex(Progress()) == COUNT + 3 - made
    assert len(server.requests) == COUNT + 3


async def test_a_model_that_is_away_ends_the_run_and_loses_nothing(
    own: Subgraph, tenant: Tenant, server: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    switch(monkeypatch, server)
    server.fault = "401"
    with pytest.raises(ConnectionError):
        await reindex(Progress())
    assert await models(own, tenant) == {"wordllama-256/256": COUNT}
    assert len(await search(own, tenant.student, "stars", first=100)) == COUNT
