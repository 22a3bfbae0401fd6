"""What credentials does on events: it keeps what courses, assessments and people there are, and takes facts about
people, which move progress, earn awards and certify courses. By its own it counts new badges, and purges what was
revoked."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime
from functools import partial
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from shared import ids
from shared.context import Platform
from shared.events import Event, Handler, emit
from shared.postgres import after_commit
from subgraphs.credentials import events, models
from subgraphs.credentials.models import Award, CriterionKind, Progress
from subgraphs.credentials.services import progress
from subgraphs.credentials.services.awards import show_revoked
from subgraphs.credentials.services.certificates import certify, certify_waiting, terms_of
from subgraphs.credentials.services.progress import Fact, Standing

_KEY = ["organization_id", "id"]


async def keep_course(session: AsyncSession, event: events.CourseCreated) -> None:
    """Adds the course, as one that is not open yet; certifies who has completed it before it was known by its title."""
    assert event.organization_id
    course = insert(models.Course).values(
        organization_id=event.organization_id, id=event.id, title=event.title, is_open=False
    )
    untitled = course.on_conflict_do_update(
        index_elements=_KEY, set_={"title": event.title}, where=models.Course.title.is_(None)
    )
    if await session.scalar(untitled.returning(models.Course.id)):
        await certify_waiting(session, event.organization_id, event.id)


async def name_course(session: AsyncSession, event: events.CourseUpdated) -> None:
    """Keeps what the course is called now."""
    if event.title is not None:
        course = insert(models.Course).values(
            organization_id=event.organization_id, id=event.id, title=event.title, is_open=False
        )
        await session.execute(course.on_conflict_do_update(index_elements=_KEY, set_={"title": event.title}))


async def open_course(session: AsyncSession, event: events.CoursePublished) -> None:
    """Shows the course's badges to students, from now on."""
    course = insert(models.Course).values(organization_id=event.organization_id, id=event.id, is_open=True)
    await session.execute(course.on_conflict_do_update(index_elements=_KEY, set_={"is_open": True}))


async def keep_enrollment(session: AsyncSession, event: events.EnrollmentCreated) -> None:
    """Adds the person to the course."""
    values = event.model_dump(include={"id", "organization_id", "course_id", "user_id"})
    enrollment = insert(models.Enrollment).values(values | {"began_at": ids.time_of(event.id)})
    await session.execute(enrollment.on_conflict_do_nothing())


async def keep_item(session: AsyncSession, event: events.ItemPublished) -> None:
    """Adds the item to those that one can complete in its course."""
    values = event.model_dump(include={"id", "organization_id", "course_id"})
    await session.execute(insert(models.RequiredItem).values(values).on_conflict_do_nothing())


async def keep_assessment(session: AsyncSession, event: events.AssessmentCreated) -> None:
    """Adds the assessment."""
    values = event.model_dump(include={"id", "organization_id", "course_id"})
    await session.execute(insert(models.Assessment).values(values).on_conflict_do_nothing())


async def keep_organization(
    platform: Platform, session: AsyncSession, event: events.OrganizationCreated | events.OrganizationUpdated
) -> None:
    """Keeps what the organization is called, and names it in awards that were waiting for that."""
    names = {"name": event.name, "slug": event.slug}
    values = insert(models.Organization).values(organization_id=event.organization_id, id=event.id, **names)
    await session.execute(values.on_conflict_do_update(index_elements=_KEY, set_=names))
    await _name(platform, session, Award.issuer_name.is_(None), {"issuer_name": event.name})


async def keep_person(platform: Platform, session: AsyncSession, event: events.UserNamed) -> None:
    """Keeps what the person is called, and names them in awards that were waiting for that."""
    names = {"name": event.display_name, "email": event.email, "locale": event.locale}
    values = insert(models.Person).values(organization_id=event.organization_id, id=event.id, **names)
    await session.execute(values.on_conflict_do_update(index_elements=_KEY, set_=names))
    recipient = {"recipient_name": event.display_name, "recipient_email": event.email}
    await _name(platform, session, Award.recipient_name.is_(None) & (Award.user_id == event.id), recipient)


async def take_item(platform: Platform, session: AsyncSession, event: events.ItemCompleted) -> None:
    """Somebody has completed an item."""
    kind = CriterionKind.COMPLETE_ITEMS
    await _take(platform, session, event, kind, target_id=event.course_id, subject_id=event.item_id)


async def take_attempt(platform: Platform, session: AsyncSession, event: events.AttemptGraded) -> None:
    """Somebody has a score at an assessment."""
    kind, target_id = CriterionKind.PASS_ASSESSMENT, event.assessment_id
    await _take(platform, session, event, kind, target_id=target_id, subject_id=event.id, value=event.score)


async def take_course(platform: Platform, session: AsyncSession, event: events.EnrollmentCompleted) -> None:
    """Somebody has completed a course, and is certified where the organization does that."""
    kind, course_id = CriterionKind.COMPLETE_COURSE, event.course_id
    await _take(platform, session, event, kind, target_id=course_id, subject_id=course_id, made_at=event.completed_at)
    assert event.organization_id
    terms = await terms_of(session, course_id)
    await certify(session, event.organization_id, course_id, [event.user_id], terms)


async def count_badge(
    platform: Platform, session: AsyncSession, event: events.BadgeCreated | events.BadgeCounted
) -> None:
    """Counts a new badge for the next people, and has itself called again while there are more."""
    assert event.organization_id
    after = event.after if isinstance(event, events.BadgeCounted) else None
    changed, last = await progress.count_badge(session, event.organization_id, event.id, after)
    await _tell(platform, session, event.organization_id, changed)
    if last is not None:
        await emit(session, events.BadgeCounted(id=event.id, organization_id=event.organization_id, after=last))


async def purge_award(
    platform: Platform, session: AsyncSession, event: events.AwardRevoked | events.CertificateRevoked
) -> None:
    """Does again what was tried right after the commit, in case that was lost."""
    award = await session.scalar(select(Award).where(Award.id == event.id))
    if award is not None:
        await show_revoked(platform.cache, platform.live, award)


async def _take(
    platform: Platform,
    session: AsyncSession,
    event: events.ItemCompleted | events.AttemptGraded | events.EnrollmentCompleted,
    kind: CriterionKind,
    *,
    target_id: UUID,
    subject_id: UUID,
    value: float = 1.0,
    made_at: datetime | None = None,
) -> None:
    assert event.organization_id
    facts = {name: getattr(event, name) for name in ("id", "organization_id", "user_id", "course_id")}
    fact = Fact(**facts, kind=kind, target_id=target_id, subject_id=subject_id, value=value, made_at=made_at)
    await _tell(platform, session, event.organization_id, await progress.take(session, fact))


async def _tell(platform: Platform, session: AsyncSession, organization_id: UUID, changed: Iterable[Standing]) -> None:
    """Drops what is cached of progress that has changed, and has who watches it look again."""
    moved = [(organization_id, standing.badge_id, standing.user_id) for standing in changed]
    if not moved:
        return
    keys = [Progress.cache_key(*it) for it in moved]
    # Now, so that the event is tried again while Redis is away; and after the commit, which may take longer than the
    # tombstones last.
    await platform.cache.purge(*keys)
    after_commit(session, partial(platform.cache.purge, *keys))
    for it in moved:
        after_commit(session, partial(platform.live.publish, Progress.topic(*it)))


async def _name(platform: Platform, session: AsyncSession, unnamed: ColumnElement[bool], names: dict[str, str]) -> None:
    missing = or_(Award.recipient_name.is_(None), Award.issuer_name.is_(None))  # the condition of the index
    statement = update(Award).where(missing, unnamed).values(names).returning(Award.code)
    codes = (await session.execute(statement)).scalars().all()
    if codes:
        keys = [Award.cache_key(code) for code in codes]
        await platform.cache.purge(*keys)
        after_commit(session, partial(platform.cache.purge, *keys))


def handlers(platform: Platform) -> Sequence[Handler]:
    """Which events credentials takes from whom."""

    def with_engines(handle: Callable[..., Awaitable[None]]) -> Callable[[AsyncSession, Event], Awaitable[None]]:
        return partial(handle, platform)

    return [
        Handler("identity", events.OrganizationCreated, with_engines(keep_organization)),
        Handler("identity", events.OrganizationUpdated, with_engines(keep_organization)),
        Handler("identity", events.UserNamed, with_engines(keep_person)),
        Handler("catalog", events.CourseCreated, keep_course),
        Handler("catalog", events.CourseUpdated, name_course),
        Handler("catalog", events.CoursePublished, open_course),
        Handler("catalog", events.EnrollmentCreated, keep_enrollment),
        Handler("catalog", events.EnrollmentCompleted, with_engines(take_course)),
        Handler("content", events.ItemPublished, keep_item),
        Handler("content", events.ItemCompleted, with_engines(take_item)),
        Handler("assessment", events.AssessmentCreated, keep_assessment),
        Handler("assessment", events.AttemptGraded, with_engines(take_attempt)),
        Handler("credentials", events.BadgeCreated, with_engines(count_badge)),
        Handler("credentials", events.BadgeCounted, with_engines(count_badge)),
        Handler("credentials", events.AwardRevoked, with_engines(purge_award)),
        Handler("credentials", events.CertificateRevoked, with_engines(purge_award)),
    ]
