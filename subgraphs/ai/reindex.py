"""Makes the vectors of all items, for when another model makes them than before."""

from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from uuid import UUID

from sqlalchemy import func, select

from shared.model import open_model
from shared.postgres import Database
from shared.vectors import Vectors
from subgraphs.ai.models import Item
from subgraphs.ai.runtime import vectors_in
from subgraphs.ai.services.embedding import all_items, embed_item
from subgraphs.ai.settings import Settings


async def reindex(progress: Callable[[int, int], None], *, from_start: bool = False) -> int:
    """Makes the vectors of the items of all tenants; returns of how many.

    What this model has made already is not made again, nor paid for again, unless told to begin `from_start`: so an
    interrupted run goes on where it was.
    """
    settings = Settings.load()
    async with AsyncExitStack() as resources:
        database = Database("ai", settings)
        resources.push_async_callback(database.close)
        model = open_model(settings)
        resources.push_async_callback(model.close)
        vectors = vectors_in(settings, database, model)
        resources.push_async_callback(vectors.close)
        done = made = 0
        total = await _count(database)
        progress(done, total)
        async for items in all_items(database):
            wanted = items if from_start else await _without_vectors(vectors, items)
            for item in wanted:
                await embed_item(database, model, vectors, item)
            made += len(wanted)
            done += len(items)
            progress(done, max(done, total))
        await vectors.refresh()
        return made


async def _without_vectors(vectors: Vectors, items: Sequence[Item]) -> list[Item]:
    """Those that the model has not made vectors of, in their newest version."""
    stored = await vectors.of_items(items[0].organization_id, [item.id for item in items])
    versions: dict[UUID, int] = {vector.item_id: vector.version for vector in stored}
    return [item for item in items if versions.get(item.id) != item.version]


async def _count(database: Database) -> int:
    async with database.system() as session:
        return await session.scalar(select(func.count()).select_from(Item)) or 0
