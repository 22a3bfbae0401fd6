"""What one asks of the model: guard, and one call of a service, which opens its transactions itself."""

import strawberry

from shared.auth import requires
from shared.graphql import Info
from subgraphs.ai import inputs
from subgraphs.ai.runtime import model_of
from subgraphs.ai.services.questions import generate_questions
from subgraphs.ai.types import GeneratedQuestions, GenerateQuestionsResult


@strawberry.type
class Mutation:
    @strawberry.mutation(
        description="Has questions made from the text of a published item. They are not stored: what is good goes into "
        "`createAssessment`.",
        extensions=[requires("write:course")],
    )
    async def generate_questions(self, info: Info, input: inputs.GenerateQuestionsInput) -> GenerateQuestionsResult:
        context = info.context
        item, made = await generate_questions(context.session, model_of(context.platform), context.viewer, input)
        return GeneratedQuestions.of(item.id, made)
