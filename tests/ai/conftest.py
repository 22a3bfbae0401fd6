"""What tests of ai begin with: courses with people in them, and items that the model has understood."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from shared import ids
from shared.auth import Role, Viewer
from subgraphs.ai import consumers, events
from tests.conftest import Answer, Subgraph, Tenant, viewer

SEARCH = """
query($text: String!, $courseId: ID, $first: Int) {
  semanticSearch(query: $text, courseId: $courseId, first: $first) { score item { id } }
}
"""
SIMILAR = "... on ContentItem { similar(first: %d) { score item { id } } }"
RECOMMENDED = "... on User { recommendations(first: %d) { score item { id } } }"
GENERATE = """
mutation($input: GenerateQuestionsInput!) {
  generateQuestions(input: $input) {
    __typename
    ... on GeneratedQuestions { model item { id } questions { kind prompt choices { text correct } source } }
    ... on Error { code message }
    ... on InvalidInput { fields { path message } }
  }
}
"""
TEXTS = {
    "Stars": "Stars shine because hydrogen fuses into helium in their cores. The light takes long to come out.",
    "Planets": "Planets move around the sun on ellipses. The sun, a star, holds them by its gravity.",
    "Bread": "Bread rises because yeast turns sugar into gas. Knead the dough and bake it in a hot oven.",
    "Cake": "A cake rises by baking powder. Mix flour, sugar, eggs and butter, and bake it in the oven.",
    "Latin": "Latin nouns have cases. The verb stands at the end, and the grammar decides who does what.",
}
_STORED = """
SELECT 'item' AS kind, t::text AS row FROM item t
UNION ALL SELECT 'course', t::text FROM course t
UNION ALL SELECT 'enrollment', t::text FROM enrollment t
UNION ALL SELECT 'completion', t::text FROM completion t
UNION ALL SELECT 'vector', t::text FROM item_vector t
UNION ALL SELECT 'use', t::text FROM model_use t
UNION ALL SELECT 'event', t::text FROM outbox t
ORDER BY kind, row
"""


@dataclass(frozen=True)
class Place:
    """A course with modules."""

    id: UUID
    module_ids: list[UUID]

    @property
    def public_id(self) -> str:
        """Its id in GraphQL."""
        return ids.encode("course", self.id)


async def told(ai: Subgraph, organization_id: UUID, *happened: tuple[Any, Any]) -> None:
    """Has consumers apply events, each given with its handler."""
    async with ai.platform.database.begin(Viewer(organization_id=organization_id)) as session:
        for handle, event in happened:
            await handle(session, event)


async def new_course(ai: Subgraph, tenant: Tenant, *people: Viewer, modules: int = 2, is_open: bool = True) -> Place:
    """A course that catalog's events have told of, with these people in it."""
    place = Place(ids.new_id(), [ids.new_id() for _ in range(modules)])
    own = {"id": place.id, "organization_id": tenant.id}
    happened: list[tuple[Any, Any]] = [
        (consumers.keep_course, events.CourseCreated(**own, module_ids=place.module_ids))
    ]
    if is_open:
        happened.append((consumers.open_course, events.CoursePublished(**own)))
    await told(ai, tenant.id, *happened)
    await join(ai, place, *people)
    return place


async def join(ai: Subgraph, place: Place, *people: Viewer) -> None:
    """Enrols people."""
    for who in people:
        assert who.organization_id
        await told(ai, who.organization_id, (consumers.keep_enrollment, events.EnrollmentCreated(**facts(place, who))))


async def leave(ai: Subgraph, place: Place, who: Viewer) -> None:
    """Somebody withdraws."""
    assert who.organization_id
    await told(ai, who.organization_id, (consumers.drop_enrollment, events.EnrollmentWithdrawn(**facts(place, who))))


def facts(place: Place, who: Viewer) -> dict[str, Any]:
    """What is told of an enrolment, whose id follows from the course and the person."""
    assert who.user_id
    id = UUID(int=place.id.int ^ who.user_id.int)
    return {"id": id, "organization_id": who.organization_id, "course_id": place.id, "user_id": who.user_id}


def version(tenant: Tenant, place: Place, title: str, module: int = 0, **values: Any) -> events.ItemPublished:
    """What content tells of a published item; the text is that of `TEXTS` unless given."""
    usual = {
        "id": ids.new_id(),
        "organization_id": tenant.id,
        "course_id": place.id,
        "module_id": place.module_ids[module],
        "version": 1,
        "title": title,
        "tags": [],
        "text": TEXTS.get(title, ""),
    }
    return events.ItemPublished.model_validate(usual | values)


async def published(
    ai: Subgraph, tenant: Tenant, place: Place, *titles: str, module: int = 0, **values: Any
) -> list[str]:
    """Items as content's events tell of them, understood; returns their public ids."""
    made = [version(tenant, place, title, module, **values) for title in titles]
    await told(ai, tenant.id, *((consumers.keep_item, event) for event in made))
    await understood(ai, tenant)
    return [ids.encode("content_item", event.id) for event in made]


async def understood(ai: Subgraph, tenant: Tenant, within: float = 10) -> None:
    """Waits until no item of the tenant waits for its vectors."""
    async with asyncio.timeout(within):
        while await rows(ai, tenant, "SELECT 1 FROM item WHERE embed_after IS NOT NULL"):
            await asyncio.sleep(0.02)


async def finish(ai: Subgraph, who: Viewer, *items: str) -> None:
    """Somebody completes items, one after the other."""
    assert who.organization_id
    for item in items:
        own = {"id": ids.new_id(), "organization_id": who.organization_id, "user_id": who.user_id}
        event = events.ItemCompleted.model_validate(own | {"item_id": ids.decode("content_item", item)})
        await told(ai, who.organization_id, (consumers.keep_completion, event))


async def search(ai: Subgraph, who: Viewer, text: str, **variables: Any) -> list[str]:
    """The ids that `semanticSearch` answers, in order."""
    answer = await ai.ask(SEARCH, who, text=text, **variables)
    return [match["item"]["id"] for match in answer.data["semanticSearch"]]


async def similar(ai: Subgraph, who: Viewer, item: str, first: int = 5) -> list[str]:
    """The ids of what is similar to an item, in order."""
    answer = await ai.entities(who, SIMILAR % first, {"__typename": "ContentItem", "id": item})
    [entity] = answer.data["_entities"]
    return [match["item"]["id"] for match in entity["similar"]]


async def recommended(ai: Subgraph, who: Viewer, first: int = 5) -> list[str]:
    """The ids of what is recommended to somebody, in order."""
    [entity] = (await ask_recommended(ai, who, who, first=first)).data["_entities"]
    return [match["item"]["id"] for match in entity["recommendations"]]


async def ask_recommended(ai: Subgraph, who: Viewer | None, *people: Viewer, first: int = 5) -> Answer:
    """The whole answer to what is recommended to people."""
    representations = [
        {"__typename": "User", "id": ids.encode("user", person.user_id)} for person in people if person.user_id
    ]
    return await ai.entities(who, RECOMMENDED % first, *representations)


async def generate(ai: Subgraph, who: Viewer, item: str, **values: Any) -> dict[str, Any]:
    """What `generateQuestions` answers."""
    answer = await ai.ask(GENERATE, who, input={"contentItemId": item, **values})
    return answer.data["generateQuestions"]


async def rows(ai: Subgraph, tenant: Tenant, statement: str, **values: Any) -> list[Any]:
    """What SQL finds in a tenant, or has changed there."""
    async with ai.platform.database.begin(tenant.admin) as session:
        result = await session.execute(text(statement), values)
        return list(result.all()) if result.returns_rows else []  # type: ignore[attr-defined]  # a cursor's result


@asynccontextmanager
async def nothing_changes(ai: Subgraph, *tenants: Tenant) -> AsyncIterator[None]:
    """Holds that what happens inside stores nothing."""
    before = [await rows(ai, tenant, _STORED) for tenant in tenants]
    yield
    assert [await rows(ai, tenant, _STORED) for tenant in tenants] == before


def students(tenant: Tenant, count: int) -> list[Viewer]:
    """More people of an organization."""
    return [viewer(Role.STUDENT, tenant.id) for _ in range(count)]


@pytest.fixture
async def place(ai: Subgraph, tenant: Tenant) -> Place:
    """An open course that the tenant's student is in."""
    return await new_course(ai, tenant, tenant.student)


@pytest.fixture
async def shelf(ai: Subgraph, tenant: Tenant, place: Place) -> dict[str, str]:
    """The items of `TEXTS` in that course, all in its first module: their ids by their titles."""
    return dict(zip(TEXTS, await published(ai, tenant, place, *TEXTS), strict=True))
