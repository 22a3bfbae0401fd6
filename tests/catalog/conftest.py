"""What tests of catalog begin with: courses of the test's own tenant."""

from typing import Any

import pytest

from tests.conftest import Subgraph, Tenant

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


@pytest.fixture
async def course(catalog: Subgraph, tenant: Tenant) -> dict[str, Any]:
    """A published course."""
    return await open_course(catalog, tenant)
