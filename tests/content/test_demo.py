"""The demo data: enough to read, in modules that exist, told once."""

import re
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from shared.auth import Viewer
from shared.demo import demo_id
from shared.stack import environment, keys
from shared.stack.project import Project
from shared.stack.running import Engines
from subgraphs.catalog.demo_data import COURSES, ENROLLMENTS
from subgraphs.content import demo
from subgraphs.content.demo import unwrapped
from subgraphs.content.demo_data import HISTORY, ITEMS, DemoItem
from subgraphs.content.inputs import CreateContentItemInput
from tests.conftest import Subgraph

PAGE = 1_500  # characters
EVERYTHING = [item for items in ITEMS.values() for item in items]


def slugs(organization: str, status: str) -> set[str]:
    """The courses of an organization in catalog's demo data."""
    return {course.slug for course in COURSES[organization] if course.status == status}


def test_there_are_thirty_items_at_least() -> None:
    assert len(ITEMS["demo"]) >= 30
    assert len(ITEMS["other"]) >= 4


@pytest.mark.parametrize("item", EVERYTHING, ids=range(len(EVERYTHING)))
def test_every_item_would_be_accepted_from_a_teacher(item: DemoItem) -> None:
    CreateContentItemInput.model_validate(
        {
            "module_id": "module",
            "type": item.type,
            "title": item.title,
            "text": unwrapped(item.text),
            "duration_minutes": item.duration_minutes,
            "difficulty": item.difficulty,
            "tags": list(item.tags),
        }
    )


def test_what_one_reads_is_a_page_at_least() -> None:
    short = {item.title for item in EVERYTHING if item.type == "TEXT" and len(unwrapped(item.text)) < PAGE}
    assert short == set()


@pytest.mark.parametrize("organization", ITEMS)
def test_items_are_in_modules_that_catalog_has(organization: str) -> None:
    known = {(course.slug, module) for course in COURSES[organization] for module in course.modules}
    assert {(item.course, item.module) for item in ITEMS[organization]} <= known


def test_every_module_of_a_published_course_of_the_first_organization_has_something_in_it() -> None:
    filled = {(item.course, item.module) for item in ITEMS["demo"]}
    published = [course for course in COURSES["demo"] if course.status == "PUBLISHED"]
    assert [module for it in published for module in it.modules if (it.slug, module) not in filled] == []


@pytest.mark.parametrize("organization", ITEMS)
def test_every_published_course_has_something_to_read(organization: str) -> None:
    assert slugs(organization, "PUBLISHED") <= {item.course for item in ITEMS[organization] if item.type == "TEXT"}


@pytest.mark.parametrize("organization", HISTORY)
def test_who_has_read_is_in_the_course_and_read_what_there_is(organization: str) -> None:
    enrolled = dict(ENROLLMENTS[organization])
    for course, readers in HISTORY[organization].items():
        items = [item for item in ITEMS[organization] if item.course == course]
        assert {reader.email for reader in readers} <= set(enrolled[course])
        assert all(0 < reader.items <= len(items) for reader in readers), course


def test_unwrapped_text_has_a_line_per_paragraph_and_keeps_code() -> None:
    wrapped = "\nOne\ntwo.\n\n    code = 1\n    more = 2\n\nThree\nfour.\n"
    assert unwrapped(wrapped) == "One two.\n\n    code = 1\n    more = 2\n\nThree four."


def test_no_text_is_hard_wrapped() -> None:
    for item in EVERYTHING:
        for paragraph in unwrapped(item.text).split("\n\n"):
            lines = paragraph.split("\n")
            assert len(lines) == 1 or all(line.startswith("    ") or not line for line in lines), paragraph
            assert not re.search(r"\S  +\S", lines[0]) or lines[0].startswith("    "), paragraph


async def rows(content: Subgraph, organization: str, statement: str) -> list[Any]:
    """What SQL finds in a demo organization."""
    async with content.platform.database.begin(
        Viewer(organization_id=demo_id("organization", organization))
    ) as session:
        return list((await session.execute(text(statement))).all())


@pytest.fixture
async def made(content: Subgraph, project: Project, engines: Engines, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """What loading the data made, the first and the second time."""
    jwks = keys.public_keys(project.home).as_uri()
    for name, value in environment.for_subgraph("content", project, engines.addresses, jwks).items():
        monkeypatch.setenv(name, value)
    return [await demo.seed(lambda done, total: None) for _ in range(2)]


async def test_seeding_twice_makes_everything_once(content: Subgraph, made: list[int]) -> None:
    completions = sum(reader.items for of in HISTORY.values() for readers in of.values() for reader in readers)
    assert made == [len(EVERYTHING) + completions, 0]
    drafts: set[UUID] = {demo_id("course", "demo", slug) for slug in slugs("demo", "DRAFT")}
    for organization, items in ITEMS.items():
        found = await rows(content, organization, "SELECT title, type, course_id, published_at FROM item ORDER BY id")
        assert [row.title for row in found] == [item.title for item in items]
        assert all((row.published_at is None) == (row.course_id in drafts) for row in found)
        versions = await rows(content, organization, "SELECT count(*) FROM version")
        assert versions[0].count == sum(row.published_at is not None for row in found)
    assert drafts, "there is a draft among the courses"
