"""Reading submitted answers: each must fit a question of the attempt, in the shape of its kind."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from shared import ids
from shared.errors import FieldError, InvalidInput, Rejected
from subgraphs.assessment.documents import Answer, Question
from subgraphs.assessment.inputs import AnswerInput
from subgraphs.assessment.models import QuestionKind

_FIELDS = {
    QuestionKind.SINGLE_CHOICE: "choice_ids",
    QuestionKind.MULTIPLE_CHOICE: "choice_ids",
    QuestionKind.TRUE_FALSE: "boolean",
    QuestionKind.NUMERIC: "number",
    QuestionKind.SHORT_TEXT: "text",
}
_NAMES = {"choice_ids": "choiceIds", "boolean": "boolean", "number": "number", "text": "text"}


def read_answers(questions: Sequence[Question], inputs: Sequence[AnswerInput]) -> list[Answer]:
    """The answers; `Rejected` with one entry for everything that is wrong with them."""
    known = {question.id: question for question in questions}
    seen: set[UUID] = set()
    answers: list[Answer] = []
    wrong: list[FieldError] = []
    for index, input in enumerate(inputs):
        question = known.get(ids.decode("question", input.question_id) or UUID(int=0))
        problems = _problems(question, input, seen)
        wrong += [FieldError(path=["input", "answers", str(index), *path], message=text) for path, text in problems]
        if question is not None and not problems:
            answers.append(_answer(question, input))
        if question is not None:
            seen.add(question.id)
    if wrong:
        raise Rejected(InvalidInput(fields=wrong))
    return answers


Problem = tuple[tuple[str, ...], str]
"""Where in an answer something is wrong, and what."""


def _problems(question: Question | None, input: AnswerInput, seen: set[UUID]) -> list[Problem]:
    if question is None:
        return [(("questionId",), "The attempt has no question with this id.")]
    if question.id in seen:
        return [(("questionId",), "This question is answered twice.")]
    return [*_misshapen(question, input), *_wrong_choices(question, input.choice_ids)]


def _misshapen(question: Question, input: AnswerInput) -> Iterable[Problem]:
    """The field of the question's kind must be there, and no other."""
    expected = _FIELDS[question.kind]
    for field, name in _NAMES.items():
        is_given = getattr(input, field) is not None
        if field == expected and not is_given:
            yield (name,), f"A {question.kind} is answered by `{name}`."
        elif field != expected and is_given:
            yield (name,), f"A {question.kind} is answered by `{_NAMES[expected]}`, not by this."


def _wrong_choices(question: Question, choice_ids: Sequence[str] | None) -> Iterable[Problem]:
    if not question.choices or choice_ids is None:
        return
    known = {ids.encode("choice", choice.id) for choice in question.choices}
    for place, choice_id in enumerate(choice_ids):
        if choice_id not in known:
            yield ("choiceIds", str(place)), "The question has no choice with this id."
        elif choice_id in choice_ids[:place]:
            yield ("choiceIds", str(place)), "This choice is given twice."
    if question.kind == QuestionKind.SINGLE_CHOICE and len(choice_ids) != 1:
        yield ("choiceIds",), "A SINGLE_CHOICE is answered by exactly one choice."


def _answer(question: Question, input: AnswerInput) -> Answer:
    field = _FIELDS[question.kind]
    value: Any = getattr(input, field)
    if field == "choice_ids":
        value = [ids.decode("choice", choice_id) for choice_id in value]
    return Answer(question_id=question.id, **{field: value})
