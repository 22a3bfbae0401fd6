"""The GraphQL types of ai, and what it adds to content's items and identity's people."""

from typing import Annotated
from uuid import UUID

import strawberry

from shared.auth import requires
from shared.connections import Page
from shared.errors import InvalidInput, NotFound
from shared.graphql import Info, Node
from shared.model import Generated
from shared.model import GeneratedQuestion as MadeQuestion
from subgraphs.ai.errors import AiUnavailable
from subgraphs.ai.loaders import Match, recommended_items, similar_items
from subgraphs.ai.models import QuestionKind

strawberry.enum(QuestionKind, description="How a question is answered.")

_USUAL = 5


def first_of(first: int | None) -> int:
    """How many matches a client asks for, five unless it says."""
    return Page.of(_USUAL if first is None else first).first


@strawberry.federation.type(keys=["id"], description="An item of a course, with what is similar to it.")
class ContentItem(Node):
    @strawberry.field(
        description="Items of a similar meaning, the nearest first, among those that the viewer may find by "
        "`semanticSearch`; none for an item that is not among them itself.",
        extensions=[requires("read:course")],
    )
    async def similar(self, info: Info, first: int | None = _USUAL) -> "list[ContentMatch]":
        found = await similar_items(info.context, self.uuid, first_of(first))
        return [ContentMatch.of(match) for match in found]

    @classmethod
    async def resolve_references(cls, info: Info, keys: list[UUID]) -> "list[ContentItem | None]":
        return [cls.stub(key) for key in keys]


@strawberry.type(description="An item that is near something.")
class ContentMatch:
    item: ContentItem = strawberry.field(description="The item.")
    score: float = strawberry.field(description="Cosine similarity, from -1 to 1.")

    @classmethod
    def of(cls, match: Match) -> "ContentMatch":
        """The match of an item."""
        return cls(item=ContentItem.stub(match.item_id), score=match.score)


@strawberry.federation.type(keys=["id"], description="A person, with what they might do next.")
class User(Node):
    @strawberry.field(
        description="What the viewer might do next, of the courses they are in; null for anybody else. What is left of "
        "a course's first unfinished module comes before what is left of its next one, and so on; of what is equally "
        "early in its course, what is nearest to the items finished lately comes first, with `score` saying how near. "
        "Before anything is finished these are the first items of each course."
    )
    async def recommendations(self, info: Info, first: int | None = _USUAL) -> list[ContentMatch] | None:
        count, viewer = first_of(first), info.context.viewer
        if viewer.user_id != self.uuid or viewer.organization_id is None:
            return None
        return [ContentMatch.of(match) for match in await recommended_items(info.context, count)]

    @classmethod
    async def resolve_references(cls, info: Info, keys: list[UUID]) -> "list[User | None]":
        return [cls.stub(key) for key in keys]


@strawberry.type(description="What one may choose, or an answer that is accepted.")
class GeneratedChoice:
    text: str = strawberry.field(description="What it says.")
    correct: bool = strawberry.field(description="Whether it is right.")


@strawberry.type(description="A question that a model made from a text, for teachers to judge before they use it.")
class GeneratedQuestion:
    kind: QuestionKind = strawberry.field(description="How it is answered.")
    prompt: str = strawberry.field(description="What is asked.")
    choices: list[GeneratedChoice] = strawberry.field(
        description="What to choose from; for SHORT_TEXT and NUMERIC the accepted answers."
    )
    source: str = strawberry.field(description="The sentence it was made from.")

    @classmethod
    def of(cls, question: MadeQuestion) -> "GeneratedQuestion":
        """A question as the model made it."""
        choices = [GeneratedChoice(text=choice.text, correct=choice.correct) for choice in question.choices]
        return cls(kind=QuestionKind(question.kind), prompt=question.prompt, choices=choices, source=question.source)


@strawberry.type(description="Questions about an item; nothing of them is stored.")
class GeneratedQuestions:
    item: ContentItem = strawberry.field(description="The item they were made from.")
    questions: list[GeneratedQuestion] = strawberry.field(description="The questions, all different.")
    model: str = strawberry.field(description="What made them.")

    @classmethod
    def of(cls, item_id: UUID, generated: Generated) -> "GeneratedQuestions":
        """What was generated for an item."""
        questions = [GeneratedQuestion.of(question) for question in generated.questions]
        return cls(item=ContentItem.stub(item_id), questions=questions, model=generated.model)


GenerateQuestionsResult = Annotated[
    GeneratedQuestions | AiUnavailable | NotFound | InvalidInput,
    strawberry.union("GenerateQuestionsResult", description="The questions, or what is in the way."),
]
