"""The documents of assessment, and what an attempt keeps in JSON: questions with their keys, answers, results."""

from typing import ClassVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from shared import ids
from shared.documents import Document
from subgraphs.assessment.models import QuestionKind


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class Choice(_Part):
    """One option of a question. `correct` is part of the key."""

    id: UUID = Field(default_factory=ids.new_id)
    text: str
    correct: bool


class Question(_Part):
    """A question with its key: the choices' `correct`, `answer`, `value` and `tolerance`, or `accepted`."""

    id: UUID = Field(default_factory=ids.new_id)
    kind: QuestionKind
    prompt: str
    points: float
    choices: list[Choice] = []
    answer: bool | None = None
    value: float | None = None
    tolerance: float = 0.0
    accepted: list[str] = []


class QuestionSet(Document):
    """All questions of an assessment. It is never changed: other questions make another set, with ids of its own."""

    indexed: ClassVar = "assessment_id"

    assessment_id: UUID
    questions: list[Question]


class Answer(_Part):
    """What somebody answered to a question; only the field of the question's kind is set."""

    question_id: UUID
    choice_ids: list[UUID] | None = None
    boolean: bool | None = None
    number: float | None = None
    text: str | None = None


class Result(_Part):
    """What an answer is worth."""

    question_id: UUID
    points: float
    correct: bool
