"""The cache: a copy that may be missing, and that a late reader must not bring back from the past."""

import asyncio
from datetime import UTC, datetime
from uuid import UUID

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis
from redis.exceptions import RedisError

from shared import ids
from shared.cache import Cache, restored
from shared.redis import connect


@pytest.fixture
def cache(redis: Redis) -> Cache:
    """An empty cache."""
    return Cache(redis)


async def test_what_was_filled_is_found_for_as_long_as_it_lives(cache: Cache, redis: Redis) -> None:
    await cache.fill({"one": {"title": "Ä \u2028 🎓"}, "two": {"number": 7, "nothing": None}}, 100)
    assert await cache.get(["two", "missing", "one"]) == [
        {"number": 7, "nothing": None},
        None,
        {"title": "Ä \u2028 🎓"},
    ]
    assert 95 <= await redis.ttl("one") <= 100
    await redis.expire("one", 0)
    assert await cache.get(["one"]) == [None]


async def test_nothing_asked_is_nothing_answered(cache: Cache) -> None:
    assert await cache.get([]) == []
    await cache.fill({}, 100)
    await cache.purge()


async def test_a_reader_who_began_before_the_write_does_not_bring_the_old_row_back(cache: Cache, redis: Redis) -> None:
    await cache.fill({"key": {"title": "old"}}, 100)
    await cache.purge("key")
    await cache.fill({"key": {"title": "old"}}, 100)  # read before the write, filled after it
    assert await cache.get(["key"]) == [None]
    assert 0 < await redis.ttl("key") <= 10, "longer than any transaction that could still read the old row"
    await redis.expire("key", 0)
    await cache.fill({"key": {"title": "new"}}, 100)
    assert await cache.get(["key"]) == [{"title": "new"}]


async def test_a_purge_of_what_was_never_there_holds_too(cache: Cache) -> None:
    await cache.purge("key", "another")
    await cache.fill({"key": {"title": "old"}, "third": {"title": "fine"}}, 100)
    assert await cache.get(["key", "another", "third"]) == [None, None, {"title": "fine"}]


async def test_a_row_once_filled_is_not_replaced_by_another_reader(cache: Cache) -> None:
    await asyncio.gather(*(cache.fill({"key": {"number": number}}, 100) for number in range(20)))
    (first,) = await cache.get(["key"])
    await cache.fill({"key": {"number": 99}}, 100)
    assert await cache.get(["key"]) == [first]


async def test_without_redis_reading_finds_nothing_and_purging_says_so() -> None:
    away = connect(SecretStr("unix:///nowhere/redis.sock"))
    cache = Cache(away)
    async with asyncio.timeout(5):
        assert await cache.get(["one", "two"]) == [None, None]
        await cache.fill({"one": {}}, 100)
        with pytest.raises((RedisError, OSError)):
            await cache.purge("one")
    await away.aclose()


async def test_columns_come_back_as_they_were(cache: Cache) -> None:
    types = {"id": UUID, "at": datetime, "title": str, "number": int, "maybe": UUID, "data": dict}
    values = {
        "id": ids.new_id(),
        "at": datetime(2026, 2, 28, 23, 59, 59, 123456, tzinfo=UTC),
        "title": "",
        "number": 0,
        "maybe": None,
        "data": {"nested": [1, None]},
    }
    await cache.fill({"key": values}, 100)
    (found,) = await cache.get(["key"])
    assert found is not None
    assert restored(found, types) == values
