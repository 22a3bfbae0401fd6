"""What a subgraph measures of itself from time to time, not of each request: how far its events are, and its gauges.

Runs only where telemetry is on. Every replica measures the same tables, so that a dashboard takes the highest of them.
"""

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import structlog
from redis.exceptions import RedisError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from shared.auth import Viewer
from shared.relay import head_key
from shared.tables import PARTITIONS
from shared.telemetry import tracing

if TYPE_CHECKING:
    from shared.context import Platform

log = structlog.get_logger()

_GAUGES_EVERY = 4  # looks at events to one at the gauges, which may count many rows

_UNPUBLISHED = ("lms.events.unpublished", "{event}", "Events that the relay has not published yet.")
_UNPUBLISHED_AGE = ("lms.events.unpublished_age", "s", "How long the oldest of them has been waiting.")
_PARKED = ("lms.events.parked", "{event}", "Parked events that wait for an operator.")
_LAG = ("lms.events.lag", "{event}", "Events of a source that are published and not applied yet.")


@dataclass(frozen=True, slots=True)
class Gauge:
    """A number of the whole platform, read by one statement as the system login; None when there is none to tell.

    It has no label for the organization: how a tenant fares is not for whoever reads the dashboards, and tenants are
    without bound.
    """

    name: str
    unit: str
    description: str
    read: Callable[[AsyncSession], Awaitable[float | None]]


class Measuring:
    """Sets the gauges of one subgraph for as long as it runs."""

    def __init__(self, platform: "Platform", sources: Collection[str], gauges: Sequence[Gauge]) -> None:
        self._platform, self._sources, self._gauges = platform, sorted(sources), gauges

    async def run(self) -> None:
        """Runs until cancelled; while an engine is away its numbers stay as they were."""
        for look in itertools.count():
            try:
                await self._look_at_events()
                if look % _GAUGES_EVERY == 0:
                    await self._look_at_gauges()
            except (SQLAlchemyError, RedisError, OSError) as error:
                log.warning("measuring.interrupted", error=type(error).__name__)
            await asyncio.sleep(tracing.interval())

    async def _look_at_events(self) -> None:
        async with self._platform.database.system() as session:
            unpublished, age, waiting = (await session.execute(_EVENTS)).one()
        tracing.set_gauge(*_UNPUBLISHED, unpublished)
        tracing.set_gauge(*_UNPUBLISHED_AGE, age)
        tracing.set_gauge(*_PARKED, waiting)
        for source in self._sources:
            tracing.set_gauge(*_LAG, await self._lag(source), {"source": source})

    async def _lag(self, source: str) -> int:
        keys = [head_key(source, partition) for partition in range(PARTITIONS)]
        heads: Any = await self._platform.redis.mget(keys)
        async with self._platform.database.begin(Viewer()) as session:
            applied: int = (await session.execute(_APPLIED, {"source": source})).scalar_one()
        return max(0, sum(int(head.split(b":")[1]) for head in heads if head) - applied)

    async def _look_at_gauges(self) -> None:
        for gauge in self._gauges:
            async with self._platform.database.system() as session:
                value = await gauge.read(session)
            if value is not None:
                tracing.set_gauge(gauge.name, gauge.unit, gauge.description, value)


_EVENTS = text("""
    SELECT count(*), coalesce(extract(epoch FROM now() - min(created_at)), 0)::float8,
           (SELECT count(*) FROM parked_event)
    FROM outbox WHERE sequence IS NULL
""")
_APPLIED = text("SELECT coalesce(sum(last), 0)::bigint FROM consumer_position WHERE source = :source")
