"""The lists of enrolments: of a course and of a person, for each kind of viewer."""

from typing import Any

import pytest

from shared import ids
from shared.auth import Viewer
from tests.catalog.conftest import WITHDRAW, enroll, join, open_course, students, user_id
from tests.conftest import Answer, Subgraph, Tenant

OF_COURSE = """
query($id: ID, $status: EnrollmentStatus, $first: Int, $after: String) {
  course(id: $id) {
    enrollments(status: $status, first: $first, after: $after) {
      totalCount
      edges { cursor node { id status user { id } } }
      pageInfo { hasNextPage hasPreviousPage endCursor }
    }
  }
}
"""
OF_PERSON = "... on User { id enrollments(status: %s) { totalCount edges { node { id course { slug } } } } }"


async def of_person(catalog: Subgraph, who: Viewer, whose: Viewer, status: str = "null") -> Answer:
    """The courses of somebody, as the router asks for them."""
    return await catalog.entities(who, OF_PERSON % status, {"__typename": "User", "id": user_id(whose)})


def slugs(answer: Answer) -> list[str]:
    """The courses of a person."""
    (person,) = answer.data["_entities"]
    found = [edge["node"]["course"]["slug"] for edge in person["enrollments"]["edges"]]
    assert person["enrollments"]["totalCount"] == len(found)
    return found


@pytest.mark.parametrize("role", ["teacher", "admin"])
async def test_who_teaches_or_manages_users_sees_everybody_in_a_course(
    catalog: Subgraph, tenant: Tenant, course: dict[str, Any], role: str
) -> None:
    made = [await enroll(catalog, person, course) for person in students(tenant, 3)]
    answer = await catalog.ask(OF_COURSE, getattr(tenant, role), id=course["id"])
    listed = answer.data["course"]["enrollments"]
    assert [edge["node"]["id"] for edge in listed["edges"]] == [enrollment["id"] for enrollment in made]
    assert [edge["node"]["user"] for edge in listed["edges"]] == [enrollment["user"] for enrollment in made]
    assert listed["totalCount"] == 3


async def test_a_student_is_refused_the_list_and_gets_the_rest(
    catalog: Subgraph, tenant: Tenant, course: dict[str, Any]
) -> None:
    await enroll(catalog, tenant.student, course)
    query = "query($id: ID) { course(id: $id) { id enrollments { totalCount } } }"
    answer = await catalog.ask(query, tenant.student, id=course["id"])
    assert answer.codes == ["FORBIDDEN"]
    assert answer.body["errors"][0]["path"] == ["course", "enrollments"]
    assert answer.body["data"] == {"course": {"id": course["id"], "enrollments": None}}


async def test_the_status_narrows_the_list_and_its_count(
    catalog: Subgraph, tenant: Tenant, course: dict[str, Any]
) -> None:
    made = [await enroll(catalog, person, course) for person in students(tenant, 3)]
    await catalog.ask(WITHDRAW, tenant.admin, id=made[1]["id"])
    for status, expected in (
        (None, made),
        ("ACTIVE", [made[0], made[2]]),
        ("WITHDRAWN", [made[1]]),
        ("COMPLETED", []),
    ):
        answer = await catalog.ask(OF_COURSE, tenant.teacher, id=course["id"], status=status)
        listed = answer.data["course"]["enrollments"]
        assert [edge["node"]["id"] for edge in listed["edges"]] == [enrollment["id"] for enrollment in expected]
        assert listed["totalCount"] == len(expected)


async def test_pages_of_several_courses_in_one_request_do_not_mix(catalog: Subgraph, tenant: Tenant) -> None:
    made: dict[str, list[str]] = {}
    for slug, count in (("course-one", 3), ("course-two", 0), ("course-six", 5)):
        course = await open_course(catalog, tenant, slug)
        made[slug] = [(await enroll(catalog, person, course))["id"] for person in students(tenant, count)]
    query = (
        "{ courses { edges { node { slug "
        "enrollments(first: 2) { totalCount edges { node { id } } pageInfo { hasNextPage } } } } } }"
    )
    answer = await catalog.ask(query, tenant.teacher)
    for edge in answer.data["courses"]["edges"]:
        slug, listed = edge["node"]["slug"], edge["node"]["enrollments"]
        assert [edge["node"]["id"] for edge in listed["edges"]] == made[slug][:2]
        assert listed["totalCount"] == len(made[slug])
        assert listed["pageInfo"]["hasNextPage"] == (len(made[slug]) > 2)


async def test_pages_of_a_course_follow_each_other(catalog: Subgraph, tenant: Tenant, course: dict[str, Any]) -> None:
    made = [(await enroll(catalog, person, course))["id"] for person in students(tenant, 5)]
    read: list[str] = []
    after = None
    for expected in (2, 2, 1):
        answer = await catalog.ask(OF_COURSE, tenant.teacher, id=course["id"], first=2, after=after)
        listed = answer.data["course"]["enrollments"]
        assert len(listed["edges"]) == expected
        assert listed["totalCount"] == 5
        read += [edge["node"]["id"] for edge in listed["edges"]]
        after = listed["pageInfo"]["endCursor"]
    assert read == made
    assert listed["pageInfo"] == {"hasNextPage": False, "hasPreviousPage": True, "endCursor": after}


@pytest.mark.parametrize("variables", [{"first": 101}, {"first": -1}, {"after": "nonsense"}])
async def test_a_page_outside_its_limits_is_refused_where_it_stands(
    catalog: Subgraph, tenant: Tenant, course: dict[str, Any], variables: dict[str, Any]
) -> None:
    answer = await catalog.ask(OF_COURSE, tenant.teacher, id=course["id"], **variables)
    assert answer.codes == ["BAD_USER_INPUT"]
    assert answer.body["errors"][0]["path"] == ["course", "enrollments"]


async def test_one_sees_ones_own_courses_and_teachers_and_admins_see_anybodys(
    catalog: Subgraph, tenant: Tenant
) -> None:
    for slug in ("course-one", "course-two"):
        await enroll(catalog, tenant.student, await open_course(catalog, tenant, slug))
    for who in tenant.people:
        assert slugs(await of_person(catalog, who, tenant.student)) == ["course-one", "course-two"]
    assert slugs(await of_person(catalog, tenant.student, tenant.student, "WITHDRAWN")) == []
    assert slugs(await of_person(catalog, tenant.teacher, tenant.admin)) == []


async def test_a_student_is_refused_the_courses_of_others(
    catalog: Subgraph, tenant: Tenant, course: dict[str, Any]
) -> None:
    (other,) = students(tenant, 1)
    await enroll(catalog, other, course)
    answer = await of_person(catalog, tenant.student, other)
    assert answer.codes == ["FORBIDDEN"]
    assert answer.body["data"] == {"_entities": [{"id": user_id(other), "enrollments": None}]}


async def test_a_person_of_two_organizations_shows_each_only_its_own_courses(
    catalog: Subgraph, tenant: Tenant, stranger: Tenant
) -> None:
    here = await open_course(catalog, tenant, "course-here")
    there = await open_course(catalog, stranger, "course-there")
    both = tenant.student
    elsewhere = stranger.student.__class__(
        user_id=both.user_id,
        session_id=ids.new_id(),
        organization_id=stranger.id,
        role=both.role,
        scopes=both.scopes,
        expires_at=both.expires_at,
    )
    await join(catalog, elsewhere)
    await enroll(catalog, both, here)
    await enroll(catalog, stranger.admin, there, userId=user_id(both))
    for who, expected in ((both, ["course-here"]), (elsewhere, ["course-there"])):
        assert slugs(await of_person(catalog, who, both)) == expected
    for who, expected in ((tenant.admin, ["course-here"]), (stranger.teacher, ["course-there"])):
        assert slugs(await of_person(catalog, who, both)) == expected
