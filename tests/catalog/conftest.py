"""What tests of catalog begin with: courses of the test's own tenant, and what is stored of it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from shared import ids
from shared.auth import Role, Viewer
from subgraphs.catalog.models import Member
from tests.conftest import Subgraph, Tenant, viewer

CREATE = """
mutation($input: CreateCourseInput!, $key: String) {
  createCourse(input: $input, idempotencyKey: $key) {
    __typename
    ... on Course { id slug title status modules { id title position } }
    ... on Error { code message }
    ... on InvalidInput { fields { path message } }
    ... on SlugTaken { slug }
  }
}
"""
PUBLISH = (
    "mutation($id: ID!) { publishCourse(id: $id) { __typename ... on Course { id status } ... on Error { code } } }"
)
ARCHIVE = (
    "mutation($id: ID!) { archiveCourse(id: $id) { __typename ... on Course { id status } ... on Error { code } } }"
)
ENROLL = """
mutation($input: EnrollInput!) {
  enroll(input: $input) {
    __typename
    ... on Enrollment { id status progress startedAt user { id } course { id } }
    ... on Error { code message }
    ... on InvalidInput { fields { path message } }
  }
}
"""
WITHDRAW = (
    "mutation($id: ID!) { withdraw(id: $id) { __typename ... on Enrollment { id status } ... on Error { code } } }"
)

_STORED = """
SELECT 'course' AS kind, t::text AS row FROM course t
UNION ALL SELECT 'module', t::text FROM module t
UNION ALL SELECT 'enrollment', t::text FROM enrollment t
UNION ALL SELECT 'member', t::text FROM member t
UNION ALL SELECT 'required_item', t::text FROM required_item t
UNION ALL SELECT 'item_completion', t::text FROM item_completion t
UNION ALL SELECT 'audit', t::text FROM audit t
UNION ALL SELECT 'idempotency', t::text FROM idempotency t
UNION ALL SELECT 'event', concat_ws(' ', id, type, aggregate_id, data) FROM outbox
ORDER BY kind, row
"""


async def create_course(catalog: Subgraph, tenant: Tenant, slug: str = "a-course", **values: Any) -> dict[str, Any]:
    """A new draft."""
    input = {"title": "A course", "slug": slug, "modules": [{"title": "One"}, {"title": "Two"}]} | values
    answer = await catalog.ask(CREATE, tenant.teacher, input=input)
    return answer.data["createCourse"]


async def open_course(catalog: Subgraph, tenant: Tenant, slug: str = "open-course", **values: Any) -> dict[str, Any]:
    """A new course that one can enrol in."""
    course = await create_course(catalog, tenant, slug, **values)
    await catalog.ask(PUBLISH, tenant.teacher, id=course["id"])
    return course


async def archived_course(catalog: Subgraph, tenant: Tenant, slug: str = "old-course") -> dict[str, Any]:
    """A course that was open once."""
    course = await open_course(catalog, tenant, slug)
    await catalog.ask(ARCHIVE, tenant.admin, id=course["id"])
    return course


async def enroll(catalog: Subgraph, who: Viewer, course: dict[str, Any], **input: Any) -> dict[str, Any]:
    """What `enroll` answers."""
    answer = await catalog.ask(ENROLL, who, input={"courseId": course["id"]} | input)
    return answer.data["enroll"]


async def join(catalog: Subgraph, who: Viewer) -> None:
    """Makes somebody a member, as identity's event would."""
    assert who.organization_id
    assert who.user_id
    assert who.role
    member = Member(id=ids.new_id(), organization_id=who.organization_id, user_id=who.user_id, role=who.role)
    async with catalog.platform.database.begin(who) as session:
        session.add(member)


def user_id(who: Viewer) -> str:
    """Somebody's public id."""
    assert who.user_id
    return ids.encode("user", who.user_id)


def students(tenant: Tenant, count: int) -> list[Viewer]:
    """More people of an organization."""
    return [viewer(Role.STUDENT, tenant.id) for _ in range(count)]


async def rows(catalog: Subgraph, tenant: Tenant, statement: str, **values: Any) -> list[Any]:
    """What SQL finds in a tenant."""
    async with catalog.platform.database.begin(tenant.admin) as session:
        return list((await session.execute(text(statement), values)).all())


async def stored(catalog: Subgraph, tenant: Tenant) -> list[Any]:
    """Everything that catalog keeps of a tenant."""
    return await rows(catalog, tenant, _STORED)


async def events(catalog: Subgraph, tenant: Tenant, kind: str = "") -> list[str]:
    """The types of the events that a tenant caused, in order."""
    statement = "SELECT type FROM outbox WHERE starts_with(type, :kind) ORDER BY id"
    return [row.type for row in await rows(catalog, tenant, statement, kind=kind)]


@asynccontextmanager
async def nothing_changes(catalog: Subgraph, *tenants: Tenant) -> AsyncIterator[None]:
    """Holds that what is stored of the tenants is the same after as before."""
    before = [await stored(catalog, tenant) for tenant in tenants]
    yield
    assert [await stored(catalog, tenant) for tenant in tenants] == before


async def insert_courses(catalog: Subgraph, tenant: Tenant, courses: int, enrollments: int) -> list[UUID]:
    """Published courses with a module and this many enrolments each, written at once."""
    made = [ids.new_id() for _ in range(courses)]
    statements = (
        """INSERT INTO course (organization_id, id, slug, title, description, status)
           SELECT :tenant, id, 'course-' || place, 'Course ' || place, '', 'PUBLISHED'
           FROM unnest(cast(:ids AS uuid[])) WITH ORDINALITY AS made (id, place)""",
        """INSERT INTO module (organization_id, id, course_id, title, position)
           SELECT :tenant, uuidv7(), id, 'Module', 1 FROM unnest(cast(:ids AS uuid[])) AS made (id)""",
        """INSERT INTO enrollment (organization_id, id, course_id, user_id, status, progress)
           SELECT :tenant, uuidv7(), id, uuidv7(), 'ACTIVE', 0
           FROM unnest(cast(:ids AS uuid[])) AS made (id), generate_series(1, :enrollments)""",
    )
    async with catalog.platform.database.begin(tenant.admin) as session:
        for statement in statements:
            values = {"tenant": tenant.id, "ids": made, "enrollments": enrollments}
            used = {name: value for name, value in values.items() if f":{name}" in statement}
            await session.execute(text(statement), used)
    return made


@pytest.fixture
async def course(catalog: Subgraph, tenant: Tenant) -> dict[str, Any]:
    """A published course."""
    return await open_course(catalog, tenant)
