"""The schedule: items are published when their time comes, once each, in whichever tenant and process."""

import asyncio
import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import text

from shared import ids
from subgraphs.content import services
from subgraphs.content.runtime import texts_of
from tests.conftest import Subgraph, Tenant
from tests.content.conftest import (
    Place,
    complete,
    count,
    create,
    emitted,
    later,
    new_course,
    nothing_changes,
    publish,
    published,
    read,
    rows,
    schedule,
    update,
)


async def fall_due(content: Subgraph, tenant: Tenant, *items: dict[str, Any]) -> None:
    """Moves the scheduled time of items into the past."""
    statement = "UPDATE item SET scheduled_for = now() - interval '1 second' WHERE id = ANY(:ids)"
    await rows(content, tenant, statement, ids=[ids.decode("content_item", it["id"]) for it in items])


async def publish_due(content: Subgraph, limit: int = 50) -> int:
    """One look at the schedule, as each process takes one every second."""
    platform = content.platform
    return await services.publish_due(platform.database.system, texts_of(platform), limit)


async def all_published(content: Subgraph, tenant: Tenant) -> None:
    """Waits until nothing of a tenant is due; a look of the process itself may have it under way."""
    async with asyncio.timeout(10):
        while await rows(content, tenant, "SELECT 1 FROM item WHERE scheduled_for <= now()"):
            await asyncio.sleep(0.02)


async def test_a_time_to_come_is_kept_and_students_see_nothing_of_it(
    content: Subgraph, tenant: Tenant, draft: dict[str, Any]
) -> None:
    time = later(hours=1)
    planned = await schedule(content, tenant.teacher, draft["id"], publishAt=time.isoformat())
    assert datetime.fromisoformat(planned["publishAt"]) == time
    assert (planned["publishedAt"], planned["hasDraft"], planned["versions"]) == (None, True, [])
    assert await read(content, tenant.student, draft["id"]) is None
    await publish_due(content)
    assert await read(content, tenant.teacher, draft["id"]) == planned


@pytest.mark.parametrize("seconds", [0, 1, 86_400 * 365 * 50])
async def test_a_time_that_has_passed_is_refused_and_named(
    content: Subgraph, tenant: Tenant, draft: dict[str, Any], seconds: int
) -> None:
    time = datetime.now(UTC) - timedelta(seconds=seconds)
    async with nothing_changes(content, tenant):
        refused = await schedule(content, tenant.teacher, draft["id"], publishAt=time.isoformat())
    assert refused["__typename"] == "InvalidInput"
    assert [it["path"] for it in refused["fields"]] == [["input", "publishAt"]]


async def test_null_takes_an_item_off_the_schedule(content: Subgraph, tenant: Tenant, draft: dict[str, Any]) -> None:
    await schedule(content, tenant.teacher, draft["id"], publishAt=later(hours=1).isoformat())
    assert (await schedule(content, tenant.teacher, draft["id"], publishAt=None))["publishAt"] is None
    updated = await emitted(content, tenant, "item.updated")
    assert [event["fields"] for event in updated] == [["scheduled_for"]] * 2


async def test_a_time_that_is_set_already_changes_nothing(
    content: Subgraph, tenant: Tenant, draft: dict[str, Any]
) -> None:
    time = later(hours=1).isoformat()
    await schedule(content, tenant.teacher, draft["id"], publishAt=time)
    async with nothing_changes(content, tenant):
        await schedule(content, tenant.teacher, draft["id"], publishAt=time)
    await schedule(content, tenant.teacher, draft["id"], publishAt=None)
    async with nothing_changes(content, tenant):
        await schedule(content, tenant.teacher, draft["id"], publishAt=None)


async def test_a_time_without_a_zone_is_utc_and_one_with_a_zone_is_the_same_moment(
    content: Subgraph, tenant: Tenant, draft: dict[str, Any]
) -> None:
    moment = later(hours=30).replace(microsecond=0)
    for sent in (
        moment.replace(tzinfo=None).isoformat(),
        moment.isoformat().replace("+00:00", "Z"),
        moment.astimezone(timezone(timedelta(hours=14))).isoformat(),
        moment.astimezone(timezone(timedelta(hours=-12))).isoformat(),
    ):
        planned = await schedule(content, tenant.teacher, draft["id"], publishAt=sent)
        assert datetime.fromisoformat(planned["publishAt"]) == moment
    # Four hours ago somewhere else is now here: what counts is the moment.
    passed = datetime.now(UTC).astimezone(timezone(timedelta(hours=4))) - timedelta(minutes=1)
    refused = await schedule(content, tenant.teacher, draft["id"], publishAt=passed.isoformat())
    assert refused["__typename"] == "InvalidInput"


@pytest.mark.parametrize("time", ["9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59-14:00", "9999-12-31T00:00:00"])
async def test_the_end_of_time_is_a_time_to_come_or_is_refused(
    content: Subgraph, tenant: Tenant, draft: dict[str, Any], time: str
) -> None:
    planned = await schedule(content, tenant.teacher, draft["id"], publishAt=time)
    if time.endswith("-14:00"):  # lies after the last moment that UTC can name
        assert [it["path"] for it in planned["fields"]] == [["input", "publishAt"]]
    else:
        assert planned["publishAt"].startswith("9999-12-31")


@pytest.mark.parametrize("time", ["0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00Z"])
async def test_the_beginning_of_time_has_passed(
    content: Subgraph, tenant: Tenant, draft: dict[str, Any], time: str
) -> None:
    refused = await schedule(content, tenant.teacher, draft["id"], publishAt=time)
    assert [it["path"] for it in refused["fields"]] == [["input", "publishAt"]]


async def test_due_items_of_several_tenants_are_published_once_by_two_processes(
    content: Subgraph, tenant: Tenant, stranger: Tenant
) -> None:
    tenants = (tenant, stranger, Tenant.new())
    items: dict[Any, list[dict[str, Any]]] = {}
    for one in tenants:
        place = await new_course(content, one)
        items[one.id] = [await create(content, one.teacher, place, title=f"Item {it}") for it in range(5)]
    await asyncio.gather(*(fall_due(content, one, *items[one.id]) for one in tenants))
    await asyncio.gather(*(publish_due(content, limit=4) for _ in range(10)))
    for one in tenants:
        await all_published(content, one)
        own = [str(ids.decode("content_item", it["id"])) for it in items[one.id]]
        events = await emitted(content, one, "item.published")
        assert sorted((event["id"], event["version"]) for event in events) == [(it, 1) for it in own]
        assert {event["organizationId"] for event in events} == {str(one.id)}
        versions = await rows(content, one, "SELECT item_id::text, number, title FROM version ORDER BY item_id")
        assert [tuple(row) for row in versions] == [(it, 1, f"Item {place}") for place, it in enumerate(own)]
        statement = "SELECT resource_id::text, user_id FROM audit WHERE action = 'item.published' ORDER BY resource_id"
        assert [tuple(row) for row in await rows(content, one, statement)] == [(it, None) for it in own]


async def test_the_process_publishes_by_itself_what_is_due(content: Subgraph, tenant: Tenant, place: Place) -> None:
    draft = await create(content, tenant.teacher, place)
    await schedule(content, tenant.teacher, draft["id"], publishAt=later(seconds=1).isoformat())
    async with asyncio.timeout(10):
        while (seen := await read(content, tenant.student, draft["id"])) is None:
            await asyncio.sleep(0.1)
    assert seen["text"] == draft["text"]
    shown = await read(content, tenant.teacher, draft["id"])
    assert shown is not None
    assert (shown["version"], shown["publishAt"], len(shown["versions"])) == (1, None, 1)


async def test_a_change_that_waits_is_published_on_time_as_the_next_version(
    content: Subgraph, tenant: Tenant, item: dict[str, Any]
) -> None:
    await update(content, tenant.teacher, item["id"], text="New words.")
    await schedule(content, tenant.teacher, item["id"], publishAt=later(hours=1).isoformat())
    await fall_due(content, tenant, item)
    await publish_due(content)
    await all_published(content, tenant)
    shown = await read(content, tenant.teacher, item["id"])
    assert shown is not None
    assert (shown["text"], shown["version"], shown["hasDraft"], shown["publishAt"]) == ("New words.", 2, False, None)


async def test_nothing_is_published_on_time_if_nothing_waits(
    content: Subgraph, tenant: Tenant, item: dict[str, Any]
) -> None:
    await schedule(content, tenant.teacher, item["id"], publishAt=later(hours=1).isoformat())
    await fall_due(content, tenant, item)
    await publish_due(content)
    await all_published(content, tenant)
    assert await read(content, tenant.teacher, item["id"]) == item
    assert await count(content, tenant, "version") == 1


async def test_publishing_by_hand_takes_an_item_off_the_schedule(
    content: Subgraph, tenant: Tenant, draft: dict[str, Any]
) -> None:
    await schedule(content, tenant.teacher, draft["id"], publishAt=later(hours=1).isoformat())
    assert (await publish(content, tenant.teacher, draft["id"]))["publishAt"] is None


async def test_the_clock_and_a_teacher_at_the_same_moment_make_one_version(
    content: Subgraph, tenant: Tenant, place: Place
) -> None:
    drafts = [await create(content, tenant.teacher, place) for _ in range(5)]
    await fall_due(content, tenant, *drafts)
    answers = await asyncio.gather(
        *(publish(content, tenant.teacher, it["id"]) for it in drafts), *(publish_due(content) for _ in range(3))
    )
    assert [it["version"] for it in answers[:5]] == [1] * 5  # type: ignore[index]
    await all_published(content, tenant)
    assert await count(content, tenant, "version") == 5
    assert len(await emitted(content, tenant, "item.published")) == 5


async def test_what_somebody_holds_keeps_no_other_item_waiting(content: Subgraph, tenant: Tenant, place: Place) -> None:
    held, free = [await create(content, tenant.teacher, place) for _ in range(2)]
    await schedule(content, tenant.teacher, held["id"], publishAt=later(seconds=1).isoformat())
    async with content.platform.database.begin(tenant.admin) as session:
        id = ids.decode("content_item", held["id"])
        await session.execute(text("SELECT 1 FROM item WHERE id = :id FOR UPDATE"), {"id": id})
        await asyncio.sleep(1.1)
        await fall_due(content, tenant, free)
        async with asyncio.timeout(5):
            while await read(content, tenant.student, free["id"]) is None:
                await publish_due(content)
    await publish_due(content)
    await all_published(content, tenant)
    assert await count(content, tenant, "version") == 2


PATHS = {
    "contentItem": 'query { found: contentItem(id: "%(item)s") { title text } }',
    "ContentItem": 'query { found: _entities(representations: [{__typename: "ContentItem", id: "%(item)s"}]) '
    "{ ... on ContentItem { title text draftText versions { text } viewerCompletedAt } } }",
    "ContentItem by node": 'query { found: _entities(representations: [{__typename: "ContentItem", '
    'nodeId: "%(item)s"}]) { ... on ContentItem { title } } }',
    "ContentVersion": 'query { found: _entities(representations: [{__typename: "ContentVersion", id: "%(version)s"}]) '
    "{ ... on ContentVersion { title text } } }",
    "Module": 'query { found: _entities(representations: [{__typename: "Module", id: "%(module)s"}]) '
    "{ ... on Module { items { totalCount edges { node { title text versions { text } } } } } } }",
}


@pytest.mark.parametrize("path", PATHS)
async def test_the_platforms_login_sees_nothing_that_the_clock_sees(
    content: Subgraph, tenant: Tenant, root: Any, place: Place, path: str
) -> None:
    """Both are the system login of PostgreSQL, whose policy lets it see items and versions of all tenants."""
    item = await published(content, tenant, place, title="Secret title", text="Secret text")
    await complete(content, tenant.student, item["id"])
    places = {"item": item["id"], "version": item["versions"][0]["id"], "module": place.module}
    answer = await content.ask(PATHS[path] % places, root)
    assert "Secret" not in json.dumps(answer.body)
    assert answer.data["found"] in (None, [None], [{"items": {"totalCount": 0, "edges": []}}])
    shown = await content.ask(PATHS[path] % places, tenant.teacher)
    assert "Secret" in json.dumps(shown.data), "and there was something to see"
