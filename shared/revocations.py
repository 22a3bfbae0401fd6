"""Sessions that ended before their access tokens expired. Each process keeps them in memory; a request pays nothing."""

import asyncio
import time
from contextlib import suppress
from typing import Any
from uuid import UUID

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from shared.auth import Viewer

log = structlog.get_logger()

_KEY = "sessions:ended"  # a sorted set: session id, scored by when its last access token expires
_CHANNEL = "sessions:ended"


class Revocations:
    """The ended sessions, followed through Redis; while Redis is away, tokens are good until they expire."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._ended: dict[UUID, float] = {}
        self._waiting: dict[UUID, set[asyncio.Event]] = {}

    def has_ended(self, viewer: Viewer) -> bool:
        """Whether the viewer's session is over although the token would still be good."""
        return viewer.session_id in self._ended

    async def end(self, sessions: list[UUID], until: float) -> None:
        """Tells every process; `until` is when the last access token of these sessions expires (epoch seconds)."""
        for session in sessions:
            self._note(session, until)
        if sessions:
            async with self._redis.pipeline(transaction=False) as pipeline:
                pipeline.zadd(_KEY, {str(session): until for session in sessions})
                pipeline.zremrangebyscore(_KEY, 0, time.time())
                for session in sessions:
                    pipeline.publish(_CHANNEL, f"{session} {until}")
                await pipeline.execute()

    async def end_of(self, viewer: Viewer) -> None:
        """Returns when the viewer's token has expired or the session has ended."""
        assert viewer.session_id
        event = asyncio.Event()
        waiting = self._waiting.setdefault(viewer.session_id, set())
        waiting.add(event)
        try:
            if not self.has_ended(viewer):
                with suppress(TimeoutError):
                    await asyncio.wait_for(event.wait(), max(0.0, viewer.expires_at - time.time()))
        finally:
            waiting.discard(event)
            if not waiting:
                self._waiting.pop(viewer.session_id, None)

    async def run(self) -> None:
        """Follows the ended sessions until cancelled."""
        while True:
            try:
                await self._follow()
            except (RedisError, OSError) as error:
                log.warning("revocations.disconnected", error=type(error).__name__)
                await asyncio.sleep(0.5)

    async def _follow(self) -> None:
        async with self._redis.pubsub() as pubsub:
            await pubsub.subscribe(_CHANNEL)
            async for message in pubsub.listen():
                if message["type"] == "subscribe":  # again, too, when redis-py has connected again by itself
                    await self._catch_up()
                else:
                    session, until = message["data"].decode().split()
                    self._note(UUID(session), float(until))

    async def _catch_up(self) -> None:
        ended: Any = await self._redis.zrangebyscore(_KEY, time.time(), "+inf", withscores=True)
        for session, until in ended:
            self._note(UUID(session.decode()), until)

    def _note(self, session: UUID, until: float) -> None:
        # Every end lies one token life ahead, so the oldest entries come first and are the first to be of no use.
        while self._ended and next(iter(self._ended.values())) <= time.time():
            del self._ended[next(iter(self._ended))]
        self._ended[session] = until
        for event in self._waiting.get(session, ()):
            event.set()
