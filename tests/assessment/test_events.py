"""Events: what assessment says, and that what catalog says is applied once whatever happens on the way."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from shared import ids
from subgraphs.assessment import consumers, events
from tests.assessment.conftest import create, emitted, right_answers, rows, start, submit, told, update
from tests.catalog.conftest import create_course, open_course
from tests.conftest import Subgraph, Tenant

ENROLL = "mutation($input: EnrollInput!) { enroll(input: $input) { ... on Enrollment { id } } }"


async def at_last(type_: str, ask: Callable[[], Awaitable[dict[str, Any]]]) -> dict[str, Any]:
    """The answer of this type. Each try waits a second for what is on its way; a busy machine may take longer."""
    for _ in range(5):
        answer = await ask()
        if answer["__typename"] == type_:
            break
    assert answer["__typename"] == type_
    return answer


async def test_everything_that_happens_to_an_attempt_is_told_once_and_in_order(
    assessment: Subgraph, tenant: Tenant, course_id: UUID
) -> None:
    made = await create(assessment, tenant.teacher, course_id)
    await update(assessment, tenant.teacher, made["id"], title="Renamed", questions=[{
        "kind": "TRUE_FALSE", "prompt": "Yes?", "answer": True
    }])  # fmt: skip
    attempt = await start(assessment, tenant.student, made["id"])
    answers = [{"questionId": attempt["questions"][0]["id"], "boolean": True}]
    await submit(assessment, tenant.student, attempt, answers)
    (enrollment,) = await rows(assessment, tenant, "SELECT id FROM enrollment")
    quiz_id, attempt_id = ids.decode("assessment", made["id"]), ids.decode("attempt", attempt["id"])
    facts = {
        "id": str(attempt_id),
        "organizationId": str(tenant.id),
        "assessmentId": str(quiz_id),
        "courseId": str(course_id),
        "userId": str(tenant.student.user_id),
        "enrollmentId": str(enrollment.id),
    }
    own = {"id": str(quiz_id), "organizationId": str(tenant.id), "courseId": str(course_id)}
    assert await emitted(assessment, tenant, "assessment.created") == [own]
    assert await emitted(assessment, tenant, "assessment.updated") == [own | {"fields": ["title", "questions"]}]
    assert await emitted(assessment, tenant, "attempt.started") == [facts]
    assert await emitted(assessment, tenant, "attempt.graded") == [facts | {"score": 1.0, "passed": True}]
    aggregates = await rows(
        assessment, tenant, "SELECT DISTINCT aggregate_id FROM outbox WHERE starts_with(type, 'attempt')"
    )
    assert [row.aggregate_id for row in aggregates] == [attempt_id]


async def test_applying_an_event_twice_or_in_another_order_is_the_same_as_once(
    assessment: Subgraph, tenant: Tenant
) -> None:
    course = {"id": ids.new_id(), "organization_id": tenant.id}
    joined: dict[str, Any] = {
        "id": ids.new_id(),
        "organization_id": tenant.id,
        "course_id": course["id"],
        "user_id": tenant.student.user_id,
    }
    happened: list[tuple[Any, Any]] = [
        (consumers.keep_enrollment, events.EnrollmentCreated(**joined)),  # another stream: it may come first
        (consumers.keep_course, events.CourseCreated(**course)),
        (consumers.open_course, events.CoursePublished(**course)),
    ]
    for _ in range(3):
        await told(assessment, tenant.id, *happened, *reversed(happened))
    assert [row.is_open for row in await rows(assessment, tenant, "SELECT is_open FROM course")] == [True]
    assert [row.is_active for row in await rows(assessment, tenant, "SELECT is_active FROM enrollment")] == [True]
    for _ in range(2):
        await told(assessment, tenant.id, (consumers.end_enrollment, events.EnrollmentWithdrawn(**joined)))
    assert [row.is_active for row in await rows(assessment, tenant, "SELECT is_active FROM enrollment")] == [False]


async def test_what_happens_in_catalog_reaches_assessment(
    catalog: Subgraph, assessment: Subgraph, tenant: Tenant
) -> None:
    course = await open_course(catalog, tenant)
    course_id = ids.decode("course", course["id"])
    assert course_id
    made = await at_last("Assessment", lambda: create(assessment, tenant.teacher, course_id))
    await catalog.ask(ENROLL, tenant.student, input={"courseId": course["id"]})
    attempt = await at_last("Attempt", lambda: start(assessment, tenant.student, made["id"]))
    done = await submit(assessment, tenant.student, attempt, right_answers(attempt, "NUMERIC"))
    assert done["score"] == 0.25


async def test_a_draft_of_catalog_stays_hidden_from_students(
    catalog: Subgraph, assessment: Subgraph, tenant: Tenant
) -> None:
    course = await create_course(catalog, tenant)
    course_id = ids.decode("course", course["id"])
    assert course_id
    made = await at_last("Assessment", lambda: create(assessment, tenant.teacher, course_id))
    query = "query($id: ID!) { assessment(id: $id) { id } }"
    await asyncio.sleep(0.3)
    assert (await assessment.ask(query, tenant.student, id=made["id"])).data == {"assessment": None}
