"""The consumer: applies one source's events once each and in order, and notices when one is missing.

`last` per partition moves in the same transaction as the effect: a lower number is a duplicate, the next one is
applied, a higher one means a gap, and then the relay is asked to publish again from where it begins.

What goes wrong, and what comes of it:

- An engine is away: nothing is parked, the same event is tried again after growing pauses, for as long as it takes.
- A handler fails, or a statement of it takes too long: it is tried three times, then parked (`parking.py`).
- Handling an event ends the process: a process begins each partition with events one by one, and writes down, on a
  connection of its own, with which. The position is locked until the event is applied or the count taken back (after
  an exception or an orderly shutdown), so each earlier start with the same event is a process that ended while it
  handled it, however many replicas there are. After five of them it is parked. Once a process has applied an event,
  batches follow and nothing more is written, so the count costs one short transaction per partition and process.

An innocent event is parked only if five processes in a row are killed while they handle it, and none gets past it.
"""

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager, suppress
from typing import Any

import asyncpg
import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy import Table, and_, case, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncSession

from shared.auth import Viewer
from shared.errors import Unavailable
from shared.events import Handler, Handlers, Received, stream_of
from shared.parking import park
from shared.postgres import Database
from shared.relay import head_key, replay_key
from shared.tables import PARTITIONS, consumer_position, consumer_start
from shared.telemetry import tracing

log = structlog.get_logger()

_BATCH = 200
_WAIT = 1_000  # milliseconds to wait for entries before comparing positions with what the relay has announced
_UNSTORED = 1_000  # events that a restart may have to pass over again; far less than a stream keeps
_ATTEMPTS = 3
_STARTS = 5
_LONGEST_PAUSE = 2  # seconds between tries while an engine is away: recovery is seen soon, and a try costs little

_AWAY = (RedisError, OSError, Unavailable, asyncpg.InterfaceError)


class EndedProcesses(Exception):
    """Each process that began to handle the event ended before the handlers did."""

    def __init__(self, starts: int) -> None:
        super().__init__(f"{starts} processes in a row ended while they handled it")


class Consumer:
    """Applies the events of one source to one subgraph, which may be the source itself, for as long as it runs."""

    def __init__(
        self,
        source: str,
        database: Database,
        redis: Redis,
        handlers: Collection[Handler],
        turns: asyncio.Lock | None = None,
    ) -> None:
        """`turns` are shared with the consumers of other sources, so that a batch of one does not wait for locks, on
        the same people, of a batch of another while that waits for its own."""
        self._turns = turns or asyncio.Lock()
        self._source, self._database, self._redis = source, database, redis
        self._handlers = Handlers(handlers)
        self._streams = {stream_of(source, partition): partition for partition in range(PARTITIONS)}
        self._last: dict[int, int] = {}
        self._stored: dict[int, int] = {}  # positions in the database, which those without effects run ahead of
        self._begun: dict[int, int] = {}  # partition to the event that this process is counted to have begun with
        self._proven: set[int] = set()  # partitions on which this process has applied an event
        self._interruption = _Interruption(source)
        for handler in handlers:
            tracing.parked(source, handler.event.type, 0)

    async def run(self) -> None:
        """Runs until cancelled; starts over, from its stored positions, whenever an engine was away."""
        while True:
            try:
                await self._restore()
                while True:
                    await self._read()
                    self._interruption.end()
            except (*_AWAY, SQLAlchemyError) as error:
                await asyncio.sleep(self._interruption.pause(error))

    async def _restore(self) -> None:
        async with self._database.begin(Viewer()) as session:
            positions = select(consumer_position).where(consumer_position.c.source == self._source)
            rows = {row.partition: row.last for row in await session.execute(positions)}
            missing = [partition for partition in range(PARTITIONS) if partition not in rows]
            if missing:
                values = [{"source": self._source, "partition": partition, "last": 0} for partition in missing]
                await session.execute(upsert(consumer_position).values(values).on_conflict_do_nothing())
        self._last = {partition: rows.get(partition, 0) for partition in range(PARTITIONS)}
        self._stored = dict(self._last)

    async def _read(self) -> None:
        after = {stream: f"{self._last[partition]}-0" for stream, partition in self._streams.items()}
        found: Any = await self._redis.xread(after, count=_BATCH, block=_WAIT)  # type: ignore[arg-type]
        for stream, entries in found or ():
            partition = self._streams[stream.decode()]
            events = [Received.from_stream(self._source, partition, *entry) for entry in entries]
            await self._take(partition, events)
        if not found:
            await self._compare()

    async def _take(self, partition: int, events: list[Received]) -> None:
        """Applies the events up to the first gap, and asks for what is missing."""
        expected = self._last[partition] + 1
        whole = [event for index, event in enumerate(events) if event.sequence == expected + index]
        if whole:
            await self._apply(partition, whole)
        if len(whole) < len(events):
            await self._missing(partition)

    async def _compare(self) -> None:
        """Nothing came: is there something to store, and has the relay announced numbers that never arrived?"""
        for partition in range(PARTITIONS):
            if self._last[partition] > self._stored[partition]:
                await self._move(partition, self._last[partition])
        heads: Any = await self._redis.mget([head_key(self._source, partition) for partition in range(PARTITIONS)])
        for partition, head in enumerate(heads):
            if head and int(head.split(b":")[1]) > self._last[partition]:
                await self._missing(partition)

    async def _missing(self, partition: int) -> None:
        head: Any = await self._redis.get(head_key(self._source, partition))
        oldest = int(head.split(b":")[0]) if head else 1
        if self._last[partition] + 1 < oldest:
            # Nobody keeps these any more (a new consumer of an old stream): going on beats waiting for ever.
            log.warning("consumer.skipped", source=self._source, partition=partition, first=oldest)
            await self._move(partition, oldest - 1)
        await self._redis.set(replay_key(self._source, partition), self._last[partition] + 1)
        await asyncio.sleep(0.5)  # the relay looks once a second

    async def _move(self, partition: int, last: int) -> None:
        async with self._database.begin(Viewer()) as session:
            await self._advance(session, partition, last)
        self._last[partition] = self._stored[partition] = last

    async def _apply(self, partition: int, events: list[Received]) -> None:
        """All in one transaction; if one of them fails, or the process has only begun, each in its own.

        Most events are none of this subgraph's business. They cost no transaction: the position is stored with the
        next event that has an effect, or as soon as nothing comes for a while.
        """
        if not any(map(self._handlers.take, events)) and events[-1].sequence - self._stored[partition] < _UNSTORED:
            self._last[partition] = events[-1].sequence
            return
        if partition in self._proven and await self._succeeds(partition, events):
            return
        for event in events:
            if event.sequence > self._last[partition]:  # else another replica was faster
                await self._insist(partition, event)

    async def _succeeds(self, partition: int, events: list[Received]) -> bool:
        try:
            await self._transact(partition, events)
        except Exception as error:
            if is_away(error):
                raise
            return False
        return True

    async def _insist(self, partition: int, event: Received) -> None:
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                await self._transact(partition, [event])
                return
            except Exception as error:
                if is_away(error):
                    raise
                if attempt == _ATTEMPTS or isinstance(error, EndedProcesses):
                    await self._park(partition, event, error)
                    return
                await asyncio.sleep(0.1 * 2**attempt)

    async def _transact(self, partition: int, events: list[Received]) -> None:
        async with self._turns, self._database.begin(Viewer()) as session:
            last = await self._position(session, partition)
            new = [event for event in events if event.sequence > last]
            if new:
                async with self._counted(partition, new[0].sequence):
                    for event in new:
                        await self._handlers.apply(session, event)
                    await self._advance(session, partition, new[-1].sequence)
        self._last[partition] = self._stored[partition] = max(last, events[-1].sequence)
        if new:
            self._proven.add(partition)

    @asynccontextmanager
    async def _counted(self, partition: int, sequence: int) -> AsyncIterator[None]:
        """Counts the start of this process with the event, unless what is done meanwhile fails without ending it."""
        if partition not in self._proven:
            await self._begin(partition, sequence)
        try:
            yield
        except (Exception, asyncio.CancelledError):
            await self._take_back(partition)
            raise

    async def _begin(self, partition: int, sequence: int) -> None:
        """Committed at once, on another connection; `EndedProcesses` when too many have begun with the event."""
        if self._begun.get(partition) == sequence:
            return
        table = consumer_start
        first = upsert(table).values(source=self._source, partition=partition, sequence=sequence, starts=1)
        again = case((table.c.sequence == sequence, table.c.starts + 1), else_=1)
        statement = first.on_conflict_do_update(
            index_elements=[table.c.source, table.c.partition], set_={"sequence": sequence, "starts": again}
        )
        async with self._database.begin(Viewer()) as session:
            starts: int = (await session.execute(statement.returning(table.c.starts))).scalar_one()
        if starts > _STARTS:
            raise EndedProcesses(starts - 1)
        self._begun[partition] = sequence

    async def _take_back(self, partition: int) -> None:
        if partition in self._begun:
            with suppress(*_AWAY, SQLAlchemyError):  # it is taken back after the next try then
                async with self._database.begin(Viewer()) as session:
                    await session.execute(delete(consumer_start).where(self._is_at(consumer_start, partition)))
                del self._begun[partition]

    async def _park(self, partition: int, event: Received, error: Exception) -> None:
        async with self._database.begin(Viewer(organization_id=event.organization_id)) as session:
            is_new = await self._position(session, partition) < event.sequence  # else another replica has applied it
            if is_new:
                await park(session, event, error)
                await self._advance(session, partition, event.sequence)
        self._last[partition] = self._stored[partition] = event.sequence
        if is_new:
            tracing.parked(self._source, event.type)
            log.error(
                "consumer.parked",
                source=self._source,
                partition=partition,
                sequence=event.sequence,
                name=event.type,
                trace_id=event.trace_id,
                exc_info=error,
            )

    async def _position(self, session: AsyncSession, partition: int) -> int:
        """Locks the position: of several replicas of a subgraph, one applies at a time."""
        statement = select(consumer_position.c.last).where(self._is_at(consumer_position, partition)).with_for_update()
        return (await session.execute(statement)).scalar_one()

    async def _advance(self, session: AsyncSession, partition: int, last: int) -> None:
        statement = update(consumer_position).where(self._is_at(consumer_position, partition))
        await session.execute(statement.values(last=func.greatest(consumer_position.c.last, last)))

    def _is_at(self, table: Table, partition: int) -> Any:
        return and_(table.c.source == self._source, table.c.partition == partition)


class _Interruption:
    """While an engine is away: says so once, waits longer from try to try, and says when it is over."""

    def __init__(self, source: str) -> None:
        self._source, self._tries = source, 0
        self._told: set[str] = set()

    def pause(self, error: Exception) -> float:
        """The seconds to wait before the next try."""
        name = type(error).__name__
        if name not in self._told:
            log.warning("consumer.interrupted", source=self._source, error=name)
        self._told.add(name)
        self._tries += 1
        return min(2 ** (self._tries - 1), _LONGEST_PAUSE)

    def end(self) -> None:
        """All is well again, or still."""
        if self._tries:
            log.info("consumer.resumed", source=self._source, count=self._tries)
        self._tries = 0
        self._told.clear()


def is_away(error: Exception) -> bool:
    """Whether an engine failed rather than the handler: then nothing is parked and the same event is tried later."""
    if isinstance(error, (*_AWAY, PoolTimeoutError)):
        return True
    return isinstance(error, DBAPIError) and (error.connection_invalidated or _is_transient(error))


def _is_transient(error: DBAPIError) -> bool:
    state: str = getattr(error.orig, "sqlstate", None) or ""
    if state == "57014":  # the handler's own statement takes longer than any may
        return False
    # Connection, deadlock, resources or shutdown; a lock, such as that of another replica that applies now.
    return state[:2] in ("08", "40", "53", "57") or state == "55P03"
