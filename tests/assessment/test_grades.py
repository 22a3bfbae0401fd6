"""Grades: the best score per assessment, weighted by its points, for those who may know it."""

from typing import Any
from uuid import UUID

import pytest

from shared import ids
from shared.auth import Viewer
from tests.assessment.conftest import MULTIPLE, TRUE_FALSE, create, graded, join, new_course, start, students, submit
from tests.conftest import Subgraph, Tenant


async def grades(assessment: Subgraph, who: Viewer | None, *enrollments: UUID) -> list[float | None]:
    """The grades of enrolments, asked for as the router does."""
    keys = [{"__typename": "Enrollment", "id": ids.encode("enrollment", it)} for it in enrollments]
    answer = await assessment.entities(who, "... on Enrollment { grade }", *keys)
    return [entity["grade"] for entity in answer.data["_entities"]]


@pytest.fixture
async def enrollment(assessment: Subgraph, tenant: Tenant) -> tuple[UUID, UUID]:
    """A course, and the enrolment of the tenant's student in it."""
    course_id = await new_course(assessment, tenant)
    return course_id, (await join(assessment, course_id, tenant.student))[0]


async def answer_all(assessment: Subgraph, who: Viewer, made: dict[str, Any], right: bool) -> dict[str, Any]:
    """An attempt at true-or-false questions whose answers are all true, answered all right or all wrong."""
    attempt = await start(assessment, who, made["id"])
    answers = [{"questionId": it["id"], "boolean": right} for it in attempt["questions"]]
    return await submit(assessment, who, attempt, answers)


async def test_there_is_no_grade_before_the_first_graded_attempt(
    assessment: Subgraph, tenant: Tenant, enrollment: tuple[UUID, UUID]
) -> None:
    course_id, own = enrollment
    made = await create(assessment, tenant.teacher, course_id)
    assert await grades(assessment, tenant.student, own) == [None]
    await start(assessment, tenant.student, made["id"])
    assert await grades(assessment, tenant.student, own) == [None]


async def test_the_best_attempt_counts(assessment: Subgraph, tenant: Tenant, enrollment: tuple[UUID, UUID]) -> None:
    course_id, own = enrollment
    made = await create(assessment, tenant.teacher, course_id)
    for kinds, best in ((("NUMERIC",), 0.25), (("NUMERIC", "MULTIPLE_CHOICE"), 0.625), (("SHORT_TEXT",), 0.625)):
        await graded(assessment, tenant.student, made["id"], *kinds)
        assert await grades(assessment, tenant.student, own) == [best]


async def test_assessments_weigh_by_their_points_and_those_not_taken_do_not_count(
    assessment: Subgraph, tenant: Tenant, enrollment: tuple[UUID, UUID]
) -> None:
    course_id, own = enrollment
    true = TRUE_FALSE | {"answer": True}
    small = await create(assessment, tenant.teacher, course_id, questions=[true])
    large = await create(assessment, tenant.teacher, course_id, questions=[true | {"points": 3}])
    await create(assessment, tenant.teacher, course_id, questions=[MULTIPLE | {"points": 100}])
    await answer_all(assessment, tenant.student, small, right=True)
    assert await grades(assessment, tenant.student, own) == [1.0]
    await answer_all(assessment, tenant.student, large, right=False)
    assert await grades(assessment, tenant.student, own) == [0.25]
    await answer_all(assessment, tenant.student, large, right=True)
    assert await grades(assessment, tenant.student, own) == [1.0]


async def test_full_marks_are_one_whatever_the_points(
    assessment: Subgraph, tenant: Tenant, enrollment: tuple[UUID, UUID]
) -> None:
    course_id, own = enrollment
    for points in (0.1, 0.2, 0.7, 999.9):
        questions = [TRUE_FALSE | {"answer": True, "points": points}] * 3
        made = await create(assessment, tenant.teacher, course_id, questions=questions)
        await answer_all(assessment, tenant.student, made, right=True)
    assert await grades(assessment, tenant.student, own) == [1.0]


async def test_a_grade_is_seen_by_its_owner_and_by_teachers_only(
    assessment: Subgraph, tenant: Tenant, stranger: Tenant, root: Viewer
) -> None:
    course_id = await new_course(assessment, tenant)
    (other,) = students(tenant, 1)
    own, others = await join(assessment, course_id, tenant.student, other)
    made = await create(assessment, tenant.teacher, course_id)
    await graded(assessment, tenant.student, made["id"], "NUMERIC")
    await graded(assessment, other, made["id"], "MULTIPLE_CHOICE")
    assert await grades(assessment, tenant.student, own, others) == [0.25, None]
    assert await grades(assessment, other, own, others) == [None, 0.375]
    assert await grades(assessment, tenant.teacher, others, own) == [0.375, 0.25]
    assert await grades(assessment, tenant.admin, own, ids.new_id()) == [0.25, None]
    for who in (stranger.teacher, root, None):
        assert await grades(assessment, who, own, others) == [None, None]


async def test_courses_have_grades_of_their_own(assessment: Subgraph, tenant: Tenant) -> None:
    enrollments = []
    for kind in ("NUMERIC", "MULTIPLE_CHOICE"):
        course_id = await new_course(assessment, tenant)
        enrollments += await join(assessment, course_id, tenant.student)
        made = await create(assessment, tenant.teacher, course_id)
        await graded(assessment, tenant.student, made["id"], kind)
    assert await grades(assessment, tenant.student, *enrollments) == [0.25, 0.375]
