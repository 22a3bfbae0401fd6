"""The rules of catalog. Services get narrow values and a session; they never see a resolver's `info`."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, Float, cast, exists, func, literal, select, update
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from shared import ids
from shared.auth import Viewer
from shared.errors import Forbidden, InvalidInput, NotFound, Rejected, SlugTaken
from shared.events import emit
from shared.postgres import insert_unique
from subgraphs.catalog.errors import CourseNotOpen
from subgraphs.catalog.events import (
    CourseArchived,
    CourseCreated,
    CoursePublished,
    CourseUpdated,
    EnrollmentCompleted,
    EnrollmentCreated,
    EnrollmentWithdrawn,
)
from subgraphs.catalog.inputs import CreateCourseInput, EnrollInput, UpdateCourseInput
from subgraphs.catalog.models import (
    Base,
    Course,
    CourseStatus,
    Enrollment,
    EnrollmentStatus,
    ItemCompletion,
    Member,
    Module,
    RequiredItem,
)


async def create_course(session: AsyncSession, organization_id: UUID, input: CreateCourseInput) -> Course:
    """A draft with its modules."""
    course = Course(
        id=ids.new_id(),
        organization_id=organization_id,
        slug=input.slug,
        title=input.title,
        description=input.description or "",
    )
    await insert_unique(session, course, "course_slug_key", SlugTaken(slug=input.slug))
    own = {"organization_id": organization_id, "course_id": course.id}
    modules = [
        Module(**own, id=ids.new_id(), title=module.title, position=position)
        for position, module in enumerate(input.modules, start=1)
    ]
    session.add_all(modules)
    await emit(session, created(course, modules))
    return course


async def update_course(session: AsyncSession, viewer: Viewer, input: UpdateCourseInput) -> Course:
    """Changes what was given."""
    course = await _course(session, viewer, input.id)
    changes = input.model_dump(exclude={"id"}, exclude_none=True)
    for name, value in changes.items():
        setattr(course, name, value)
    if changes:
        own = {"id": course.id, "organization_id": course.organization_id, "title": course.title}
        await emit(session, CourseUpdated(**own, fields=sorted(changes)))
    return course


async def publish_course(session: AsyncSession, viewer: Viewer, id: str) -> Course:
    """Opens the course; publishing it twice is the same as once."""
    course = await _course(session, viewer, id)
    if course.status != CourseStatus.PUBLISHED:
        course.status = CourseStatus.PUBLISHED
        await emit(session, CoursePublished(id=course.id, organization_id=course.organization_id))
    return course


async def archive_course(session: AsyncSession, viewer: Viewer, id: str) -> Course:
    """Closes the course; who is enrolled keeps it."""
    course = await _course(session, viewer, id)
    if course.status != CourseStatus.ARCHIVED:
        course.status = CourseStatus.ARCHIVED
        await emit(session, CourseArchived(id=course.id, organization_id=course.organization_id))
    return course


async def enroll(session: AsyncSession, viewer: Viewer, input: EnrollInput) -> Enrollment:
    """Enrols the viewer, or a member for those who manage users. Enrolling twice is the same as once; who withdrew
    comes back with the progress they had, and what they completed before or meanwhile counts."""
    user_id = await _person(session, viewer, input.user_id)
    # Shared: enrolments do not wait for each other, only for a change of the course itself.
    course = await _course(session, viewer, input.course_id, shared=True)
    if course.status != CourseStatus.PUBLISHED:
        raise Rejected(CourseNotOpen())
    enrollment, is_new = await _enrollment_of(session, course, user_id)
    if is_new or enrollment.status == EnrollmentStatus.WITHDRAWN:
        enrollment.status = EnrollmentStatus.COMPLETED if enrollment.completed_at else EnrollmentStatus.ACTIVE
        await emit(session, EnrollmentCreated(**_facts(enrollment)))
        if enrollment.status == EnrollmentStatus.ACTIVE:
            await _count_earlier(session, enrollment)
    return enrollment


async def withdraw(session: AsyncSession, viewer: Viewer, id: str) -> Enrollment:
    """Ends an enrolment: one's own, or anybody's for those who manage users."""
    statement = select(Enrollment).where(Enrollment.id == ids.decode("enrollment", id), Enrollment.visible(viewer))
    enrollment = (await session.execute(statement.with_for_update())).scalar_one_or_none()
    if enrollment is None:
        raise Rejected(NotFound())
    if enrollment.user_id != viewer.user_id and "manage:users" not in viewer.scopes:
        raise Forbidden("This needs the scope manage:users.")
    if enrollment.status != EnrollmentStatus.WITHDRAWN:
        enrollment.status = EnrollmentStatus.WITHDRAWN
        await emit(session, EnrollmentWithdrawn(**_facts(enrollment)))
    return enrollment


async def count_progress(session: AsyncSession, course_id: UUID, user_id: UUID | None = None) -> None:
    """Brings the active enrolments of a course, or the one of a person, to the share of the required items that is
    completed. Whoever has completed all of them has completed the course, and stays so whatever is required later."""
    active = [Enrollment.course_id == course_id, Enrollment.status == EnrollmentStatus.ACTIVE]
    if user_id is not None:
        active.append(Enrollment.user_id == user_id)
    # Locked first: only a later statement sees what others have committed while this one waited for them.
    locked = select(Enrollment.id).where(*active).order_by(Enrollment.id).with_for_update().subquery()
    if not await session.scalar(select(func.count()).select_from(locked)):
        return
    share = _share(course_id, Enrollment.user_id)
    changed = update(Enrollment).where(*active, Enrollment.progress != share).values(progress=share)
    counted = changed.returning(Enrollment.progress).cte("counted")
    if await session.scalar(select(func.count()).where(counted.c.progress == 1)):
        await _complete(session, *active, Enrollment.progress == 1)


def insert_for_person(model: type[Base], values: dict[str, Any]) -> Insert:
    """Stores what is told of a person in a course unless it is there, and keeps others from telling of the same person
    in the same course until the transaction ends.

    Else somebody's completion and enrolment at the same moment would not see each other, and neither would count it.
    """
    course, person = (int.from_bytes(values[name].bytes[8:], signed=True) for name in ("course_id", "user_id"))
    lock = select(func.pg_advisory_xact_lock(literal(course ^ person, BigInteger)).label("locked")).cte("person")
    row = (literal(value, model.__table__.c[name].type) for name, value in values.items())
    return insert(model).from_select(list(values), select(*row).select_from(lock)).on_conflict_do_nothing()


def _share(course_id: UUID, person: UUID | InstrumentedAttribute[UUID]) -> ColumnElement[Any]:
    """The share of the required items of the course that a person has completed; null when none is required.

    Subqueries, not joins: under row-level security the planner takes a big course for a small one, and may join all its
    people with all its people row by row, at the latest where statistics are out of date.
    """
    items = select(RequiredItem.id).where(RequiredItem.course_id == course_id)
    required = select(func.count()).where(RequiredItem.course_id == course_id).scalar_subquery()
    completed = (
        select(func.count().filter(ItemCompletion.item_id.in_(items)))
        .where(ItemCompletion.course_id == course_id, ItemCompletion.user_id == person)
        .scalar_subquery()
    )
    return cast(completed, Float) / func.nullif(required, 0)


async def _complete(session: AsyncSession, *those: ColumnElement[bool]) -> None:
    completed = update(Enrollment).where(*those)
    completed = completed.values(status=EnrollmentStatus.COMPLETED, completed_at=datetime.now(UTC))
    names = ("id", "organization_id", "course_id", "user_id", "completed_at")
    facts = [getattr(Enrollment, name) for name in names]
    rows = (await session.execute(completed.returning(*facts))).mappings()
    # In the order of ids, as everywhere: `emit` locks them too.
    for row in sorted(rows, key=lambda row: row["id"]):
        await emit(session, EnrollmentCompleted(**row))


async def _count_earlier(session: AsyncSession, enrollment: Enrollment) -> None:
    share = await session.scalar(select(_share(enrollment.course_id, enrollment.user_id)))
    enrollment.progress = enrollment.progress if share is None else share
    if share == 1:
        enrollment.status, enrollment.completed_at = EnrollmentStatus.COMPLETED, datetime.now(UTC)
        await emit(session, EnrollmentCompleted(**_facts(enrollment), completed_at=enrollment.completed_at))


async def _course(session: AsyncSession, viewer: Viewer, id: str, *, shared: bool = False) -> Course:
    statement = select(Course).where(Course.id == ids.decode("course", id), Course.visible(viewer))
    course = (await session.execute(statement.with_for_update(read=shared, key_share=not shared))).scalar_one_or_none()
    if course is None:
        raise Rejected(NotFound())
    return course


async def _person(session: AsyncSession, viewer: Viewer, user_id: str | None) -> UUID:
    assert viewer.user_id
    person = ids.decode("user", user_id) if user_id is not None else viewer.user_id
    if person == viewer.user_id:
        return viewer.user_id
    if "manage:users" not in viewer.scopes:
        raise Forbidden("Enrolling somebody else needs the scope manage:users.")
    if person is None or not await session.scalar(select(exists().where(Member.user_id == person))):
        raise Rejected(InvalidInput.at("input", "userId", message="Nobody in the organization has this id."))
    return person


async def _enrollment_of(session: AsyncSession, course: Course, user_id: UUID) -> tuple[Enrollment, bool]:
    values = {
        "id": ids.new_id(),
        "organization_id": course.organization_id,
        "course_id": course.id,
        "user_id": user_id,
        "status": EnrollmentStatus.ACTIVE,
        "progress": 0.0,
        "started_at": datetime.now(UTC),
    }
    inserted = insert_for_person(Enrollment, values).returning(Enrollment)
    enrollment = (await session.execute(inserted)).scalar_one_or_none()
    if enrollment is not None:
        return enrollment, True
    existing = select(Enrollment).where(Enrollment.course_id == course.id, Enrollment.user_id == user_id)
    return (await session.execute(existing.with_for_update())).scalar_one(), False


def created(course: Course, modules: Iterable[Module]) -> CourseCreated:
    """The event of a new course."""
    return CourseCreated(
        id=course.id,
        organization_id=course.organization_id,
        slug=course.slug,
        title=course.title,
        module_ids=[module.id for module in modules],
    )


def _facts(enrollment: Enrollment) -> dict[str, UUID]:
    return {
        "id": enrollment.id,
        "organization_id": enrollment.organization_id,
        "course_id": enrollment.course_id,
        "user_id": enrollment.user_id,
    }
