"""Versions: publishing makes one with its number, and students only ever see the newest."""

import asyncio
import json
from typing import Any

import pytest

from tests.conftest import Subgraph, Tenant
from tests.content.conftest import (
    ITEM,
    READ_AS_STUDENT,
    Place,
    count,
    create,
    emitted,
    nothing_changes,
    publish,
    published,
    read,
    update,
)

AT_ONCE = 20


async def test_a_change_of_a_published_item_waits_until_it_is_published_too(
    content: Subgraph, tenant: Tenant, item: dict[str, Any]
) -> None:
    before = await read(content, tenant.student, item["id"])
    values = {"title": "Second", "text": "New words.", "durationMinutes": 9, "difficulty": "ADVANCED", "tags": ["new"]}
    waiting = await update(content, tenant.teacher, item["id"], **values)
    assert await read(content, tenant.student, item["id"]) == before
    assert (waiting["title"], waiting["text"], waiting["tags"]) == (item["title"], item["text"], item["tags"])
    assert (waiting["hasDraft"], waiting["draftText"], waiting["version"]) == (True, "New words.", 1)
    shown = await publish(content, tenant.teacher, item["id"])
    assert {name: shown[name] for name in values} == values
    assert (shown["hasDraft"], shown["draftText"], shown["version"]) == (False, "New words.", 2)
    after = await read(content, tenant.student, item["id"])
    assert after is not None
    assert (after["title"], after["text"], after["version"]) == ("Second", "New words.", 2)


async def test_changes_that_wait_add_up(content: Subgraph, tenant: Tenant, item: dict[str, Any]) -> None:
    await update(content, tenant.teacher, item["id"], title="Second")
    await update(content, tenant.teacher, item["id"], text="New words.")
    await update(content, tenant.teacher, item["id"], title="Third", tags=["late"])
    shown = await publish(content, tenant.teacher, item["id"])
    assert (shown["title"], shown["text"], shown["tags"], shown["version"]) == ("Third", "New words.", ["late"], 2)


async def test_publishing_twice_is_the_same_as_once(content: Subgraph, tenant: Tenant, item: dict[str, Any]) -> None:
    async with nothing_changes(content, tenant):
        assert await publish(content, tenant.teacher, item["id"]) == item
    assert [event["version"] for event in await emitted(content, tenant, "item.published")] == [1]


async def test_earlier_versions_stay_readable_to_teachers(
    content: Subgraph, tenant: Tenant, item: dict[str, Any]
) -> None:
    for number in (2, 3):
        await update(content, tenant.teacher, item["id"], title=f"Title {number}", text=f"Text {number}.")
        await publish(content, tenant.teacher, item["id"])
    shown = await read(content, tenant.teacher, item["id"])
    assert shown is not None
    found = [(version["number"], version["title"], version["text"]) for version in shown["versions"]]
    assert found == [(1, "An item", item["text"]), (2, "Title 2", "Text 2."), (3, "Title 3", "Text 3.")]
    times = [version["publishedAt"] for version in shown["versions"]]
    assert times == sorted(times)
    assert shown["publishedAt"] == times[-1]
    for version in shown["versions"]:
        for key in ("id", "nodeId"):
            entity = {"__typename": "ContentVersion", key: version["id"]}
            answer = await content.entities(tenant.teacher, "... on ContentVersion { number text }", entity)
            assert answer.data["_entities"] == [{"number": version["number"], "text": version["text"]}]


async def test_students_read_no_version_and_no_draft_by_any_path(
    content: Subgraph, tenant: Tenant, place: Place
) -> None:
    item = await published(content, tenant, place, text="Secret of the first version.")
    await update(content, tenant.teacher, item["id"], text="For everybody.")
    shown = await publish(content, tenant.teacher, item["id"])
    await update(content, tenant.teacher, item["id"], text="Secret that waits.", title="Secret title")
    answers = []
    for field in ("versions { number text }", "draftText"):
        query = f"query($id: ID!) {{ contentItem(id: $id) {{ title text {field} }} }}"
        refused = await content.ask(query, tenant.student, id=item["id"])
        assert refused.codes == ["FORBIDDEN"]
        entity = {"__typename": "ContentItem", "id": item["id"]}
        as_entity = await content.entities(tenant.student, f"... on ContentItem {{ title {field} }}", entity)
        assert as_entity.codes == ["FORBIDDEN"]
        answers += [refused.body, as_entity.body]
    for version in shown["versions"]:
        for key in ("id", "nodeId"):
            entity = {"__typename": "ContentVersion", key: version["id"]}
            answer = await content.entities(tenant.student, "... on ContentVersion { number title text }", entity)
            assert answer.data == {"_entities": [None]}
    answers.append((await content.ask(READ_AS_STUDENT, tenant.student, id=item["id"])).data)
    assert answers[-1]["contentItem"]["text"] == "For everybody."
    assert "Secret" not in json.dumps(answers)


async def test_a_student_is_told_nothing_of_what_waits(content: Subgraph, tenant: Tenant, item: dict[str, Any]) -> None:
    await update(content, tenant.teacher, item["id"], title="Second")
    seen = await read(content, tenant.student, item["id"])
    assert seen is not None
    assert (seen["hasDraft"], seen["publishAt"]) == (None, None)


@pytest.mark.parametrize("is_published", [False, True])
async def test_twenty_publications_at_once_make_one_version(
    content: Subgraph, tenant: Tenant, draft: dict[str, Any], is_published: bool
) -> None:
    if is_published:
        await publish(content, tenant.teacher, draft["id"])
        await update(content, tenant.teacher, draft["id"], title="Second")
    shown = await asyncio.gather(*(publish(content, tenant.teacher, draft["id"]) for _ in range(AT_ONCE)))
    number = 2 if is_published else 1
    assert {it["version"] for it in shown} == {number}
    assert await count(content, tenant, "version") == number
    assert [event["version"] for event in await emitted(content, tenant, "item.published")] == [1, 2][:number]


async def test_changes_and_publications_at_once_lose_nothing_and_number_without_gaps(
    content: Subgraph, tenant: Tenant, place: Place
) -> None:
    item = await published(content, tenant, place, text="Text 0.")
    texts = [f"Text {number}." for number in range(1, AT_ONCE + 1)]

    async def change(text: str) -> None:
        changed = await update(content, tenant.teacher, item["id"], text=text)
        assert changed["__typename"] == "ContentItem"
        await publish(content, tenant.teacher, item["id"])

    await asyncio.gather(*(change(text) for text in texts))
    shown = await read(content, tenant.teacher, item["id"])
    assert shown is not None
    numbers = [version["number"] for version in shown["versions"]]
    assert numbers == list(range(1, len(numbers) + 1))
    assert shown["version"] == len(numbers) > 1
    assert (shown["hasDraft"], shown["text"]) == (False, shown["versions"][-1]["text"])
    assert {version["text"] for version in shown["versions"]} <= {"Text 0.", *texts}
    assert [event["version"] for event in await emitted(content, tenant, "item.published")] == numbers
    assert len(await emitted(content, tenant, "item.updated")) == AT_ONCE


async def test_changes_of_different_fields_at_once_are_all_kept(
    content: Subgraph, tenant: Tenant, item: dict[str, Any]
) -> None:
    values: dict[str, Any] = {
        "title": "Second", "text": "New words.", "durationMinutes": 9, "difficulty": "ADVANCED", "tags": ["new"],
    }  # fmt: skip
    await asyncio.gather(*(update(content, tenant.teacher, item["id"], **{it: values[it]}) for it in values))
    shown = await publish(content, tenant.teacher, item["id"])
    assert {name: shown[name] for name in values} == values


async def test_items_have_versions_of_their_own(content: Subgraph, tenant: Tenant, place: Place) -> None:
    one = await published(content, tenant, place)
    await update(content, tenant.teacher, one["id"], title="Second")
    await publish(content, tenant.teacher, one["id"])
    other = await create(content, tenant.teacher, place)
    assert (await publish(content, tenant.teacher, other["id"]))["version"] == 1
    query = f"query($one: ID!, $other: ID!) {{ one: contentItem(id: $one) {{ {ITEM.partition('... on Error')[0]} }} "
    query += "other: contentItem(id: $other) { versions { number } } }"
    both = (await content.ask(query, tenant.teacher, one=one["id"], other=other["id"])).data
    assert [it["number"] for it in both["one"]["versions"]] == [1, 2]
    assert both["other"]["versions"] == [{"number": 1}]
