"""The rules of content. Services get narrow values, and a session or what opens one; they never see `info`.

A text is written as a document before the transaction whose row points at it: a crash leaves a document that nothing
points at, never a pointer to nothing, and nobody waits for a document while holding a connection. For the latter
reason the text that an event tells is read before the transaction that publishes; what changed meanwhile is read anew.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import Select, bindparam, exists, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from shared import ids
from shared.auth import Viewer, organization_of
from shared.documents import Documents
from shared.errors import InvalidInput, NotEnrolled, NotFound, Rejected
from shared.events import emit
from shared.idempotency import once
from shared.statements import VIEWER, kept, whose
from shared.waiting import Begin, refused_only_after, until
from subgraphs.content.documents import ItemText
from subgraphs.content.events import LONGEST_TEXT, ItemCompleted, ItemCreated, ItemPublished, ItemUpdated
from subgraphs.content.inputs import CreateContentItemInput, ScheduleContentItemInput, UpdateContentItemInput
from subgraphs.content.models import Completion, ContentType, Enrollment, Item, Module, Version

_WITH_MEDIA = (ContentType.VIDEO, ContentType.AUDIO)
_CLEARED = {"text", "media_url", "duration_minutes"}


async def create_item(
    begin: Begin, texts: Documents[ItemText], viewer: Viewer, input: CreateContentItemInput, key: str | None
) -> Item:
    """A draft in a module."""
    organization_id, item_id = organization_of(viewer), ids.new_id()
    if not await until(begin, partial(_has_module, id=input.module_id)):
        raise Rejected(NotFound(message="There is no such module."))
    _check(input.type, input.text, input.media_url)
    text_id = await _keep_text(texts, organization_id, item_id, input.text)
    async with begin() as session:
        create = partial(_create, session, input, item_id, text_id)
        made = await once(session, "createContentItem", key, input, Item, create)
    if made.id != item_id and text_id is not None:  # it was made before, with a text of its own
        await texts.delete(organization_id, [text_id])
    return made


async def update_item(begin: Begin, texts: Documents[ItemText], viewer: Viewer, input: UpdateContentItemInput) -> Item:
    """Changes a draft; of a published item, makes a draft of the next version beside it."""
    async with begin() as session:
        before = await find_item(session, viewer, input.id)
    changes = _changes(input)
    # What is left out of the changes was checked when it came.
    _check(ContentType(before.type), changes.get("text", "unchanged"), changes.get("media_url"))
    if "text" in changes:
        text_id = await _keep_text(texts, before.organization_id, before.id, changes.pop("text"))
        changes["text_id"] = text_id
    if "media_url" in changes:  # or a file that was uploaded would hide the address
        changes |= {"link": changes.pop("media_url"), "media_id": None, "media_type": None}
    async with begin() as session:
        item = await find_item(session, viewer, input.id)
        await change_item(session, item, changes)
    return item


async def change_item(session: AsyncSession, item: Item, changes: dict[str, Any]) -> None:
    """Makes these changes of an item's columns to a draft of it; the caller has locked the item."""
    if not changes:
        return
    if item.published_at is None:
        _apply(item, changes)
    else:
        item.draft = (item.draft or {}) | {name: _as_json(value) for name, value in changes.items()}
    item.revision += 1
    await emit(session, ItemUpdated(**_facts(item), fields=sorted(changes)))


async def publish_item(begin: Begin, texts: Documents[ItemText], viewer: Viewer, id: str) -> Item:
    """Shows what waits to readers; if nothing does, it is the same as not asking."""
    async with begin() as session:
        item = await find_item(session, viewer, id)
    while True:
        text_id, read = item.next_text_id, await _texts_to_tell(texts, [item])
        async with begin() as session:
            item = await find_item(session, viewer, id)
            if item.next_text_id == text_id:
                await publish(session, item, read[text_id])
                return item


async def publish(session: AsyncSession, item: Item, text: str) -> None:
    """Publishes an item that the caller has locked; `text` is that of its `next_text_id`."""
    item.scheduled_for = None
    if item.published_at is not None and item.draft is None:
        return
    if item.published_at is not None:
        item.version += 1
    _apply(item, item.draft or {})
    item.draft = None
    item.published_at = datetime.now(UTC)
    item.revision += 1
    version = Version(
        organization_id=item.organization_id,
        item_id=item.id,
        number=item.version,
        title=item.title,
        text_id=item.text_id,
        published_at=item.published_at,
    )
    session.add(version)
    published = ItemPublished(
        **_facts(item),
        module_id=item.module_id,
        version=item.version,
        content_type=item.type,
        title=item.title,
        difficulty=item.difficulty,
        tags=item.tags,
        text=text[:LONGEST_TEXT],
    )
    await emit(session, published)


async def schedule_item(session: AsyncSession, viewer: Viewer, input: ScheduleContentItemInput) -> Item:
    """Sets when the item is published, or that it is not."""
    item = await find_item(session, viewer, input.id)
    if input.publish_at is not None and input.publish_at <= datetime.now(UTC):
        raise Rejected(InvalidInput.at("input", "publishAt", message="This time has passed."))
    if input.publish_at != item.scheduled_for:
        item.scheduled_for = input.publish_at
        await emit(session, ItemUpdated(**_facts(item), fields=["scheduled_for"]))
    return item


async def publish_due(begin: Begin, texts: Documents[ItemText], limit: int) -> int:
    """Publishes scheduled items of all tenants whose time has come, up to a limit; returns how many."""
    statement = select(Item).where(Item.scheduled_for <= datetime.now(UTC)).with_for_update(skip_locked=True)
    async with begin() as session:
        due = (await session.execute(statement.order_by(Item.scheduled_for).limit(limit))).scalars().all()
    if not due:
        return 0
    read = await _texts_to_tell(texts, due)
    async with begin() as session:
        still_due = await session.execute(statement.where(Item.id.in_([item.id for item in due])))
        ready = [item for item in still_due.scalars() if item.next_text_id in read]
        for item in ready:
            await publish(session, item, read[item.next_text_id])
    return len(ready)


async def complete_item(begin: Begin, viewer: Viewer, id: str) -> tuple[Item, Completion]:
    """Notes that the viewer has finished the item; completing it twice is the same as once."""
    organization_of(viewer)
    need_not_wait = partial(_need_not_wait, viewer=viewer, id=id)
    return await refused_only_after(begin, need_not_wait, partial(_complete, viewer=viewer, id=id))


async def _complete(session: AsyncSession, viewer: Viewer, id: str) -> tuple[Item, Completion]:
    item = await _readable(session, viewer, id)
    if item is None:
        raise Rejected(NotFound())
    if not await _is_enrolled(session, item.course_id, viewer.user_id):
        raise Rejected(NotEnrolled())
    assert viewer.user_id
    return item, await note_completion(session, item, viewer.user_id, datetime.now(UTC))


async def note_completion(session: AsyncSession, item: Item, user_id: UUID, time: datetime) -> Completion:
    """Stores that somebody finished the item at that time; what was stored before stays as it is."""
    values = {
        "id": ids.new_id(time),  # the id says when, to whoever is told of the completion
        "organization_id": item.organization_id,
        "item_id": item.id,
        "user_id": user_id,
        "completed_at": time,
    }
    new = insert(Completion).values(values).on_conflict_do_nothing().returning(Completion)
    completion = (await session.execute(new)).scalar_one_or_none()
    if completion is None:
        before = select(Completion).where(Completion.item_id == item.id, Completion.user_id == user_id)
        return (await session.execute(before)).scalar_one()
    # The completion is the aggregate, not the item: many people finish one item at the same moment.
    completed = ItemCompleted(
        id=completion.id,
        organization_id=item.organization_id,
        item_id=item.id,
        course_id=item.course_id,
        user_id=user_id,
    )
    await emit(session, completed, actor_id=user_id)
    return completion


async def find_item(session: AsyncSession, viewer: Viewer, id: str) -> Item:
    """The item, locked for a change; rejects with `NotFound` what the viewer may not see."""
    organization_of(viewer)
    item = (await session.execute(_visible(viewer, id).with_for_update())).scalar_one_or_none()
    if item is None:
        raise Rejected(NotFound())
    return item


async def _create(session: AsyncSession, input: CreateContentItemInput, item_id: UUID, text_id: UUID | None) -> Item:
    module = (await session.execute(_module(input.module_id))).scalar_one()
    item = Item(
        id=item_id,
        organization_id=module.organization_id,
        course_id=module.course_id,
        module_id=module.id,
        type=input.type,
        title=input.title,
        difficulty=input.difficulty,
        tags=input.tags,
        duration_minutes=input.duration_minutes,
        link=input.media_url,
        text_id=text_id,
        version=1,
        revision=1,
    )
    session.add(item)
    await emit(session, ItemCreated(**_facts(item), module_id=item.module_id))
    return item


async def _texts_to_tell(texts: Documents[ItemText], items: Sequence[Item]) -> dict[UUID | None, str]:
    """What publishing these items tells, by the document; an item without one has an empty text."""
    wanted: dict[UUID, list[UUID]] = {}
    for item in items:
        if item.next_text_id is not None:
            wanted.setdefault(item.organization_id, []).append(item.next_text_id)
    read: dict[UUID | None, str] = {None: ""}
    for organization_id, text_ids in wanted.items():
        found = await texts.get(organization_id, text_ids)
        read |= {id: text.text if text else "" for id, text in zip(text_ids, found, strict=True)}
    return read


async def _keep_text(texts: Documents[ItemText], organization_id: UUID, item_id: UUID, text: str | None) -> UUID | None:
    if text is None:
        return None
    document = ItemText(organization_id=organization_id, item_id=item_id, text=text)
    await texts.insert(organization_id, [document])
    return document.id


def _check(type: ContentType, text: str | None, media_url: str | None) -> None:
    if type == ContentType.TEXT and not (text and text.strip()):
        raise Rejected(InvalidInput.at("input", "text", message="A TEXT needs a text."))
    if media_url and type not in _WITH_MEDIA:
        raise Rejected(InvalidInput.at("input", "mediaUrl", message="Only a VIDEO or AUDIO has media."))


def _changes(input: UpdateContentItemInput) -> dict[str, Any]:
    """What was given; null clears what an item can do without, and says nothing of the rest."""
    given = input.model_dump(exclude={"id"}, exclude_unset=True)
    return {name: value for name, value in given.items() if value is not None or name in _CLEARED}


def _apply(item: Item, changes: dict[str, Any]) -> None:
    for name, value in changes.items():
        is_id = name.endswith("_id") and isinstance(value, str)
        setattr(item, name, UUID(value) if is_id else value)


def _as_json(value: Any) -> Any:
    return str(value) if isinstance(value, UUID) else value


def _facts(item: Item) -> dict[str, UUID]:
    return {"id": item.id, "organization_id": item.organization_id, "course_id": item.course_id}


def _visible(viewer: Viewer, id: str) -> Any:
    return select(Item).where(Item.id == ids.decode("content_item", id), Item.visible(viewer))


def _module(id: str) -> Any:
    return select(Module).where(Module.id == ids.decode("module", id))


async def _has_module(session: AsyncSession, id: str) -> bool:
    return bool(await session.scalar(select(exists().where(Module.id == ids.decode("module", id)))))


async def _readable(session: AsyncSession, viewer: Viewer, id: str) -> Item | None:
    whom = {"id": ids.decode("content_item", id), "viewer": viewer.user_id}
    item: Item | None = (await session.execute(_published(whose(viewer)), whom)).scalar_one_or_none()
    return item


@kept
def _published(viewer: Viewer) -> Select[Any]:
    return select(Item).where(Item.id == bindparam("id"), Item.visible(viewer), Item.published_at.is_not(None))


_ENROLLED = select(exists().where(Enrollment.course_id == bindparam("course"), Enrollment.user_id == VIEWER))


async def _is_enrolled(session: AsyncSession, course_id: UUID, user_id: UUID | None) -> bool:
    return bool(await session.scalar(_ENROLLED, {"course": course_id, "viewer": user_id}))


async def _need_not_wait(session: AsyncSession, viewer: Viewer, id: str) -> bool:
    """Whether it can be decided now: what is not known at all, or not enrolled in, may yet be told of."""
    item = await _readable(session, viewer, id)
    return item is not None and await _is_enrolled(session, item.course_id, viewer.user_id)
