"""Live topics: every watcher of every process hears of a change, however many there are and whatever Redis does."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis

from shared import ids
from shared.auth import Role, Viewer
from shared.errors import Unauthenticated
from shared.live import Live, while_signed_in
from shared.redis import connect
from shared.revocations import Revocations
from tests.conftest import viewer
from tests.shared.conftest import eventually

pytestmark = pytest.mark.xdist_group("outages")


class Process:
    """One process with its connection and its listening."""

    def __init__(self, redis_url: str) -> None:
        self.redis: Redis = connect(SecretStr(redis_url))
        self.live = Live(self.redis)
        self.revocations = Revocations(self.redis)
        self.tasks = [asyncio.create_task(run()) for run in (self.live.run, self.revocations.run)]

    async def close(self) -> None:
        """Ends it."""
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        await self.redis.aclose()


class Watcher:
    """Counts what it hears."""

    def __init__(self, live: Live, topic: str) -> None:
        self.heard = 0
        self._task = asyncio.create_task(self._watch(live, topic))

    async def _watch(self, live: Live, topic: str) -> None:
        async with aclosing(live.changes(topic)) as changes:  # type: ignore[type-var]  # it is a generator
            async for _ in changes:
                self.heard += 1

    async def hears(self, more_than: int, within: float = 3) -> None:
        """Waits until there is news."""

        async def has_heard() -> bool:
            return self.heard > more_than

        await eventually(has_heard, within=within)

    async def close(self) -> None:
        """Goes away."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


@pytest.fixture
async def process(redis_url: str) -> AsyncIterator[Process]:
    """A process."""
    made = Process(redis_url)
    yield made
    await made.close()


@pytest.fixture
def topic() -> str:
    """A topic of the test's own: Redis does not keep topics of its databases apart."""
    return f"org:{ids.new_id()}:topic"


async def listening(process: Process) -> None:
    """Waits until the process hears what is published."""

    async def is_listening() -> bool:
        return process.live._pubsub is not None

    await eventually(is_listening)


async def test_every_watcher_of_every_process_hears_of_a_change(process: Process, redis_url: str, topic: str) -> None:
    other = Process(redis_url)
    watchers = [Watcher(there.live, topic) for there in (process, other) for _ in range(50)]
    elsewhere = Watcher(process.live, f"{topic}:other")
    await asyncio.gather(listening(process), listening(other))
    await asyncio.sleep(0.6)
    before = [watcher.heard for watcher in watchers]
    assert all(heard >= 1 for heard in before), "the state as it stands comes first"
    untouched = elsewhere.heard
    await process.live.publish(topic)
    await asyncio.gather(*(watcher.hears(heard) for watcher, heard in zip(watchers, before, strict=True)))
    assert elsewhere.heard == untouched
    for watcher in (*watchers, elsewhere):
        await watcher.close()
    await other.close()


async def test_changes_that_come_fast_become_few_and_the_last_is_not_lost(process: Process, topic: str) -> None:
    await listening(process)
    seen: list[int] = []
    state = 0

    async def watch() -> None:
        async with aclosing(process.live.changes(topic)) as changes:  # type: ignore[type-var]  # it is a generator
            async for _ in changes:
                seen.append(state)  # noqa: PERF401  # what it is at that moment

    task = asyncio.create_task(watch())
    await asyncio.sleep(0.05)
    for state in range(1, 101):  # noqa: B007  # the watcher reads it
        await process.live.publish(topic)
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.6)
    assert seen[-1] == 100
    assert len(seen) <= 10, "at most four a second"
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_who_watches_while_the_connection_is_being_made_misses_nothing(redis_url: str, topic: str) -> None:
    async def watch_after(steps: int) -> None:
        process = Process(redis_url)
        for _ in range(steps):
            await asyncio.sleep(0)
        watcher = Watcher(process.live, f"{topic}:{steps}")
        await listening(process)
        await asyncio.sleep(0.6)
        heard = watcher.heard
        await process.live.publish(f"{topic}:{steps}")
        await watcher.hears(heard)
        await watcher.close()
        await process.close()

    await asyncio.gather(*(watch_after(steps) for steps in range(30)))


async def test_a_connection_that_redis_py_makes_again_by_itself_hides_no_change(process: Process, topic: str) -> None:
    await listening(process)
    watcher = Watcher(process.live, topic)
    await watcher.hears(0)
    await asyncio.sleep(0.6)
    assert watcher.heard == 1, "the first subscription is no news"
    await process.redis.client_kill_filter(_type="pubsub", skipme=True)  # type: ignore[no-untyped-call]
    await process.live.publish(topic)  # before anybody is connected again
    await watcher.hears(1)
    await asyncio.sleep(0.6)
    heard = watcher.heard
    await process.live.publish(topic)
    await watcher.hears(heard)
    await watcher.close()


async def test_watchers_are_forgotten_when_they_go(process: Process, topic: str) -> None:
    await listening(process)
    first, second = Watcher(process.live, topic), Watcher(process.live, topic)
    await first.hears(0)
    await second.hears(0)

    async def subscribers() -> int:
        found: Any = await process.redis.pubsub_numsub(topic)
        return found[0][1]

    await eventually(subscribers, 1)
    await first.close()
    await asyncio.sleep(0.3)
    heard = second.heard
    await process.live.publish(topic)
    await second.hears(heard)
    await second.close()
    await eventually(subscribers, 0)
    assert dict(process.live._watchers) == {}
    again = Watcher(process.live, topic)
    await again.hears(0)
    await eventually(subscribers, 1)
    await again.close()


async def test_after_redis_was_away_everybody_is_told_and_hears_again(own_engines: Any, topic: str) -> None:
    *_, engine = own_engines
    process = Process(engine.url())
    watchers = [Watcher(process.live, f"{topic}:{number}") for number in range(10)]
    await listening(process)
    await asyncio.sleep(0.6)
    before = [watcher.heard for watcher in watchers]
    engine.kill()
    await asyncio.sleep(0.2)
    late = Watcher(process.live, f"{topic}:late")
    await late.hears(0)
    engine.start()
    await asyncio.gather(*(watcher.hears(heard, 5) for watcher, heard in zip(watchers, before, strict=True)))
    await listening(process)
    await asyncio.sleep(0.6)
    for number, watcher in enumerate(watchers):
        heard = watcher.heard
        await process.live.publish(f"{topic}:{number}")
        await watcher.hears(heard)
    heard = late.heard
    await process.live.publish(f"{topic}:late")
    await late.hears(heard)
    for watcher in (*watchers, late):
        await watcher.close()
    await process.close()


async def ticks(closed: list[str]) -> AsyncIterator[int]:
    """A stream that goes on for ever, in which something has to be put right at the end."""
    try:
        yield 1
        await asyncio.sleep(1_000)
        yield 2
    finally:
        await asyncio.sleep(0)
        closed.append("closed")


async def read(who: Viewer, revocations: Revocations, closed: list[str]) -> list[int]:
    """What a stream gives before it ends."""
    found = []
    try:
        async for tick in while_signed_in(who, revocations, ticks(closed)):
            found.append(tick)  # noqa: PERF401  # it ends with an exception
    except Unauthenticated:
        return found
    raise AssertionError("the stream came to its own end")


async def test_a_stream_ends_when_its_token_does_and_what_it_holds_is_released(process: Process) -> None:
    closed: list[str] = []
    who = viewer(Role.STUDENT, ids.new_id(), expires_at=time.time() + 0.3)
    async with asyncio.timeout(3):
        assert await read(who, process.revocations, closed) == [1]
    assert closed == ["closed"]
    assert process.revocations._waiting == {}


async def test_a_stream_ends_when_its_session_is_ended_in_another_process(process: Process, redis_url: str) -> None:
    other, closed = Process(redis_url), list[str]()
    who = viewer(Role.STUDENT, ids.new_id())
    reading = asyncio.create_task(read(who, process.revocations, closed))
    await asyncio.sleep(0.2)
    assert who.session_id
    await other.revocations.end([who.session_id], who.expires_at)
    async with asyncio.timeout(2):
        assert await reading == [1]
    assert closed == ["closed"]
    assert process.revocations.has_ended(who)
    await other.close()


async def test_a_reader_who_goes_away_releases_the_stream(process: Process) -> None:
    closed: list[str] = []
    who = viewer(Role.STUDENT, ids.new_id())
    stream = while_signed_in(who, process.revocations, ticks(closed))
    assert await anext(stream) == 1
    waiting = asyncio.create_task(anext(stream))  # type: ignore[arg-type]  # it is a coroutine
    await asyncio.sleep(0.05)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert closed == ["closed"]
    await asyncio.sleep(0.01)
    assert process.revocations._waiting == {}


async def test_a_session_that_ended_before_a_process_started_or_while_redis_was_away_is_known(
    own_engines: Any,
) -> None:
    *_, engine = own_engines
    first = Process(engine.url())
    people = [viewer(Role.STUDENT, ids.new_id()) for _ in range(3)]
    sessions = [person.session_id for person in people if person.session_id]
    await first.revocations.end(sessions[:1], people[0].expires_at)
    second = Process(engine.url())

    async def known() -> list[bool]:
        return [second.revocations.has_ended(person) for person in people]

    await eventually(known, [True, False, False])
    assert first.revocations.has_ended(people[0])
    engine.stop()
    engine.start()
    await first.revocations.end(sessions[1:2], people[1].expires_at)
    await eventually(known, [True, True, False])
    await first.close()
    await second.close()
