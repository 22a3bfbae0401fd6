"""How many SQL statements an operation or an event takes: the same however many rows it touches."""

from typing import Any
from uuid import UUID

import pytest

from shared import ids
from tests.conftest import Subgraph, Tenant
from tests.credentials.certificates_kit import new_template
from tests.credentials.conftest import (
    apply,
    course_done,
    create,
    graded,
    item_done,
    items,
    join,
    named,
    new_assessment,
    new_course,
    organization_named,
    rows,
    score,
    students,
    whole,
)

SCOPE = 1  # each transaction first says for whom it is
KEPT, FOUND = 1, 1  # the fact with its locks; where the person is with the badges that ask for it
MOVED = 2  # progress, and the audit of each step
TERMS = 1  # whether the course is certified
ACHIEVEMENT = 1  # the first time in a course, the course itself
AWARDED = 5  # who they are, places in a status list, the awards, their events and the audit of those

# What the course page of the contract asks of this subgraph, and everything else that a badge leads to.
COURSE_PAGE = """
... on Course {
  badges(first: 100) {
    totalCount
    edges { node {
      id name organization { id } course { id } criteria { kind threshold }
      viewerProgress { ratio criteria { met value criterion { kind } } award { id status badge { name } } badge { id } }
    } }
  }
}
"""
GRADEBOOK = "... on Enrollment { badgeProgress { ratio badge { name } criteria { met } award { code } integrity } }"


@pytest.mark.parametrize("count", [1, 20])
async def test_a_fact_takes_as_many_for_one_badge_of_the_course_as_for_twenty(
    credentials: Subgraph, tenant: Tenant, course_id: UUID, assessment_id: UUID, count: int
) -> None:
    for _ in range(count):
        await create(credentials, tenant.teacher, items(course_id, 2), score(assessment_id, 0.5))
    who, (other,) = tenant.student, students(tenant, 1)
    first, last = item_done(who, course_id), graded(who, course_id, assessment_id, 0.9)
    for event, expected in (
        (first, KEPT + FOUND + MOVED),
        (first, KEPT),  # known already
        (item_done(who, course_id), KEPT + FOUND + MOVED),
        (last, KEPT + FOUND + MOVED + AWARDED),
        (graded(who, course_id, assessment_id, 0.1), KEPT + FOUND),  # changes nothing
        (course_done(who, course_id), KEPT + FOUND + TERMS),  # no badge asks for it, and there is no template
        (item_done(other, course_id), KEPT + FOUND + MOVED),
        (named(who), 2),
        (organization_named(tenant), 2),
    ):
        with credentials.counted() as statements:
            await apply(credentials, tenant, event)
        assert len(statements) == SCOPE + expected, "\n".join(statements)


@pytest.mark.parametrize("badges", [0, 5])
async def test_a_certificate_takes_as_many_as_an_award(
    credentials: Subgraph, tenant: Tenant, course_id: UUID, badges: int
) -> None:
    await new_template(credentials, tenant)
    for _ in range(badges):
        await create(credentials, tenant.teacher, items(course_id, 2))
    first, second = students(tenant, 2)
    for who, expected in ((first, TERMS + ACHIEVEMENT + AWARDED), (second, TERMS + AWARDED)):
        with credentials.counted() as statements:
            await apply(credentials, tenant, course_done(who, course_id))
        assert len(statements) == SCOPE + KEPT + FOUND + expected, "\n".join(statements)


async def full_course(credentials: Subgraph, tenant: Tenant, badges: int) -> UUID:
    """A course with so many badges, all of which its student has."""
    course_id = await new_course(credentials, tenant, items=2)
    assessment_id = await new_assessment(credentials, tenant, course_id)
    course = ids.encode("course", course_id)
    for _ in range(badges):
        criteria = [items(course_id, 1), score(assessment_id, 0.5), whole(course_id)]
        await create(credentials, tenant.teacher, *criteria, courseId=course)
    return course_id


async def finish(credentials: Subgraph, tenant: Tenant, course_id: UUID, assessment_id: UUID, *people: Any) -> None:
    """Has people do everything in a course."""
    for who in people:
        done = [item_done(who, course_id), graded(who, course_id, assessment_id, 1.0), course_done(who, course_id)]
        await apply(credentials, tenant, *done)


async def assessment_of(credentials: Subgraph, tenant: Tenant, course_id: UUID) -> UUID:
    """The assessment of a full course."""
    ((found,),) = await rows(credentials, tenant, "SELECT id FROM assessment WHERE course_id = :id", id=course_id)
    return found


@pytest.mark.parametrize("count", [2, 30])
async def test_a_course_page_takes_as_many_for_two_badges_as_for_thirty(
    credentials: Subgraph, tenant: Tenant, count: int
) -> None:
    course_id = await full_course(credentials, tenant, count)
    assessment_id = await assessment_of(credentials, tenant, course_id)
    await finish(credentials, tenant, course_id, assessment_id, tenant.student)
    course = {"__typename": "Course", "id": ids.encode("course", course_id)}
    answer = await credentials.entities(tenant.student, COURSE_PAGE, course)
    nodes = [edge["node"] for edge in answer.data["_entities"][0]["badges"]["edges"]]
    assert len(nodes) == count
    assert {node["viewerProgress"]["award"]["badge"]["name"] for node in nodes} == {"Stargazer"}
    # The page, criteria, progress, and awards with their badges.
    assert len(answer.asked) == 4, "\n".join(answer.asked)


@pytest.mark.parametrize("count", [2, 30])
async def test_a_gradebook_takes_as_many_for_two_people_as_for_thirty(
    credentials: Subgraph, tenant: Tenant, count: int
) -> None:
    course_id = await full_course(credentials, tenant, 3)
    assessment_id = await assessment_of(credentials, tenant, course_id)
    people = students(tenant, count)
    enrollments = await join(credentials, tenant, course_id, *people)
    await finish(credentials, tenant, course_id, assessment_id, *people)
    entities = [{"__typename": "Enrollment", "id": ids.encode("enrollment", it)} for it in enrollments]
    answer = await credentials.entities(tenant.admin, GRADEBOOK, *entities)
    found = [entity["badgeProgress"] for entity in answer.data["_entities"]]
    assert [len(it) for it in found] == [3] * count
    assert {row["ratio"] for it in found for row in it} == {1}
    # Where they stand with each badge and its criteria, awards, and what is doubted.
    assert len(answer.asked) == 3, "\n".join(answer.asked)


DASHBOARD = """
query ($people: [_Any!]!, $courses: [_Any!]!) {
  learning: _entities(representations: $people) { ... on Enrollment { badgeProgress { ...standing } } }
  offered: _entities(representations: $courses) { ... on Course { badges(first: 3) { edges { node { id name } } } } }
}
fragment standing on BadgeProgress { ratio badge { id name } ...needed }
fragment needed on BadgeProgress { wanted: criteria { met value criterion { kind threshold } } }
"""


@pytest.mark.parametrize("count", [1, 10])
async def test_a_dashboard_takes_as_many_for_one_course_as_for_ten(
    credentials: Subgraph, tenant: Tenant, count: int
) -> None:
    courses = [await full_course(credentials, tenant, 4) for _ in range(count)]
    enrollments = [it for course_id in courses for it in await join(credentials, tenant, course_id, tenant.student)]
    await apply(credentials, tenant, item_done(tenant.student, courses[0]))
    people = [{"__typename": "Enrollment", "id": ids.encode("enrollment", it)} for it in enrollments]
    places = [{"__typename": "Course", "id": ids.encode("course", it)} for it in courses]
    answer = await credentials.ask(DASHBOARD, tenant.student, people=people, courses=places)
    learning = [entity["badgeProgress"] for entity in answer.data["learning"]]
    assert [len(it) for it in learning] == [4] * count
    first, *_ = learning[0]
    assert [(it["met"], it["value"]) for it in first["wanted"]] == [(True, 1), (False, 0), (False, 0)]
    assert [it["criterion"]["threshold"] for it in first["wanted"]] == [1, 0.5, 1]
    offered = [[edge["node"] for edge in entity["badges"]["edges"]] for entity in answer.data["offered"]]
    assert offered == [[row["badge"] for row in it[:3]] for it in learning]
    # Where the learner stands with all badges, and a page of those of each course.
    assert len(answer.asked) == 2, "\n".join(answer.asked)


@pytest.mark.parametrize("wanted", ["ratio", "ratio badge { name }"])
async def test_criteria_are_read_where_they_are_asked_for(credentials: Subgraph, tenant: Tenant, wanted: str) -> None:
    course_id = await full_course(credentials, tenant, 1)
    [enrollment] = await join(credentials, tenant, course_id, tenant.student)
    entity = {"__typename": "Enrollment", "id": ids.encode("enrollment", enrollment)}
    for further, reads in (("", False), ("... { criteria { met } }", True)):
        selection = f"... on Enrollment {{ badgeProgress {{ {wanted} {further} }} }}"
        answer = await credentials.entities(tenant.student, selection, entity)
        assert len(answer.data["_entities"][0]["badgeProgress"]) == 1
        assert len(answer.statements) == 1
        assert ("criterion" in answer.statements[-1]) == reads


async def test_progress_is_cached_for_an_hour_and_never_old(
    credentials: Subgraph, tenant: Tenant, badge: dict[str, Any], course_id: UUID
) -> None:
    query = "query($id: ID!) { badge(id: $id) { viewerProgress { ratio } } }"

    async def ask() -> tuple[float, int]:
        answer = await credentials.ask(query, tenant.student, id=badge["id"])
        return answer.data["badge"]["viewerProgress"]["ratio"], len(answer.asked)

    redis = credentials.platform.redis
    uuid, who = ids.decode("badge", badge["id"]), tenant.student.user_id
    key = f"org:{tenant.id}:badge_progress:{who}:{uuid}"
    await apply(credentials, tenant, item_done(tenant.student, course_id))
    assert await ask() == (0.25, 2)
    assert 0 < await redis.ttl(key) <= 10, "a tombstone: what was read while it changed must not stay"
    await redis.delete(key)
    assert await ask() == (0.25, 2)
    assert 3_590 <= await redis.ttl(key) <= 3_600
    assert await ask() == (0.25, 1)
    await apply(credentials, tenant, item_done(tenant.student, course_id))
    assert await ask() == (0.5, 2)


async def test_what_is_not_selected_is_not_read(credentials: Subgraph, tenant: Tenant, badge: dict[str, Any]) -> None:
    query = "query($id: ID!) { badge(id: $id) { id name organization { id } course { id } } }"
    answer = await credentials.ask(query, tenant.student, id=badge["id"])
    assert len(answer.statements) == 1, "\n".join(answer.statements)
    enrollment = {"__typename": "Enrollment", "id": ids.encode("enrollment", ids.new_id())}
    answer = await credentials.entities(tenant.student, "... on Enrollment { id }", enrollment)
    assert answer.data["_entities"] == [{"id": enrollment["id"]}]
    assert not answer.statements
