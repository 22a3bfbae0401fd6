"""Fills the search index anew from rows and documents, in the background of everything else."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from uuid import UUID

from pydantic import BaseModel
from redis.asyncio import Redis

from shared.documents import Documents, open_store
from shared.postgres import Database
from shared.redis import connect
from shared.search import Search, open_search
from subgraphs.content.documents import ItemText
from subgraphs.content.runtime import texts_in
from subgraphs.content.search import Place, count_items, put_all
from subgraphs.content.settings import Settings

_KEY = "reindex:content"
_LIFETIME = 86_400  # seconds


class _Reached(BaseModel):
    """How far a run has come: an item, and how many it has put."""

    organization_id: UUID
    item_id: UUID
    done: int

    @property
    def place(self) -> Place:
        return self.organization_id, self.item_id


async def reindex(progress: Callable[[int, int], None], *, from_start: bool = False) -> int:
    """Puts the items of all tenants into the index; returns how many it put. Entries that are newer stay.

    It goes on where an interrupted run was, as long as Redis has not forgotten it, unless told to begin `from_start`.
    """
    settings = Settings.load()
    async with AsyncExitStack() as resources:
        database = Database("content", settings)
        resources.push_async_callback(database.close)
        store = open_store("content", settings.mongodb_url, database)
        resources.push_async_callback(store.close)
        search = open_search(settings.elasticsearch_url, database)
        resources.push_async_callback(search.close)
        redis = connect(settings.redis_url)
        resources.push_async_callback(redis.aclose)
        if from_start:
            await redis.delete(_KEY)
        return await _fill(database, search, texts_in(store), redis, progress)


async def _fill(
    database: Database, search: Search, texts: Documents[ItemText], redis: Redis, progress: Callable[[int, int], None]
) -> int:
    total, reached = await count_items(database), await _reached(search, redis)
    begun = done = reached.done if reached else 0
    progress(done, total)
    async for count, place in put_all(database, search, texts, reached.place if reached else None):
        done += count
        now = _Reached(organization_id=place[0], item_id=place[1], done=done)
        await redis.set(_KEY, now.model_dump_json(), ex=_LIFETIME)
        progress(done, max(done, total))
    await search.refresh()
    await redis.delete(_KEY)
    return done - begun


async def _reached(search: Search, redis: Redis) -> _Reached | None:
    stored = await redis.get(_KEY)
    if stored is None:
        return None
    reached = _Reached.model_validate_json(stored)
    await search.refresh()
    # An index without that organization is not the one that the run was filling: it was deleted, or is another engine.
    return reached if await search.count(reached.organization_id) else None
