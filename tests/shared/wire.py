"""A wire to test events on: identity's outbox and relay at one end, catalog's consumer and its effects at the other."""

import asyncio
from collections import defaultdict
from collections.abc import Coroutine
from typing import Any
from uuid import UUID

from pydantic import SecretStr
from redis.asyncio import Redis
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared.auth import Viewer
from shared.consumer import Consumer
from shared.events import Event, Handler, emit, partition_of
from shared.parking import Replays
from shared.postgres import Database
from shared.redis import connect
from shared.relay import Relay
from tests.shared.conftest import eventually, execute, fetch, settings_for

# Effects are rows that belong to the organization of their event, like all rows of a subgraph.
_EFFECTS = (
    "CREATE TABLE catalog.applied (place bigint GENERATED ALWAYS AS IDENTITY, organization_id uuid NOT NULL, "
    "aggregate_id uuid NOT NULL, number int NOT NULL)",
    "ALTER TABLE catalog.applied ENABLE ROW LEVEL SECURITY",
    "CREATE POLICY tenant ON catalog.applied TO lyceum_catalog "
    "USING (organization_id = (SELECT nullif(current_setting('app.tenant', true), '')::uuid))",
    "GRANT SELECT, INSERT ON catalog.applied TO lyceum_catalog",
)


class Happened(Event, type="thing.happened"):
    """Something that tests do."""

    number: int


async def apply(session: AsyncSession, event: Happened) -> None:
    """The effect: a row in the tenant of the session, whichever the event names."""
    statement = "INSERT INTO applied (organization_id, aggregate_id, number) VALUES (:organization, :id, :number)"
    values = {"organization": event.organization_id, "id": event.id, "number": event.number}
    await session.execute(text(statement), values)


class Wire:
    """Both ends on a database and a Redis of their own; relays and consumers come and go."""

    def __init__(self, owner_url: str, redis_url: str) -> None:
        self.owner_url, self.redis_url = owner_url, redis_url
        self.source = Database("identity", settings_for("identity", owner_url, redis_url))
        self.sink = Database("catalog", settings_for("catalog", owner_url, redis_url))
        self.redis: Redis = connect(SecretStr(redis_url))
        self._tasks: list[asyncio.Task[None]] = []

    async def open(self) -> None:
        """Makes the table of effects."""
        await execute(self.owner_url, *_EFFECTS)

    async def close(self) -> None:
        """Stops what still runs."""
        await self.stop(*self._tasks)
        await self.source.close()
        await self.sink.close()
        await self.redis.aclose()

    def relay(self, redis: Redis | None = None) -> asyncio.Task[None]:
        """Starts a relay, as another process would."""
        return self._start(Relay("identity", self.source, redis or self.redis).run())

    def consumer(self, *handlers: Handler) -> asyncio.Task[None]:
        """Starts a consumer, as another process would."""
        taken = handlers or [Handler("identity", Happened, apply)]
        return self._start(Consumer("identity", self.sink, self.redis, taken).run())

    def replays(self, *handlers: Handler) -> asyncio.Task[None]:
        """Starts what applies parked events again, as another process would."""
        return self._start(Replays(self.sink, handlers or [Handler("identity", Happened, apply)]).run())

    def _start(self, run: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(run)
        self._tasks.append(task)
        return task

    async def stop(self, *tasks: asyncio.Task[None]) -> None:
        """Ends relays or consumers wherever they are."""
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def emit(self, organization_id: UUID | None, aggregate_id: UUID, *numbers: int) -> None:
        """One transaction with these events; without an organization it is the platform's own."""
        tenant = self.source.begin(Viewer(organization_id=organization_id))
        async with tenant if organization_id else self.source.system() as session:
            for number in numbers:
                await emit(session, Happened(id=aggregate_id, organization_id=organization_id, number=number))

    async def applied(self) -> dict[UUID, list[int]]:
        """The effects of each aggregate, in the order in which they were had."""
        effects: dict[UUID, list[int]] = defaultdict(list)
        for row in await fetch(self.owner_url, "SELECT aggregate_id, number FROM catalog.applied ORDER BY place"):
            effects[UUID(str(row["aggregate_id"]))].append(row["number"])
        return effects

    async def arrives(self, expected: dict[UUID, list[int]], within: float = 15) -> None:
        """Waits for these effects, holds that there are no others, and that none comes late."""
        total = sum(len(numbers) for numbers in expected.values())
        await eventually(self._count, total, within)
        await asyncio.sleep(0.1)
        assert await self.applied() == expected

    async def _count(self) -> int:
        return (await fetch(self.owner_url, "SELECT count(*) FROM catalog.applied"))[0][0]

    async def position(self, aggregate_id: UUID) -> int:
        """How far the consumer has come on an aggregate's stream."""
        statement = "SELECT last FROM catalog.consumer_position WHERE partition = $1"
        found = await fetch(self.owner_url, statement, partition_of(aggregate_id))
        return found[0][0] if found else 0

    async def parked(self) -> list[Any]:
        """The events that were given up."""
        statement = "SELECT organization_id, sequence, type, data, error FROM catalog.parked_event ORDER BY id"
        return await fetch(self.owner_url, statement)
