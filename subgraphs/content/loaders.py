"""Batched reads of content that are not rows of one table: texts, and what the viewer has to do with items."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select

from shared.context import Context
from shared.statements import VIEWER, among
from subgraphs.content.models import Completion, Enrollment
from subgraphs.content.runtime import texts_of

_ENROLLED = select(Enrollment.course_id).where(Enrollment.user_id == VIEWER, among(Enrollment.course_id))
_COMPLETED = select(Completion.item_id, Completion.completed_at).where(
    Completion.user_id == VIEWER, among(Completion.item_id)
)
_LIFETIME = 3600  # seconds; the brief's lifetime of content in the cache


class TextOf(NamedTuple):
    """An item, and the document that holds its text now."""

    course_id: UUID
    item_id: UUID
    text_id: UUID


async def text_of(context: Context, text: TextOf) -> str | None:
    """The text of an item, from the cache if it is there."""
    return await context.load.add("text", partial(_cached, context)).load(text)


async def stored_text(context: Context, text_id: UUID) -> str | None:
    """The text in a document."""
    return await context.load.add("stored_text", partial(_stored, context)).load(text_id)


async def is_enrolled(context: Context, course_id: UUID) -> bool:
    """Whether the viewer is in the course."""
    return await context.load.add("enrolled", partial(_enrolled, context)).load(course_id)


async def completed_at(context: Context, item_id: UUID) -> datetime | None:
    """When the viewer completed the item."""
    return await context.load.add("completed", partial(_completed, context)).load(item_id)


async def own_courses(context: Context) -> frozenset[UUID]:
    """The courses that the viewer is in."""
    statement = select(Enrollment.course_id).where(Enrollment.user_id == context.viewer.user_id)
    async with context.session() as session:
        return frozenset((await session.execute(statement)).scalars())


def text_key(organization_id: UUID, text: TextOf) -> str:
    """Where a text is cached: the brief's `course:{course_id}:content:{content_id}`, under its organization and with
    the document, which never changes: so nothing is ever out of date."""
    return f"org:{organization_id}:course:{text.course_id}:content:{text.item_id}:{text.text_id}"


async def _cached(context: Context, texts: list[TextOf]) -> Sequence[str | None]:
    organization_id, cache = context.viewer.organization_id, context.platform.cache
    assert organization_id
    keys = {text: text_key(organization_id, text) for text in texts}
    cached = dict(zip(texts, await cache.get(list(keys.values())), strict=True))
    found = {text: entry["text"] for text, entry in cached.items() if entry}
    missing = [text for text in texts if text not in found]
    if missing:
        stored = zip(missing, await _stored(context, [text.text_id for text in missing]), strict=True)
        fresh = {text: content for text, content in stored if content is not None}
        await cache.fill({keys[text]: {"text": content} for text, content in fresh.items()}, _LIFETIME)
        found |= fresh
    return [found.get(text) for text in texts]


async def _stored(context: Context, text_ids: list[UUID]) -> Sequence[str | None]:
    assert context.viewer.organization_id
    found = await texts_of(context.platform).get(context.viewer.organization_id, text_ids)
    context.load.spend(len(found))
    return [document.text if document else None for document in found]


async def _enrolled(context: Context, course_ids: list[UUID]) -> Sequence[bool]:
    rows = await context.read(_ENROLLED, viewer=context.viewer.user_id, keys=course_ids)
    courses = {row.course_id for row in rows}
    return [course_id in courses for course_id in course_ids]


async def _completed(context: Context, item_ids: list[UUID]) -> Sequence[datetime | None]:
    rows = await context.read(_COMPLETED, viewer=context.viewer.user_id, keys=item_ids)
    found = {row.item_id: row.completed_at for row in rows}
    return [found.get(item_id) for item_id in item_ids]
