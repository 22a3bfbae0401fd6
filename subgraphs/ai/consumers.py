"""What ai does on events: it keeps items with their texts, which `runtime` then makes vectors of, what people have
finished, and catalog's courses and who is in them. No handler asks the model, so none waits for it."""

from collections.abc import Sequence

from sqlalchemy import delete, func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from shared.context import Platform
from shared.events import Handler
from subgraphs.ai.events import (
    CourseCreated,
    CoursePublished,
    EnrollmentCreated,
    EnrollmentWithdrawn,
    ItemCompleted,
    ItemPublished,
)
from subgraphs.ai.models import Completion, Course, Enrollment, Item

_KEY = ["organization_id", "id"]


async def keep_item(session: AsyncSession, event: ItemPublished) -> None:
    """Keeps the item, unless a newer version is there, and has its vectors made."""
    item = insert(Item).values(**event.model_dump(), embed_after=func.now())
    newer = {name: item.excluded[name] for name in (*ItemPublished.model_fields, "embed_after") if name not in _KEY}
    await session.execute(
        item.on_conflict_do_update(index_elements=_KEY, set_=newer, where=Item.version < item.excluded.version)
    )


async def keep_completion(session: AsyncSession, event: ItemCompleted) -> None:
    """Notes that the person has finished the item, which may not be known yet."""
    await session.execute(insert(Completion).values(event.model_dump()).on_conflict_do_nothing())


async def keep_course(session: AsyncSession, event: CourseCreated) -> None:
    """Adds the course as a draft, or to one that is open already the order of its modules."""
    course = insert(Course).values(**event.model_dump(), is_open=False)
    modules = {"module_ids": course.excluded.module_ids}
    await session.execute(course.on_conflict_do_update(index_elements=_KEY, set_=modules))


async def open_course(session: AsyncSession, event: CoursePublished) -> None:
    """Shows the course's items to the students in it."""
    course = insert(Course).values(**event.model_dump(), is_open=True, module_ids=[])
    await session.execute(course.on_conflict_do_update(index_elements=_KEY, set_={"is_open": True}))


async def keep_enrollment(session: AsyncSession, event: EnrollmentCreated) -> None:
    """Adds the person to the course."""
    await session.execute(insert(Enrollment).values(event.model_dump()).on_conflict_do_nothing())


async def drop_enrollment(session: AsyncSession, event: EnrollmentWithdrawn) -> None:
    """Takes the person out of the course."""
    await session.execute(delete(Enrollment).where(Enrollment.id == event.id))


def handlers(_: Platform) -> Sequence[Handler]:
    """Which events ai takes from whom."""
    return [
        Handler("content", ItemPublished, keep_item),
        Handler("content", ItemCompleted, keep_completion),
        Handler("catalog", CourseCreated, keep_course),
        Handler("catalog", CoursePublished, open_course),
        Handler("catalog", EnrollmentCreated, keep_enrollment),
        Handler("catalog", EnrollmentWithdrawn, drop_enrollment),
    ]
