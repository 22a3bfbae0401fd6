"""What one changes in assessment: guard, and one call of a service, which opens its transactions itself."""

import strawberry

from shared.auth import requires
from shared.graphql import Info
from subgraphs.assessment import inputs
from subgraphs.assessment.runtime import question_sets_of
from subgraphs.assessment.services import assessments, attempts
from subgraphs.assessment.types import (
    Assessment,
    Attempt,
    CreateAssessmentResult,
    StartAttemptResult,
    SubmitAttemptResult,
    UpdateAssessmentResult,
)


@strawberry.type
class Mutation:
    @strawberry.mutation(description="Adds an assessment to a course.", extensions=[requires("write:course")])
    async def create_assessment(
        self, info: Info, input: inputs.CreateAssessmentInput, idempotency_key: str | None = None
    ) -> CreateAssessmentResult:
        context = info.context
        sets = question_sets_of(context.platform)
        made = await assessments.create_assessment(context.session, sets, context.viewer, input, idempotency_key)
        return Assessment.of(made)

    @strawberry.mutation(
        description="Changes an assessment for attempts that are yet to be started.",
        extensions=[requires("write:course")],
    )
    async def update_assessment(self, info: Info, input: inputs.UpdateAssessmentInput) -> UpdateAssessmentResult:
        context = info.context
        sets = question_sets_of(context.platform)
        return Assessment.of(await assessments.update_assessment(context.session, sets, context.viewer, input))

    @strawberry.mutation(
        description="Starts an attempt of the viewer's, or returns the one that is still open.",
        extensions=[requires("read:course")],
    )
    async def start_attempt(
        self, info: Info, assessment_id: strawberry.ID, idempotency_key: str | None = None
    ) -> StartAttemptResult:
        context = info.context
        return Attempt.of(await attempts.start_attempt(context.session, context.viewer, assessment_id, idempotency_key))

    @strawberry.mutation(
        description="Hands in an attempt of the viewer's and grades it. Only the first submission counts.",
        extensions=[requires("read:course")],
    )
    async def submit_attempt(self, info: Info, input: inputs.SubmitAttemptInput) -> SubmitAttemptResult:
        context = info.context
        sets = question_sets_of(context.platform)
        return Attempt.of(await attempts.submit_attempt(context.session, sets, context.viewer, input))
