"""Texts in the cache: a copy for an hour, never out of date, and never shown to whom it is not for."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx
import orjson
import pytest
from pydantic import SecretStr

from shared import ids
from shared.app import create_app
from shared.auth import Viewer
from subgraphs.content.loaders import TextOf, text_key
from subgraphs.content.schema import schema
from tests.conftest import Subgraph, Tenant
from tests.content.conftest import (
    Place,
    complete,
    create,
    join,
    leave,
    publish,
    published,
    read,
    rows,
    students,
    update,
)

TEXT = "query($id: ID!) { contentItem(id: $id) { text } }"


async def text_seen(content: Subgraph, who: Viewer, id: str) -> str | None:
    """The text of an item as somebody sees it."""
    text: str | None = (await content.ask(TEXT, who, id=id)).data["contentItem"]["text"]
    return text


async def keys(content: Subgraph, tenant: Tenant) -> list[str]:
    """The keys of a tenant in the cache."""
    return sorted([key.decode() async for key in content.platform.redis.scan_iter(f"org:{tenant.id}:course:*")])


async def key_of(content: Subgraph, tenant: Tenant, place: Place, id: str) -> str:
    """Where the text of an item belongs."""
    uuid = ids.decode("content_item", id)
    (row,) = await rows(content, tenant, "SELECT text_id FROM item WHERE id = :id", id=uuid)
    return f"org:{tenant.id}:course:{place.course_id}:content:{uuid}:{row.text_id}"


async def forget(content: Subgraph, tenant: Tenant) -> None:
    """Empties the cache of a tenant's texts."""
    for key in await keys(content, tenant):
        await content.platform.redis.delete(key)


@pytest.fixture
async def without_redis(content: Subgraph) -> AsyncIterator[Subgraph]:
    """The same subgraph in a process whose Redis is away."""
    settings = content.platform.settings.model_copy(update={"redis_url": SecretStr("unix:///nowhere/redis.sock")})
    app = create_app("content", schema, settings)
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://subgraph", timeout=30) as client:
        yield Subgraph(app, client, content.sign)
    platform = app.state.platform
    await platform.documents.close()
    await platform.redis.aclose()
    await platform.database.close()


async def test_a_text_is_kept_for_an_hour_under_its_organization_course_and_item(
    content: Subgraph, tenant: Tenant, place: Place, item: dict[str, Any]
) -> None:
    await forget(content, tenant)
    assert await text_seen(content, tenant.student, item["id"]) == item["text"]
    key = await key_of(content, tenant, place, item["id"])
    assert await keys(content, tenant) == [key]
    assert 3_590 <= await content.platform.redis.ttl(key) <= 3_600
    assert orjson.loads(await content.platform.redis.get(key)) == {"text": item["text"]}


async def test_a_text_in_the_cache_is_not_read_from_the_documents(
    content: Subgraph, tenant: Tenant, item: dict[str, Any]
) -> None:
    await forget(content, tenant)
    reads = []
    for _ in range(3):
        answer = await content.ask(TEXT, tenant.student, id=item["id"])
        reads.append(len([statement for statement in answer.statements if "FROM document" in statement]))
        assert answer.data["contentItem"]["text"] == item["text"]
    assert reads == [1, 0, 0]


async def test_an_emptied_cache_is_filled_again(
    content: Subgraph, tenant: Tenant, place: Place, item: dict[str, Any]
) -> None:
    for _ in range(3):
        await forget(content, tenant)
        assert await text_seen(content, tenant.student, item["id"]) == item["text"]
        assert await keys(content, tenant) == [await key_of(content, tenant, place, item["id"])]


async def test_without_redis_everything_still_answers(
    without_redis: Subgraph, content: Subgraph, tenant: Tenant, place: Place
) -> None:
    made = await create(without_redis, tenant.teacher, place, text="One.")
    await publish(without_redis, tenant.teacher, made["id"])
    assert await text_seen(without_redis, tenant.student, made["id"]) == "One."
    await update(without_redis, tenant.teacher, made["id"], text="Two.")
    shown = await publish(without_redis, tenant.teacher, made["id"])
    assert ([it["text"] for it in shown["versions"]], shown["text"]) == (["One.", "Two."], "Two.")
    done = await complete(without_redis, tenant.student, made["id"])
    assert done["item"]["text"] == "Two."
    assert await text_seen(content, tenant.student, made["id"]) == "Two."


async def test_a_new_version_is_shown_at_once_and_the_old_one_never_again(
    content: Subgraph, tenant: Tenant, place: Place
) -> None:
    item = await published(content, tenant, place, text="Text 0.")
    for number in range(1, 6):
        assert await text_seen(content, tenant.student, item["id"]) == f"Text {number - 1}."
        await update(content, tenant.teacher, item["id"], text=f"Text {number}.")
        assert await text_seen(content, tenant.student, item["id"]) == f"Text {number - 1}."
        await publish(content, tenant.teacher, item["id"])
        assert await text_seen(content, tenant.student, item["id"]) == f"Text {number}."


async def test_a_draft_that_a_teacher_has_read_is_not_shown_to_students(
    content: Subgraph, tenant: Tenant, place: Place
) -> None:
    item = await published(content, tenant, place, text="For everybody.")
    await update(content, tenant.teacher, item["id"], text="Secret.")
    await read(content, tenant.teacher, item["id"])
    assert await text_seen(content, tenant.student, item["id"]) == "For everybody."
    draft = await create(content, tenant.teacher, place, text="Secret too.")
    assert await text_seen(content, tenant.teacher, draft["id"]) == "Secret too."
    assert (await content.ask(TEXT, tenant.student, id=draft["id"])).data == {"contentItem": None}


async def test_what_is_cached_is_not_served_to_who_is_not_in_the_course(
    content: Subgraph, tenant: Tenant, place: Place, item: dict[str, Any]
) -> None:
    never, gone = students(tenant, 2)
    (enrollment_id,) = await join(content, place.course_id, gone)
    assert await text_seen(content, gone, item["id"]) == item["text"]
    await leave(content, place.course_id, enrollment_id, gone)
    assert await keys(content, tenant), "it is in the cache"
    for who in (never, gone):
        assert await text_seen(content, who, item["id"]) is None
    assert await text_seen(content, tenant.student, item["id"]) == item["text"]


async def test_what_is_cached_is_not_served_to_another_tenant(
    content: Subgraph, tenant: Tenant, stranger: Tenant, root: Viewer, item: dict[str, Any]
) -> None:
    assert await text_seen(content, tenant.student, item["id"]) == item["text"]
    for who in (*stranger.people, root):
        assert (await content.ask(TEXT, who, id=item["id"])).data == {"contentItem": None}
    assert await keys(content, stranger) == []


def test_equal_ids_of_two_tenants_have_keys_of_their_own() -> None:
    one = UUID(int=1)
    text = TextOf(course_id=one, item_id=one, text_id=one)
    assert text_key(UUID(int=2), text) != text_key(UUID(int=3), text)
