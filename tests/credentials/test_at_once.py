"""Facts that come at the same moment: nothing is lost, and each award is given once."""

import asyncio
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.exc import DBAPIError

from shared.auth import Viewer
from shared.events import Event
from subgraphs.credentials import events
from tests.conftest import Subgraph, Tenant
from tests.credentials.conftest import (
    CREATE,
    REVOKE,
    apply,
    badge_uuid,
    counted,
    create,
    described,
    earn,
    emitted,
    graded,
    handle,
    item_done,
    items,
    named,
    organization_named,
    progress,
    rows,
    students,
    whole,
)

AT_ONCE = 20


async def insist(credentials: Subgraph, tenant: Tenant, event: Event) -> None:
    """Applies an event as the consumer does: again when it had to wait for others for too long."""
    for _ in range(5):
        try:
            return await apply(credentials, tenant, event)
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) not in ("55P03", "40P01"):
                raise
    raise AssertionError("it never got its turn")


async def overlap(credentials: Subgraph, tenant: Tenant, first: Event, second: Event) -> None:
    """Two transactions: the second begins once the first has done all it does, which commits only later."""
    async with credentials.platform.database.begin(Viewer(organization_id=tenant.id)) as session:
        await handle(credentials, session, first)
        following = asyncio.create_task(apply(credentials, tenant, second))
        await asyncio.sleep(0.15)
        assert not following.done(), "it decided on what was about to change"
    await following


@pytest.mark.parametrize("is_item_first", [True, False])
async def test_facts_of_one_person_on_two_streams_are_both_counted(
    credentials: Subgraph,
    tenant: Tenant,
    badge: dict[str, Any],
    course_id: UUID,
    assessment_id: UUID,
    is_item_first: bool,
) -> None:
    who = tenant.student
    await apply(credentials, tenant, item_done(who, course_id))
    both = [item_done(who, course_id), graded(who, course_id, assessment_id, 0.8)]
    await overlap(credentials, tenant, *(both if is_item_first else reversed(both)))
    found = await progress(credentials, who, badge)
    assert (found["ratio"], found["award"]["status"]) == (1, "VALID")


async def test_twenty_facts_at_once_give_one_award(
    credentials: Subgraph, tenant: Tenant, badge: dict[str, Any], course_id: UUID, assessment_id: UUID
) -> None:
    who = tenant.student
    facts: list[Event] = [item_done(who, course_id) for _ in range(AT_ONCE // 2)]
    facts += [graded(who, course_id, assessment_id, 0.7 + 0.03 * step) for step in range(AT_ONCE // 2)]
    await asyncio.gather(*(insist(credentials, tenant, fact) for fact in facts))
    found = await progress(credentials, who, badge)
    assert [it["value"] for it in found["criteria"]] == [10, pytest.approx(0.97)]
    assert len(await emitted(credentials, tenant, "award.issued")) == 1
    assert (await rows(credentials, tenant, "SELECT count(*) FROM award"))[0][0] == 1


async def test_the_same_fact_twenty_times_at_once_counts_once(
    credentials: Subgraph, tenant: Tenant, badge: dict[str, Any], course_id: UUID
) -> None:
    fact = item_done(tenant.student, course_id)
    await asyncio.gather(*(insist(credentials, tenant, fact) for _ in range(AT_ONCE)))
    assert (await progress(credentials, tenant.student, badge))["criteria"][0]["value"] == 1
    assert (await rows(credentials, tenant, "SELECT count(*) FROM audit WHERE action = 'progress.moved'"))[0][0] == 1


async def test_people_of_one_course_do_not_wait_for_each_other(
    credentials: Subgraph, tenant: Tenant, badge: dict[str, Any], course_id: UUID
) -> None:
    people = students(tenant, 2)
    await counted(credentials, tenant, badge)  # which holds the course for a moment
    async with credentials.platform.database.begin(Viewer(organization_id=tenant.id)) as session:
        await handle(credentials, session, item_done(people[0], course_id))
        async with asyncio.timeout(1):
            await apply(credentials, tenant, item_done(people[1], course_id))
    assert [(await progress(credentials, who, badge))["ratio"] for who in people] == [0.25, 0.25]


async def test_counting_a_badge_and_its_last_fact_at_once_give_one_award(
    credentials: Subgraph, tenant: Tenant, course_id: UUID
) -> None:
    people = students(tenant, 10)
    await apply(credentials, tenant, *(item_done(who, course_id) for who in people))
    badge = await create(credentials, tenant.teacher, items(course_id, 2))
    made = events.BadgeCreated(id=badge_uuid(badge), organization_id=tenant.id, course_id=None)
    await asyncio.gather(
        *(insist(credentials, tenant, item_done(who, course_id)) for who in people),
        *(insist(credentials, tenant, made) for _ in range(3)),
    )
    assert len(await emitted(credentials, tenant, "award.issued")) == len(people)
    assert {row.ratio for row in await rows(credentials, tenant, "SELECT ratio FROM progress")} == {1}


@pytest.mark.parametrize("is_name_first", [True, False])
async def test_an_award_and_the_name_of_its_owner_see_each_other(
    credentials: Subgraph, tenant: Tenant, course_id: UUID, is_name_first: bool
) -> None:
    await create(credentials, tenant.teacher, items(course_id, 1))
    both: list[Event] = [named(tenant.student), item_done(tenant.student, course_id)]
    await overlap(credentials, tenant, *(both if is_name_first else reversed(both)))
    assert (await rows(credentials, tenant, "SELECT recipient_name FROM award"))[0][0] == "Ada Lovelace"


@pytest.mark.parametrize("is_name_first", [True, False])
async def test_an_award_and_the_name_of_its_issuer_see_each_other(
    credentials: Subgraph, tenant: Tenant, course_id: UUID, is_name_first: bool
) -> None:
    await create(credentials, tenant.teacher, items(course_id, 1))
    both: list[Event] = [organization_named(tenant), item_done(tenant.student, course_id)]
    await overlap(credentials, tenant, *(both if is_name_first else reversed(both)))
    assert (await rows(credentials, tenant, "SELECT issuer_name FROM award"))[0][0] == "Northlight"


async def test_twenty_revocations_at_once_are_one(credentials: Subgraph, tenant: Tenant, badge: dict[str, Any]) -> None:
    award = await earn(credentials, tenant, tenant.student, badge)
    answers = await asyncio.gather(
        *(credentials.ask(REVOKE, tenant.admin, id=award["id"], reason=f"Reason {n}") for n in range(AT_ONCE))
    )
    assert len({answer.data["revokeAward"]["revocationReason"] for answer in answers}) == 1
    assert len(await emitted(credentials, tenant, "award.revoked")) == 1


async def test_twenty_creations_with_one_key_make_one_badge(
    credentials: Subgraph, tenant: Tenant, course_id: UUID
) -> None:
    answers = await asyncio.gather(
        *(credentials.ask(CREATE, tenant.teacher, input=described(whole(course_id)), key="k") for _ in range(AT_ONCE))
    )
    assert len({answer.data["createBadge"]["id"] for answer in answers}) == 1
    counts = "SELECT (SELECT count(*) FROM badge), (SELECT count(*) FROM criterion)"
    assert tuple((await rows(credentials, tenant, counts))[0]) == (1, 1)
