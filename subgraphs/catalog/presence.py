"""Who has a course open now: a Redis sorted set per course, with the time until which each connection counts.

A member of the set is one subscription of one person, and when it began. Its score is renewed while the subscription
lives, so a process that dies takes its people with it without a word; one that closes a subscription removes its member
at once.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from uuid import UUID

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from shared import ids
from shared.context import Platform
from shared.live import Live

log = structlog.get_logger()

_BEAT = 4.0  # seconds between renewals
_COUNTS = 12.0  # seconds that a renewal counts for: two may fail
_KEPT = 300  # seconds that an abandoned set is kept (the brief's 300)


def presence_key(organization_id: UUID, course_id: UUID) -> str:
    """The key of the sorted set, and the live topic of its changes."""
    return f"org:{organization_id}:presence:course:{course_id}"


class Presence:
    """The people that this process holds subscriptions of, and what Redis knows of all processes."""

    def __init__(self, redis: Redis, live: Live) -> None:
        self._redis, self._live = redis, live
        self._here: dict[str, set[str]] = {}

    async def people(self, keys: Sequence[str]) -> list[list[UUID]]:
        """Who is present under each key, without doubles, the first to come first; one round trip."""
        now = time.time()
        async with self._redis.pipeline(transaction=False) as pipeline:
            for key in keys:
                pipeline.zrange(key, now, "+inf", byscore=True)
            found = await pipeline.execute()
        return [_people(members) for members in found]

    @asynccontextmanager
    async def joined(self, key: str, user_id: UUID) -> AsyncIterator[None]:
        """Counts the person as present for as long as the context is open."""
        member = f"{user_id}:{ids.new_id()}"
        self._here.setdefault(key, set()).add(member)
        try:
            await self._renew({key: {member}})
            yield
        finally:
            self._here[key].discard(member)
            if not self._here[key]:
                del self._here[key]
            await asyncio.shield(self._leave(key, member))

    async def run(self) -> None:
        """Renews what is here until cancelled."""
        while True:
            await asyncio.sleep(_BEAT)
            try:
                await self._renew(self._here)
            except (RedisError, OSError) as error:
                log.warning("presence.interrupted", error=type(error).__name__)

    async def _renew(self, present: dict[str, set[str]]) -> None:
        """Adds and renews, drops whose time has run out (a process that died says nothing), and tells of changes."""
        now, keys = time.time(), list(present)
        async with self._redis.pipeline(transaction=False) as pipeline:
            for key, members in present.items():
                pipeline.zremrangebyscore(key, 0, now)
                pipeline.zadd(key, dict.fromkeys(members, now + _COUNTS))
                pipeline.expire(key, _KEPT)
            done = await pipeline.execute()
        for key, dropped, added in zip(keys, done[::3], done[1::3], strict=True):
            if dropped or added:
                await self._live.publish(key)

    async def _leave(self, key: str, member: str) -> None:
        try:
            await self._redis.zrem(key, member)
            await self._live.publish(key)
        except (RedisError, OSError) as error:  # then the score runs out
            log.warning("presence.interrupted", error=type(error).__name__)


def _people(members: Sequence[bytes]) -> list[UUID]:
    in_order = sorted(member.decode().split(":")[::-1] for member in members)  # the second part is time-ordered
    return [UUID(user) for user in dict.fromkeys(user for _, user in in_order)]


_presences: dict[Redis, Presence] = {}


def presence_of(platform: Platform) -> Presence:
    """The one presence of this process."""
    return _presences.setdefault(platform.redis, Presence(platform.redis, platform.live))


async def keep_presence(platform: Platform) -> None:
    """The background work of presence."""
    await presence_of(platform).run()
