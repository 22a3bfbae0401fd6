"""Assessments: making them, and changing what later attempts start with."""

from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared import ids
from shared.auth import Viewer, organization_of
from shared.documents import Documents
from shared.errors import NotFound, Rejected
from shared.events import emit
from shared.idempotency import once
from shared.waiting import Begin, until
from subgraphs.assessment import grading
from subgraphs.assessment.documents import Choice, Question, QuestionSet
from subgraphs.assessment.events import AssessmentCreated, AssessmentUpdated
from subgraphs.assessment.inputs import CreateAssessmentInput, QuestionInput, UpdateAssessmentInput
from subgraphs.assessment.models import Assessment, Course

_LIMITS = {"max_attempts", "time_limit_minutes"}


async def create_assessment(
    begin: Begin, sets: Documents[QuestionSet], viewer: Viewer, input: CreateAssessmentInput, key: str | None
) -> Assessment:
    """An assessment with its first question set."""
    organization_id = organization_of(viewer)
    if not await until(begin, partial(_has_course, id=input.course_id)):
        raise Rejected(NotFound())
    questions = _question_set(organization_id, ids.new_id(), input.questions)
    await sets.insert(organization_id, [questions])
    async with begin() as session:
        create = partial(_create, session, input, questions)
        made = await once(session, "createAssessment", key, input, Assessment, create)
    if made.question_set_id != questions.id:  # it was made before, with another set
        await sets.delete(organization_id, [questions.id])
    return made


async def update_assessment(
    begin: Begin, sets: Documents[QuestionSet], viewer: Viewer, input: UpdateAssessmentInput
) -> Assessment:
    """Changes what was given. Attempts that have been started keep their questions and their time."""
    questions = None
    async with begin() as session:
        before = await _assessment(session, viewer, input.id)
    if input.questions is not None:
        questions = _question_set(before.organization_id, before.id, input.questions)
        await sets.insert(before.organization_id, [questions])
    async with begin() as session:
        assessment = await _assessment(session, viewer, input.id)
        await _change(session, assessment, _changes(input), questions)
        return assessment


async def _create(session: AsyncSession, input: CreateAssessmentInput, questions: QuestionSet) -> Assessment:
    assessment = Assessment(
        id=questions.assessment_id,
        organization_id=questions.organization_id,
        course_id=ids.decode("course", input.course_id),
        title=input.title,
        passing_score=input.passing_score,
        max_attempts=input.max_attempts,
        time_limit_minutes=input.time_limit_minutes,
        **_shown(questions),
    )
    session.add(assessment)
    created = AssessmentCreated(
        id=assessment.id, organization_id=assessment.organization_id, course_id=assessment.course_id
    )
    await emit(session, created)
    return assessment


async def _change(
    session: AsyncSession, assessment: Assessment, changes: dict[str, Any], questions: QuestionSet | None
) -> None:
    named = sorted(changes)
    if questions is not None:
        changes |= {**_shown(questions), "question_set_number": assessment.question_set_number + 1}
        named.append("questions")
    for name, value in changes.items():
        setattr(assessment, name, value)
    if named:
        updated = AssessmentUpdated(
            id=assessment.id,
            organization_id=assessment.organization_id,
            course_id=assessment.course_id,
            fields=named,
        )
        await emit(session, updated)


def _changes(input: UpdateAssessmentInput) -> dict[str, Any]:
    """What was given; of the limits alone, null is a value."""
    given = input.model_dump(exclude={"id", "questions"}, exclude_unset=True)
    return {name: value for name, value in given.items() if value is not None or name in _LIMITS}


def _shown(questions: QuestionSet) -> dict[str, Any]:
    return {"question_set_id": questions.id, "points": float(grading.total(questions.questions))}


def _question_set(organization_id: UUID, assessment_id: UUID, questions: list[QuestionInput]) -> QuestionSet:
    return QuestionSet(
        organization_id=organization_id,
        assessment_id=assessment_id,
        questions=[_question(question) for question in questions],
    )


def _question(input: QuestionInput) -> Question:
    return Question(
        kind=input.kind,
        prompt=input.prompt,
        points=input.points,
        choices=[Choice(text=choice.text, correct=choice.correct) for choice in input.choices],
        answer=input.answer,
        value=input.value,
        tolerance=input.tolerance or 0.0,
        accepted=input.accepted or [],
    )


async def _has_course(session: AsyncSession, id: str) -> bool:
    return bool(await session.scalar(select(exists().where(Course.id == ids.decode("course", id)))))


async def _assessment(session: AsyncSession, viewer: Viewer, id: str) -> Assessment:
    statement = select(Assessment).where(Assessment.id == ids.decode("assessment", id), Assessment.visible(viewer))
    assessment = (await session.execute(statement.with_for_update(key_share=True))).scalar_one_or_none()
    if assessment is None:
        raise Rejected(NotFound())
    return assessment
