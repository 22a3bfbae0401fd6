"""Vectors of items and of queries.

An item waits for its vectors from the event that brings it, in its own row, until they are stored. Whoever makes them
claims it for a while first, so that no transaction is open while the model is asked, several processes share the work,
and what a process leaves behind is taken up by another. Making them twice is the same as once.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from functools import partial
from uuid import UUID, uuid5

from sqlalchemy import func, select, text, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from shared.auth import Viewer
from shared.model import Embeddings, Model, ModelUnavailable, chunks_of
from shared.postgres import Database
from shared.vectors import Embedding, Vector, Vectors
from shared.waiting import Begin
from subgraphs.ai.models import Item, Operation
from subgraphs.ai.services.usage import record

_CLAIM = text("interval '30 seconds'")  # longer than the model and the store of vectors may take together
_AT_ONCE = 20
_QUERY_SECONDS = 5.0  # of the ten that the router waits; the vectors may take three


async def claim(session: AsyncSession, limit: int) -> Sequence[Item]:
    """Items of all tenants that wait for vectors, up to a limit; nobody else is given them for half a minute."""
    key = tuple_(Item.organization_id, Item.id)
    waiting = select(Item.organization_id, Item.id).where(Item.embed_after <= func.now())
    first = waiting.order_by(Item.embed_after).limit(limit).with_for_update(skip_locked=True)
    claimed = update(Item).where(key.in_(first)).values(embed_after=func.now() + _CLAIM).returning(Item)
    return (await session.execute(claimed.execution_options(synchronize_session=False))).scalars().all()


async def embed_item(database: Database, model: Model, vectors: Vectors, item: Item) -> None:
    """Makes the vectors of an item and stores them; it waits no more then, unless it changed meanwhile.

    Raises `OSError` or what the database raises when one of them is away; the item waits on.
    """
    viewer = Viewer(organization_id=item.organization_id)
    begin = partial(database.begin, viewer)
    chunks = chunks_of(item.title, item.text or ", ".join(item.tags))
    made = await _embed(begin, model, viewer, Operation.EMBED_ITEM, chunks)
    await vectors.put(vectors_for(item, chunks, made))
    done = update(Item).where(Item.id == item.id, Item.version == item.version).values(embed_after=None)
    async with begin() as session:
        await session.execute(done)


async def release(database: Database, item: Item) -> None:
    """Gives up a claim: the item may be tried again at once, after all others that wait."""
    back = update(Item).where(Item.id == item.id, Item.embed_after.is_not(None)).values(embed_after=func.now())
    async with database.begin(Viewer(organization_id=item.organization_id)) as session:
        await session.execute(back)


async def embed_query(begin: Begin, model: Model, viewer: Viewer, query: str) -> Embedding:
    """The vector of what somebody looks for; raises `OSError` when the model is away or slow."""
    async with asyncio.timeout(_QUERY_SECONDS):
        made = await _embed(begin, model, viewer, Operation.EMBED_QUERY, [query])
    vector: Embedding = made.vectors[0]
    return vector


async def all_items(database: Database) -> AsyncIterator[Sequence[Item]]:
    """The items of all tenants, some of one tenant at a time."""
    after: tuple[UUID, UUID] | None = None
    place = tuple_(Item.organization_id, Item.id)
    while True:
        statement = select(Item).order_by(Item.organization_id, Item.id).limit(_AT_ONCE)
        async with database.system() as session:
            items = (await session.execute(statement.where(place > after) if after else statement)).scalars().all()
        if not items:
            return
        of_one = [item for item in items if item.organization_id == items[0].organization_id]
        after = of_one[-1].organization_id, of_one[-1].id
        yield of_one


def vectors_for(item: Item, chunks: Sequence[str], made: Embeddings) -> list[Vector]:
    """What is stored of an item in this version: a vector per chunk."""
    return [
        Vector(
            id=uuid5(item.id, f"{item.version}/{number}"),  # the same whoever makes it
            organization_id=item.organization_id,
            item_id=item.id,
            course_id=item.course_id,
            is_published=True,
            version=item.version,
            text=chunk,
            embedding=embedding,
        )
        for number, (chunk, embedding) in enumerate(zip(chunks, made.vectors, strict=True))
    ]


async def _embed(begin: Begin, model: Model, viewer: Viewer, operation: Operation, texts: Sequence[str]) -> Embeddings:
    try:
        made = await model.embed(texts)
    except ModelUnavailable as error:
        await record(begin, viewer, operation, model.embedding_model, error.usage)
        raise
    await record(begin, viewer, operation, made.model, made.usage)
    return made
