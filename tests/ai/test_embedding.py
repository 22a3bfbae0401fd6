"""Vectors of items: made once by one of several processes, never of an old version, and by another after a crash."""

import asyncio
from uuid import UUID

import pytest
from sqlalchemy import select

from shared import ids
from shared.auth import Viewer
from shared.stack.running import Engines
from subgraphs.ai import consumers
from subgraphs.ai.models import Item
from subgraphs.ai.runtime import model_of, vectors_of
from subgraphs.ai.services import embedding
from tests.ai.apart import own_database, process
from tests.ai.conftest import TEXTS, Place, new_course, published, rows, told, understood, version
from tests.conftest import Subgraph, Tenant


async def stored(ai: Subgraph, tenant: Tenant, id: UUID) -> Item:
    """An item as it is now."""
    async with ai.platform.database.begin(Viewer(organization_id=tenant.id)) as session:
        return (await session.execute(select(Item).where(Item.id == id))).scalar_one()


async def embed(ai: Subgraph, item: Item) -> None:
    """Makes its vectors."""
    await embedding.embed_item(ai.platform.database, model_of(ai.platform), vectors_of(ai.platform), item)


async def claim(ai: Subgraph, limit: int) -> list[UUID]:
    """The ids of claimed items."""
    async with ai.platform.database.system() as session:
        return [item.id for item in await embedding.claim(session, limit)]


@pytest.mark.parametrize("title", TEXTS)
async def test_chunks_have_the_same_ids_whoever_makes_them(
    ai: Subgraph, tenant: Tenant, place: Place, title: str
) -> None:
    [id] = await published(ai, tenant, place, title)
    item = await stored(ai, tenant, UUID(str(ids.decode("content_item", id))))
    before = await rows(ai, tenant, "SELECT id, text, version, course_id FROM item_vector")
    await embed(ai, item)
    assert await rows(ai, tenant, "SELECT id, text, version, course_id FROM item_vector") == before
    assert before[0].text == f"{title}\n\n{TEXTS[title]}"
    assert before[0].course_id == place.id


async def test_several_processes_share_what_waits_and_each_item_is_claimed_once(
    ai: Subgraph, engines: Engines, tenant: Tenant, stranger: Tenant
) -> None:
    async with own_database(ai, engines) as settings, process(ai, settings) as own:
        for one in (tenant, stranger):
            place = await new_course(own, one)
            await told(own, one.id, *((consumers.keep_item, version(one, place, f"Item {n}")) for n in range(15)))
        claimed = await asyncio.gather(*(claim(own, 4) for _ in range(12)))
        found = [id for some in claimed for id in some]
        assert len(found) == len(set(found))
        assert all(len(some) <= 4 for some in claimed)
        found += await claim(own, 100)
        assert len(set(found)) == len(found) == 30
        assert await claim(own, 100) == []


async def test_what_a_process_left_behind_is_taken_up_after_a_while(
    ai: Subgraph, engines: Engines, tenant: Tenant
) -> None:
    async with own_database(ai, engines) as settings:
        async with process(ai, settings) as own:
            place = await new_course(own, tenant)
            await told(own, tenant.id, (consumers.keep_item, version(tenant, place, "Stars")))
            [id] = await claim(own, 1)
        async with process(ai, settings, works=True) as own:
            await asyncio.sleep(0.8)
            assert await rows(own, tenant, "SELECT 1 FROM item_vector") == []
            await rows(own, tenant, "UPDATE item SET embed_after = embed_after - interval '30 seconds'")
            await understood(own, tenant)
            assert [row.item_id for row in await rows(own, tenant, "SELECT item_id FROM item_vector")] == [id]


async def test_a_version_that_comes_while_the_old_one_is_made_waits_and_wins(
    ai: Subgraph, engines: Engines, tenant: Tenant
) -> None:
    async with own_database(ai, engines) as settings, process(ai, settings) as own:
        place = await new_course(own, tenant)
        first = version(tenant, place, "Stars")
        await told(own, tenant.id, (consumers.keep_item, first))
        old = await stored(own, tenant, first.id)
        await told(own, tenant.id, (consumers.keep_item, version(tenant, place, "Latin", id=first.id, version=2)))
        await embed(own, old)
        new = await stored(own, tenant, first.id)
        assert new.embed_after is not None
        await embed(own, new)
        await embed(own, old)
        assert (await stored(own, tenant, first.id)).embed_after is None
        [row] = await rows(own, tenant, "SELECT version, text FROM item_vector")
        assert (row.version, row.text) == (2, f"Latin\n\n{TEXTS['Latin']}")


async def test_a_claim_that_is_given_up_can_be_had_again_after_the_others(
    ai: Subgraph, engines: Engines, tenant: Tenant
) -> None:
    async with own_database(ai, engines) as settings, process(ai, settings) as own:
        place = await new_course(own, tenant)
        first, second = (version(tenant, place, title) for title in ("Stars", "Latin"))
        for one in (first, second):
            await told(own, tenant.id, (consumers.keep_item, one))
        assert await claim(own, 1) == [first.id]
        await embedding.release(own.platform.database, await stored(own, tenant, first.id))
        assert await claim(own, 1) == [second.id]
        assert await claim(own, 1) == [first.id]
        item = await stored(own, tenant, first.id)
        await embed(own, item)
        await embedding.release(own.platform.database, item)
        assert (await stored(own, tenant, first.id)).embed_after is None


async def test_text_of_any_kind_and_length_is_understood(ai: Subgraph, tenant: Tenant, place: Place) -> None:
    odd = [
        "",
        " ",
        "🌟" * 40_000,
        "漢" * 40_000,
        "word " * 8_000,
        "\n".join(["- a"] * 9_000),
        "\u202e\u200b",
        "a" * 40_000,
    ]
    made = await published(ai, tenant, place, *(["Odd"] * len(odd)))
    for id, text in zip(made, odd, strict=True):
        uuid = ids.decode("content_item", id)
        await published(ai, tenant, place, "Odd", id=uuid, version=2, text=text)
        assert await rows(ai, tenant, "SELECT 1 FROM item_vector WHERE item_id = :id AND version = 2", id=uuid)
