"""What tests of content begin with: open courses with modules, people in them, and items in every state."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import pytest
from sqlalchemy import text

from shared import ids
from shared.auth import Role, Viewer
from subgraphs.content import consumers, events
from subgraphs.content.documents import ItemText
from subgraphs.content.models import Item, Version
from subgraphs.content.runtime import texts_of
from tests.conftest import Subgraph, Tenant, viewer

ITEM = """
__typename
... on ContentItem {
  id type title text mediaUrl durationMinutes difficulty tags version publishedAt viewerCompletedAt
  publishAt hasDraft draftText versions { id number title publishedAt text } course { id } module { id }
}
... on Error { code message }
... on InvalidInput { fields { path message } }
"""
CREATE = f"""
mutation($input: CreateContentItemInput!, $key: String) {{
  createContentItem(input: $input, idempotencyKey: $key) {{ {ITEM} }}
}}
"""
UPDATE = f"mutation($input: UpdateContentItemInput!) {{ updateContentItem(input: $input) {{ {ITEM} }} }}"
PUBLISH = f"mutation($id: ID!) {{ publishContentItem(id: $id) {{ {ITEM.partition('... on InvalidInput')[0]} }} }}"
SCHEDULE = f"mutation($input: ScheduleContentItemInput!) {{ scheduleContentItem(input: $input) {{ {ITEM} }} }}"
COMPLETE = """
mutation($id: ID!) {
  completeContentItem(id: $id) {
    __typename
    ... on Completion { completedAt item { id title text mediaUrl version viewerCompletedAt hasDraft publishAt } }
    ... on Error { code message }
  }
}
"""
READ = f"query($id: ID!) {{ contentItem(id: $id) {{ {ITEM.partition('... on Error')[0]} }} }}"
STUDENTS_ITEM = "id type title text mediaUrl tags version publishedAt viewerCompletedAt hasDraft publishAt"
READ_AS_STUDENT = f"query($id: ID!) {{ contentItem(id: $id) {{ {STUDENTS_ITEM} }} }}"

LINK = "https://media.example/lesson.mp4"
BODIES: dict[str, dict[str, Any]] = {
    "TEXT": {"text": "First there was the sea."},
    "VIDEO": {"mediaUrl": LINK, "text": "What is said in the film."},
    "AUDIO": {"mediaUrl": LINK},
    "QUIZ": {},
}
"""What an item of each type may be made of."""

_STORED = """
SELECT 'course' AS kind, t::text AS row FROM course t
UNION ALL SELECT 'module', t::text FROM module t
UNION ALL SELECT 'enrollment', t::text FROM enrollment t
UNION ALL SELECT 'item', t::text FROM item t
UNION ALL SELECT 'version', t::text FROM version t
UNION ALL SELECT 'completion', t::text FROM completion t
UNION ALL SELECT 'media', t::text FROM media t
UNION ALL SELECT 'document', t::text FROM document t
UNION ALL SELECT 'audit', t::text FROM audit t
UNION ALL SELECT 'idempotency', t::text FROM idempotency t
UNION ALL SELECT 'event', concat_ws(' ', id, type, aggregate_id, data) FROM outbox
ORDER BY kind, row
"""


class Place(NamedTuple):
    """A course and its modules."""

    course_id: UUID
    module_ids: list[UUID]

    @property
    def module(self) -> str:
        """The public id of the first module."""
        return ids.encode("module", self.module_ids[0])


async def told(content: Subgraph, organization_id: UUID, *happened: tuple[Any, Any]) -> None:
    """Has consumers apply events, each given with its handler."""
    async with content.platform.database.begin(Viewer(organization_id=organization_id)) as session:
        for handle, event in happened:
            await handle(session, event)


async def new_course(content: Subgraph, tenant: Tenant, *, modules: int = 1, is_open: bool = True) -> Place:
    """A course that catalog's events have told of."""
    place = Place(ids.new_id(), [ids.new_id() for _ in range(modules)])
    own = {"id": place.course_id, "organization_id": tenant.id}
    happened: list[tuple[Any, Any]] = [
        (consumers.keep_course, events.CourseCreated(**own, module_ids=place.module_ids)),
    ]
    if is_open:
        happened.append((consumers.open_course, events.CoursePublished(**own)))
    await told(content, tenant.id, *happened)
    return place


async def join(content: Subgraph, course_id: UUID, *people: Viewer) -> list[UUID]:
    """Enrols people; returns the ids of their enrolments."""
    made = [joined(course_id, who) for who in people]
    organization_id = people[0].organization_id
    assert organization_id
    await told(content, organization_id, *((consumers.keep_enrollment, event) for event in made))
    return [event.id for event in made]


def joined(course_id: UUID, who: Viewer) -> events.EnrollmentCreated:
    """What catalog says when somebody has enrolled."""
    return events.EnrollmentCreated(
        id=ids.new_id(), organization_id=who.organization_id, course_id=course_id, user_id=who.user_id
    )


async def leave(content: Subgraph, course_id: UUID, enrollment_id: UUID, who: Viewer) -> None:
    """Has somebody withdrawn."""
    assert who.organization_id
    event = events.EnrollmentWithdrawn(
        id=enrollment_id, organization_id=who.organization_id, course_id=course_id, user_id=who.user_id
    )
    await told(content, who.organization_id, (consumers.drop_enrollment, event))


def item_input(module: str, type: str = "TEXT", **values: Any) -> dict[str, Any]:
    """The input of a new item."""
    return {"moduleId": module, "type": type, "title": "An item"} | BODIES[type] | values


async def create(content: Subgraph, who: Viewer, place: Place, type: str = "TEXT", **values: Any) -> dict[str, Any]:
    """What `createContentItem` answers."""
    return (await content.ask(CREATE, who, input=item_input(place.module, type, **values))).data["createContentItem"]


async def update(content: Subgraph, who: Viewer, id: str, **values: Any) -> dict[str, Any]:
    """What `updateContentItem` answers."""
    return (await content.ask(UPDATE, who, input={"id": id, **values})).data["updateContentItem"]


async def publish(content: Subgraph, who: Viewer, id: str) -> dict[str, Any]:
    """What `publishContentItem` answers."""
    return (await content.ask(PUBLISH, who, id=id)).data["publishContentItem"]


async def published(content: Subgraph, tenant: Tenant, place: Place, type: str = "TEXT", **values: Any) -> Any:
    """A published item."""
    made = await create(content, tenant.teacher, place, type, **values)
    return await publish(content, tenant.teacher, made["id"])


async def schedule(content: Subgraph, who: Viewer, id: str, **values: Any) -> dict[str, Any]:
    """What `scheduleContentItem` answers."""
    return (await content.ask(SCHEDULE, who, input={"id": id, **values})).data["scheduleContentItem"]


async def complete(content: Subgraph, who: Viewer, id: str) -> dict[str, Any]:
    """What `completeContentItem` answers."""
    return (await content.ask(COMPLETE, who, id=id)).data["completeContentItem"]


async def read(content: Subgraph, who: Viewer, id: str) -> dict[str, Any] | None:
    """An item as somebody sees it, with all that they may ask for."""
    query = READ if "write:course" in who.scopes else READ_AS_STUDENT
    return (await content.ask(query, who, id=id)).data["contentItem"]


def later(**away: float) -> datetime:
    """A time to come."""
    return datetime.now(UTC) + timedelta(**away)


def students(tenant: Tenant, count: int) -> list[Viewer]:
    """More people of an organization."""
    return [viewer(Role.STUDENT, tenant.id) for _ in range(count)]


async def rows(content: Subgraph, tenant: Tenant, statement: str, **values: Any) -> list[Any]:
    """What SQL finds in a tenant, or has changed there."""
    async with content.platform.database.begin(tenant.admin) as session:
        result = await session.execute(text(statement), values)
        return list(result.all()) if result.returns_rows else []  # type: ignore[attr-defined]  # a cursor's result


async def stored(content: Subgraph, tenant: Tenant) -> list[Any]:
    """Everything that content keeps of a tenant, the search index aside, which follows by itself."""
    return await rows(content, tenant, _STORED)


async def count(content: Subgraph, tenant: Tenant, table: str) -> int:
    """How many rows a table has in a tenant."""
    return (await rows(content, tenant, f"SELECT count(*) FROM {table}"))[0][0]


async def emitted(content: Subgraph, tenant: Tenant, type: str) -> list[dict[str, Any]]:
    """The events of a type, in order."""
    found = await rows(content, tenant, "SELECT data FROM outbox WHERE type = :type ORDER BY id", type=type)
    return [row.data for row in found]


async def insert_items(content: Subgraph, tenant: Tenant, place: Place, each: int) -> list[UUID]:
    """So many published items in each module, written at once; returns their ids."""
    now = datetime.now(UTC)
    own = {"organization_id": tenant.id, "title": "An item", "published_at": now}
    items, versions, texts = [], [], []
    for module_id in place.module_ids:
        for _ in range(each):
            item_id = ids.new_id()
            document = ItemText(organization_id=tenant.id, item_id=item_id, text=f"The text of {item_id}.")
            kind = {"type": "TEXT", "difficulty": "BEGINNER", "tags": ["sea"], "text_id": document.id}
            items.append(Item(**own, **kind, id=item_id, course_id=place.course_id, module_id=module_id))
            versions.append(Version(**own, item_id=item_id, number=1, text_id=document.id))
            texts.append(document)
    await texts_of(content.platform).insert(tenant.id, texts)
    async with content.platform.database.begin(tenant.admin) as session:
        session.add_all(items)
        await session.flush()
        session.add_all(versions)
    return [item.id for item in items]


@asynccontextmanager
async def nothing_changes(content: Subgraph, *tenants: Tenant) -> AsyncIterator[None]:
    """Holds that what happens inside stores nothing: no row, no document, no audit, no event."""
    before = [await stored(content, tenant) for tenant in tenants]
    yield
    assert [await stored(content, tenant) for tenant in tenants] == before


@pytest.fixture
async def place(content: Subgraph, tenant: Tenant) -> Place:
    """An open course that the tenant's student is in."""
    place = await new_course(content, tenant)
    await join(content, place.course_id, tenant.student)
    return place


@pytest.fixture
async def draft(content: Subgraph, tenant: Tenant, place: Place) -> dict[str, Any]:
    """A text that has not been published."""
    return await create(content, tenant.teacher, place)


@pytest.fixture
async def item(content: Subgraph, tenant: Tenant, place: Place) -> dict[str, Any]:
    """A published text."""
    return await published(content, tenant, place)
