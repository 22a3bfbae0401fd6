"""Courses with items and people, for the tests of media and of search."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from shared import ids
from shared.auth import Viewer
from subgraphs.content import consumers, events
from tests.conftest import Subgraph, Tenant

_ITEM = """
__typename
... on ContentItem { id title version publishedAt hasDraft mediaUrl }
... on Error { code message }
"""
_INVALID = "... on InvalidInput { fields { path message } }"
CREATE = f"mutation($input: CreateContentItemInput!) {{ createContentItem(input: $input) {{ {_ITEM} {_INVALID} }} }}"
UPDATE = f"mutation($input: UpdateContentItemInput!) {{ updateContentItem(input: $input) {{ {_ITEM} {_INVALID} }} }}"
PUBLISH = f"mutation($id: ID!) {{ publishContentItem(id: $id) {{ {_ITEM} }} }}"


@dataclass(frozen=True)
class Course:
    """A course with one module, as catalog's events have told of it."""

    id: UUID
    module_id: UUID

    @property
    def public_id(self) -> str:
        """Its id in GraphQL."""
        return ids.encode("course", self.id)


async def told(content: Subgraph, organization_id: UUID, *happened: tuple[Any, Any]) -> None:
    """Has consumers apply events, each given with its handler."""
    async with content.platform.database.begin(Viewer(organization_id=organization_id)) as session:
        for handle, event in happened:
            await handle(session, event)


async def new_course(content: Subgraph, tenant: Tenant, *people: Viewer, is_open: bool = True) -> Course:
    """A course of the tenant, open unless said otherwise, with these people in it."""
    course = Course(ids.new_id(), ids.new_id())
    own = {"id": course.id, "organization_id": tenant.id}
    made = events.CourseCreated.model_validate(own | {"module_ids": [course.module_id]})
    happened: list[tuple[Any, Any]] = [(consumers.keep_course, made)]
    if is_open:
        happened.append((consumers.open_course, events.CoursePublished.model_validate(own)))
    await told(content, tenant.id, *happened)
    await join(content, course, *people)
    return course


async def join(content: Subgraph, course: Course, *people: Viewer) -> None:
    """Enrols people."""
    for who in people:
        assert who.organization_id
        await told(
            content, who.organization_id, (consumers.keep_enrollment, events.EnrollmentCreated(**_place(course, who)))
        )


async def leave(content: Subgraph, course: Course, who: Viewer) -> None:
    """Somebody withdraws."""
    assert who.organization_id
    await told(
        content, who.organization_id, (consumers.drop_enrollment, events.EnrollmentWithdrawn(**_place(course, who)))
    )


def _place(course: Course, who: Viewer) -> dict[str, Any]:
    # One enrolment per person and course, whose id follows from theirs.
    id = UUID(int=course.id.int ^ who.user_id.int) if who.user_id else course.id
    return {"id": id, "organization_id": who.organization_id, "course_id": course.id, "user_id": who.user_id}


async def create(content: Subgraph, who: Viewer, course: Course, **values: Any) -> dict[str, Any]:
    """What `createContentItem` answers; a text unless said otherwise."""
    usual = {
        "type": "TEXT",
        "title": "A page",
        "text": "Nothing much.",
        "moduleId": ids.encode("module", course.module_id),
    }
    return (await content.ask(CREATE, who, input=usual | values)).data["createContentItem"]


async def update(content: Subgraph, who: Viewer, id: str, **values: Any) -> dict[str, Any]:
    """What `updateContentItem` answers."""
    return (await content.ask(UPDATE, who, input={"id": id, **values})).data["updateContentItem"]


async def publish(content: Subgraph, who: Viewer, id: str) -> dict[str, Any]:
    """What `publishContentItem` answers."""
    return (await content.ask(PUBLISH, who, id=id)).data["publishContentItem"]


async def published(content: Subgraph, who: Viewer, course: Course, **values: Any) -> dict[str, Any]:
    """A new item, published at once."""
    made = await create(content, who, course, **values)
    return await publish(content, who, made["id"])
