"""Enrolling and withdrawing: who, whom, in what, how often, and what is stored of it."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import text

from shared import ids
from tests.catalog.conftest import (
    ARCHIVE,
    WITHDRAW,
    archived_course,
    create_course,
    enroll,
    events,
    join,
    nothing_changes,
    open_course,
    rows,
    students,
    user_id,
)
from tests.conftest import Subgraph, Tenant

VIEWER_ENROLLMENT = "query($id: ID) { course(id: $id) { viewerEnrollment { id status } } }"


async def withdraw(catalog: Subgraph, who: Any, id: str) -> dict[str, Any]:
    """What `withdraw` answers."""
    return (await catalog.ask(WITHDRAW, who, id=id)).data["withdraw"]


async def test_a_student_enrols_and_it_is_stored_with_its_event_and_audit_row(
    catalog: Subgraph, tenant: Tenant, course: dict[str, Any]
) -> None:
    made = await enroll(catalog, tenant.student, course)
    assert made | {"id": "", "startedAt": ""} == {
        "__typename": "Enrollment",
        "id": "",
        "status": "ACTIVE",
        "progress": 0.0,
        "startedAt": "",
        "user": {"id": user_id(tenant.student)},
        "course": {"id": course["id"]},
    }
    uuid = ids.decode("enrollment", made["id"])
    ((data,),) = await rows(catalog, tenant, "SELECT data FROM outbox WHERE aggregate_id = :id", id=uuid)
    assert data == {
        "id": str(uuid),
        "organizationId": str(tenant.id),
        "courseId": str(ids.decode("course", course["id"])),
        "userId": str(tenant.student.user_id),
    }
    audited = await rows(catalog, tenant, "SELECT action, user_id FROM audit WHERE resource_id = :id", id=uuid)
    assert audited == [("enrollment.created", tenant.student.user_id)]


async def test_enrolling_twice_is_the_same_as_once(catalog: Subgraph, tenant: Tenant, course: dict[str, Any]) -> None:
    first = await enroll(catalog, tenant.student, course)
    async with nothing_changes(catalog, tenant):
        assert await enroll(catalog, tenant.student, course) == first
        assert await enroll(catalog, tenant.student, course, userId=user_id(tenant.student)) == first


async def test_a_course_that_is_not_published_is_closed_to_those_who_see_it_and_unknown_to_others(
    catalog: Subgraph, tenant: Tenant
) -> None:
    await join(catalog, tenant.student)
    for course in (await create_course(catalog, tenant), await archived_course(catalog, tenant)):
        async with nothing_changes(catalog, tenant):
            for_teacher = await enroll(catalog, tenant.teacher, course)
            for_admin = await enroll(catalog, tenant.admin, course, userId=user_id(tenant.student))
            for_student = await enroll(catalog, tenant.student, course)
        assert for_teacher["code"] == for_admin["code"] == "COURSE_NOT_OPEN"
        assert (for_student["__typename"], for_student["code"]) == ("NotFound", "NOT_FOUND")


async def test_who_is_in_an_archived_course_sees_it_and_hears_that_it_is_closed(
    catalog: Subgraph, tenant: Tenant, course: dict[str, Any]
) -> None:
    made = await enroll(catalog, tenant.student, course)
    await catalog.ask(ARCHIVE, tenant.admin, id=course["id"])
    async with nothing_changes(catalog, tenant):
        assert (await enroll(catalog, tenant.student, course))["code"] == "COURSE_NOT_OPEN"
    answer = await catalog.ask(VIEWER_ENROLLMENT, tenant.student, id=course["id"])
    assert answer.data["course"]["viewerEnrollment"] == {"id": made["id"], "status": "ACTIVE"}


async def test_an_admin_enrols_a_member(catalog: Subgraph, tenant: Tenant, course: dict[str, Any]) -> None:
    await join(catalog, tenant.student)
    made = await enroll(catalog, tenant.admin, course, userId=user_id(tenant.student))
    assert made["user"]["id"] == user_id(tenant.student)
    assert (await enroll(catalog, tenant.student, course))["id"] == made["id"]
    assert await events(catalog, tenant, "enrollment") == ["enrollment.created"]
    ((actor,),) = await rows(catalog, tenant, "SELECT user_id FROM audit WHERE action = 'enrollment.created'")
    assert actor == tenant.admin.user_id


@pytest.mark.parametrize("role", ["teacher", "student"])
async def test_only_who_manages_users_enrols_others(
    catalog: Subgraph, tenant: Tenant, course: dict[str, Any], role: str
) -> None:
    (other,) = students(tenant, 1)
    await join(catalog, other)
    who = getattr(tenant, role)
    async with nothing_changes(catalog, tenant):
        for id in (user_id(other), "nonsense", "", course["id"]):
            answer = await catalog.ask(
                "mutation($input: EnrollInput!) { enroll(input: $input) { __typename } }",
                who,
                input={"courseId": course["id"], "userId": id},
            )
            assert answer.codes == ["FORBIDDEN"]
            assert answer.body["data"] is None


async def test_somebody_unknown_foreign_or_malformed_cannot_be_enrolled(
    catalog: Subgraph, tenant: Tenant, stranger: Tenant, course: dict[str, Any]
) -> None:
    await join(catalog, stranger.student)
    async with nothing_changes(catalog, tenant, stranger):
        for id in (user_id(stranger.student), ids.encode("user", ids.new_id()), "user_", "nonsense", "", course["id"]):
            refused = await enroll(catalog, tenant.admin, course, userId=id)
            assert refused["__typename"] == "InvalidInput"
            assert [field["path"] for field in refused["fields"]] == [["input", "userId"]]


async def test_a_foreign_or_malformed_course_is_like_an_unknown_one(
    catalog: Subgraph, tenant: Tenant, stranger: Tenant, course: dict[str, Any]
) -> None:
    foreign = await open_course(catalog, stranger)
    async with nothing_changes(catalog, tenant, stranger):
        for id in (foreign["id"], ids.encode("course", ids.new_id()), "nonsense", "", course["id"].upper()):
            for who in tenant.people:
                refused = await enroll(catalog, who, {"id": id})
                assert refused == {
                    "__typename": "NotFound",
                    "code": "NOT_FOUND",
                    "message": "Nothing with this id was found.",
                }


async def test_who_withdraws_and_returns_keeps_their_progress(
    catalog: Subgraph, tenant: Tenant, course: dict[str, Any]
) -> None:
    made = await enroll(catalog, tenant.student, course)
    async with catalog.platform.database.begin(tenant.student) as session:
        await session.execute(text("UPDATE enrollment SET progress = 0.5"))
    for _ in range(2):  # twice is the same as once
        ended = await withdraw(catalog, tenant.student, made["id"])
        assert ended == {"__typename": "Enrollment", "id": made["id"], "status": "WITHDRAWN"}
    assert await enroll(catalog, tenant.student, course) == made | {"progress": 0.5}
    assert await events(catalog, tenant, "enrollment") == [
        "enrollment.created",
        "enrollment.withdrawn",
        "enrollment.created",
    ]


async def test_who_had_completed_the_course_returns_as_such(
    catalog: Subgraph, tenant: Tenant, course: dict[str, Any]
) -> None:
    made = await enroll(catalog, tenant.student, course)
    async with catalog.platform.database.begin(tenant.student) as session:
        await session.execute(text("UPDATE enrollment SET progress = 1, completed_at = now(), status = 'COMPLETED'"))
    assert (await withdraw(catalog, tenant.student, made["id"]))["status"] == "WITHDRAWN"
    assert (await enroll(catalog, tenant.student, course))["status"] == "COMPLETED"


async def test_only_oneself_and_who_manages_users_end_an_enrolment(
    catalog: Subgraph, tenant: Tenant, stranger: Tenant, course: dict[str, Any]
) -> None:
    made = await enroll(catalog, tenant.student, course)
    (other,) = students(tenant, 1)
    async with nothing_changes(catalog, tenant):
        for who in (other, stranger.admin, stranger.student):
            assert await withdraw(catalog, who, made["id"]) == {"__typename": "NotFound", "code": "NOT_FOUND"}
        assert (await catalog.ask(WITHDRAW, tenant.teacher, id=made["id"])).codes == ["FORBIDDEN"]
        for id in ("nonsense", "", course["id"], ids.encode("enrollment", ids.new_id())):
            assert (await withdraw(catalog, tenant.admin, id))["code"] == "NOT_FOUND"
    assert (await withdraw(catalog, tenant.admin, made["id"]))["status"] == "WITHDRAWN"


async def test_one_sees_ones_own_enrolment_at_the_course(
    catalog: Subgraph, tenant: Tenant, course: dict[str, Any]
) -> None:
    async def seen(who: Any) -> Any:
        return (await catalog.ask(VIEWER_ENROLLMENT, who, id=course["id"])).data["course"]["viewerEnrollment"]

    assert await seen(tenant.student) is None
    made = await enroll(catalog, tenant.student, course)
    assert await seen(tenant.student) == {"id": made["id"], "status": "ACTIVE"}
    assert await seen(tenant.teacher) is None
    await withdraw(catalog, tenant.student, made["id"])
    assert await seen(tenant.student) == {"id": made["id"], "status": "WITHDRAWN"}


async def test_nobody_enrols_in_a_course_that_is_being_archived(
    catalog: Subgraph, tenant: Tenant, course: dict[str, Any]
) -> None:
    async with catalog.platform.database.begin(tenant.admin) as session:
        await session.execute(text("UPDATE course SET status = 'ARCHIVED'"))
        enrolling = asyncio.create_task(enroll(catalog, tenant.teacher, course))
        await asyncio.sleep(0.2)
        assert not enrolling.done(), "it decided on a status that is about to change"
    assert (await enrolling)["code"] == "COURSE_NOT_OPEN"
    assert await rows(catalog, tenant, "SELECT 1 FROM enrollment") == []
