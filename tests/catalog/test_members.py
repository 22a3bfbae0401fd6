"""Who belongs to an organization: identity's events, published and applied for real, in whatever order they come."""

import asyncio
from typing import Any

from shared import ids
from shared.auth import Role, Viewer
from shared.events import Event, emit
from subgraphs.identity.events import MembershipCreated, MembershipDeleted, MembershipUpdated
from tests.catalog.conftest import enroll, rows, user_id
from tests.conftest import Subgraph, Tenant


async def happen(identity: Subgraph, who: Viewer, event: Event) -> None:
    """Publishes an event as identity does."""
    async with identity.platform.database.begin(who) as session:
        await emit(session, event)


async def applied(catalog: Subgraph, tenant: Tenant, expected: list[Any]) -> None:
    """Waits until the members are these."""
    async with asyncio.timeout(10):
        while await members(catalog, tenant) != expected:
            await asyncio.sleep(0.02)


async def members(catalog: Subgraph, tenant: Tenant) -> list[Any]:
    """Who belongs to the tenant, as catalog knows it."""
    return await rows(catalog, tenant, "SELECT user_id, role FROM member ORDER BY id")


async def test_a_member_can_be_enrolled_until_the_membership_ends(
    identity: Subgraph, catalog: Subgraph, tenant: Tenant, course: dict[str, Any]
) -> None:
    facts = {"id": ids.new_id(), "organization_id": tenant.id, "user_id": tenant.student.user_id}
    person = user_id(tenant.student)
    assert (await enroll(catalog, tenant.admin, course, userId=person))["__typename"] == "InvalidInput"

    await happen(identity, tenant.admin, MembershipCreated(**facts, role="STUDENT"))
    await applied(catalog, tenant, [(tenant.student.user_id, "STUDENT")])
    made = await enroll(catalog, tenant.admin, course, userId=person)
    assert made["__typename"] == "Enrollment"

    await happen(identity, tenant.admin, MembershipUpdated(**facts, role="TEACHER"))
    await applied(catalog, tenant, [(tenant.student.user_id, "TEACHER")])

    await happen(identity, tenant.admin, MembershipDeleted(**facts))
    await applied(catalog, tenant, [])
    assert (await enroll(catalog, tenant.admin, course, userId=person))["__typename"] == "InvalidInput"
    assert len(await rows(catalog, tenant, "SELECT 1 FROM enrollment")) == 1, "what was, stays as a record"


async def test_one_tenants_event_does_not_touch_another(
    identity: Subgraph, catalog: Subgraph, tenant: Tenant, stranger: Tenant
) -> None:
    person = tenant.student.user_id
    for there in (tenant, stranger):
        facts = {"id": ids.new_id(), "organization_id": there.id, "user_id": person}
        await happen(identity, there.admin, MembershipCreated(**facts, role=Role.STUDENT))
        await applied(catalog, there, [(person, "STUDENT")])
    await happen(identity, stranger.admin, MembershipDeleted(**facts))
    await applied(catalog, stranger, [])
    assert await members(catalog, tenant) == [(person, "STUDENT")]


async def test_the_late_end_of_an_old_membership_does_not_end_the_new_one(
    identity: Subgraph, catalog: Subgraph, tenant: Tenant
) -> None:
    # Two memberships are two aggregates: their events keep no order among each other.
    person = {"organization_id": tenant.id, "user_id": tenant.student.user_id}
    old, new = {"id": ids.new_id()} | person, {"id": ids.new_id()} | person
    for event, expected in (
        (MembershipCreated(**old, role="STUDENT"), "STUDENT"),
        (MembershipCreated(**new, role="TEACHER"), "TEACHER"),
        (MembershipUpdated(**old, role="ADMIN"), "TEACHER"),
        (MembershipDeleted(**old), "TEACHER"),
        (MembershipUpdated(**new, role="STUDENT"), "STUDENT"),
    ):
        await happen(identity, tenant.admin, event)
        await _marked(identity, catalog, tenant, event.id)
        assert await members(catalog, tenant) == [(tenant.student.user_id, expected)], event


async def _marked(identity: Subgraph, catalog: Subgraph, tenant: Tenant, aggregate: Any) -> None:
    """Waits until catalog has applied all that was published on the stream of an aggregate."""
    # In one statement: between two, an event that the first has not seen could get the number the second looks for.
    told = """
        SELECT partition, max(sequence) AS last, bool_and(sequence IS NOT NULL) AS numbered
        FROM outbox WHERE aggregate_id = :id GROUP BY partition
    """
    place = "SELECT last FROM consumer_position WHERE source = 'identity' AND partition = :partition"
    async with asyncio.timeout(10):
        while True:
            ((partition, last, numbered),) = await rows(identity, tenant, told, id=aggregate)
            ((reached,),) = await rows(catalog, tenant, place, partition=partition)
            if numbered and reached >= last:
                return
            await asyncio.sleep(0.02)
