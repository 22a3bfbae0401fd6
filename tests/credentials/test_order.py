"""The facts of other subgraphs in any order, more than once, and through the streams to several replicas at once."""

import asyncio
import itertools
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from shared import ids
from shared.consumer import Consumer
from shared.events import Event, partition_of, stream_of
from subgraphs.credentials import events
from subgraphs.credentials.consumers import handlers
from tests.conftest import Subgraph, Tenant
from tests.credentials.conftest import (
    apply,
    badge_uuid,
    course_done,
    create,
    emitted,
    graded,
    item_done,
    items,
    named,
    new_assessment,
    new_course,
    organization_named,
    rows,
    score,
    students,
    whole,
)

STANDING = """
SELECT p.ratio, a.recipient_name, a.issuer_name,
       (SELECT jsonb_agg(p.values->(c.id::text) ORDER BY c.position)
        FROM criterion c WHERE c.badge_id = b.id) AS values,
       (SELECT count(*) FROM award a WHERE a.badge_id = b.id AND a.user_id = p.user_id) AS awards
FROM badge b JOIN progress p ON p.badge_id = b.id LEFT JOIN award a ON a.badge_id = b.id AND a.user_id = p.user_id
WHERE b.id = :badge AND p.user_id = :who
"""


async def standing(credentials: Subgraph, tenant: Tenant, badge: dict[str, Any], who: Any) -> tuple[Any, ...] | None:
    """Where somebody is with a badge; None before the first fact."""
    found = await rows(credentials, tenant, STANDING, badge=badge_uuid(badge), who=who.user_id)
    return tuple(found[0]) if found else None


async def test_every_order_of_the_events_ends_the_same(credentials: Subgraph, tenant: Tenant) -> None:
    await apply(credentials, tenant, organization_named(tenant))
    course_id = await new_course(credentials, tenant, items=2)
    assessment_id = await new_assessment(credentials, tenant, course_id)
    badge = await create(credentials, tenant.teacher, items(course_id, 2), score(assessment_id, 0.7), whole(course_id))
    orders = list(itertools.permutations(range(5)))
    for order, who in zip(orders, students(tenant, len(orders)), strict=True):
        told: list[Event] = [
            item_done(who, course_id),
            item_done(who, course_id),
            graded(who, course_id, assessment_id, 0.75),
            course_done(who, course_id),
            named(who),
        ]
        told = [told[place] for place in order]
        for batch in [told] if order[0] % 2 else [[event] for event in told]:
            await apply(credentials, tenant, *batch)
        end = await standing(credentials, tenant, badge, who)
        assert end == (1, "Ada Lovelace", "Northlight", [2, 0.75, 1], 1), order
    assert len(await emitted(credentials, tenant, "award.issued")) == len(orders)


def expected(who: Any, facts: Sequence[Event], course_id: UUID) -> tuple[int, float, int]:
    """What somebody has reached by all facts, in the plainest words."""
    own = [fact for fact in facts if getattr(fact, "user_id", None) == who.user_id]
    done = {fact.item_id for fact in own if isinstance(fact, events.ItemCompleted) and fact.course_id == course_id}
    scores = [fact.score for fact in own if isinstance(fact, events.AttemptGraded)]
    return len(done), max(scores, default=0), int(any(isinstance(fact, events.EnrollmentCompleted) for fact in own))


@pytest.mark.parametrize("seed", range(20))
async def test_any_facts_in_any_order_with_a_badge_made_in_the_middle(
    credentials: Subgraph, tenant: Tenant, course_id: UUID, assessment_id: UUID, seed: int
) -> None:
    chance = random.Random(seed)
    people, told = students(tenant, 3), list[Event]()
    for who in people:
        told += [item_done(who, course_id) for _ in range(chance.randint(0, 3))]
        told += [graded(who, course_id, assessment_id, chance.random()) for _ in range(chance.randint(0, 3))]
        told += [course_done(who, course_id)] * chance.randint(0, 1)
        told += [item_done(who, ids.new_id())] * chance.randint(0, 2)
    facts = list(told)
    told += chance.choices(told, k=5) if told else []
    chance.shuffle(told)
    middle = chance.randint(0, len(told))
    for event in told[:middle]:
        await apply(credentials, tenant, event)
    badge = await create(credentials, tenant.teacher, items(course_id, 2), score(assessment_id, 0.5), whole(course_id))
    await apply(credentials, tenant, *told[middle:])
    made = events.BadgeCreated(id=badge_uuid(badge), organization_id=tenant.id, course_id=None)
    await apply(credentials, tenant, made)  # what the stream brings as well
    for who in people:
        done, best, whole_course = expected(who, facts, course_id)
        ratio = (min(1, done / 2) + min(1, best / 0.5) + whole_course) / 3
        is_met = done >= 2 and best >= 0.5 and whole_course == 1
        found = await standing(credentials, tenant, badge, who)
        if found is None:
            assert (done, best, whole_course) == (0, 0, 0)
            continue
        assert found[0] == pytest.approx(ratio)
        assert found[3] == [done, best, whole_course]
        assert found[4] == int(is_met)


class Streams:
    """Streams as the relays of the other subgraphs write them, under names of their own; and replicas."""

    def __init__(self, credentials: Subgraph) -> None:
        self._credentials = credentials
        self._suffix = str(ids.new_id())
        self._last: dict[tuple[str, int], int] = {}
        self._replicas: list[asyncio.Task[None]] = []

    async def publish(self, told: Sequence[tuple[str, Event]]) -> None:
        """Puts events of sources on their streams."""
        async with self._credentials.platform.redis.pipeline() as pipeline:
            for source, event in told:
                partition = partition_of(event.id)
                place = (f"{source}-{self._suffix}", partition)
                self._last[place] = self._last.get(place, 0) + 1
                fields: dict[Any, Any] = {
                    "type": event.type,
                    "organizationId": str(event.organization_id),
                    "traceId": "",
                    "data": event.model_dump_json(by_alias=True),
                }
                pipeline.xadd(stream_of(*place), fields, id=f"{self._last[place]}-0")
            await pipeline.execute()

    def start_replica(self) -> None:
        """Another process of credentials begins to consume."""
        platform = self._credentials.platform
        for source in ("identity", "content", "assessment", "catalog"):
            mine = [
                replace(handler, source=f"{source}-{self._suffix}")
                for handler in handlers(platform)
                if handler.source == source
            ]
            consumer = Consumer(f"{source}-{self._suffix}", platform.database, platform.redis, mine)
            self._replicas.append(asyncio.create_task(consumer.run()))

    async def applied(self, tenant: Tenant) -> None:
        """Waits until all that was published is applied, and holds that nothing was parked."""
        statement = "SELECT source, partition, last FROM consumer_position WHERE source LIKE :suffix AND last > 0"
        async with asyncio.timeout(60):
            while True:
                found = await rows(self._credentials, tenant, statement, suffix=f"%{self._suffix}")
                if {(row.source, row.partition): row.last for row in found} == self._last:
                    break
                await asyncio.sleep(0.05)
        assert await rows(self._credentials, tenant, "SELECT type, error FROM parked_event") == []

    async def close(self) -> None:
        """Stops the replicas."""
        for replica in self._replicas:
            replica.cancel()
            with suppress(asyncio.CancelledError):
                await replica


@pytest.fixture
async def streams(credentials: Subgraph) -> AsyncIterator[Streams]:
    """Empty streams that nobody reads yet."""
    made = Streams(credentials)
    yield made
    await made.close()


async def test_two_replicas_apply_a_rush_of_all_sources_and_award_each_once(
    credentials: Subgraph, tenant: Tenant, badge: dict[str, Any], course_id: UUID, assessment_id: UUID, streams: Streams
) -> None:
    chance = random.Random(7)
    people = students(tenant, 12)
    told: list[tuple[str, Event]] = []
    for who in people:
        told += [("content", item_done(who, course_id)) for _ in range(3)]
        told += [("assessment", graded(who, course_id, assessment_id, mark)) for mark in (0.2, 0.9)]
        told += [("catalog", course_done(who, course_id)), ("identity", named(who))]
    told += chance.choices(told, k=40)
    chance.shuffle(told)
    for _ in range(2):
        streams.start_replica()
    for start in range(5):
        await streams.publish(told[start::5])
        await asyncio.sleep(0.02)
    await streams.applied(tenant)
    for who in people:
        found = await standing(credentials, tenant, badge, who)
        assert found is not None
        assert (found[0], found[1], found[3], found[4]) == (1, "Ada Lovelace", [3, 0.9], 1)
    assert len(await emitted(credentials, tenant, "award.issued")) == len(people)
