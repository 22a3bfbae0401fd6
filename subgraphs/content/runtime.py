"""What content holds beside the platform's engines: its texts, its objects, its search index, and its schedule."""

import asyncio
import hashlib
from functools import cache

import structlog
from sqlalchemy.exc import SQLAlchemyError

from shared.context import Platform
from shared.documents import Documents, Store
from shared.objects import Objects
from shared.search import Search, open_search
from subgraphs.content import services
from subgraphs.content.documents import ItemText
from subgraphs.content.settings import Settings

log = structlog.get_logger()

_EVERY = 1.0  # seconds between looks for items whose time has come
_AT_ONCE = 50


@cache
def texts_of(platform: Platform) -> Documents[ItemText]:
    """The texts of items, opened once."""
    return texts_in(platform.documents)


def texts_in(store: Store) -> Documents[ItemText]:
    """The texts of items in a store."""
    return store.collection("item_text", ItemText)


@cache
def search_of(platform: Platform) -> Search:
    """The search index, opened once and closed with the process."""
    search = open_search(settings_of(platform).elasticsearch_url, platform.database)
    platform.resources.push_async_callback(search.close)
    return search


@cache
def objects_of(settings: Settings) -> Objects:
    """The media of items."""
    secret = hashlib.sha256(b"media" + settings.router_secret.get_secret_value().encode()).digest()
    url = settings.object_store_url.get_secret_value() if settings.object_store_url else None
    return Objects(url, settings.home / "objects", secret, f"{settings.public_url}/media")


def settings_of(platform: Platform) -> Settings:
    """Content's own settings, where there is a platform."""
    assert isinstance(platform.settings, Settings)
    return platform.settings


async def publish_on_time(platform: Platform) -> None:
    """Publishes scheduled items until cancelled; of several processes, each item is published by one."""
    while True:
        try:
            published = await services.publish_due(platform.database.system, texts_of(platform), _AT_ONCE)
        except (SQLAlchemyError, OSError) as error:
            published = 0
            log.warning("schedule.interrupted", error=type(error).__name__)
        if published < _AT_ONCE:
            await asyncio.sleep(_EVERY)
