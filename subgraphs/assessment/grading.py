"""Grading: pure functions of a question with its key and an answer. Points are exact until they are shown.

Numbers are taken as the decimals that people wrote (`0.1`, not the nearest binary fraction), so that 7 of 10 points is
0.7 and a number that is off by exactly the tolerance still counts.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from subgraphs.assessment.documents import Answer, Question, Result
from subgraphs.assessment.models import QuestionKind


@dataclass(frozen=True, slots=True)
class Grade:
    """What an attempt came to: a result per question, in their order, and the score from 0 to 1."""

    results: list[Result]
    score: float
    passed: bool


def grade(questions: Sequence[Question], answers: Iterable[Answer], passing_score: float) -> Grade:
    """Grades an attempt; a question without an answer gets no points."""
    given = {answer.question_id: answer for answer in answers}
    points = [points_for(question, given.get(question.id)) for question in questions]
    score = sum(points, Fraction()) / total(questions)
    results = [
        Result(question_id=question.id, points=float(got), correct=got == exact(question.points))
        for question, got in zip(questions, points, strict=True)
    ]
    return Grade(results, float(score), score >= exact(passing_score))


def total(questions: Iterable[Question]) -> Fraction:
    """The points of all questions together."""
    return sum((exact(question.points) for question in questions), Fraction())


def points_for(question: Question, answer: Answer | None) -> Fraction:
    """What an answer is worth, from none to all of the question's points."""
    if answer is None:
        return Fraction()
    return exact(question.points) * _share(question, answer)


def exact(number: float) -> Fraction:
    """The decimal that a number was written as."""
    return Fraction(repr(float(number)))


def normalized(text: str) -> str:
    """A short text without what does not matter: case, kinds of white space, and Unicode's spellings of a letter."""
    compatible = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(unicodedata.normalize("NFKC", compatible).split())


def _share(question: Question, answer: Answer) -> Fraction:
    match question.kind:
        case QuestionKind.SINGLE_CHOICE | QuestionKind.MULTIPLE_CHOICE:
            return _share_of_choices(question, answer)
        case QuestionKind.TRUE_FALSE:
            return Fraction(answer.boolean is not None and answer.boolean == question.answer)
        case QuestionKind.NUMERIC:
            return Fraction(_is_near(question, answer.number))
        case QuestionKind.SHORT_TEXT:
            accepted = {normalized(text) for text in question.accepted}
            return Fraction(answer.text is not None and normalized(answer.text) in accepted)


def _share_of_choices(question: Question, answer: Answer) -> Fraction:
    """Right choices minus wrong ones, over the number of right ones: choosing everything earns nothing."""
    right = {choice.id for choice in question.choices if choice.correct}
    chosen = set(answer.choice_ids or ())
    return max(Fraction(len(chosen & right) - len(chosen - right), len(right)), Fraction())


def _is_near(question: Question, number: float | None) -> bool:
    if number is None or question.value is None:
        return False
    return abs(exact(number) - exact(question.value)) <= exact(question.tolerance)
