"""Courses: making, changing, publishing and reading them, and who may."""

from typing import Any

import pytest

from tests.catalog.conftest import CREATE, PUBLISH, create_course, open_course
from tests.conftest import Subgraph, Tenant

COURSES = """
query($filter: CourseFilter, $first: Int = 10, $after: String) {
  courses(filter: $filter, first: $first, after: $after) {
    totalCount
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    edges { cursor node { id slug status } }
  }
}
"""
COURSE = "query($id: ID) { course(id: $id) { id title } }"


def slugs(answer: Any) -> list[str]:
    """The slugs of a page of courses."""
    return [edge["node"]["slug"] for edge in answer.data["courses"]["edges"]]


async def test_a_new_course_is_a_draft_with_its_modules_in_order(catalog: Subgraph, tenant: Tenant) -> None:
    course = await create_course(catalog, tenant, "botany", modules=[{"title": "Roots"}, {"title": "Leaves"}])
    assert course["status"] == "DRAFT"
    assert [(module["title"], module["position"]) for module in course["modules"]] == [("Roots", 1), ("Leaves", 2)]


async def test_publishing_twice_is_the_same_as_once(catalog: Subgraph, tenant: Tenant) -> None:
    course = await create_course(catalog, tenant)
    for _ in range(2):
        answer = await catalog.ask(PUBLISH, tenant.teacher, id=course["id"])
        assert answer.data["publishCourse"] == {"__typename": "Course", "id": course["id"], "status": "PUBLISHED"}


async def test_a_slug_is_unique_in_its_organization_only(catalog: Subgraph, tenant: Tenant, stranger: Tenant) -> None:
    await create_course(catalog, tenant, "same-slug")
    again = await create_course(catalog, tenant, "same-slug")
    elsewhere = await create_course(catalog, stranger, "same-slug")
    assert again["__typename"] == "SlugTaken"
    assert again["slug"] == "same-slug"
    assert elsewhere["__typename"] == "Course"


@pytest.mark.parametrize(
    ("values", "path"),
    [
        ({"title": "ab"}, ["input", "title"]),
        ({"title": "a" * 256}, ["input", "title"]),
        ({"title": "NUL \x00 inside"}, ["input", "title"]),
        ({"slug": "ab"}, ["input", "slug"]),
        ({"slug": "Upper"}, ["input", "slug"]),
        ({"slug": "s" * 101}, ["input", "slug"]),
        ({"description": "d" * 10_001}, ["input", "description"]),
        ({"modules": [{"title": "good"}, {"title": "x"}]}, ["input", "modules", "1", "title"]),
        ({"modules": [{"title": "good"}] * 101}, ["input", "modules"]),
    ],
)
async def test_invalid_input_names_its_field_and_stores_nothing(
    catalog: Subgraph, tenant: Tenant, values: dict[str, Any], path: list[str]
) -> None:
    refused = await create_course(catalog, tenant, **values)
    assert refused["__typename"] == "InvalidInput"
    assert [field["path"] for field in refused["fields"]] == [path]
    assert (await catalog.ask(COURSES, tenant.teacher)).data["courses"]["totalCount"] == 0


async def test_students_see_published_courses_and_teachers_all(catalog: Subgraph, tenant: Tenant) -> None:
    await create_course(catalog, tenant, "draft")
    await open_course(catalog, tenant, "open")
    assert slugs(await catalog.ask(COURSES, tenant.student)) == ["open"]
    assert slugs(await catalog.ask(COURSES, tenant.teacher)) == ["draft", "open"]


async def test_pages_follow_each_other_without_gap_or_double(catalog: Subgraph, tenant: Tenant) -> None:
    made = [(await create_course(catalog, tenant, f"course-{number}"))["slug"] for number in range(5)]
    read, after = [], None
    while True:
        answer = await catalog.ask(COURSES, tenant.teacher, first=2, after=after)
        read += slugs(answer)
        page = answer.data["courses"]["pageInfo"]
        assert page["hasPreviousPage"] == (after is not None)
        after = page["endCursor"]
        if not page["hasNextPage"]:
            break
    assert read == made


@pytest.mark.parametrize(
    ("filter", "expected"),
    [
        ({"text": "ZEBRA"}, ["zebra-stripes"]),
        ({"text": "stripes"}, ["zebra-stripes"]),
        ({"text": "100%"}, []),
        ({"text": "_"}, []),
        ({"status": "DRAFT"}, ["algebra"]),
        ({"status": "PUBLISHED", "text": "zebra"}, ["zebra-stripes"]),
    ],
)
async def test_filters_narrow_the_list(
    catalog: Subgraph, tenant: Tenant, filter: dict[str, str], expected: list[str]
) -> None:
    await create_course(catalog, tenant, "algebra", title="Algebra")
    await open_course(catalog, tenant, "zebra-stripes", title="Zebra, and why it is striped")
    answer = await catalog.ask(COURSES, tenant.teacher, filter=filter)
    assert slugs(answer) == expected
    assert answer.data["courses"]["totalCount"] == len(expected)


@pytest.mark.parametrize("variables", [{"first": 101}, {"first": -1}, {"after": "nonsense"}, {"after": "AAAA"}])
async def test_a_page_outside_its_limits_is_refused(
    catalog: Subgraph, tenant: Tenant, variables: dict[str, Any]
) -> None:
    answer = await catalog.ask(COURSES, tenant.teacher, **variables)
    assert answer.codes == ["BAD_USER_INPUT"]
    assert f"`{next(iter(variables))}`" in answer.body["errors"][0]["message"]


@pytest.mark.parametrize("id", ["", "course_", "nonsense", "user_01h455vb4pex5vsknk084sn02q", "course_\x00", "é" * 30])
async def test_a_malformed_id_is_like_an_unknown_one(catalog: Subgraph, tenant: Tenant, id: str) -> None:
    assert (await catalog.ask(COURSE, tenant.teacher, id=id)).data == {"course": None}
    answer = await catalog.ask(PUBLISH, tenant.teacher, id=id)
    assert answer.data["publishCourse"] == {"__typename": "NotFound", "code": "NOT_FOUND"}


async def test_the_same_key_makes_one_course(catalog: Subgraph, tenant: Tenant) -> None:
    input = {"title": "Once", "slug": "once"}
    first = await catalog.ask(CREATE, tenant.teacher, input=input, key="k1")
    again = await catalog.ask(CREATE, tenant.teacher, input=input, key="k1")
    other = await catalog.ask(CREATE, tenant.teacher, input=input | {"slug": "twice"}, key="k1")
    assert again.data["createCourse"]["id"] == first.data["createCourse"]["id"]
    assert other.data["createCourse"]["code"] == "IDEMPOTENCY_MISMATCH"
    assert other.data["createCourse"]["fields"][0]["path"] == ["idempotencyKey"]
    assert (await catalog.ask(COURSES, tenant.teacher)).data["courses"]["totalCount"] == 1
