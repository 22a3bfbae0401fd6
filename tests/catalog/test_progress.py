"""Progress: what content tells of published and completed items, as the share of a course that a person has done."""

from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError

from shared import ids
from subgraphs.catalog.consumers import handlers
from tests.catalog.conftest import WITHDRAW, enroll, events, nothing_changes, open_course, rows, students
from tests.catalog.content import apply, assert_counted, completed, published, standing
from tests.conftest import Subgraph, Tenant

ENROLLMENT = "query($id: ID!) { enrollment(id: $id) { status progress completedAt } }"


async def seen(catalog: Subgraph, tenant: Tenant, id: str) -> dict[str, Any]:
    """An enrolment as its person sees it."""
    return (await catalog.ask(ENROLLMENT, tenant.student, id=id)).data["enrollment"]


async def withdraw(catalog: Subgraph, tenant: Tenant, enrollment: dict[str, Any]) -> None:
    """Ends the student's enrolment."""
    answer = await catalog.ask(WITHDRAW, tenant.student, id=enrollment["id"])
    assert answer.data["withdraw"]["status"] == "WITHDRAWN"


async def test_catalog_takes_both_events_from_content(catalog: Subgraph) -> None:
    taken = {handler.event.type for handler in handlers(catalog.platform) if handler.source == "content"}
    assert taken == {"item.published", "item.completed"}


async def test_progress_is_the_share_of_the_required_items_and_all_of_them_complete_the_course(
    catalog: Subgraph, tenant: Tenant, course: dict[str, Any]
) -> None:
    made = await enroll(catalog, tenant.student, course)
    items = [published(tenant, course) for _ in range(3)]
    await apply(catalog, tenant, *items)
    for done, item in enumerate(items):
        assert await seen(catalog, tenant, made["id"]) == {
            "status": "ACTIVE",
            "progress": done / 3,
            "completedAt": None,
        }
        await apply(catalog, tenant, completed(tenant.student, item))
    last = await seen(catalog, tenant, made["id"])
    assert (last["status"], last["progress"]) == ("COMPLETED", 1.0)
    assert last["completedAt"] is not None


async def test_a_completed_course_is_told_of_with_its_audit_row(
    catalog: Subgraph, tenant: Tenant, course: dict[str, Any]
) -> None:
    made = await enroll(catalog, tenant.student, course)
    item = published(tenant, course)
    await apply(catalog, tenant, item, completed(tenant.student, item))
    uuid = ids.decode("enrollment", made["id"])
    statement = "SELECT aggregate_id, data - 'completedAt' AS data FROM outbox WHERE type = 'enrollment.completed'"
    facts = {"organizationId": tenant.id, "courseId": item.course_id, "userId": tenant.student.user_id}
    data = {"id": str(uuid)} | {name: str(value) for name, value in facts.items()}
    assert await rows(catalog, tenant, statement) == [(uuid, data)]
    told = "SELECT (data->>'completedAt')::timestamptz FROM outbox WHERE type = 'enrollment.completed'"
    assert await rows(catalog, tenant, told) == await rows(catalog, tenant, "SELECT completed_at FROM enrollment")
    audited = await rows(catalog, tenant, "SELECT action, user_id FROM audit WHERE resource_id = :id", id=uuid)
    assert set(audited) == {("enrollment.created", tenant.student.user_id), ("enrollment.completed", None)}


async def test_what_is_completed_counts_from_when_it_is_required(
    catalog: Subgraph, tenant: Tenant, course: dict[str, Any]
) -> None:
    await enroll(catalog, tenant.student, course)
    first, second = published(tenant, course), published(tenant, course)
    await apply(catalog, tenant, completed(tenant.student, first))
    assert await standing(catalog, tenant, tenant.student) == ("ACTIVE", 0.0), "nothing is required yet"
    await apply(catalog, tenant, second)
    assert await standing(catalog, tenant, tenant.student) == ("ACTIVE", 0.0)
    await apply(catalog, tenant, first)
    assert await standing(catalog, tenant, tenant.student) == ("ACTIVE", 0.5)


async def test_another_required_item_lowers_the_share_of_everybody_who_has_not_completed_the_course(
    catalog: Subgraph, tenant: Tenant, course: dict[str, Any]
) -> None:
    ahead, behind, absent = students(tenant, 3)
    for person in (ahead, behind, absent):
        await enroll(catalog, person, course)
    items = [published(tenant, course) for _ in range(2)]
    await apply(catalog, tenant, *items, completed(behind, items[0]), *(completed(ahead, item) for item in items))
    await apply(catalog, tenant, published(tenant, course))
    assert await standing(catalog, tenant, ahead) == ("COMPLETED", 1.0)
    assert await standing(catalog, tenant, behind) == ("ACTIVE", 1 / 3)
    assert await standing(catalog, tenant, absent) == ("ACTIVE", 0.0)
    await assert_counted(catalog, tenant)


async def test_what_was_told_before_changes_nothing(catalog: Subgraph, tenant: Tenant, course: dict[str, Any]) -> None:
    (other,) = students(tenant, 1)
    for person in (tenant.student, other):
        await enroll(catalog, person, course)
    items = [published(tenant, course) for _ in range(2)]
    told = [*items, completed(other, items[1]), *(completed(tenant.student, item) for item in items)]
    await apply(catalog, tenant, *told)
    again = completed(other, items[1])  # of the same person and item, though with another id
    async with nothing_changes(catalog, tenant):
        await apply(catalog, tenant, *told, *told)
        await apply(catalog, tenant, again)
        await apply(catalog, tenant, published(tenant, course, items[0].id))


async def test_a_completed_course_stays_so_and_is_told_of_once(
    catalog: Subgraph, tenant: Tenant, course: dict[str, Any]
) -> None:
    made = await enroll(catalog, tenant.student, course)
    first, second, third = (published(tenant, course) for _ in range(3))
    await apply(catalog, tenant, first, completed(tenant.student, first))
    before = await seen(catalog, tenant, made["id"])
    await apply(catalog, tenant, second, third)
    await apply(catalog, tenant, completed(tenant.student, second))
    await apply(catalog, tenant, completed(tenant.student, third))
    assert await seen(catalog, tenant, made["id"]) == before
    assert before["status"] == "COMPLETED"
    assert await events(catalog, tenant, "enrollment.completed") == ["enrollment.completed"]


async def test_who_withdrew_completes_nothing_until_they_are_back(
    catalog: Subgraph, tenant: Tenant, course: dict[str, Any]
) -> None:
    made = await enroll(catalog, tenant.student, course)
    items = [published(tenant, course) for _ in range(2)]
    await apply(catalog, tenant, *items, completed(tenant.student, items[0]))
    await withdraw(catalog, tenant, made)
    await apply(catalog, tenant, completed(tenant.student, items[1]))
    assert await standing(catalog, tenant, tenant.student) == ("WITHDRAWN", 0.5), "as it was when they left"

    back = await enroll(catalog, tenant.student, course)
    assert (back["status"], back["progress"]) == ("COMPLETED", 1.0)
    assert (await seen(catalog, tenant, made["id"]))["completedAt"] is not None
    told = ["created", "withdrawn", "created", "completed"]
    assert await events(catalog, tenant, "enrollment") == [f"enrollment.{kind}" for kind in told]


async def test_who_comes_back_is_measured_by_what_is_required_now(
    catalog: Subgraph, tenant: Tenant, course: dict[str, Any]
) -> None:
    made = await enroll(catalog, tenant.student, course)
    items = [published(tenant, course) for _ in range(2)]
    await apply(catalog, tenant, *items, completed(tenant.student, items[0]))
    await withdraw(catalog, tenant, made)
    await apply(catalog, tenant, published(tenant, course), published(tenant, course))
    back = await enroll(catalog, tenant.student, course)
    assert (back["status"], back["progress"]) == ("ACTIVE", 0.25)


async def test_who_had_completed_the_course_comes_back_as_such_whatever_is_required_now(
    catalog: Subgraph, tenant: Tenant, course: dict[str, Any]
) -> None:
    made = await enroll(catalog, tenant.student, course)
    item = published(tenant, course)
    await apply(catalog, tenant, item, completed(tenant.student, item))
    await withdraw(catalog, tenant, made)
    await apply(catalog, tenant, published(tenant, course))
    back = await enroll(catalog, tenant.student, course)
    assert (back["status"], back["progress"]) == ("COMPLETED", 1.0)
    assert await events(catalog, tenant, "enrollment.completed") == ["enrollment.completed"]


async def test_what_was_completed_before_enrolling_counts_at_once(
    catalog: Subgraph, tenant: Tenant, course: dict[str, Any]
) -> None:
    items = [published(tenant, course) for _ in range(2)]
    half, whole = students(tenant, 2)
    await apply(catalog, tenant, *items, completed(half, items[0]), *(completed(whole, item) for item in items))
    some, everything = await enroll(catalog, half, course), await enroll(catalog, whole, course)
    assert (some["status"], some["progress"]) == ("ACTIVE", 0.5)
    assert (everything["status"], everything["progress"]) == ("COMPLETED", 1.0)
    told = ["created", "created", "completed"]
    assert await events(catalog, tenant, "enrollment") == [f"enrollment.{kind}" for kind in told]
    await assert_counted(catalog, tenant)


async def test_a_late_publication_completes_the_course_of_everybody_who_waited_for_it(
    catalog: Subgraph, tenant: Tenant, course: dict[str, Any]
) -> None:
    people = students(tenant, 5)
    items = [published(tenant, course) for _ in range(2)]
    for person in people:
        await enroll(catalog, person, course)
    await apply(catalog, tenant, *(completed(person, items[0]) for person in people[:3]))
    await apply(catalog, tenant, items[0])
    expected = [("COMPLETED", 1.0)] * 3 + [("ACTIVE", 0.0)] * 2
    assert [await standing(catalog, tenant, person) for person in people] == expected
    assert await events(catalog, tenant, "enrollment.completed") == ["enrollment.completed"] * 3
    await assert_counted(catalog, tenant)


async def test_other_courses_and_other_people_are_left_alone(
    catalog: Subgraph, tenant: Tenant, course: dict[str, Any]
) -> None:
    other_course, (other,) = await open_course(catalog, tenant, "another"), students(tenant, 1)
    await enroll(catalog, other, course)
    made = await enroll(catalog, other, other_course)
    await enroll(catalog, tenant.student, course)
    here, there = published(tenant, course), published(tenant, other_course)
    await apply(catalog, tenant, here, there, published(tenant, course), completed(tenant.student, here))
    await apply(catalog, tenant, completed(other, there))
    assert await standing(catalog, tenant, tenant.student) == ("ACTIVE", 0.5)
    statement = "SELECT id FROM enrollment WHERE status = 'COMPLETED'"
    assert [row.id for row in await rows(catalog, tenant, statement)] == [ids.decode("enrollment", made["id"])]
    await assert_counted(catalog, tenant)


async def test_an_event_with_the_ids_of_another_tenant_touches_nothing_there(
    catalog: Subgraph, tenant: Tenant, stranger: Tenant, course: dict[str, Any]
) -> None:
    theirs = await open_course(catalog, stranger)
    await enroll(catalog, stranger.student, theirs)
    first, second = published(stranger, theirs), published(stranger, theirs)
    done, to_do = completed(stranger.student, first), completed(stranger.student, second)
    await apply(catalog, stranger, first, second, done)
    claimed = {"organization_id": tenant.id}
    async with nothing_changes(catalog, stranger):
        for event in (done, to_do):
            await apply(catalog, tenant, event.model_copy(update=claimed))
        # An item with the id of another tenant's is this tenant's own, in this tenant's course.
        await apply(catalog, tenant, published(tenant, course, first.id))
        async with nothing_changes(catalog, tenant):
            with pytest.raises(DBAPIError, match="foreign key"):
                await apply(catalog, tenant, published(tenant, theirs))
            for event in (published(stranger, theirs), completed(stranger.student, second)):
                with pytest.raises(DBAPIError, match="row-level security"):
                    await apply(catalog, tenant, event)
    assert await standing(catalog, stranger, stranger.student) == ("ACTIVE", 0.5)
