"""Files of items: announced with size and hash, sent by the client, accepted once what came agrees with both."""

from datetime import UTC, datetime
from functools import partial
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from shared import ids
from shared.auth import Viewer, organization_of
from shared.errors import InvalidInput, NotFound, Rejected
from shared.objects import Objects, Stored
from shared.waiting import Begin, until
from subgraphs.content.inputs import CreateMediaUploadInput
from subgraphs.content.models import ContentType, Item, Media, media_key
from subgraphs.content.services import change_item, find_item


async def announce(session: AsyncSession, viewer: Viewer, input: CreateMediaUploadInput) -> Media:
    """Notes what is about to come for an item."""
    organization_of(viewer)
    item = await find_item(session, viewer, input.item_id)
    if item.type not in (ContentType.VIDEO, ContentType.AUDIO):
        raise Rejected(InvalidInput.at("input", "itemId", message="Only a VIDEO or AUDIO has media."))
    values = input.model_dump(exclude={"item_id", "size"})
    row = Media(id=ids.new_id(), organization_id=item.organization_id, item_id=item.id, size=int(input.size), **values)
    session.add(row)
    await session.flush()
    return row


def public_id(row: Media) -> str:
    """What a client completes the upload by."""
    return ids.encode("media", row.id)


async def accept(begin: Begin, objects: Objects, viewer: Viewer, id: str) -> Item:
    """Makes a file that came as announced the media of its item; what did not is removed again.

    Each time, the file is moved before it is read, to a place that neither its sender nor another completion of the
    same upload can reach: what was judged is what stays. Reading it through lies between two transactions, so that no
    connection waits for it.
    """
    organization_of(viewer)
    async with begin() as session:
        row = await _announced(session, id)
    file_id, stored = ids.new_id(), None
    place = media_key(row.organization_id, row.item_id, file_id)
    if row.uploaded_at is None:
        await objects.move(row.arriving_key(), place)
        stored = await objects.stored(place)
        if stored is None:  # another completion may have taken it
            await until(begin, partial(_has_come, id=id))
    async with begin() as session:
        row = await _announced(session, id)
        item = await find_item(session, viewer, ids.encode("content_item", row.item_id))
        if row.uploaded_at is None and stored == _expected(row):
            await _keep(session, item, row, file_id)
            return item
    if stored is not None:
        await objects.delete(place)
    if row.uploaded_at is None:
        raise Rejected(InvalidInput.at("id", message=_difference(row, stored)))
    return item


async def _keep(session: AsyncSession, item: Item, row: Media, file_id: UUID) -> None:
    row.uploaded_at = datetime.now(UTC)
    await change_item(session, item, {"media_id": file_id, "media_type": row.media_type})


def _expected(row: Media) -> Stored:
    return Stored(row.size, row.sha256)


def _difference(row: Media, stored: Stored | None) -> str:
    if stored is None:
        return "Nothing has been uploaded yet, or it is still being checked."
    if stored.size != row.size:
        return f"The file has {stored.size} bytes, not the {row.size} that were announced."
    return "The file is another one than was announced: its SHA-256 differs."


async def _announced(session: AsyncSession, id: str) -> Media:
    statement = select(Media).where(Media.id == ids.decode("media", id)).with_for_update()
    row = (await session.execute(statement)).scalar_one_or_none()
    if row is None:
        raise Rejected(NotFound())
    return row


async def _has_come(session: AsyncSession, id: str) -> bool:
    return (await _announced(session, id)).uploaded_at is not None
