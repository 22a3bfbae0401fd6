"""The Redis cache: a copy that may be missing at any time. Without Redis everything still answers, only slower."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from shared.auth import Viewer

log = structlog.get_logger()

_TOMBSTONE = b""
_TOMBSTONE_SECONDS = 10  # longer than any transaction that could still read the old row (statement timeout: 5 s)


@dataclass(frozen=True, slots=True)
class CachePolicy:
    """How rows of a type are cached: the key for a viewer and an id (None: not for this viewer), and for how long."""

    key: Callable[[Viewer, UUID], str | None]
    seconds: int


class Cache:
    """Rows as JSON. Every key starts with its organization."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def get(self, keys: list[str]) -> list[dict[str, Any] | None]:
        """What is cached under each key, in one round trip."""
        try:
            found = await self._redis.mget(keys) if keys else []
        except (RedisError, OSError) as error:
            log.warning("cache.unavailable", error=type(error).__name__)
            return [None] * len(keys)
        return [orjson.loads(value) if value else None for value in found]

    async def fill(self, values: Mapping[str, dict[str, Any]], seconds: int) -> None:
        """Adds what is missing, never over a tombstone: a reader must not put back what a writer just removed."""
        if not values:
            return
        try:
            async with self._redis.pipeline(transaction=False) as pipeline:
                for key, value in values.items():
                    pipeline.set(key, orjson.dumps(value, default=str), ex=seconds, nx=True)  # UUIDs of asyncpg
                await pipeline.execute()
        except (RedisError, OSError) as error:
            log.warning("cache.unavailable", error=type(error).__name__)

    async def purge(self, *keys: str) -> None:
        """Replaces each key by a short tombstone. Raises when Redis is away: whoever must purge tries again."""
        async with self._redis.pipeline(transaction=False) as pipeline:
            for key in keys:
                pipeline.set(key, _TOMBSTONE, ex=_TOMBSTONE_SECONDS)
            await pipeline.execute()


def restored(values: Mapping[str, Any], types: Mapping[str, type]) -> dict[str, Any]:
    """Column values as they were before they were JSON."""
    return {name: _restore(values[name], type_) for name, type_ in types.items()}


def _restore(value: Any, type_: type) -> Any:
    if value is None:
        return None
    if type_ is UUID:
        return UUID(value)
    if type_ is datetime:
        return datetime.fromisoformat(value)
    return value
