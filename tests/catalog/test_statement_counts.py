"""How many SQL statements an operation takes: the same however many rows it returns."""

import pytest

from shared import ids
from tests.catalog.conftest import insert_courses
from tests.conftest import Subgraph, Tenant

# The dashboard of the issue; the router asks identity for the names.
DASHBOARD = """
query($first: Int!) {
  courses(first: $first) {
    edges {
      node {
        organization { id }
        modules { title }
        enrollments(first: 5) { totalCount edges { node { user { id } course { title } } } }
        viewerEnrollment { id }
        presence { count }
      }
    }
  }
}
"""

# Courses, modules, enrolments, their count, the viewer's enrolment, and the courses of enrolments.
DASHBOARD_STATEMENTS = 6


async def test_the_dashboard_takes_one_statement_per_entity_type_for_two_courses_and_for_fifty(
    catalog: Subgraph, tenant: Tenant
) -> None:
    await insert_courses(catalog, tenant, 50, enrollments=6)
    for first in (2, 50):
        answer = await catalog.ask(DASHBOARD, tenant.teacher, first=first)
        courses = [edge["node"] for edge in answer.data["courses"]["edges"]]
        assert len(courses) == first
        assert {len(course["enrollments"]["edges"]) for course in courses} == {5}
        assert {course["enrollments"]["totalCount"] for course in courses} == {6}
        assert len(answer.statements) == DASHBOARD_STATEMENTS, "\n".join(answer.statements)


@pytest.mark.parametrize("count", [1, 100])
async def test_entities_take_one_statement_per_type_for_one_and_for_a_hundred(
    catalog: Subgraph, tenant: Tenant, count: int
) -> None:
    made = await insert_courses(catalog, tenant, count, enrollments=1)
    representations = [{"__typename": "Course", "id": ids.encode("course", uuid)} for uuid in made]
    for who in (tenant.teacher, tenant.student):
        answer = await catalog.entities(who, "... on Course { title viewerEnrollment { id } }", *representations)
        assert len(answer.data["_entities"]) == count
        assert None not in answer.data["_entities"]
        assert len(answer.statements) == 2, "\n".join(answer.statements)


@pytest.mark.parametrize("count", [1, 100])
async def test_the_courses_of_people_take_the_same_for_one_person_and_for_a_hundred(
    catalog: Subgraph, tenant: Tenant, count: int
) -> None:
    await insert_courses(catalog, tenant, count, enrollments=1)
    listed = await catalog.ask(
        "{ courses(first: 100) { edges { node { enrollments { edges { node { user { id } } } } } } } }", tenant.teacher
    )
    people = [
        {"__typename": "User", "id": enrollment["node"]["user"]["id"]}
        for course in listed.data["courses"]["edges"]
        for enrollment in course["node"]["enrollments"]["edges"]
    ]
    assert len(people) == count
    selection = "... on User { enrollments { totalCount edges { node { course { title } } } } }"
    answer = await catalog.entities(tenant.admin, selection, *people)
    assert {person["enrollments"]["totalCount"] for person in answer.data["_entities"]} == {1}
    assert len(answer.statements) == 2, "\n".join(answer.statements)


async def test_what_is_not_selected_is_not_read(catalog: Subgraph, tenant: Tenant) -> None:
    await insert_courses(catalog, tenant, 2, enrollments=1)
    answer = await catalog.ask("{ courses { edges { node { id organization { id } } } } }", tenant.teacher)
    assert len(answer.statements) == 1
    assert not any("count(" in statement for statement in answer.statements)
