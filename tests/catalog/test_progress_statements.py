"""What counting progress costs: statements per event, however many people are in the course, and time."""

import time
from typing import Any

import pytest

from shared import ids
from tests.catalog.conftest import enroll, insert_courses, rows, students
from tests.catalog.content import apply, completed, published
from tests.conftest import Subgraph, Tenant

SCOPE = 1  # each transaction first says for whom it is
TOLD = 2  # an event and its audit row


@pytest.mark.parametrize("count", [1, 50])
async def test_an_event_takes_the_same_for_one_person_in_the_course_and_for_fifty(
    catalog: Subgraph, tenant: Tenant, count: int
) -> None:
    ((course_id),) = await insert_courses(catalog, tenant, 1, enrollments=count)
    course = {"id": ids.encode("course", course_id)}
    (person,) = students(tenant, 1)
    await enroll(catalog, person, course)
    first, second = published(tenant, course), published(tenant, course)
    done = completed(person, first)
    for event, expected in (
        (first, 4),  # the item, the course, the enrolments, their progress
        (second, 4),
        (first, 1),  # known already
        (done, 3),  # the completion, the enrolment, its progress
        (done, 1),
        (completed(students(tenant, 1)[0], first), 2),  # of somebody who is not in the course
        (completed(person, second), 3 + 1 + TOLD),  # and the course is completed
    ):
        with catalog.counted() as statements:
            await apply(catalog, tenant, event)
        assert len(statements) == SCOPE + expected, "\n".join(statements)


async def test_enrolling_takes_one_statement_for_progress_and_enrolling_again_none(
    catalog: Subgraph, tenant: Tenant, course: dict[str, Any]
) -> None:
    document = "mutation($id: ID!) { enroll(input: {courseId: $id}) { __typename } }"
    new, again = [await catalog.ask(document, tenant.student, id=course["id"]) for _ in range(2)]
    assert len(new.statements) == SCOPE + 2 + TOLD + 1, "\n".join(new.statements)  # the course, the enrolment
    assert len(again.statements) == SCOPE + 3, "\n".join(again.statements)  # and the one there is


async def test_a_publication_in_a_course_of_thousands_takes_a_fraction_of_a_second(
    catalog: Subgraph, tenant: Tenant
) -> None:
    (course_id,) = await insert_courses(catalog, tenant, 1, enrollments=3_000)
    items = [ids.new_id() for _ in range(10)]
    everybody_half_done = """
        INSERT INTO item_completion (organization_id, id, item_id, course_id, user_id)
        SELECT organization_id, uuidv7(), item.id, course_id, user_id
        FROM enrollment, unnest(cast(:items AS uuid[])) AS item (id) RETURNING 1
    """
    await rows(catalog, tenant, everybody_half_done, items=items[:5])
    course = {"id": ids.encode("course", course_id)}
    # Those that nobody has completed first, else the others would complete the course.
    await apply(catalog, tenant, *(published(tenant, course, item) for item in reversed(items)))
    begun = time.monotonic()
    await apply(catalog, tenant, published(tenant, course))
    assert time.monotonic() - begun < 1
    statement = "SELECT status, progress, count(*) FROM enrollment GROUP BY status, progress"
    assert await rows(catalog, tenant, statement) == [("ACTIVE", 5 / 11, 3_000)]
