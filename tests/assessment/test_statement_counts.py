"""How many SQL statements an operation takes: the same however many rows it returns."""

from typing import Any
from uuid import UUID

import pytest

from shared import ids
from tests.assessment.conftest import NUMERIC, create, graded, join, new_course, start, students
from tests.conftest import Subgraph, Tenant

# What the course page of the contract asks of this subgraph, and everything else that an assessment leads to.
COURSE_PAGE = """
... on Course {
  assessments(first: 100) {
    totalCount
    edges {
      node {
        id title passingScore course { id }
        questions { id prompt choices { id text } }
        viewerAttempts { id score passed results { question { id } points } assessment { title } questions { id } }
      }
    }
  }
}
"""


async def full_course(assessment: Subgraph, tenant: Tenant, quizzes: int) -> UUID:
    """A course with so many quizzes; the student has a graded attempt and an open one at the first two of them."""
    course_id = await new_course(assessment, tenant)
    await join(assessment, course_id, tenant.student)
    made = [await create(assessment, tenant.teacher, course_id, questions=[NUMERIC]) for _ in range(quizzes)]
    for quiz in made:
        await graded(assessment, tenant.student, quiz["id"], "NUMERIC")
        await start(assessment, tenant.student, quiz["id"])
    return course_id


@pytest.mark.parametrize("count", [2, 50])
async def test_a_course_page_takes_as_many_for_two_assessments_as_for_fifty(
    assessment: Subgraph, tenant: Tenant, count: int
) -> None:
    course_id = await full_course(assessment, tenant, count)
    course = {"__typename": "Course", "id": ids.encode("course", course_id)}
    answer = await assessment.entities(tenant.student, COURSE_PAGE, course)
    nodes = [edge["node"] for edge in answer.data["_entities"][0]["assessments"]["edges"]]
    assert len(nodes) == count
    assert {len(node["viewerAttempts"]) for node in nodes} == {2}
    # The page, open attempts, attempts, and assessments of attempts; results and question sets each in a session.
    assert len(answer.statements) == 8, "\n".join(answer.statements)
    assert len([statement for statement in answer.statements if "FROM document" in statement]) == 1


@pytest.mark.parametrize("count", [2, 50])
async def test_the_questions_of_a_page_are_one_read_of_documents(
    assessment: Subgraph, tenant: Tenant, count: int
) -> None:
    course_id = await new_course(assessment, tenant)
    made = [await create(assessment, tenant.teacher, course_id, questions=[NUMERIC]) for _ in range(count)]
    entities = [{"__typename": "Assessment", "id": it["id"]} for it in made]
    for who, statements in ((tenant.teacher, 3), (tenant.student, 4)):
        answer = await assessment.entities(who, "... on Assessment { questions { prompt } }", *entities)
        assert [len(it["questions"]) for it in answer.data["_entities"]] == [1] * count
        assert len(answer.statements) == statements, "\n".join(answer.statements)


@pytest.mark.parametrize("count", [2, 50])
async def test_the_grades_of_a_gradebook_are_one_statement(assessment: Subgraph, tenant: Tenant, count: int) -> None:
    course_id = await new_course(assessment, tenant)
    people = students(tenant, count)
    enrollments = await join(assessment, course_id, *people)
    for _ in range(2):
        made = await create(assessment, tenant.teacher, course_id, questions=[NUMERIC])
        for who in people:
            await graded(assessment, who, made["id"], "NUMERIC")
    entities: list[dict[str, Any]] = [
        {"__typename": "Enrollment", "id": ids.encode("enrollment", it)} for it in enrollments
    ]
    answer = await assessment.entities(tenant.teacher, "... on Enrollment { grade }", *entities)
    assert [it["grade"] for it in answer.data["_entities"]] == [1.0] * count
    assert len(answer.statements) == 1, "\n".join(answer.statements)


async def test_what_is_not_selected_is_not_read(assessment: Subgraph, tenant: Tenant, made: dict[str, Any]) -> None:
    query = "query($id: ID!) { assessment(id: $id) { id title course { id } } }"
    answer = await assessment.ask(query, tenant.student, id=made["id"])
    assert len(answer.statements) == 1, "\n".join(answer.statements)
