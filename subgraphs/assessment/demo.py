"""Loads the demo quizzes, and attempts at them that are graded like any other, once."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from shared import ids
from shared.auth import Viewer
from shared.demo import demo_id
from shared.documents import Documents, open_store
from shared.events import emit
from shared.postgres import Database
from shared.settings import Settings
from subgraphs.assessment import grading
from subgraphs.assessment.consumers import keep_enrollment, open_course
from subgraphs.assessment.demo_data import HISTORY, QUIZZES, DemoAttempt, DemoQuestion, DemoQuiz
from subgraphs.assessment.documents import Answer, Choice, Question, QuestionSet
from subgraphs.assessment.events import AssessmentCreated, AttemptStarted, CoursePublished, EnrollmentCreated
from subgraphs.assessment.models import Assessment, Attempt, QuestionKind
from subgraphs.assessment.runtime import question_sets_in
from subgraphs.assessment.services.attempts import facts_of, grade_attempt


async def seed(progress: Callable[[int, int], None]) -> int:
    """Adds what is missing; returns how many quizzes and attempts it made. Running it again makes nothing."""
    settings = Settings.load()
    database = Database("assessment", settings)
    store = open_store("assessment", settings.mongodb_url, database)
    made, done, total = 0, 0, sum(map(len, QUIZZES.values()))
    try:
        for slug, quizzes in QUIZZES.items():
            for quiz in quizzes:
                made += await _quiz(database, question_sets_in(store), slug, quiz)
                done += 1
                progress(done, total)
    finally:
        await store.close()
        await database.close()
    return made


async def _quiz(database: Database, sets: Documents[QuestionSet], slug: str, demo: DemoQuiz) -> int:
    organization_id, id = demo_id("organization", slug), demo_id("assessment", slug, demo.course)
    viewer = Viewer(organization_id=organization_id)
    async with database.begin(viewer) as session:
        if await session.scalar(select(Assessment.id).where(Assessment.id == id)):
            return 0
    questions = QuestionSet(
        organization_id=organization_id,
        assessment_id=id,
        questions=[_question(question) for question in demo.questions],
    )
    await sets.insert(organization_id, [questions])
    attempts = HISTORY[slug].get(demo.course, ())
    async with database.begin(viewer) as session:
        assessment = await _assessment(session, slug, demo, questions)
        for attempt in attempts:
            await _attempt(session, assessment, questions.questions, attempt)
    return 1 + len(attempts)


async def _assessment(session: AsyncSession, slug: str, demo: DemoQuiz, questions: QuestionSet) -> Assessment:
    assessment = Assessment(
        id=questions.assessment_id,
        organization_id=questions.organization_id,
        course_id=demo_id("course", slug, demo.course),
        title=demo.title,
        passing_score=demo.passing_score,
        max_attempts=demo.max_attempts,
        time_limit_minutes=demo.time_limit_minutes,
        points=float(grading.total(questions.questions)),
        question_set_id=questions.id,
    )
    own = {"organization_id": assessment.organization_id}
    await open_course(session, CoursePublished(id=assessment.course_id, **own))
    session.add(assessment)
    await emit(session, AssessmentCreated(id=assessment.id, course_id=assessment.course_id, **own))
    return assessment


async def _attempt(session: AsyncSession, assessment: Assessment, questions: list[Question], demo: DemoAttempt) -> None:
    enrollment = EnrollmentCreated(
        id=demo_id("enrollment", str(assessment.course_id), demo.email),
        organization_id=assessment.organization_id,
        course_id=assessment.course_id,
        user_id=demo_id("user", demo.email),
    )
    await keep_enrollment(session, enrollment)
    started_at = datetime.now(UTC) - timedelta(days=demo.days_ago)
    attempt = Attempt(
        id=ids.new_id(),
        organization_id=assessment.organization_id,
        assessment_id=assessment.id,
        course_id=assessment.course_id,
        user_id=enrollment.user_id,
        enrollment_id=enrollment.id,
        question_set_id=assessment.question_set_id,
        passing_score=assessment.passing_score,
        started_at=started_at,
        deadline=started_at + timedelta(minutes=assessment.time_limit_minutes or 0),
        submitted_at=started_at + timedelta(minutes=demo.minutes),
    )
    session.add(attempt)
    await emit(session, AttemptStarted(**facts_of(attempt)), actor_id=attempt.user_id)
    await grade_attempt(session, attempt, questions, list(_answers(questions, demo.missed)))


def _question(demo: DemoQuestion) -> Question:
    return Question(
        kind=QuestionKind(demo.kind),
        prompt=demo.prompt,
        points=demo.points,
        choices=[Choice(text=choice.text, correct=choice.correct) for choice in demo.choices],
        answer=demo.answer,
        value=demo.value,
        tolerance=demo.tolerance,
        accepted=list(demo.accepted),
    )


def _answers(questions: list[Question], missed: tuple[int, ...]) -> Iterable[Answer]:
    for number, question in enumerate(questions, start=1):
        yield _answer(question, is_right=number not in missed)


def _answer(question: Question, *, is_right: bool) -> Answer:
    """The right answer; or, where it was missed, one as somebody gives it who nearly knew."""
    match question.kind:
        case QuestionKind.SINGLE_CHOICE | QuestionKind.MULTIPLE_CHOICE:
            return Answer(question_id=question.id, choice_ids=_choices(question, is_right))
        case QuestionKind.TRUE_FALSE:
            return Answer(question_id=question.id, boolean=question.answer is is_right)
        case QuestionKind.NUMERIC:
            right = question.value or 0.0
            return Answer(question_id=question.id, number=right if is_right else right * 2 + 1)
        case QuestionKind.SHORT_TEXT:
            return Answer(question_id=question.id, text=question.accepted[0] if is_right else "I do not remember")


def _choices(question: Question, is_right: bool) -> list[UUID]:
    right = [choice.id for choice in question.choices if choice.correct]
    if is_right:
        return right
    return right[:-1] or [choice.id for choice in question.choices if not choice.correct][:1]
