"""Texts as documents: written before the row that points at them, so that nothing ever points at nothing."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared import ids
from shared.waiting import Begin
from subgraphs.content import services
from subgraphs.content.inputs import CreateContentItemInput, UpdateContentItemInput
from subgraphs.content.models import ContentType
from subgraphs.content.runtime import texts_of
from tests.conftest import Subgraph, Tenant
from tests.content.conftest import (
    CREATE,
    Place,
    count,
    create,
    emitted,
    item_input,
    nothing_changes,
    publish,
    read,
    rows,
    update,
)

AT_ONCE = 20

_POINTING = """
SELECT (SELECT count(*) FROM item JOIN document ON document.id = item.text_id AND collection = 'item_text'),
       (SELECT count(*) FROM item WHERE text_id IS NOT NULL)
"""


class Crash(Exception):
    """The process has ended here."""


def crashing(content: Subgraph, tenant: Tenant, *, at: int) -> Begin:
    """Opens transactions of the tenant's teacher, of which one is never committed, and the process is gone with it."""
    opened = 0

    @asynccontextmanager
    async def begin() -> AsyncIterator[AsyncSession]:
        nonlocal opened
        opened += 1
        async with content.platform.database.begin(tenant.teacher) as session:
            yield session
            if opened == at:
                raise Crash

    return begin


def new_text(place: Place, text: str = "First there was the sea.") -> CreateContentItemInput:
    """What the service is told to make."""
    return CreateContentItemInput(module_id=place.module, type=ContentType.TEXT, title="An item", text=text)


async def documents(content: Subgraph, tenant: Tenant) -> list[str]:
    """The texts that are kept, oldest first."""
    found = await rows(content, tenant, "SELECT content->>'text' AS text FROM document ORDER BY id")
    return [row.text for row in found]


async def test_the_text_is_kept_before_the_row_is_written(content: Subgraph, tenant: Tenant, place: Place) -> None:
    kept: list[list[str]] = []

    @asynccontextmanager
    async def begin() -> AsyncIterator[AsyncSession]:
        kept.append(await documents(content, tenant))
        async with content.platform.database.begin(tenant.teacher) as session:
            yield session

    made = await services.create_item(begin, texts_of(content.platform), tenant.teacher, new_text(place, "One."), None)
    change = UpdateContentItemInput(id=ids.encode("content_item", made.id), text="Two.")
    await services.update_item(begin, texts_of(content.platform), tenant.teacher, change)
    # A look for the module, the item, a look at the item, and its change.
    assert kept == [[], ["One."], ["One."], ["One.", "Two."]]


async def test_a_crash_before_the_row_is_committed_leaves_a_document_and_no_row(
    content: Subgraph, tenant: Tenant, place: Place
) -> None:
    with pytest.raises(Crash):
        await services.create_item(
            crashing(content, tenant, at=2), texts_of(content.platform), tenant.teacher, new_text(place), "key"
        )
    assert len(await documents(content, tenant)) == 1
    for table in ("item", "outbox", "audit", "idempotency"):
        assert await count(content, tenant, table) == 0
    sent = {name: value for name, value in item_input(place.module).items() if value is not None}
    answer = await content.ask(CREATE, tenant.teacher, input=sent, key="key")
    assert answer.data["createContentItem"]["__typename"] == "ContentItem"
    assert await count(content, tenant, "item") == 1


@pytest.mark.parametrize("is_published", [False, True])
async def test_a_crash_of_a_change_leaves_the_item_as_it_was(
    content: Subgraph, tenant: Tenant, draft: dict[str, Any], is_published: bool
) -> None:
    before = await publish(content, tenant.teacher, draft["id"]) if is_published else draft
    change = UpdateContentItemInput(id=draft["id"], text="New words.", title="Second")
    begin = crashing(content, tenant, at=2)
    with pytest.raises(Crash):
        await services.update_item(begin, texts_of(content.platform), tenant.teacher, change)
    assert await documents(content, tenant) == [draft["text"], "New words."]
    assert await read(content, tenant.teacher, draft["id"]) == before
    assert await emitted(content, tenant, "item.updated") == []


async def test_who_waits_too_long_for_a_lock_is_told_to_retry_and_the_retry_makes_one(
    content: Subgraph, tenant: Tenant, place: Place
) -> None:
    """The key is claimed by a request that does not end: the second transaction fails after the text was kept."""
    claim = text(
        "INSERT INTO idempotency (organization_id, actor_id, operation, key, input_hash) "
        "VALUES (:organization_id, :actor_id, 'createContentItem', 'key', '')"
    )
    async with content.platform.database.begin(tenant.teacher) as session:
        await session.execute(claim, {"organization_id": tenant.id, "actor_id": tenant.teacher.user_id})
        answer = await content.ask(CREATE, tenant.teacher, input=item_input(place.module), key="key")
        assert answer.codes == ["SERVICE_UNAVAILABLE"]
        await session.rollback()
    assert await count(content, tenant, "item") == 0
    again = await content.ask(CREATE, tenant.teacher, input=item_input(place.module), key="key")
    assert again.data["createContentItem"]["__typename"] == "ContentItem"
    assert await count(content, tenant, "item") == 1


@pytest.mark.parametrize("type", ["TEXT", "QUIZ"])
async def test_twenty_creations_with_one_key_make_one_item(
    content: Subgraph, tenant: Tenant, place: Place, type: str
) -> None:
    sent = item_input(place.module, type)
    answers = await asyncio.gather(
        *(content.ask(CREATE, tenant.teacher, input=sent, key="key") for _ in range(AT_ONCE))
    )
    made = [answer.data["createContentItem"] for answer in answers]
    assert all(it == made[0] for it in made)
    assert (made[0]["__typename"], made[0]["text"]) == ("ContentItem", sent.get("text"))
    assert await count(content, tenant, "item") == 1
    assert len(await documents(content, tenant)) == (1 if type == "TEXT" else 0), "the other nineteen are gone"
    assert len(await emitted(content, tenant, "item.created")) == 1


async def test_a_key_with_another_input_is_refused_and_makes_nothing(
    content: Subgraph, tenant: Tenant, place: Place
) -> None:
    made = await content.ask(CREATE, tenant.teacher, input=item_input(place.module), key="key")
    for values in ({"text": "Other words."}, {"title": "Another"}, {"tags": ["other"]}, {"durationMinutes": 1}):
        sent = item_input(place.module, **values)
        refused = (await content.ask(CREATE, tenant.teacher, input=sent, key="key")).data["createContentItem"]
        assert (refused["__typename"], refused["code"]) == ("InvalidInput", "IDEMPOTENCY_MISMATCH")
        assert [it["path"] for it in refused["fields"]] == [["idempotencyKey"]]
    assert await count(content, tenant, "item") == 1
    again = await content.ask(CREATE, tenant.teacher, input=item_input(place.module), key="key")
    assert again.data == made.data
    assert await documents_of(content, tenant, made.data["createContentItem"]["id"]) == ["First there was the sea."]


async def documents_of(content: Subgraph, tenant: Tenant, id: str) -> list[str]:
    """The texts that were kept for an item."""
    statement = "SELECT content->>'text' AS text FROM document WHERE indexed = :id ORDER BY id"
    item_id: UUID | None = ids.decode("content_item", id)
    return [row.text for row in await rows(content, tenant, statement, id=str(item_id))]


async def test_a_key_finds_its_item_however_it_has_changed(content: Subgraph, tenant: Tenant, place: Place) -> None:
    sent = item_input(place.module)
    made = (await content.ask(CREATE, tenant.teacher, input=sent, key="key")).data["createContentItem"]
    await update(content, tenant.teacher, made["id"], title="Second", text="New words.")
    shown = await publish(content, tenant.teacher, made["id"])
    again = (await content.ask(CREATE, tenant.teacher, input=sent, key="key")).data["createContentItem"]
    assert again == shown


async def test_every_row_points_at_a_document_whatever_happens_at_once(
    content: Subgraph, tenant: Tenant, place: Place
) -> None:
    made = [await create(content, tenant.teacher, place, text=f"Text {number}.") for number in range(3)]
    await asyncio.gather(
        *(update(content, tenant.teacher, it["id"], text=f"{step}") for it in made for step in range(5)),
        *(publish(content, tenant.teacher, it["id"]) for it in made),
        *(create(content, tenant.teacher, place) for _ in range(5)),
    )
    assert tuple((await rows(content, tenant, _POINTING))[0]) == (8, 8)


async def test_a_refusal_keeps_no_text(content: Subgraph, tenant: Tenant, place: Place) -> None:
    async with nothing_changes(content, tenant):
        refused = await create(content, tenant.teacher, place, mediaUrl="https://media.example/a.mp4")
        unknown = await update(content, tenant.teacher, ids.encode("content_item", ids.new_id()), text="Words.")
    assert (refused["__typename"], unknown["__typename"]) == ("InvalidInput", "NotFound")


async def test_publishing_tells_the_text_that_it_shows_also_if_it_changes_at_that_moment(
    content: Subgraph, tenant: Tenant, draft: dict[str, Any]
) -> None:
    opened = 0

    @asynccontextmanager
    async def begin() -> AsyncIterator[AsyncSession]:
        nonlocal opened
        opened += 1
        if opened == 2:  # the first text has been read
            await update(content, tenant.teacher, draft["id"], text="The newest words.")
        async with content.platform.database.begin(tenant.teacher) as session:
            yield session

    await services.publish_item(begin, texts_of(content.platform), tenant.teacher, draft["id"])
    assert opened == 3
    [event] = await emitted(content, tenant, "item.published")
    assert event["text"] == "The newest words."
    seen = await read(content, tenant.teacher, draft["id"])
    assert seen is not None
    assert seen["text"] == "The newest words."


async def test_of_a_long_text_the_beginning_is_told_and_of_none_nothing(
    content: Subgraph, tenant: Tenant, place: Place
) -> None:
    long = "".join(f"Sentence {number:05}. " for number in range(8_000))
    for type, values in (("TEXT", {"text": long}), ("QUIZ", {"text": None})):
        made = await create(content, tenant.teacher, place, type, **values)
        await publish(content, tenant.teacher, made["id"])
    texts = [event["text"] for event in await emitted(content, tenant, "item.published")]
    assert texts == [long[:40_000], ""]
