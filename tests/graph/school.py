"""A tenant of the tests' own, made through the graph alone: the platform's login, its admin, then everybody else."""

import itertools
from dataclasses import dataclass
from typing import Any

from tests.graph.clients import PASSWORD, Graph

CREATE_ORGANIZATION = """
mutation($input: CreateOrganizationInput!) {
  createOrganization(input: $input) {
    __typename
    ... on Organization { id slug }
    ... on Error { code message }
    ... on InvalidInput { fields { path message } }
  }
}
"""
ADD_MEMBER = """
mutation($input: AddMemberInput!) {
  addMember(input: $input) {
    __typename
    ... on Membership { id role user { id displayName } }
    ... on Error { code message }
    ... on InvalidInput { fields { path message } }
  }
}
"""
CREATE_COURSE = """
mutation($input: CreateCourseInput!) {
  createCourse(input: $input) { __typename ... on Course { id slug title } ... on Error { code message } }
}
"""
PUBLISH = """
mutation($id: ID!) { publishCourse(id: $id) { __typename ... on Course { id status } ... on Error { code } } }
"""
ENROLL = """
mutation($input: EnrollInput!) {
  enroll(input: $input) { __typename ... on Enrollment { id user { id displayName } } ... on Error { code message } }
}
"""


@dataclass(frozen=True)
class Person:
    """Somebody who has signed in."""

    id: str
    name: str
    email: str
    token: str
    refresh_token: str


class School:
    """A tenant and what one does in it."""

    _numbers = itertools.count(1)

    def __init__(self, graph: Graph, id: str, slug: str, root_token: str) -> None:
        self.graph, self.id, self.slug = graph, id, slug
        self._manager = root_token
        self.admin: Person
        self.teacher: Person

    @classmethod
    async def open(cls, graph: Graph) -> "School":
        """A new organization with an admin, whom the platform's login makes, and a teacher, whom the admin makes."""
        slug = f"school-{next(cls._numbers)}"
        platform = await graph.token("root@lyceum.example")
        input = {
            "name": f"School {slug}",
            "slug": slug,
            "contactEmail": f"office@{slug}.example",
            "contactPhone": "+351 210 000 000",
            "address": "1 Long Street",
            "plan": "FREE",
        }
        made = (await graph.ask(CREATE_ORGANIZATION, platform, input=input)).data["createOrganization"]
        school = cls(graph, made["id"], slug, await graph.token("root@lyceum.example", slug))
        school.admin = await school.add("ADMIN")
        school._manager = school.admin.token
        school.teacher = await school.add("TEACHER")
        return school

    async def add(self, role: str = "STUDENT", name: str | None = None) -> Person:
        """A new member, signed in."""
        number = next(self._numbers)
        email, name = f"{role.lower()}-{number}@{self.slug}.example", name or f"{role.title()} {number}"
        input = {"email": email, "displayName": name, "role": role, "password": PASSWORD}
        made = (await self.graph.ask(ADD_MEMBER, self._manager, input=input)).data["addMember"]
        assert made["__typename"] == "Membership", made
        tokens = await self.graph.login(email)
        return Person(made["user"]["id"], name, email, tokens["accessToken"], tokens["refreshToken"])

    async def course(self, slug: str | None = None, *, published: bool = True, **values: Any) -> dict[str, Any]:
        """A new course."""
        number = next(self._numbers)
        input = {"title": f"Course {number}", "slug": slug or f"course-{number}"} | values
        made = (await self.graph.ask(CREATE_COURSE, self.teacher.token, input=input)).data["createCourse"]
        assert made["__typename"] == "Course", made
        if published:
            answer = await self.graph.ask(PUBLISH, self.teacher.token, id=made["id"])
            assert answer.data["publishCourse"]["status"] == "PUBLISHED"
        return made

    async def enroll(self, course_id: str, user_id: str | None = None, token: str | None = None) -> dict[str, Any]:
        """Enrols somebody, as the admin, or whoever the token is for."""
        input = {"courseId": course_id, "userId": user_id}
        return (await self.graph.ask(ENROLL, token or self.admin.token, input=input)).data["enroll"]
