"""The relay: numbers committed outbox rows and publishes them to Redis Streams. Redis is a cable, not the store.

Numbers are given after commit, by one relay per subgraph (an advisory lock sees to it), so they have no gaps and a
consumer that sees one knows that something was lost on the way. It then asks for a replay, and the relay publishes
again from the outbox. Entry ids are the numbers themselves.
"""

import asyncio
import time
from typing import Any

import orjson
import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy import delete, func, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.events import stream_of
from shared.idempotency import forgetting
from shared.postgres import Database
from shared.tables import PARTITIONS, outbox
from shared.telemetry import tracing

log = structlog.get_logger()

_POLL = 0.03  # seconds between looks at the outbox; a wake-up per commit would serialise all commits
_IDLE = 0.1  # seconds between looks once nothing has come for a while: whoever has nothing to tell should cost little
_HEARTBEAT = 1.0  # seconds between announcements of the highest number and looks at replay requests
_BATCH = 500
_STREAM_LENGTH = 10_000  # entries kept per stream; a consumer that is further behind asks for a replay
_KEEP_DAYS = 7

# One relay per PostgreSQL schema, whose oid is the second half of the key.
_LOCK = text("SELECT pg_try_advisory_lock(19545, to_regnamespace(current_schema())::oid::int)")

_NUMBER = text("""
    WITH fresh AS (
        SELECT id, partition, row_number() OVER (PARTITION BY partition ORDER BY id) AS place
        FROM (SELECT id, partition FROM outbox WHERE sequence IS NULL ORDER BY partition, id LIMIT :batch) AS rows
    ), moved AS (
        INSERT INTO outbox_position AS position (partition, last)
        SELECT partition, count(*) FROM fresh GROUP BY partition
        ON CONFLICT (partition) DO UPDATE SET last = position.last + excluded.last
        RETURNING partition, last
    )
    UPDATE outbox SET sequence = moved.last - totals.total + fresh.place
    FROM fresh
    JOIN moved ON moved.partition = fresh.partition
    JOIN (SELECT partition, count(*) AS total FROM fresh GROUP BY partition) AS totals
        ON totals.partition = fresh.partition
    WHERE outbox.id = fresh.id
""")


def head_key(subgraph: str, partition: int) -> str:
    """Where the relay says which numbers exist: `{oldest kept}:{highest given}`."""
    return f"{stream_of(subgraph, partition)}:head"


def replay_key(subgraph: str, partition: int) -> str:
    """Where a consumer asks to have everything from a number on published again."""
    return f"{stream_of(subgraph, partition)}:replay"


class Relay:
    """Publishes one subgraph's events for as long as it runs and holds the lock."""

    def __init__(self, subgraph: str, database: Database, redis: Redis) -> None:
        self._subgraph, self._database, self._redis = subgraph, database, redis
        self._published: dict[int, int] = {}
        self._behind = True

    async def run(self) -> None:
        """Runs until cancelled; starts over, from what Redis holds, whenever an engine was away."""
        while True:
            try:
                async with self._database.system_engine.connect() as connection:
                    await self._lead(await connection.execution_options(isolation_level="AUTOCOMMIT"))
            except (SQLAlchemyError, RedisError, OSError) as error:
                log.warning("relay.interrupted", error=type(error).__name__)
            await asyncio.sleep(1)

    async def _lead(self, connection: AsyncConnection) -> None:
        if not await connection.scalar(_LOCK):
            return
        try:
            await self._publish_all(connection)
        finally:
            await connection.invalidate()  # the lock is the connection's: in the pool it would keep everybody out

    async def _publish_all(self, connection: AsyncConnection) -> None:
        self._published = {partition: await self._last_published(partition) for partition in range(PARTITIONS)}
        self._behind = True
        beat, pause = 0.0, _POLL
        while True:
            pause = _POLL if await self._pump(connection) else min(_IDLE, pause * 1.2)
            if time.monotonic() - beat > _HEARTBEAT:
                await self._heartbeat(connection)
                beat = time.monotonic()
            await asyncio.sleep(pause)

    async def _last_published(self, partition: int) -> int:
        entries: Any = await self._redis.xrevrange(stream_of(self._subgraph, partition), count=1)
        return int(entries[0][0].split(b"-")[0]) if entries else 0

    async def _pump(self, connection: AsyncConnection) -> bool:
        """Numbers what has been committed, then publishes what is numbered and not out yet; whether there was any."""
        numbered = (await connection.execute(_NUMBER, {"batch": _BATCH})).rowcount
        if numbered or self._behind:
            self._behind = False
            for partition in range(PARTITIONS):
                await self._publish(connection, partition)
        return numbered > 0

    async def _publish(self, connection: AsyncConnection, partition: int) -> None:
        rows = await self._unpublished(connection, partition)
        if not rows:
            return
        async with self._redis.pipeline(transaction=True) as pipeline:
            for row in rows:
                pipeline.xadd(
                    stream_of(self._subgraph, partition),
                    self._told(row),
                    id=f"{row.sequence}-0",
                    maxlen=_STREAM_LENGTH,
                    approximate=True,
                )
            await pipeline.execute()
        self._published[partition] = rows[-1].sequence
        self._behind |= len(rows) == _BATCH

    def _told(self, row: Any) -> dict[Any, Any]:
        """The entry of an event. Its span reaches from its transaction to here: how long it waited for the relay."""
        if row.traceparent is None:
            return _fields(row, "")
        described = {
            "messaging.system": "redis",
            "messaging.operation.type": "send",
            "messaging.operation.name": "publish",
            "messaging.destination.name": stream_of(self._subgraph, row.partition),
            "messaging.message.id": f"{row.sequence}-0",
            "lyceum.event.type": row.type,
        }
        since = row.created_at.timestamp()
        with tracing.span(f"publish {row.type}", "producer", row.traceparent, described, since=since):
            return _fields(row, tracing.traceparent() or row.traceparent)

    async def _unpublished(self, connection: AsyncConnection, partition: int) -> list[Any]:
        after = self._published[partition]
        statement = select(outbox).where(outbox.c.partition == partition, outbox.c.sequence > after)
        return list((await connection.execute(statement.order_by(outbox.c.sequence).limit(_BATCH))).all())

    async def _heartbeat(self, connection: AsyncConnection) -> None:
        """Says which numbers exist, grants replays, and drops what nobody can need any more."""
        await connection.execute(
            delete(outbox).where(
                outbox.c.created_at < func.now() - text(f"interval '{_KEEP_DAYS} days'"), outbox.c.sequence.is_not(None)
            )
        )
        await connection.execute(forgetting())
        heads = {row.partition: row for row in await connection.execute(_HEADS)}
        for partition in range(PARTITIONS):
            head = heads.get(partition)
            oldest, highest = (head.oldest, head.highest) if head else (1, 0)
            await self._redis.set(head_key(self._subgraph, partition), f"{oldest}:{highest}")
            wanted = await self._redis.getdel(replay_key(self._subgraph, partition))
            if wanted is not None:
                await self._rewind(partition, int(wanted))

    async def _rewind(self, partition: int, sequence: int) -> None:
        """Publishes again from a number on. The stream starts anew, since its entries can only grow."""
        log.info("relay.replay", subgraph=self._subgraph, partition=partition, sequence=sequence)
        await self._redis.delete(stream_of(self._subgraph, partition))
        self._published[partition] = sequence - 1
        self._behind = True


_HEADS = text("""
    SELECT position.partition, position.last AS highest,
           coalesce((SELECT min(sequence) FROM outbox WHERE outbox.partition = position.partition),
                    position.last + 1) AS oldest
    FROM outbox_position AS position
""")


def _fields(row: Any, traceparent: str) -> dict[Any, Any]:
    return {
        "type": row.type,
        "timestamp": row.created_at.isoformat(),
        "organizationId": str(row.organization_id or ""),
        "data": orjson.dumps(row.data),
        "traceId": row.trace_id or "",
        "traceparent": traceparent,
    }
