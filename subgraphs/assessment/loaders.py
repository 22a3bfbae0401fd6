"""Batched reads of assessment that are not rows of one table: questions, results, and the grade of a course."""

from collections.abc import Sequence
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import Float, Select, func, select
from sqlalchemy.sql import cast

from shared.auth import Viewer
from shared.context import Context
from shared.statements import VIEWER, among, kept, whose
from subgraphs.assessment.documents import Question, Result
from subgraphs.assessment.models import Assessment, Attempt, AttemptStatus
from subgraphs.assessment.runtime import question_sets_of

_OPEN = select(Attempt.assessment_id, Attempt.question_set_id).where(
    among(Attempt.assessment_id), Attempt.user_id == VIEWER, Attempt.status == AttemptStatus.IN_PROGRESS
)


async def questions_of(context: Context, question_set_id: UUID) -> list[Question]:
    """The questions of a set, with their keys."""
    return await context.load.add("questions", partial(_questions, context)).load(question_set_id)


async def open_question_set(context: Context, assessment_id: UUID) -> UUID | None:
    """The set of the viewer's own open attempt, if there is one."""
    return await context.load.add("open_question_set", partial(_open_question_sets, context)).load(assessment_id)


async def results_of(context: Context, attempt_id: UUID) -> list[Result] | None:
    """The results of an attempt that the viewer may see; None before it is graded."""
    return await context.load.add("results", partial(_results, context)).load(attempt_id)


async def grade_of(context: Context, enrollment_id: UUID) -> float | None:
    """The grade of an enrolment, from 0 to 1; None before the first graded attempt, and for what is not to be seen."""
    return await context.load.add("grade", partial(_grades, context)).load(enrollment_id)


async def _questions(context: Context, set_ids: list[UUID]) -> Sequence[list[Question]]:
    assert context.viewer.organization_id
    found = await question_sets_of(context.platform).get(context.viewer.organization_id, set_ids)
    questions = [question_set.questions if question_set else [] for question_set in found]
    context.load.spend(sum(map(len, questions)))
    return questions


async def _open_question_sets(context: Context, assessment_ids: list[UUID]) -> Sequence[UUID | None]:
    rows = await context.read(_OPEN, viewer=context.viewer.user_id, keys=assessment_ids)
    found = {row.assessment_id: row.question_set_id for row in rows}
    return [found.get(assessment_id) for assessment_id in assessment_ids]


async def _results(context: Context, attempt_ids: list[UUID]) -> Sequence[list[Result] | None]:
    statement = select(Attempt.id, Attempt.results).where(
        Attempt.id.in_(attempt_ids), Attempt.visible(context.viewer), Attempt.status == AttemptStatus.GRADED
    )
    async with context.session() as session:
        rows = (await session.execute(statement)).all()
    context.load.spend(sum(len(row.results) for row in rows))
    found = {row.id: [Result.model_validate(result) for result in row.results] for row in rows}
    return [found.get(attempt_id) for attempt_id in attempt_ids]


async def _grades(context: Context, enrollment_ids: list[UUID]) -> Sequence[float | None]:
    statement = _graded(whose(context.viewer))
    rows = await context.read(statement, viewer=context.viewer.user_id, keys=enrollment_ids)
    found = {row.enrollment_id: row.grade for row in rows}
    return [found.get(enrollment_id) for enrollment_id in enrollment_ids]


@kept
def _graded(viewer: Viewer) -> Select[Any]:
    """The best score at each assessment, weighted by its points, over the assessments with a graded attempt."""
    best = (
        select(Attempt.enrollment_id, Assessment.points, func.max(Attempt.score).label("score"))
        .join(Assessment, Assessment.id == Attempt.assessment_id)
        .where(among(Attempt.enrollment_id), Attempt.visible(viewer), Attempt.status == AttemptStatus.GRADED)
        .group_by(Attempt.enrollment_id, Assessment.id, Assessment.points)
        .subquery()
    )
    weighted = func.sum(best.c.score * best.c.points) / func.sum(best.c.points)
    grade = cast(func.least(weighted, 1), Float).label("grade")
    return select(best.c.enrollment_id, grade).group_by(best.c.enrollment_id)
