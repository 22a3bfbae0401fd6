"""Beginning jobs: certificates and awards for many people at once. What they then do is in `jobs`."""

from collections.abc import Sequence
from functools import partial
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, any_, cast, exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared import ids
from shared.auth import Viewer
from shared.errors import InvalidInput, NotFound, Rejected
from shared.idempotency import once
from shared.jobs import Job, begin_job
from subgraphs.credentials.inputs import MOST, IssueAwardsInput, IssueCertificatesInput
from subgraphs.credentials.models import Badge, Certificate, CriterionKind, Evidence, JobKind, Person
from subgraphs.credentials.services.certificates import terms_of


async def issue_certificates(
    session: AsyncSession, viewer: Viewer, input: IssueCertificatesInput, key: str | None
) -> Job:
    """Begins a job that certifies people in a course, or all who have completed it."""
    begin = partial(_begin_certificates, session, viewer, input)
    return await once(session, "issueCertificates", key, input, Job, begin)


async def issue_awards(session: AsyncSession, viewer: Viewer, input: IssueAwardsInput, key: str | None) -> Job:
    """Begins a job that awards a badge to people, whatever they have reached of it."""
    return await once(session, "issueAwards", key, input, Job, partial(_begin_awards, session, viewer, input))


async def _begin_certificates(session: AsyncSession, viewer: Viewer, input: IssueCertificatesInput) -> Job:
    course_id = ids.decode("course", input.course_id)
    asked = ids.decode("certificate_template", input.template_id) if input.template_id is not None else None
    terms = await terms_of(session, course_id, asked) if course_id else None
    if course_id is None or terms is None or (input.template_id is not None and asked is None):
        raise Rejected(NotFound())
    if terms.template_id is None:
        message = "There is no such template, or it is archived."
        if input.template_id is None:
            message = "Make a template first: a default one, or one of the course."
        raise Rejected(InvalidInput.at("input", "templateId", message=message))
    people = await _completed(session, course_id) if input.user_ids is None else await _named(session, input.user_ids)
    about = {"course": str(course_id), "template": str(terms.template_id)}
    return await begin_job(session, viewer, JobKind.ISSUE_CERTIFICATES, about, people)


async def _begin_awards(session: AsyncSession, viewer: Viewer, input: IssueAwardsInput) -> Job:
    which = (Badge.id == ids.decode("badge", input.badge_id), Badge.visible(viewer))
    badge_id = await session.scalar(select(Badge.id).where(*which))
    if badge_id is None:
        raise Rejected(NotFound())
    about = {"badge": str(badge_id)}
    return await begin_job(session, viewer, JobKind.ISSUE_AWARDS, about, await _named(session, input.user_ids))


async def _completed(session: AsyncSession, course_id: UUID) -> Sequence[UUID]:
    """Those who have completed the course and have no certificate of it."""
    has_one = exists().where(Certificate.course_id == course_id, Certificate.user_id == Evidence.user_id)
    statement = select(Evidence.user_id).where(
        Evidence.target_id == course_id, Evidence.kind == CriterionKind.COMPLETE_COURSE, ~has_one
    )
    people = (await session.execute(statement.order_by(Evidence.user_id).limit(MOST + 1))).scalars().all()
    if len(people) > MOST:
        message = f"More than {MOST:,} people wait for a certificate; name those whom this job is for."
        raise Rejected(InvalidInput.at("input", "userIds", message=message))
    return people


async def _named(session: AsyncSession, user_ids: Sequence[str]) -> list[UUID]:
    """The people with these ids, each once, in their order; rejects the first of whom identity has not told us."""
    people = {user_id: ids.decode("user", user_id) for user_id in user_ids}
    found = [it for it in people.values() if it]
    statement = select(Person.id).where(Person.id == any_(cast(found, ARRAY(Uuid))), Person.name.is_not(None))
    known = set((await session.execute(statement)).scalars())
    for place, user_id in enumerate(user_ids):
        if people[user_id] not in known:
            message = "Nobody with this id is known here."
            raise Rejected(InvalidInput.at("input", "userIds", str(place), message=message))
    return found
