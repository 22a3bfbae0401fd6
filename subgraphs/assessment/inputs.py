"""Inputs of assessment: what GraphQL takes, what is validated, and what the services are told.

What a question needs depends on its kind, so the fields of the key are validated one by one against the kind before
them: each broken rule is reported at the field it is about.
"""

from typing import Annotated, Any

import strawberry
from pydantic import Field, StringConstraints, ValidationInfo, field_validator

from shared.inputs import Input, Storable, Title
from subgraphs.assessment.models import QuestionKind

strawberry.enum(QuestionKind, description="How a question is answered.")

_CHOICE = (QuestionKind.SINGLE_CHOICE, QuestionKind.MULTIPLE_CHOICE)

Prompt = Annotated[str, StringConstraints(min_length=1, max_length=5_000), Storable]
Short = Annotated[str, StringConstraints(min_length=1, max_length=1_000), Storable]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Points = Annotated[float, Field(gt=0, le=1_000)]
Share = Annotated[float, Field(ge=0, le=1)]
Attempts = Annotated[int, Field(ge=1)]
Minutes = Annotated[int, Field(ge=1, le=1_440)]


@strawberry.pydantic.input(description="An option of a new question.")
class ChoiceInput(Input):
    text: Short = Field(description="1 to 1,000 characters.")
    correct: bool = Field(False, description="Whether it belongs to the right answer.")


@strawberry.pydantic.input(description="A new question with its key, which only the grading ever reads.")
class QuestionInput(Input):
    kind: QuestionKind = Field(description="How it is answered; what else is needed depends on it.")
    prompt: Prompt = Field(description="What is asked; 1 to 5,000 characters of plain text.")
    points: Points = Field(1.0, description="What a right answer is worth: more than 0, at most 1,000.")
    choices: list[ChoiceInput] = Field(
        [], validate_default=True, description="SINGLE_CHOICE: 2 to 20, one correct. MULTIPLE_CHOICE: at least one."
    )
    answer: bool | None = Field(None, validate_default=True, description="TRUE_FALSE: the right answer.")
    value: Finite | None = Field(None, validate_default=True, description="NUMERIC: the right number.")
    tolerance: Finite | None = Field(0.0, ge=0, description="NUMERIC: how far off still counts; at least 0.")
    accepted: Annotated[list[Short], Field(max_length=50)] | None = Field(
        None,
        validate_default=True,
        description="SHORT_TEXT: 1 to 50 accepted answers. Case and white space do not matter.",
    )

    @field_validator("choices")
    @classmethod
    def _check_choices(cls, choices: list[ChoiceInput], info: ValidationInfo) -> list[ChoiceInput]:
        kind = info.data.get("kind")
        if kind not in _CHOICE:
            return _unless(bool(choices), "Only SINGLE_CHOICE and MULTIPLE_CHOICE have choices", choices, kind)
        if not 2 <= len(choices) <= 20:
            raise ValueError("A question has 2 to 20 choices")
        correct = sum(choice.correct for choice in choices)
        if kind == QuestionKind.SINGLE_CHOICE and correct != 1:
            raise ValueError("Exactly one choice of a SINGLE_CHOICE must be correct")
        if correct == 0:
            raise ValueError("At least one choice of a MULTIPLE_CHOICE must be correct")
        return choices

    @field_validator("answer")
    @classmethod
    def _check_answer(cls, answer: bool | None, info: ValidationInfo) -> bool | None:
        return _belongs(answer, info, QuestionKind.TRUE_FALSE)

    @field_validator("value")
    @classmethod
    def _check_value(cls, value: float | None, info: ValidationInfo) -> float | None:
        return _belongs(value, info, QuestionKind.NUMERIC)

    @field_validator("accepted")
    @classmethod
    def _check_accepted(cls, accepted: list[str] | None, info: ValidationInfo) -> list[str] | None:
        return _belongs(accepted or None, info, QuestionKind.SHORT_TEXT)


def _belongs(key: Any, info: ValidationInfo, kind: QuestionKind) -> Any:
    """The part of a key, which one kind needs and the others do not have."""
    asked = info.data.get("kind")
    if asked == kind and key is None:
        raise ValueError(f"A {kind} needs `{info.field_name}`, or it has no right answer")
    return _unless(asked != kind and key is not None, f"Only a {kind} has `{info.field_name}`", key, asked)


def _unless(wrong: bool, message: str, value: Any, kind: QuestionKind | None) -> Any:
    if wrong and kind is not None:  # an unknown kind is reported by itself
        raise ValueError(message)
    return value


Questions = Annotated[list[QuestionInput], Field(min_length=1, max_length=200)]


@strawberry.pydantic.input(description="A new assessment of a course.")
class CreateAssessmentInput(Input):
    course_id: strawberry.ID = Field(description="The course it belongs to.")
    title: Title = Field(description="3 to 255 characters.")
    passing_score: Share = Field(0.7, description="Share of the points needed to pass, from 0 to 1.")
    max_attempts: Attempts | None = Field(None, description="How often one may try; null for as often as one likes.")
    time_limit_minutes: Minutes | None = Field(None, description="How long an attempt may take, 1 to 1,440; or null.")
    questions: Questions = Field(description="1 to 200.")


@strawberry.pydantic.input(
    description="Changes to an assessment; what is left out stays as it is. Attempts that have been started keep the "
    "questions and rules that they were started with."
)
class UpdateAssessmentInput(Input):
    id: strawberry.ID = Field(description="The assessment.")
    title: Title | None = Field(None, description="3 to 255 characters.")
    passing_score: Share | None = Field(None, description="Share of the points needed to pass, from 0 to 1.")
    max_attempts: strawberry.Maybe[Attempts | None] = Field(
        description="How often one may try; null lifts the limit, leaving it out keeps it."
    )
    time_limit_minutes: strawberry.Maybe[Minutes | None] = Field(
        description="How long an attempt may take, 1 to 1,440; null lifts the limit, leaving it out keeps it."
    )
    questions: Questions | None = Field(None, description="1 to 200: all questions of the next version.")


@strawberry.pydantic.input(description="An answer to one question: only the field of the question's kind.")
class AnswerInput(Input):
    question_id: strawberry.ID = Field(description="The question.")
    choice_ids: Annotated[list[strawberry.ID], Field(max_length=20)] | None = Field(
        None, description="SINGLE_CHOICE: one choice. MULTIPLE_CHOICE: any number of them."
    )
    boolean: bool | None = Field(None, description="TRUE_FALSE: the answer.")
    number: Finite | None = Field(None, description="NUMERIC: the number.")
    text: Annotated[str, StringConstraints(max_length=1_000), Storable] | None = Field(
        None, description="SHORT_TEXT: up to 1,000 characters."
    )


@strawberry.pydantic.input(description="What one hands in. A question without an answer gets no points.")
class SubmitAttemptInput(Input):
    attempt_id: strawberry.ID = Field(description="One's own attempt, still open.")
    answers: list[AnswerInput] = Field(max_length=200, description="At most one answer for each question.")


class StartAttempt(Input):
    """The command of `startAttempt`, whose arguments are plain."""

    assessment_id: str
