"""Loads the demo courses and who is enrolled in them, once."""

from collections.abc import Callable

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.auth import Viewer
from shared.demo import demo_id
from shared.events import emit
from shared.postgres import Database
from shared.settings import Settings
from subgraphs.catalog.demo_data import COURSES, ENROLLMENTS, DemoCourse
from subgraphs.catalog.events import CoursePublished, EnrollmentCreated
from subgraphs.catalog.models import Course, CourseStatus, Enrollment, Module
from subgraphs.catalog.services import created


async def seed(progress: Callable[[int, int], None]) -> int:
    """Adds what is missing; returns how many courses and enrolments it made. Running it again makes nothing."""
    database = Database("catalog", Settings.load())
    made, done, total = 0, 0, sum(map(len, COURSES.values()))
    try:
        for slug, courses in COURSES.items():
            enrolled = dict(ENROLLMENTS[slug])
            for course in courses:
                async with database.begin(Viewer(organization_id=demo_id("organization", slug))) as session:
                    made += await _course(session, slug, course, enrolled.get(course.slug, ()))
                done += 1
                progress(done, total)
    finally:
        await database.close()
    return made


async def _course(session: AsyncSession, slug: str, demo: DemoCourse, emails: tuple[str, ...]) -> int:
    if await session.scalar(select(Course.id).where(Course.slug == demo.slug)):
        return 0
    organization_id = demo_id("organization", slug)
    course = Course(
        id=demo_id("course", slug, demo.slug),
        organization_id=organization_id,
        slug=demo.slug,
        title=demo.title,
        description=demo.description,
        status=demo.status,
    )
    session.add(course)
    await session.flush()
    own = {"organization_id": organization_id, "course_id": course.id}
    modules = [
        Module(**own, id=demo_id("module", slug, demo.slug, title), title=title, position=place)
        for place, title in enumerate(demo.modules, start=1)
    ]
    session.add_all(modules)
    await emit(session, created(course, modules))
    if demo.status == CourseStatus.PUBLISHED:
        await emit(session, CoursePublished(id=course.id, organization_id=organization_id))
    for email in emails:
        await _enrollment(session, course, email)
    return 1 + len(emails)


async def _enrollment(session: AsyncSession, course: Course, email: str) -> None:
    enrollment = Enrollment(
        id=demo_id("enrollment", str(course.id), email),
        organization_id=course.organization_id,
        course_id=course.id,
        user_id=demo_id("user", email),
    )
    session.add(enrollment)
    created = EnrollmentCreated(
        id=enrollment.id,
        organization_id=course.organization_id,
        course_id=course.id,
        user_id=enrollment.user_id,
    )
    await emit(session, created)
