"""Assessment's part of the big data set (`shared.volume`): quizzes, attempts at them, and what catalog would have told
of courses and people."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import orjson

from shared.documents import Documents, open_store
from shared.postgres import Database
from shared.settings import Settings
from shared.volume.copying import Copying, copying
from shared.volume.plan import COURSES, ENROLLMENTS, PASSING, Enrollment, Kind, Tenant, tenants, time_of, volume_id
from shared.volume.texts import SUBJECTS
from subgraphs.assessment.documents import Question, QuestionSet
from subgraphs.assessment.models import Assessment, Attempt, AttemptStatus, Course, QuestionKind
from subgraphs.assessment.models import Enrollment as EnrollmentRow
from subgraphs.assessment.runtime import question_sets_in

_ASSESSMENT = "organization_id id course_id title passing_score points question_set_id question_set_number"
_ATTEMPT = (
    "organization_id id assessment_id course_id user_id enrollment_id question_set_id passing_score status started_at "
    "submitted_at score passed answers results"
)
_QUESTIONS = 5
_POINTS = 10.0


async def seed(progress: Callable[[int, int], None]) -> int:
    """Writes all of it into empty tables; returns the rows."""
    settings = Settings.load()
    database = Database("assessment", settings)
    store = open_store("assessment", settings.mongodb_url, database)
    try:
        async with copying("assessment", progress) as copy:
            copy.expect(COURSES * 4 + ENROLLMENTS * 115 // 100)
            for tenant in tenants():
                await copy.rows(Course, "organization_id id is_open", _courses(tenant))
                await copy.rows(Assessment, _ASSESSMENT, _assessments(tenant))
                await copy.rows(EnrollmentRow, "organization_id id course_id user_id is_active", _enrollments(tenant))
                await copy.rows(Attempt, _ATTEMPT, _attempts(tenant))
                await _questions(copy, question_sets_in(store), tenant)
            return copy.done
    finally:
        await store.close()
        await database.close()


async def _questions(copy: Copying, sets: Documents[QuestionSet], tenant: Tenant) -> None:
    found = [
        _question_set(tenant, course.number, place)
        for course in tenant.courses
        for place in range(len(course.assessment_ids))
    ]
    await sets.insert(tenant.id, found)
    copy.note(len(found))


def _question_set(tenant: Tenant, course: int, place: int) -> QuestionSet:
    number = course * 2 + place
    subject = SUBJECTS[course % len(SUBJECTS)]
    questions = [
        Question(
            id=volume_id(Kind.QUESTION, number * _QUESTIONS + question),
            kind=QuestionKind.TRUE_FALSE,
            prompt=f"Part {question + 1} of this course is about {subject}. Is that so?",
            points=_POINTS / _QUESTIONS,
            answer=True,
        )
        for question in range(_QUESTIONS)
    ]
    assessment_id = tenant.course(course).assessment_ids[place]
    id = volume_id(Kind.QUESTIONS, number)
    return QuestionSet(id=id, organization_id=tenant.id, assessment_id=assessment_id, questions=questions)


def _courses(tenant: Tenant) -> Iterator[tuple[object, ...]]:
    for course in tenant.courses:
        yield tenant.id, course.id, True


def _assessments(tenant: Tenant) -> Iterator[tuple[object, ...]]:
    for course in tenant.courses:
        for place, id in enumerate(course.assessment_ids):
            set_id = volume_id(Kind.QUESTIONS, course.number * 2 + place)
            yield tenant.id, id, course.id, f"Quiz {place + 1}", PASSING, _POINTS, set_id, 1


def _enrollments(tenant: Tenant) -> Iterator[tuple[object, ...]]:
    for it in tenant.enrollments:
        yield tenant.id, it.id, it.course.id, it.person.id, True


def _attempts(tenant: Tenant) -> Iterator[tuple[object, ...]]:
    for it in tenant.enrollments:
        if it.score is not None:
            yield tenant.id, *_attempt(it, it.score)


def _attempt(it: Enrollment, score: float) -> tuple[object, ...]:
    number, began = it.course.number * 2, time_of(it.tried_at)
    right = round(score * _QUESTIONS)
    ids = [str(volume_id(Kind.QUESTION, number * _QUESTIONS + place)) for place in range(_QUESTIONS)]
    answers = [{"question_id": id, "boolean": place < right} for place, id in enumerate(ids)]
    results = [
        {"question_id": id, "points": _POINTS / _QUESTIONS * (place < right), "correct": place < right}
        for place, id in enumerate(ids)
    ]
    about = (it.attempt_id, it.course.assessment_ids[0], it.course.id, it.person.id, it.id)
    graded = (AttemptStatus.GRADED.value, began, began + timedelta(minutes=12), score, score >= PASSING)
    set_id = volume_id(Kind.QUESTIONS, number)
    return *about, set_id, PASSING, *graded, orjson.dumps(answers).decode(), orjson.dumps(results).decode()
