"""A badge that is made after things have happened counts them: for everybody, in bounded steps, and missing nobody."""

import asyncio
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from shared import ids
from shared.auth import Viewer
from subgraphs.credentials import events
from subgraphs.credentials.models import Badge, Criterion
from subgraphs.credentials.services import progress as counting
from tests.conftest import Subgraph, Tenant
from tests.credentials.conftest import (
    apply,
    badge_uuid,
    counted,
    create,
    emitted,
    graded,
    handle,
    item_done,
    items,
    progress,
    rows,
    score,
    students,
)


async def test_what_happened_before_counts_and_is_awarded(
    credentials: Subgraph, tenant: Tenant, course_id: UUID, assessment_id: UUID
) -> None:
    done, half, none = students(tenant, 3)
    await apply(
        credentials,
        tenant,
        *(item_done(done, course_id) for _ in range(2)),
        graded(done, course_id, assessment_id, 0.8),
        item_done(half, course_id),
    )
    badge = await create(credentials, tenant.teacher, items(course_id, 2), score(assessment_id, 0.7))
    await counted(credentials, tenant, badge)
    found = [await progress(credentials, who, badge) for who in (done, half, none)]
    assert [it["ratio"] for it in found] == [1, 0.25, 0]
    assert [it["award"] is not None for it in found] == [True, False, False]
    assert len(await emitted(credentials, tenant, "award.issued")) == 1


async def test_many_people_are_counted_in_bounded_steps(
    credentials: Subgraph, tenant: Tenant, course_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "AT_ONCE", 10)
    people = students(tenant, 35)
    await apply(credentials, tenant, *(item_done(who, course_id) for who in people))
    badge = await create(credentials, tenant.teacher, items(course_id, 1))
    assert await counted(credentials, tenant, badge) == 4  # of 10, 10, 10 and 5 people
    assert (await rows(credentials, tenant, "SELECT count(*), min(ratio) FROM progress"))[0] == (35, 1)
    assert len(await emitted(credentials, tenant, "award.issued")) == 35


async def test_counting_takes_as_many_statements_for_fifty_people_as_for_two(
    credentials: Subgraph, tenant: Tenant, course_id: UUID
) -> None:
    counts = []
    for count in (2, 50):
        await apply(credentials, tenant, *(item_done(who, course_id) for who in students(tenant, count)))
        badge = await create(credentials, tenant.teacher, items(course_id, 1))
        await counted(credentials, tenant, badge)
        for table in ("progress", "award"):  # as if it had not been counted yet
            await rows(credentials, tenant, f"DELETE FROM {table} WHERE badge_id = :id", id=badge_uuid(badge))
        event = events.BadgeCreated(id=badge_uuid(badge), organization_id=tenant.id, course_id=None)
        with credentials.counted() as statements:
            await apply(credentials, tenant, event)
        counts.append(len(statements))
    # For whom; the courses, their lock, the people; where they are, progress, audit; names, places, awards, events.
    assert counts == [1 + 4 + 3 + 4] * 2


async def test_counting_again_changes_nothing(credentials: Subgraph, tenant: Tenant, course_id: UUID) -> None:
    await apply(credentials, tenant, *(item_done(who, course_id) for who in students(tenant, 3)))
    badge = await create(credentials, tenant.teacher, items(course_id, 1))
    await counted(credentials, tenant, badge)
    before = await rows(
        credentials, tenant, "SELECT p::text FROM progress p UNION ALL SELECT a::text FROM award a ORDER BY 1"
    )
    event = events.BadgeCreated(id=badge_uuid(badge), organization_id=tenant.id, course_id=None)
    await apply(credentials, tenant, event, event)
    after = await rows(
        credentials, tenant, "SELECT p::text FROM progress p UNION ALL SELECT a::text FROM award a ORDER BY 1"
    )
    assert after == before


async def new_badge(session: AsyncSession, tenant: Tenant, course_id: UUID) -> dict[str, Any]:
    """Makes a badge for one item inside a transaction, without the event."""
    own = {"organization_id": tenant.id}
    badge = Badge(**own, id=ids.new_id(), course_id=None, name="New", description="")
    session.add(badge)
    await session.flush()
    one = {"badge_id": badge.id, "position": 0, "kind": "COMPLETE_ITEMS", "threshold": 1.0}
    session.add(Criterion(**own, **one, id=ids.new_id(), target_id=course_id, course_id=course_id))
    await session.flush()
    return {"id": ids.encode("badge", badge.id)}


async def test_a_fact_that_was_on_its_way_while_the_badge_was_made_is_counted(
    credentials: Subgraph, tenant: Tenant, course_id: UUID
) -> None:
    """The fact's transaction began before the badge was there, and ends after the badge is counted: unless counting
    waits for it, neither sees the other."""
    database, nobody = credentials.platform.database, Viewer(organization_id=tenant.id)
    async with database.begin(nobody) as facts:
        await handle(credentials, facts, item_done(tenant.student, course_id))
        async with database.begin(tenant.teacher) as session:
            badge = await new_badge(session, tenant, course_id)
        event = events.BadgeCreated(id=badge_uuid(badge), organization_id=tenant.id, course_id=None)
        counting = asyncio.create_task(apply(credentials, tenant, event))
        await asyncio.sleep(0.2)
        assert not counting.done(), "it counted without a fact that is about to be there"
    await counting
    assert (await progress(credentials, tenant.student, badge))["ratio"] == 1


async def test_a_fact_that_comes_while_the_badge_is_counted_is_counted(
    credentials: Subgraph, tenant: Tenant, course_id: UUID
) -> None:
    database, nobody = credentials.platform.database, Viewer(organization_id=tenant.id)
    async with database.begin(tenant.teacher) as session:
        badge = await new_badge(session, tenant, course_id)
    async with database.begin(nobody) as session:
        event = events.BadgeCreated(id=badge_uuid(badge), organization_id=tenant.id, course_id=None)
        await handle(credentials, session, event)
        taking = asyncio.create_task(apply(credentials, tenant, item_done(tenant.student, course_id)))
        await asyncio.sleep(0.2)
        assert not taking.done()
    await taking
    assert (await progress(credentials, tenant.student, badge))["ratio"] == 1
