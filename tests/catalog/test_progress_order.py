"""The events of content in any order, more than once, and through the streams to several replicas at once."""

import asyncio
import itertools
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

import pytest

from shared import ids
from shared.consumer import Consumer
from shared.events import Event, partition_of, stream_of
from subgraphs.catalog.consumers import handlers
from subgraphs.catalog.events import ItemCompleted, ItemPublished
from tests.catalog.conftest import enroll, events, insert_courses, rows, students
from tests.catalog.content import apply, assert_counted, completed, published, standing
from tests.conftest import Subgraph, Tenant


@dataclass
class Model:
    """What a person's enrolment should be after events that come one by one, in the plainest words."""

    person: UUID | None
    required: set[UUID] = field(default_factory=set)
    done: set[UUID] = field(default_factory=set)
    has_completed: bool = False

    def take(self, event: Event) -> None:
        """One event."""
        if isinstance(event, ItemPublished):
            self.required.add(event.id)
        elif isinstance(event, ItemCompleted) and event.user_id == self.person:
            self.done.add(event.item_id)
        self.has_completed |= bool(self.required) and self.required <= self.done

    @property
    def standing(self) -> tuple[str, float]:
        """How the enrolment stands."""
        if self.has_completed:
            return "COMPLETED", 1.0
        return "ACTIVE", len(self.required & self.done) / len(self.required) if self.required else 0.0


async def test_every_order_of_the_events_ends_the_same(catalog: Subgraph, tenant: Tenant) -> None:
    orders = list(itertools.product(itertools.permutations(range(4)), (True, False)))
    courses = await insert_courses(catalog, tenant, len(orders), enrollments=0)
    for (order, is_at_once), course_id in zip(orders, courses, strict=True):
        course = {"id": ids.encode("course", course_id)}
        diligent, lazy = students(tenant, 2)
        for person in (diligent, lazy):
            await enroll(catalog, person, course)
        one, other = published(tenant, course), published(tenant, course)
        await apply(catalog, tenant, one)
        told = [other, completed(diligent, one), completed(diligent, other), completed(lazy, other)]
        told = [told[place] for place in order]
        for batch in [told] if is_at_once else [[event] for event in told]:
            await apply(catalog, tenant, *batch)
        assert await standing(catalog, tenant, diligent) == ("COMPLETED", 1.0), order
        assert await standing(catalog, tenant, lazy) == ("ACTIVE", 0.5), order
    assert await events(catalog, tenant, "enrollment.completed") == ["enrollment.completed"] * len(orders)


@pytest.mark.parametrize("seed", range(20))
async def test_any_events_in_any_order_do_what_they_would_do_one_by_one(
    catalog: Subgraph, tenant: Tenant, course: dict[str, Any], seed: int
) -> None:
    chance = random.Random(seed)
    people = students(tenant, 3)
    for person in people:
        await enroll(catalog, person, course)
    items = [published(tenant, course) for _ in range(chance.randint(1, 4))]
    done = [completed(person, item) for person in people for item in items if chance.random() < 0.7]
    told: list[Event] = [*items, *done]
    told += chance.choices(told, k=5)
    chance.shuffle(told)
    models = [Model(person.user_id) for person in people]
    while told:
        batch, told = told[: (size := chance.randint(1, 4))], told[size:]
        await apply(catalog, tenant, *batch)
        for event, model in itertools.product(batch, models):
            model.take(event)
        assert [await standing(catalog, tenant, person) for person in people] == [model.standing for model in models]
    await assert_counted(catalog, tenant)


class Streams:
    """Streams as content's relay writes them, under a name of their own so that no real one is met; and replicas."""

    def __init__(self, catalog: Subgraph) -> None:
        self._catalog = catalog
        self._source = f"content-{ids.new_id()}"
        self._last = [0, 0, 0, 0]
        self._replicas: list[asyncio.Task[None]] = []

    async def publish(self, told: Sequence[Event]) -> None:
        """Puts events on the streams of their courses."""
        async with self._catalog.platform.redis.pipeline() as pipeline:
            for event in told:
                partition = partition_of(event.course_id)
                self._last[partition] += 1
                fields: dict[Any, Any] = {
                    "type": event.type,
                    "organizationId": str(event.organization_id),
                    "traceId": "",
                    "data": event.model_dump_json(by_alias=True),
                }
                pipeline.xadd(stream_of(self._source, partition), fields, id=f"{self._last[partition]}-0")
            await pipeline.execute()

    def start_replica(self) -> None:
        """Another process of catalog begins to consume."""
        mine = [replace(handler, source=self._source) for handler in handlers(self._catalog.platform)]
        consumer = Consumer(self._source, self._catalog.platform.database, self._catalog.platform.redis, mine)
        self._replicas.append(asyncio.create_task(consumer.run()))

    async def applied(self, tenant: Tenant) -> None:
        """Waits until all that was published is applied, and holds that nothing was parked."""
        statement = "SELECT last FROM consumer_position WHERE source = :source ORDER BY partition"
        async with asyncio.timeout(30):
            while [row.last for row in await rows(self._catalog, tenant, statement, source=self._source)] != self._last:
                await asyncio.sleep(0.05)
        assert await rows(self._catalog, tenant, "SELECT type, error FROM parked_event") == []

    async def close(self) -> None:
        """Stops the replicas."""
        for replica in self._replicas:
            replica.cancel()
            with suppress(asyncio.CancelledError):
                await replica


@pytest.fixture
async def streams(catalog: Subgraph) -> AsyncIterator[Streams]:
    """Empty streams that nobody reads yet."""
    made = Streams(catalog)
    yield made
    await made.close()


async def test_two_replicas_apply_a_rush_on_all_streams_and_lose_nothing(
    catalog: Subgraph, tenant: Tenant, course: dict[str, Any], streams: Streams
) -> None:
    chance = random.Random(7)
    people = students(tenant, 12)
    for person in people:
        await enroll(catalog, person, course)
    items = [published(tenant, course) for _ in range(6)]
    # What is required is known before anybody completes it; everybody but the last two completes all of it.
    await apply(catalog, tenant, *items)
    told: list[Event] = [completed(person, item) for person in people[:-2] for item in items]
    told += [completed(person, item) for person in people[-2:] for item in items[1:]]
    told += [*items, *chance.choices(told, k=20)]
    chance.shuffle(told)
    for _ in range(2):
        streams.start_replica()
    for start in range(5):
        await streams.publish(told[start::5])
        await asyncio.sleep(0.02)
    await streams.applied(tenant)
    expected = [("COMPLETED", 1.0)] * 10 + [("ACTIVE", 5 / 6)] * 2
    assert [await standing(catalog, tenant, person) for person in people] == expected
    assert await events(catalog, tenant, "enrollment.completed") == ["enrollment.completed"] * 10
    await assert_counted(catalog, tenant)
