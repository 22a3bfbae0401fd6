"""The search index: what it holds of an item, and how it is filled from events and filled anew."""

from collections.abc import AsyncIterator, Iterable, Sequence
from uuid import UUID

from sqlalchemy import func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from shared.documents import Documents
from shared.postgres import Database
from shared.search import Search, SearchDocument
from subgraphs.content.documents import ItemText
from subgraphs.content.models import Item

_AT_ONCE = 100

Place = tuple[UUID, UUID]
"""An organization and an item of it: how far a run has come."""


async def put_items(search: Search, texts: Documents[ItemText], items: Sequence[Item]) -> None:
    """Adds items of one organization as they are now, or replaces older versions of them."""
    if not items:
        return
    text_ids = [item.text_id for item in items if item.text_id is not None]
    found = {text.id: text.text for text in await texts.get(items[0].organization_id, text_ids) if text}
    await search.put(document_of(item, found.get(item.text_id, "") if item.text_id else "") for item in items)


def document_of(item: Item, text: str) -> SearchDocument:
    """What search knows of an item: the published version, or the first draft while there is none."""
    return SearchDocument(
        id=item.id,
        organization_id=item.organization_id,
        course_id=item.course_id,
        content_type=item.type,
        title=item.title,
        text=text,
        tags=tuple(item.tags),
        difficulty=item.difficulty,
        duration_minutes=item.duration_minutes,
        is_published=item.published_at is not None,
        version=item.revision,
        created_at=item.created_at,
        updated_at=item.updated_at,
    )


async def count_items(database: Database) -> int:
    """How many items of all tenants there are."""
    async with database.system() as session:
        return await session.scalar(select(func.count()).select_from(Item)) or 0


async def put_all(
    database: Database, search: Search, texts: Documents[ItemText], after: Place | None = None
) -> AsyncIterator[tuple[int, Place]]:
    """Puts the items of all tenants, those after a place only if one is given; yields how many and up to where."""
    while True:
        async with database.system() as session:
            items = await _following(session, after)
        if not items:
            return
        for of_one in _by_organization(items):
            await put_items(search, texts, of_one)
        after = items[-1].organization_id, items[-1].id
        yield len(items), after


async def _following(session: AsyncSession, after: Place | None) -> Sequence[Item]:
    place = tuple_(Item.organization_id, Item.id)
    statement = select(Item).order_by(Item.organization_id, Item.id).limit(_AT_ONCE)
    if after is not None:
        statement = statement.where(place > after)
    return (await session.execute(statement)).scalars().all()


def _by_organization(items: Iterable[Item]) -> list[list[Item]]:
    found: dict[UUID, list[Item]] = {}
    for item in items:
        found.setdefault(item.organization_id, []).append(item)
    return list(found.values())
