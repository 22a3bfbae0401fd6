"""Attempts: starting one, handing it in once, and closing those whose time has run out.

An open attempt ends in one of two ways, whichever locks its row first: by `submit_attempt` before the deadline, or by
the clock after it. The clock is the server's; it looks every second, and a new start looks too. What had not been
submitted by then counts nothing: the attempt is graded with 0.
"""

from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared import ids
from shared.auth import Viewer
from shared.documents import Documents
from shared.errors import NotEnrolled, NotFound, Rejected
from shared.events import emit
from shared.idempotency import once
from shared.waiting import Begin, refused_only_after
from subgraphs.assessment import grading
from subgraphs.assessment.documents import Answer, Question, QuestionSet
from subgraphs.assessment.errors import AttemptClosed, AttemptsExhausted
from subgraphs.assessment.events import AttemptGraded, AttemptStarted
from subgraphs.assessment.inputs import StartAttempt, SubmitAttemptInput
from subgraphs.assessment.models import Assessment, Attempt, AttemptStatus, Enrollment
from subgraphs.assessment.services.answers import read_answers

AT_ONCE = 100
"""How many overdue attempts are closed in one transaction."""


async def start_attempt(begin: Begin, viewer: Viewer, assessment_id: str, key: str | None) -> Attempt:
    """A new attempt, or the one that is still open. With a key that was used before, the attempt of then."""

    async def start(session: AsyncSession) -> Attempt:
        create = partial(_start, session, viewer, assessment_id)
        return await once(session, "startAttempt", key, StartAttempt(assessment_id=assessment_id), Attempt, create)

    return await refused_only_after(begin, partial(_need_not_wait, viewer=viewer, assessment_id=assessment_id), start)


async def submit_attempt(
    begin: Begin, sets: Documents[QuestionSet], viewer: Viewer, input: SubmitAttemptInput
) -> Attempt:
    """Grades an attempt. Of several submissions the first counts; the others are told that it is closed."""
    now = datetime.now(UTC)
    async with begin() as session:
        attempt = await _attempt(session, viewer, input.attempt_id)
        _check_open(attempt, now)
    (questions,) = await sets.get(attempt.organization_id, [attempt.question_set_id])
    assert questions is not None
    answers = read_answers(questions.questions, input.answers)
    async with begin() as session:
        attempt = await _attempt(session, viewer, input.attempt_id, locked=True)
        _check_open(attempt, now)
        attempt.submitted_at = now
        await grade_attempt(session, attempt, questions.questions, answers)
    return attempt


async def close_overdue(session: AsyncSession) -> int:
    """Closes attempts of all tenants whose time has run out, up to `AT_ONCE` of them; returns how many."""
    statement = select(Attempt).where(
        Attempt.status == AttemptStatus.IN_PROGRESS, Attempt.deadline <= datetime.now(UTC)
    )
    statement = statement.order_by(Attempt.deadline).limit(AT_ONCE).with_for_update(skip_locked=True)
    overdue = (await session.execute(statement)).scalars().all()
    for attempt in overdue:
        await _close(session, attempt)
    return len(overdue)


async def grade_attempt(
    session: AsyncSession, attempt: Attempt, questions: list[Question], answers: list[Answer]
) -> None:
    """Grades an attempt that the caller has locked."""
    grade = grading.grade(questions, answers, attempt.passing_score)
    attempt.status = AttemptStatus.GRADED
    attempt.score, attempt.passed = grade.score, grade.passed
    attempt.answers = [answer.model_dump(mode="json", exclude_none=True) for answer in answers]
    attempt.results = [result.model_dump(mode="json") for result in grade.results]
    await emit(session, _graded(attempt))


async def _close(session: AsyncSession, attempt: Attempt) -> None:
    """Grades an overdue attempt, without its questions: whatever they are, nothing was answered."""
    attempt.status = AttemptStatus.GRADED
    attempt.score, attempt.passed = 0.0, attempt.passing_score == 0
    attempt.answers, attempt.results = [], []
    await emit(session, _graded(attempt))


async def _start(session: AsyncSession, viewer: Viewer, assessment_id: str) -> Attempt:
    assessment = await _assessment(session, viewer, assessment_id)
    if assessment is None:
        raise Rejected(NotFound())
    # One start of a person in a course at a time: that makes counting and inserting one step.
    enrollment = await _enrollment(session, viewer, assessment.course_id, locked=True)
    if enrollment is None:
        raise Rejected(NotEnrolled())
    now = datetime.now(UTC)
    before = await _open_attempt(session, assessment.id, enrollment.id)
    if before is not None and _is_running(before, now):
        return before
    if before is not None:
        await _close(session, before)
    if await _is_exhausted(session, assessment, enrollment.id):
        raise Rejected(AttemptsExhausted())
    return await _begin_attempt(session, assessment, enrollment, now)


async def _begin_attempt(
    session: AsyncSession, assessment: Assessment, enrollment: Enrollment, now: datetime
) -> Attempt:
    limit = assessment.time_limit_minutes
    attempt = Attempt(
        id=ids.new_id(),
        organization_id=assessment.organization_id,
        assessment_id=assessment.id,
        course_id=assessment.course_id,
        user_id=enrollment.user_id,
        enrollment_id=enrollment.id,
        question_set_id=assessment.question_set_id,
        passing_score=assessment.passing_score,
        status=AttemptStatus.IN_PROGRESS,
        started_at=now,
        deadline=now + timedelta(minutes=limit) if limit else None,
    )
    session.add(attempt)
    await emit(session, AttemptStarted(**facts_of(attempt)))
    return attempt


async def _need_not_wait(session: AsyncSession, viewer: Viewer, assessment_id: str) -> bool:
    """Whether the viewer is in the course and it is open, as far as is known; an unknown id is not waited for."""
    uuid = ids.decode("assessment", assessment_id)
    course_id = await session.scalar(select(Assessment.course_id).where(Assessment.id == uuid))
    if course_id is None:
        return True
    if await _assessment(session, viewer, assessment_id) is None:
        return False
    return await _enrollment(session, viewer, course_id) is not None


async def _assessment(session: AsyncSession, viewer: Viewer, id: str) -> Assessment | None:
    statement = select(Assessment).where(Assessment.id == ids.decode("assessment", id), Assessment.visible(viewer))
    return (await session.execute(statement)).scalar_one_or_none()


async def _enrollment(
    session: AsyncSession, viewer: Viewer, course_id: UUID, *, locked: bool = False
) -> Enrollment | None:
    statement = select(Enrollment).where(
        Enrollment.course_id == course_id, Enrollment.user_id == viewer.user_id, Enrollment.is_active
    )
    if locked:
        statement = statement.with_for_update(key_share=True)
    return (await session.execute(statement)).scalar_one_or_none()


async def _open_attempt(session: AsyncSession, assessment_id: UUID, enrollment_id: UUID) -> Attempt | None:
    statement = select(Attempt).where(
        Attempt.assessment_id == assessment_id,
        Attempt.enrollment_id == enrollment_id,
        Attempt.status == AttemptStatus.IN_PROGRESS,
    )
    return (await session.execute(statement.with_for_update())).scalar_one_or_none()


async def _is_exhausted(session: AsyncSession, assessment: Assessment, enrollment_id: UUID) -> bool:
    if assessment.max_attempts is None:
        return False
    made = select(func.count()).where(Attempt.assessment_id == assessment.id, Attempt.enrollment_id == enrollment_id)
    return (await session.execute(made)).scalar_one() >= assessment.max_attempts


async def _attempt(session: AsyncSession, viewer: Viewer, id: str, *, locked: bool = False) -> Attempt:
    """One's own attempt: somebody else's is not found, even by those who may see it."""
    statement = select(Attempt).where(Attempt.id == ids.decode("attempt", id), Attempt.user_id == viewer.user_id)
    attempt = (await session.execute(statement.with_for_update() if locked else statement)).scalar_one_or_none()
    if attempt is None:
        raise Rejected(NotFound())
    return attempt


def _check_open(attempt: Attempt, now: datetime) -> None:
    if attempt.status != AttemptStatus.IN_PROGRESS or not _is_running(attempt, now):
        raise Rejected(AttemptClosed())


def _is_running(attempt: Attempt, now: datetime) -> bool:
    return attempt.deadline is None or now < attempt.deadline


def _graded(attempt: Attempt) -> AttemptGraded:
    assert attempt.score is not None
    assert attempt.passed is not None
    return AttemptGraded(**facts_of(attempt), score=attempt.score, passed=attempt.passed)


def facts_of(attempt: Attempt) -> dict[str, UUID]:
    """What every event of an attempt says."""
    names = ("id", "organization_id", "assessment_id", "course_id", "user_id", "enrollment_id")
    return {name: getattr(attempt, name) for name in names}
