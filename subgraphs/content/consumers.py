"""What content does on events: of catalog's it keeps which courses and modules there are and who is in which course; by
its own it keeps the search index."""

from collections.abc import Sequence
from functools import partial

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from shared.context import Platform
from shared.events import Handler
from subgraphs.content.events import (
    CourseCreated,
    CoursePublished,
    EnrollmentCreated,
    EnrollmentWithdrawn,
    ItemCreated,
    ItemPublished,
    ItemUpdated,
)
from subgraphs.content.models import Course, Enrollment, Item, Module
from subgraphs.content.runtime import search_of, texts_of
from subgraphs.content.search import put_items


async def keep_course(session: AsyncSession, event: CourseCreated) -> None:
    """Adds the course as a draft, and its modules."""
    own = {"organization_id": event.organization_id}
    course = insert(Course).values(**own, id=event.id, is_open=False)
    await session.execute(course.on_conflict_do_nothing())
    if event.module_ids:
        modules = [{**own, "id": module_id, "course_id": event.id} for module_id in event.module_ids]
        await session.execute(insert(Module).values(modules).on_conflict_do_nothing())


async def open_course(session: AsyncSession, event: CoursePublished) -> None:
    """Shows the course's published items to students."""
    course = insert(Course).values(organization_id=event.organization_id, id=event.id, is_open=True)
    await session.execute(
        course.on_conflict_do_update(index_elements=["organization_id", "id"], set_={"is_open": True})
    )


async def keep_enrollment(session: AsyncSession, event: EnrollmentCreated) -> None:
    """Adds the person to the course."""
    values = event.model_dump(include={"id", "organization_id", "course_id", "user_id"})
    await session.execute(insert(Enrollment).values(values).on_conflict_do_nothing())


async def drop_enrollment(session: AsyncSession, event: EnrollmentWithdrawn) -> None:
    """Takes the person out of the course."""
    await session.execute(delete(Enrollment).where(Enrollment.id == event.id))


async def keep_searchable(
    platform: Platform, session: AsyncSession, event: ItemCreated | ItemUpdated | ItemPublished
) -> None:
    """Puts the item into the index as it is now, which may be newer than the event."""
    items = (await session.execute(select(Item).where(Item.id == event.id))).scalars().all()
    await put_items(search_of(platform), texts_of(platform), items)


def handlers(platform: Platform) -> Sequence[Handler]:
    """Which events content takes from whom."""
    index = partial(keep_searchable, platform)
    return [
        Handler("content", ItemCreated, index),
        Handler("content", ItemUpdated, index),
        Handler("content", ItemPublished, index),
        Handler("catalog", CourseCreated, keep_course),
        Handler("catalog", CoursePublished, open_course),
        Handler("catalog", EnrollmentCreated, keep_enrollment),
        Handler("catalog", EnrollmentWithdrawn, drop_enrollment),
    ]
