"""Facts whose times cannot be right: kept and counted, shown to admins, and to nobody else."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from shared import ids
from subgraphs.credentials import events
from tests.conftest import Subgraph, Tenant
from tests.credentials.conftest import (
    apply,
    course_done,
    create,
    graded,
    item_done,
    items,
    progress,
    score,
    students,
    whole,
)

QUERY = """
query($r: [_Any!]!) {
  _entities(representations: $r) { ... on Enrollment { badgeProgress { ratio integrity award { integrity } } } }
}
"""
LONG_AGO = datetime(2026, 3, 1, 9, tzinfo=UTC)


def at(seconds: float) -> UUID:
    """An id that was made so many seconds after the enrolment."""
    return ids.new_id(LONG_AGO + timedelta(seconds=seconds))


async def doubts(credentials: Subgraph, who: Any, enrollment_id: UUID) -> Any:
    """What is doubted about the one badge of a course, for somebody who looks at an enrolment."""
    entity = {"__typename": "Enrollment", "id": ids.encode("enrollment", enrollment_id)}
    found = (await credentials.ask(QUERY, who, r=[entity])).data["_entities"][0]["badgeProgress"]
    return found[0]["integrity"]


CASES: dict[str, tuple[list[tuple[str, float]], list[str]]] = {
    "at leisure": ([("item", 100), ("item", 160), ("attempt", 200), ("course", 0)], []),
    "two items within a second": ([("item", 100), ("item", 100.9)], ["TOO_FAST"]),
    "two items at once, told in the other order": ([("item", 100.5), ("item", 100)], ["TOO_FAST"]),
    "two items two seconds apart": ([("item", 100), ("item", 102)], []),
    "an item before the enrolment": ([("item", -60)], ["BEFORE_ENROLLMENT"]),
    "an item a little before it, by another clock": ([("item", -3)], []),
    "an attempt before the enrolment": ([("attempt", -60)], ["BEFORE_ENROLLMENT"]),
    "both": ([("item", -60), ("item", -60.1)], ["TOO_FAST", "BEFORE_ENROLLMENT"]),
    "attempts within a second": ([("attempt", 10), ("attempt", 10.2)], []),
}


@pytest.mark.parametrize("is_enrolment_last", [True, False])
@pytest.mark.parametrize("case", CASES)
async def test_what_cannot_be_right_is_shown_to_admins(
    credentials: Subgraph, tenant: Tenant, course_id: UUID, assessment_id: UUID, case: str, is_enrolment_last: bool
) -> None:
    facts, expected = CASES[case]
    (who,) = students(tenant, 1)
    course = ids.encode("course", course_id)
    criteria = [items(course_id, 2), score(assessment_id, 0.7), whole(course_id)]
    await create(credentials, tenant.teacher, *criteria, courseId=course)
    enrolled = events.EnrollmentCreated(id=at(0), organization_id=tenant.id, course_id=course_id, user_id=who.user_id)
    make = {
        "item": lambda made: item_done(who, course_id, id=made),
        "attempt": lambda made: graded(who, course_id, assessment_id, 0.9, id=made),
        "course": lambda _: course_done(who, course_id, id=enrolled.id),
    }
    told = [make[kind](at(seconds)) for kind, seconds in facts]
    await apply(credentials, tenant, *([*told, enrolled] if is_enrolment_last else [enrolled, *told]))
    assert await doubts(credentials, tenant.admin, enrolled.id) == expected
    for other in (tenant.teacher, who):
        assert await doubts(credentials, other, enrolled.id) is None


async def test_a_doubted_fact_counts_and_its_award_says_so(
    credentials: Subgraph, tenant: Tenant, course_id: UUID
) -> None:
    badge = await create(credentials, tenant.teacher, items(course_id, 2))
    who = tenant.student
    await apply(credentials, tenant, item_done(who, course_id, id=at(0)), item_done(who, course_id, id=at(0.1)))
    award = (await progress(credentials, who, badge))["award"]
    entity = {"__typename": "Award", "id": award["id"]}
    for viewer, expected in ((tenant.admin, ["TOO_FAST", "BEFORE_ENROLLMENT"]), (tenant.teacher, None), (who, None)):
        found = await credentials.entities(viewer, "... on Award { integrity }", entity)
        assert found.data["_entities"] == [{"integrity": expected}]


async def test_ids_that_say_no_time_are_not_doubted(credentials: Subgraph, tenant: Tenant, course_id: UUID) -> None:
    badge = await create(credentials, tenant.teacher, items(course_id, 2))
    who = tenant.student
    await apply(credentials, tenant, *(item_done(who, course_id, id=uuid4()) for _ in range(2)))
    award = (await progress(credentials, who, badge))["award"]
    entity = {"__typename": "Award", "id": award["id"]}
    found = await credentials.entities(tenant.admin, "... on Award { integrity }", entity)
    assert found.data["_entities"] == [{"integrity": []}]
