"""Courses that students may not see: hidden on every path that could lead to them."""

from typing import Any

import pytest
from sqlalchemy import text

from shared import ids
from tests.catalog.conftest import archived_course, create_course, enroll, insert_courses, open_course, students
from tests.conftest import Subgraph, Tenant

_STATUS = text("UPDATE course SET status = :status")

PATHS = {
    "by id": 'query { found: course(id: "%(course)s") { title } }',
    "by slug": 'query { found: course(slug: "%(slug)s") { title } }',
    "list": "query { found: courses { edges { node { title } } } }",
    "list by status": "query { found: courses(filter: {status: %(status)s}) { edges { node { title } } } }",
    "list by text": 'query { found: courses(filter: {text: "hidden"}) { edges { node { title } } } }',
    "count": 'query { found: courses(filter: {text: "hidden"}) { totalCount } }',
    "organization": 'query { found: _entities(representations: [{__typename: "Organization", id: "%(organization)s"}]) '
    "{ ... on Organization { courses { edges { node { title } } } } } }",
    "entity": 'query { found: _entities(representations: [{__typename: "Course", id: "%(course)s"}]) '
    "{ ... on Course { title } } }",
    "node": 'query { found: _entities(representations: [{__typename: "Course", nodeId: "%(course)s"}]) '
    "{ ... on Course { title } } }",
    "module": 'query { found: _entities(representations: [{__typename: "Module", id: "%(module)s"}]) '
    "{ ... on Module { title course { title } } } }",
    "module node": 'query { found: _entities(representations: [{__typename: "Module", nodeId: "%(module)s"}]) '
    "{ ... on Module { title course { title } } } }",
    "another's enrolment": 'query { found: enrollment(id: "%(enrollment)s") { course { title } } }',
    "another's enrolment as entity": "query { found: _entities(representations: "
    '[{__typename: "Enrollment", id: "%(enrollment)s"}]) { ... on Enrollment { course { title } } } }',
}


@pytest.fixture(params=["DRAFT", "ARCHIVED"])
async def hidden(catalog: Subgraph, tenant: Tenant, request: pytest.FixtureRequest) -> dict[str, Any]:
    """A course that is not published, with somebody in it, as it is seen by those who teach."""
    title, modules = "Hidden treasure", [{"title": "Hidden module"}]
    course = await open_course(catalog, tenant, "hidden-course", title=title, modules=modules)
    (somebody,) = students(tenant, 1)
    enrollment = await enroll(catalog, somebody, course)
    async with catalog.platform.database.begin(tenant.admin) as session:
        await session.execute(_STATUS, {"status": request.param})
    return {
        "course": course["id"],
        "slug": course["slug"],
        "module": course["modules"][0]["id"],
        "enrollment": enrollment["id"],
        "organization": ids.encode("organization", tenant.id),
        "status": request.param,
        "somebody": somebody,
    }


@pytest.mark.parametrize("path", PATHS)
async def test_a_student_finds_no_trace_of_it(
    catalog: Subgraph, tenant: Tenant, hidden: dict[str, Any], path: str
) -> None:
    answer = await catalog.ask(PATHS[path] % hidden, tenant.student)
    assert "Hidden" not in str(answer.data)
    assert answer.data["found"] in (None, [None], {"edges": []}, {"totalCount": 0}, [{"courses": {"edges": []}}])
    shown = await catalog.ask(PATHS[path] % hidden, tenant.teacher)
    assert "Hidden" in str(shown.data) or shown.data == {"found": {"totalCount": 1}}


async def test_who_is_in_it_keeps_it_on_every_path(catalog: Subgraph, hidden: dict[str, Any]) -> None:
    for path, query in PATHS.items():
        answer = await catalog.ask(query % hidden, hidden["somebody"])
        assert "Hidden" in str(answer.data) or answer.data == {"found": {"totalCount": 1}}, path


async def test_publishing_shows_a_draft_and_archiving_hides_it_again(catalog: Subgraph, tenant: Tenant) -> None:
    draft, old = await create_course(catalog, tenant, "draft"), await archived_course(catalog, tenant, "archived")
    (opened,) = await insert_courses(catalog, tenant, 1, 0)
    listed = await catalog.ask("{ courses { totalCount edges { node { id } } } }", tenant.student)
    assert listed.data["courses"] == {"totalCount": 1, "edges": [{"node": {"id": ids.encode("course", opened)}}]}
    for hidden in (draft, old):
        seen = await catalog.ask("query($id: ID) { course(id: $id) { id } }", tenant.student, id=hidden["id"])
        assert seen.data == {"course": None}
