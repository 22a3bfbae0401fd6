"""What assessment does on catalog's events: it keeps which courses there are, and who is in which course."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from shared.context import Platform
from shared.events import Handler
from subgraphs.assessment.events import CourseCreated, CoursePublished, EnrollmentCreated, EnrollmentWithdrawn
from subgraphs.assessment.models import Course, Enrollment

_KEY = ["organization_id", "id"]


async def keep_course(session: AsyncSession, event: CourseCreated) -> None:
    """Adds the course, as one that is not open yet."""
    course = insert(Course).values(organization_id=event.organization_id, id=event.id, is_open=False)
    await session.execute(course.on_conflict_do_nothing())


async def open_course(session: AsyncSession, event: CoursePublished) -> None:
    """Shows the course's assessments to students, from now on."""
    course = insert(Course).values(organization_id=event.organization_id, id=event.id, is_open=True)
    await session.execute(course.on_conflict_do_update(index_elements=_KEY, set_={"is_open": True}))


async def keep_enrollment(session: AsyncSession, event: EnrollmentCreated) -> None:
    """Lets the person start attempts, for the first time or again."""
    await _keep(session, event, is_active=True)


async def end_enrollment(session: AsyncSession, event: EnrollmentWithdrawn) -> None:
    """Lets the person start no more attempts; those they have made stay."""
    await _keep(session, event, is_active=False)


async def _keep(session: AsyncSession, event: EnrollmentCreated | EnrollmentWithdrawn, *, is_active: bool) -> None:
    values: dict[str, Any] = event.model_dump(include={"id", "organization_id", "course_id", "user_id"})
    enrollment = insert(Enrollment).values(**values, is_active=is_active)
    await session.execute(enrollment.on_conflict_do_update(index_elements=_KEY, set_={"is_active": is_active}))


def handlers(_: Platform) -> Sequence[Handler]:
    """Which events assessment takes from whom."""
    return [
        Handler("catalog", CourseCreated, keep_course),
        Handler("catalog", CoursePublished, open_course),
        Handler("catalog", EnrollmentCreated, keep_enrollment),
        Handler("catalog", EnrollmentWithdrawn, end_enrollment),
    ]
