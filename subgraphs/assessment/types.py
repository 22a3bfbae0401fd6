"""The GraphQL types of assessment, and what it adds to catalog's courses and enrolments."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry
from strawberry.federation.schema_directives import Key
from strawberry.federation.types import FieldSet

from shared import ids
from shared.auth import requires
from shared.connections import Connection, Page
from shared.errors import InvalidInput, NotEnrolled, NotFound
from shared.graphql import Info, Node, Refetched, entity
from subgraphs.assessment import documents, models
from subgraphs.assessment.errors import AttemptClosed, AttemptsExhausted
from subgraphs.assessment.filters import AttemptsOf
from subgraphs.assessment.loaders import grade_of, open_question_set, questions_of, results_of
from subgraphs.assessment.models import AttemptStatus, QuestionKind

strawberry.enum(AttemptStatus, description="Where an attempt is in its life.")

_TEACHES = "write:course"


@strawberry.federation.type(keys=[Key(fields=FieldSet("id"), resolvable=False)], description="A person.")
class User(Node):
    pass


@strawberry.federation.type(keys=["id"], description="What is taught, with its assessments.")
class Course(Node):
    @strawberry.field(
        description="Its assessments; students see them once the course has been opened.",
        extensions=[requires("read:course")],
    )
    async def assessments(
        self, info: Info, first: int | None = 10, after: str | None = None
    ) -> "Connection[Assessment]":
        place = (models.Assessment.course_id, self.uuid)
        return await info.context.load.page(Assessment, Page.of(first, after), of=place)

    @classmethod
    async def resolve_references(cls, info: Info, keys: list[UUID]) -> "list[Course | None]":
        return [cls.stub(key) for key in keys]


@strawberry.federation.type(keys=["id"], description="A person in a course, with their grade.")
class Enrollment(Node):
    @strawberry.field(
        description="Weighted score over the course's assessments, from 0 to 1; null before the first one. Of several "
        "attempts at an assessment the best counts. One's own, or anybody's for those who teach."
    )
    async def grade(self, info: Info) -> float | None:
        return await grade_of(info.context, self.uuid)

    @classmethod
    async def resolve_references(cls, info: Info, keys: list[UUID]) -> "list[Enrollment | None]":
        return [cls.stub(key) for key in keys]


@strawberry.type(description="One option of a question.")
class Choice:
    id: strawberry.ID = strawberry.field(description="What an answer names it by.")
    text: str = strawberry.field(description="What it says.")


@strawberry.type(description="What one may see of a question: never its key, before or after grading.")
class Question:
    id: strawberry.ID = strawberry.field(description="What an answer names it by; new in every version.")
    kind: QuestionKind = strawberry.field(description="How it is answered.")
    prompt: str = strawberry.field(description="What is asked.")
    choices: list[Choice] = strawberry.field(description="What to choose from, where one does.")
    points: float = strawberry.field(description="What a right answer is worth.")

    @classmethod
    def of(cls, question: documents.Question) -> "Question":
        """What may be seen of a stored question."""
        return cls(
            id=strawberry.ID(ids.encode("question", question.id)),
            kind=question.kind,
            prompt=question.prompt,
            choices=[Choice(id=strawberry.ID(ids.encode("choice", it.id)), text=it.text) for it in question.choices],
            points=question.points,
        )


@entity(description="A quiz of a course.")
class Assessment(Node, Refetched, model=models.Assessment):
    title: str = strawberry.field(description="What it is called.")
    passing_score: float = strawberry.field(description="Share of the points needed to pass, from 0 to 1.")
    max_attempts: int | None = strawberry.field(description="How often one may try; null for as often as one likes.")
    time_limit_minutes: int | None = strawberry.field(description="How long an attempt may take; null for any time.")
    points: float = strawberry.field(description="The points of all its questions: its weight in the grade.")
    created_at: datetime = strawberry.field(description="When it was made.")
    course_id: strawberry.Private[UUID]
    question_set_id: strawberry.Private[UUID]

    @strawberry.field(description="The course it belongs to.")
    def course(self) -> Course:
        return Course.stub(self.course_id)

    @strawberry.field(
        description="Its questions as they are now. A student with an open attempt sees the questions of that attempt, "
        "which changes of the assessment do not reach."
    )
    async def questions(self, info: Info) -> list[Question]:
        begun = None
        if _TEACHES not in info.context.viewer.scopes:
            begun = await open_question_set(info.context, self.uuid)
        return [Question.of(question) for question in await questions_of(info.context, begun or self.question_set_id)]

    @strawberry.field(description="The viewer's own attempts, in the order they were started.")
    async def viewer_attempts(self, info: Info) -> "list[Attempt]":
        own = AttemptsOf(info.context.viewer.user_id)
        return await info.context.load.children(Attempt, models.Attempt.assessment_id, self.uuid, among=own)


@strawberry.type(description="What an answer was worth.")
class QuestionResult:
    question: Question = strawberry.field(description="The question as it was asked.")
    points: float = strawberry.field(description="The points it got.")
    correct: bool = strawberry.field(description="Whether it got all points of the question.")


@entity(description="One go of a person at an assessment.")
class Attempt(Node, Refetched, model=models.Attempt):
    status: AttemptStatus = strawberry.field(description="Where it is in its life.")
    started_at: datetime = strawberry.field(description="When it was started.")
    deadline: datetime | None = strawberry.field(
        description="When its time runs out, by the server's clock: what has not been submitted by then counts nothing."
    )
    submitted_at: datetime | None = strawberry.field(description="When it was submitted; null if it never was.")
    score: float | None = strawberry.field(description="Share of the points it got, from 0 to 1; null until graded.")
    passed: bool | None = strawberry.field(description="Whether that was enough; null until graded.")
    assessment_id: strawberry.Private[UUID]
    user_id: strawberry.Private[UUID]
    question_set_id: strawberry.Private[UUID]

    @strawberry.field(description="The assessment it is an attempt at.")
    async def assessment(self, info: Info) -> Assessment:
        found = await info.context.load.one(Assessment, self.assessment_id)
        assert found is not None
        return found

    @strawberry.field(description="Whose attempt it is.")
    def user(self) -> User:
        return User.stub(self.user_id)

    @strawberry.field(description="The questions it was started with.")
    async def questions(self, info: Info) -> list[Question]:
        return [Question.of(question) for question in await questions_of(info.context, self.question_set_id)]

    @strawberry.field(description="A result per question, in their order; null until graded.")
    async def results(self, info: Info) -> list[QuestionResult] | None:
        results = await results_of(info.context, self.uuid)
        if results is None:
            return None
        found = {result.question_id: result for result in results}
        return [
            QuestionResult(
                question=Question.of(question),
                points=found[question.id].points if question.id in found else 0.0,
                correct=question.id in found and found[question.id].correct,
            )
            for question in await questions_of(info.context, self.question_set_id)
        ]


CreateAssessmentResult = Annotated[
    Assessment | NotFound | InvalidInput,
    strawberry.union("CreateAssessmentResult", description="The new assessment, or what is in the way."),
]
UpdateAssessmentResult = Annotated[
    Assessment | NotFound | InvalidInput,
    strawberry.union("UpdateAssessmentResult", description="The assessment as it is now, or what is in the way."),
]
StartAttemptResult = Annotated[
    Attempt | AttemptsExhausted | NotEnrolled | NotFound | InvalidInput,
    strawberry.union("StartAttemptResult", description="The open attempt, or what is in the way."),
]
SubmitAttemptResult = Annotated[
    Attempt | AttemptClosed | NotFound | InvalidInput,
    strawberry.union("SubmitAttemptResult", description="The graded attempt, or what is in the way."),
]
