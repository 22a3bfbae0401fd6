"""What ai holds beside the platform's engines: its model, its vectors, and the making of the latter.

The model inside the process is loaded when it is first used, in half a second, and takes some 70 MB then.
"""

import asyncio
from contextlib import suppress
from functools import cache
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError

from shared.context import Platform
from shared.errors import Unavailable
from shared.model import Model, ModelUnavailable, Usage, open_model
from shared.postgres import Database
from shared.vectors import Vectors, open_vectors
from subgraphs.ai.models import Item
from subgraphs.ai.services import embedding
from subgraphs.ai.settings import Settings

log = structlog.get_logger()

_EVERY = 0.3  # seconds between looks for items that wait
_PAUSE = 2.0  # seconds before the next look after something was away
_AT_ONCE = 8


@cache
def model_of(platform: Platform) -> Model:
    """The model, opened once and closed with the process."""
    assert isinstance(platform.settings, Settings)
    model = open_model(platform.settings)
    platform.resources.push_async_callback(model.close)
    return model


@cache
def vectors_of(platform: Platform) -> Vectors:
    """The vectors, opened once and closed with the process."""
    assert isinstance(platform.settings, Settings)
    vectors = vectors_in(platform.settings, platform.database, model_of(platform))
    platform.resources.push_async_callback(vectors.close)
    return vectors


def vectors_in(settings: Settings, database: Database, model: Model) -> Vectors:
    """A model's vectors where the settings say."""
    options: dict[str, Any] = {
        "pinecone_api_key": settings.pinecone_api_key,
        "pinecone_host": settings.pinecone_host,
        "pinecone_index": settings.pinecone_index,
        "pinecone_api": settings.pinecone_controller_host,
    }
    given = {name: value for name, value in options.items() if value is not None}
    return open_vectors(database, model=model.embedding_model, dimensions=model.dimensions, **given)


async def embed_waiting(platform: Platform) -> None:
    """Makes the vectors of items that wait for them, until cancelled."""
    while True:
        try:
            async with platform.database.system() as session:
                items = await embedding.claim(session, _AT_ONCE)
            failures = await asyncio.gather(*(_embed(platform, item) for item in items))
            error = next(filter(None, failures), None)
        except (SQLAlchemyError, OSError) as unavailable:
            items, error = [], unavailable
        if error is not None:
            log.warning("embedding.interrupted", error=type(error).__name__, count=len(items))
        if error is not None or len(items) < _AT_ONCE:
            await asyncio.sleep(_EVERY if error is None else _PAUSE)


async def _embed(platform: Platform, item: Item) -> Exception | None:
    """What was away, if something was. The item is tried again once its claim is over, or soon if that costs nothing:
    what was paid for is not paid for every two seconds while the vectors are away."""
    try:
        await embedding.embed_item(platform.database, model_of(platform), vectors_of(platform), item)
    except (SQLAlchemyError, OSError, Unavailable) as error:
        if isinstance(error, ModelUnavailable) and error.usage == Usage():
            with suppress(SQLAlchemyError, OSError):
                await embedding.release(platform.database, item)
        return error
    return None
