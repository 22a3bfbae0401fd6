"""The consumer: applies other subgraphs' events once each and in order, and notices when one is missing.

`last` per stream moves in the same transaction as the effect: a lower number is a duplicate, the next one is applied,
a higher one means a gap, and then the relay is asked to publish again from where it begins.
"""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy import func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncSession

from shared.auth import Viewer
from shared.events import Handler, stream_of
from shared.postgres import Database, Origin, act_for
from shared.relay import head_key, replay_key
from shared.tables import PARTITIONS, consumer_position, parked_event

log = structlog.get_logger()

_BATCH = 200
_WAIT = 1_000  # milliseconds to wait for entries before comparing positions with what the relay has announced
_ATTEMPTS = 3

Place = tuple[str, int]
"""A stream: the source subgraph and the partition."""

Entry = tuple[int, dict[bytes, bytes]]
"""An event on a stream: its number and its fields."""


class Consumer:
    """Applies events to one subgraph for as long as it runs."""

    def __init__(self, database: Database, redis: Redis, handlers: Sequence[Handler]) -> None:
        self._database, self._redis = database, redis
        self._handlers: dict[tuple[str, str], list[Handler]] = defaultdict(list)
        for handler in handlers:
            self._handlers[handler.source, handler.event.type].append(handler)
        sources = sorted({handler.source for handler in handlers})
        self._places: list[Place] = [(source, partition) for source in sources for partition in range(PARTITIONS)]
        self._last: dict[Place, int] = {}

    async def run(self) -> None:
        """Runs until cancelled; starts over, from its stored positions, whenever an engine was away."""
        while self._places:
            try:
                await self._restore()
                while True:
                    await self._read()
            except (SQLAlchemyError, RedisError, OSError) as error:
                log.warning("consumer.interrupted", error=type(error).__name__)
                await asyncio.sleep(1)

    async def _restore(self) -> None:
        async with self._database.begin(Viewer()) as session:
            rows = {(row.source, row.partition): row.last for row in await session.execute(select(consumer_position))}
            missing = [place for place in self._places if place not in rows]
            if missing:
                values = [{"source": source, "partition": partition, "last": 0} for source, partition in missing]
                await session.execute(upsert(consumer_position).values(values).on_conflict_do_nothing())
        self._last = {place: rows.get(place, 0) for place in self._places}

    async def _read(self) -> None:
        streams = {stream_of(*place): f"{last}-0" for place, last in self._last.items()}
        found: Any = await self._redis.xread(streams, count=_BATCH, block=_WAIT)  # type: ignore[arg-type]
        by_stream = {stream_of(*place): place for place in self._places}
        for stream, entries in found or ():
            numbered = [(int(entry.split(b"-")[0]), fields) for entry, fields in entries]
            await self._take(by_stream[stream.decode()], numbered)
        if not found:
            await self._compare()

    async def _take(self, place: Place, entries: list[Entry]) -> None:
        """Applies the entries up to the first gap, and asks for what is missing."""
        expected = self._last[place] + 1
        whole = [entry for index, entry in enumerate(entries) if entry[0] == expected + index]
        if whole:
            await self._apply(place, whole)
        if len(whole) < len(entries):
            await self._missing(place)

    async def _compare(self) -> None:
        """Nothing came: has the relay announced numbers that never arrived?"""
        heads: Any = await self._redis.mget([head_key(*place) for place in self._places])
        for place, head in zip(self._places, heads, strict=True):
            if head and int(head.split(b":")[1]) > self._last[place]:
                await self._missing(place)

    async def _missing(self, place: Place) -> None:
        head: Any = await self._redis.get(head_key(*place))
        oldest = int(head.split(b":")[0]) if head else 1
        if self._last[place] + 1 < oldest:
            # Nobody keeps these any more (a new consumer of an old stream): going on beats waiting for ever.
            log.warning("consumer.skipped", source=place[0], partition=place[1], first=oldest)
            await self._move(place, oldest - 1)
        await self._redis.set(replay_key(*place), self._last[place] + 1)
        await asyncio.sleep(0.5)  # the relay looks once a second

    async def _move(self, place: Place, last: int) -> None:
        async with self._database.begin(Viewer()) as session:
            await _advance(session, place, last)
        self._last[place] = last

    async def _apply(self, place: Place, entries: list[Entry]) -> None:
        """All in one transaction; if one of them fails, each in its own, so that only that one is parked."""
        try:
            await self._transact(place, entries)
        except Exception as error:
            if _is_away(error):
                raise
            if len(entries) > 1:
                for entry in entries:
                    await self._apply(place, [entry])
            else:
                await self._insist(place, entries[0])

    async def _insist(self, place: Place, entry: Entry) -> None:
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                await self._transact(place, [entry])
                return
            except Exception as error:
                if _is_away(error):
                    raise
                if attempt == _ATTEMPTS:
                    await self._park(place, entry, error)
                    return
                await asyncio.sleep(0.1 * 2**attempt)

    async def _transact(self, place: Place, entries: list[Entry]) -> None:
        async with self._database.begin(Viewer()) as session:
            last = await _position(session, place)
            for number, fields in entries:
                if number > last:
                    await self._handle(session, place, fields)
            await _advance(session, place, max(last, entries[-1][0]))
        self._last[place] = max(last, entries[-1][0])

    async def _handle(self, session: AsyncSession, place: Place, fields: dict[bytes, bytes]) -> None:
        handlers = self._handlers.get((place[0], fields[b"type"].decode()), ())
        if not handlers:
            return
        await act_for(session, Viewer(organization_id=_organization(fields)))
        session.info["origin"] = Origin(trace_id=fields[b"traceId"].decode() or None)
        for handler in handlers:
            await handler.handle(session, handler.event.model_validate_json(fields[b"data"]))
        await session.flush()

    async def _park(self, place: Place, entry: Entry, error: Exception) -> None:
        number, fields = entry
        log.error("consumer.parked", source=place[0], partition=place[1], sequence=number, exc_info=error)
        async with self._database.begin(Viewer(organization_id=_organization(fields))) as session:
            if await _position(session, place) < number:  # else another replica has applied it meanwhile
                await session.execute(insert(parked_event).values(_parked(place, entry, error)))
                await _advance(session, place, number)
        self._last[place] = number


def _organization(fields: dict[bytes, bytes]) -> UUID | None:
    value = fields[b"organizationId"].decode()
    return UUID(value) if value else None


def _parked(place: Place, entry: Entry, error: Exception) -> dict[str, Any]:
    number, fields = entry
    return {
        "organization_id": _organization(fields),
        "source": place[0],
        "partition": place[1],
        "sequence": number,
        "type": fields[b"type"].decode(),
        "data": orjson.loads(fields[b"data"]),
        "error": f"{type(error).__name__}: {error}",
        "trace_id": fields[b"traceId"].decode() or None,
    }


def _is_away(error: Exception) -> bool:
    """Whether an engine failed rather than the handler: then nothing is parked and the same event is tried later."""
    if isinstance(error, (RedisError, OSError, PoolTimeoutError, asyncpg.InterfaceError)):
        return True
    return isinstance(error, DBAPIError) and (error.connection_invalidated or _is_transient(error))


def _is_transient(error: DBAPIError) -> bool:
    state: str = getattr(error.orig, "sqlstate", None) or ""
    # Connection, deadlock, resources, shutdown or timeout; a lock, such as that of another replica that applies now.
    return state[:2] in ("08", "40", "53", "57") or state == "55P03"


async def _position(session: AsyncSession, place: Place) -> int:
    """Locks the stream's position: of several replicas of a subgraph, one applies at a time."""
    table = consumer_position.c
    statement = select(table.last).where(table.source == place[0], table.partition == place[1]).with_for_update()
    return (await session.execute(statement)).scalar_one()


async def _advance(session: AsyncSession, place: Place, last: int) -> None:
    table = consumer_position.c
    statement = update(consumer_position).where(table.source == place[0], table.partition == place[1])
    await session.execute(statement.values(last=func.greatest(table.last, last)))
