"""What the jobs of credentials do, step by step: each deals with the next few people, and may be done twice."""

from collections.abc import Collection, Iterable, Sequence
from functools import partial
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.certificates import Unprintable
from shared.context import Platform
from shared.jobs import Failure, Step, Work, Worker
from shared.postgres import after_commit
from subgraphs.credentials.models import Certificate, CriterionKind, Evidence, JobKind, Person, Progress
from subgraphs.credentials.runtime import press_of, printing_of
from subgraphs.credentials.services.awards import Earned, give
from subgraphs.credentials.services.certificates import certify, terms_of
from subgraphs.credentials.services.printing import Order, Refused

_UNKNOWN = ("UNKNOWN_USER", "Nobody with this id is known here.")
_NOT_COMPLETED = ("NOT_COMPLETED", "They have not completed the course.")


async def _certify(platform: Platform, step: Step) -> Sequence[Failure]:
    course_id, template_id = UUID(step.about["course"]), UUID(step.about["template"])
    organization_id = step.viewer.organization_id
    assert organization_id
    async with platform.database.begin(step.viewer) as session:
        known, done = await _known(session, step.subjects), await _done(session, step.subjects, course_id)
        failures = [*_refused(step.subjects, known, _UNKNOWN), *_refused(step.subjects, done, _NOT_COMPLETED, known)]
        terms = await terms_of(session, course_id, template_id)
        # The template may have been archived since; then this job goes on with it all the same.
        terms = terms and terms._replace(template_id=template_id)
        await certify(session, organization_id, course_id, sorted(known & done), terms)
    return failures + await _print(platform, step, course_id)


async def _print(platform: Platform, step: Step, course_id: UUID) -> list[Failure]:
    """Prints what is not printed yet, one after another and at the lowest priority."""
    printing, press = printing_of(platform), press_of(platform)
    begin = partial(platform.database.begin, step.viewer)
    async with begin() as session:
        which = and_(Certificate.course_id == course_id, Certificate.user_id.in_(step.subjects))
        orders = await printing.orders(session, which)
    printed, failures = [], [_unprintable(it.user_id, it.reason) for it in orders if isinstance(it, Refused)]
    for order in orders:
        if isinstance(order, Order) and order.printed != order.digest:
            try:
                printed.append((order, await press.render(order.sheet, order.look)))
            except Unprintable as error:
                failures.append(_unprintable(order.user_id, str(error)))
    await printing.keep(begin, printed)
    return failures


async def _award(platform: Platform, step: Step) -> Sequence[Failure]:
    badge_id, organization_id = UUID(step.about["badge"]), step.viewer.organization_id
    assert organization_id
    async with platform.database.begin(step.viewer) as session:
        known = await _known(session, step.subjects)
        await give(session, organization_id, [Earned(badge_id, user_id) for user_id in sorted(known)])
        for user_id in known:
            topic = Progress.topic(organization_id, badge_id, user_id)
            after_commit(session, partial(platform.live.publish, topic))
    return list(_refused(step.subjects, known, _UNKNOWN))


async def _known(session: AsyncSession, people: Sequence[UUID]) -> set[UUID]:
    """Those of whom identity has told this organization."""
    statement = select(Person.id).where(Person.id.in_(people), Person.name.is_not(None))
    return set((await session.execute(statement)).scalars())


async def _done(session: AsyncSession, people: Sequence[UUID], course_id: UUID) -> set[UUID]:
    statement = select(Evidence.user_id).where(
        Evidence.user_id.in_(people), Evidence.kind == CriterionKind.COMPLETE_COURSE, Evidence.target_id == course_id
    )
    return set((await session.execute(statement)).scalars())


def _refused(
    people: Sequence[UUID], fit: Collection[UUID], why: tuple[str, str], among: Collection[UUID] | None = None
) -> Iterable[Failure]:
    return [Failure(it, *why) for it in people if it not in fit and (among is None or it in among)]


def _unprintable(user_id: UUID, reason: str) -> Failure:
    return Failure(user_id, "UNPRINTABLE", f"The certificate is issued, but cannot be printed: {reason}")


WORK = {
    JobKind.ISSUE_CERTIFICATES.value: Work(_certify, at_once=25),
    JobKind.ISSUE_AWARDS.value: Work(_award, at_once=100),
}


async def run_jobs(platform: Platform) -> None:
    """Takes steps of jobs until cancelled."""
    await Worker(platform, WORK).run()
