"""Live topics: one Redis connection per process tells all local subscribers that something has changed.

A topic carries no data, so nothing can pile up: a subscriber that is slow, or was away, reads the state as it stands.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import TypeVar

import structlog
from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.exceptions import RedisError

from shared.auth import Viewer
from shared.errors import Unauthenticated
from shared.revocations import Revocations

log = structlog.get_logger()

T = TypeVar("T")

_INTERVAL = 0.25  # seconds between two events of one topic to one subscriber: at most four a second
_KEEPALIVE = "live:keepalive"  # redis-py wants one channel before it can listen at all


class Live:
    """Publishes and watches topics. Every topic starts with its organization."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._watchers: dict[str, set[asyncio.Event]] = defaultdict(set)
        self._asked: Counter[str] = Counter()  # subscriptions of new watchers that Redis has not confirmed yet
        self._pubsub: PubSub | None = None

    async def publish(self, topic: str) -> None:
        """Tells every watcher of the topic, in every process, that its state has changed."""
        await self._redis.publish(topic, b"")

    async def changes(self, topic: str) -> AsyncIterator[None]:
        """Yields at once, then after each change; changes that come faster than four a second become one."""
        changed = asyncio.Event()
        self._watchers[topic].add(changed)
        try:
            await self._follow(topic)
            while True:
                changed.clear()
                yield
                await asyncio.sleep(_INTERVAL)
                await changed.wait()
        finally:
            self._watchers[topic].discard(changed)
            if not self._watchers[topic]:
                del self._watchers[topic]
                await self._unfollow(topic)

    async def run(self) -> None:
        """Listens until cancelled, connecting again whenever Redis was away."""
        while True:
            try:
                await self._listen()
            except (RedisError, OSError) as error:
                log.warning("live.disconnected", error=type(error).__name__)
                await asyncio.sleep(0.5)

    async def _listen(self) -> None:
        async with self._redis.pubsub() as pubsub:
            await pubsub.subscribe(_KEEPALIVE)
            self._asked.clear()
            self._pubsub = pubsub  # from here on new watchers subscribe for themselves
            try:
                await pubsub.subscribe(_KEEPALIVE, *self._watchers)
                async for message in pubsub.listen():
                    self._hear(message["type"], message["channel"].decode())
            finally:
                self._pubsub = None

    def _hear(self, kind: str, topic: str) -> None:
        if kind == "subscribe" and topic in self._asked:
            self._asked -= Counter([topic])
        elif kind != "unsubscribe":
            # A change, or a subscription made again, by redis-py perhaps: whatever happened before was not heard.
            self._wake(topic)

    def _wake(self, *topics: str) -> None:
        for topic in topics:
            for changed in self._watchers.get(topic, ()):
                changed.set()

    async def _follow(self, topic: str) -> None:
        if self._pubsub is not None:
            self._asked[topic] += 1
            with suppress(RedisError, OSError):  # `run` subscribes to everything again when it reconnects
                await self._pubsub.subscribe(topic)

    async def _unfollow(self, topic: str) -> None:
        if self._pubsub is not None and topic not in self._watchers:
            with suppress(RedisError, OSError):
                await self._pubsub.unsubscribe(topic)


async def while_signed_in(viewer: Viewer, revocations: Revocations, source: AsyncIterator[T]) -> AsyncIterator[T]:
    """The source until the viewer's token expires or the session ends; then UNAUTHENTICATED ends the stream."""
    ended = asyncio.ensure_future(revocations.end_of(viewer))
    try:
        while True:
            following = asyncio.ensure_future(anext(source))
            try:
                await asyncio.wait({following, ended}, return_when=asyncio.FIRST_COMPLETED)
                if ended.done():
                    raise Unauthenticated("The session has ended; sign in or refresh, then subscribe again.")
                yield following.result()
            except StopAsyncIteration:
                return
            finally:
                following.cancel()
                await asyncio.gather(following, return_exceptions=True)  # it must be over before the source is closed
    finally:
        ended.cancel()
        aclose = getattr(source, "aclose", None)
        if aclose is not None:
            await aclose()
