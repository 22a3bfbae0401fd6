"""Grading alone: what each kind of answer is worth."""

from typing import Any

import pytest

from shared import ids
from subgraphs.assessment import grading
from subgraphs.assessment.documents import Answer, Choice, Question
from subgraphs.assessment.models import QuestionKind


def question(kind: QuestionKind, points: float = 1.0, **values: Any) -> Question:
    """A question of this kind."""
    return Question(kind=kind, prompt="?", points=points, **values)


def choices(right: int, wrong: int) -> list[Choice]:
    """So many right and then so many wrong ones."""
    return [Choice(text=str(place), correct=place < right) for place in range(right + wrong)]


def worth(asked: Question, **answer: Any) -> float:
    """What an answer is worth."""
    return float(grading.points_for(asked, Answer(question_id=asked.id, **answer)))


@pytest.mark.parametrize(("place", "points"), [(0, 2.0), (1, 0.0)])
def test_a_single_choice_is_right_or_wrong(place: int, points: float) -> None:
    asked = question(QuestionKind.SINGLE_CHOICE, 2.0, choices=choices(1, 2))
    assert worth(asked, choice_ids=[asked.choices[place].id]) == points


@pytest.mark.parametrize(
    ("chosen", "share"),
    [
        ((), 0),
        ((0,), 1 / 3),
        ((0, 1), 2 / 3),
        ((0, 1, 2), 1),
        ((0, 3), 0),  # one right, one wrong
        ((0, 1, 3), 1 / 3),
        ((0, 1, 2, 3), 2 / 3),
        ((3, 4), 0),  # never below nothing
        ((0, 1, 2, 3, 4), 1 / 3),
    ],
)
def test_a_multiple_choice_gives_right_minus_wrong_over_the_right_ones(chosen: tuple[int, ...], share: float) -> None:
    asked = question(QuestionKind.MULTIPLE_CHOICE, 3.0, choices=choices(3, 2))
    assert worth(asked, choice_ids=[asked.choices[place].id for place in chosen]) == pytest.approx(3 * share)


@pytest.mark.parametrize(("key", "given", "points"), [(True, True, 1), (True, False, 0), (False, False, 1)])
def test_true_or_false(key: bool, given: bool, points: float) -> None:
    assert worth(question(QuestionKind.TRUE_FALSE, answer=key), boolean=given) == points


@pytest.mark.parametrize(
    ("value", "tolerance", "given", "points"),
    [
        (15, 0, 15, 1),
        (15, 0, 15.0000001, 0),
        (0.3, 0.1, 0.4, 1),  # 0.4 - 0.3 is 0.10000000000000003 in binary
        (0.3, 0.1, 0.2, 1),
        (7.31, 0.05, 7.36, 1),
        (7.31, 0.05, 7.3600001, 0),
        (-2, 0.5, -2.5, 1),
        (1e300, 1e299, 1.1e300, 1),
        (0, 0, -0.0, 1),
    ],
)
def test_a_number_counts_up_to_and_with_its_tolerance(
    value: float, tolerance: float, given: float, points: float
) -> None:
    assert worth(question(QuestionKind.NUMERIC, value=value, tolerance=tolerance), number=given) == points


@pytest.mark.parametrize(
    ("accepted", "given", "points"),
    [
        ("Polaris", "polaris", 1),
        ("the Pole Star", "  THE\tpole \n star ", 1),
        ("Café", "cafe\u0301", 1),  # composed and decomposed
        ("file", "\ufb01le", 1),  # a ligature
        ("Straße", "STRASSE", 1),
        ("12", "\uff11\uff12", 1),  # full-width digits
        ("a b", "a\u00a0b", 1),  # a space that does not break
        ("Polaris", "Polar is", 0),
        ("Polaris", "", 0),
        ("Café", "Cafe", 0),
    ],
)
def test_a_short_text_is_compared_without_case_white_space_and_spelling_of_letters(
    accepted: str, given: str, points: float
) -> None:
    assert worth(question(QuestionKind.SHORT_TEXT, accepted=["something else", accepted]), text=given) == points


def test_seven_tenths_of_the_points_pass_at_seven_tenths() -> None:
    # In binary 0.1 seven times is less than 0.7.
    asked = [question(QuestionKind.TRUE_FALSE, 0.1, answer=True) for _ in range(10)]
    given = [Answer(question_id=it.id, boolean=True) for it in asked[:7]]
    grade = grading.grade(asked, given, 0.7)
    assert (grade.score, grade.passed) == (0.7, True)
    assert not grading.grade(asked, given, 0.7000001).passed


def test_what_is_not_answered_gets_no_points_and_results_keep_the_order_of_the_questions() -> None:
    asked = [question(QuestionKind.TRUE_FALSE, points, answer=True) for points in (1.0, 2.0, 5.0)]
    given = [Answer(question_id=asked[2].id, boolean=True), Answer(question_id=asked[0].id, boolean=False)]
    grade = grading.grade(asked, given, 0.6)
    assert [(it.question_id, it.points, it.correct) for it in grade.results] == [
        (asked[0].id, 0.0, False),
        (asked[1].id, 0.0, False),
        (asked[2].id, 5.0, True),
    ]
    assert (grade.score, grade.passed) == (0.625, True)


def test_partial_credit_is_not_correct_and_thirds_add_up_to_one() -> None:
    asked = [question(QuestionKind.MULTIPLE_CHOICE, 1.0, choices=choices(3, 1)) for _ in range(3)]
    third = [Answer(question_id=it.id, choice_ids=[it.choices[0].id]) for it in asked]
    grade = grading.grade(asked, third, 1 / 3)
    assert [it.correct for it in grade.results] == [False] * 3
    whole = [Answer(question_id=it.id, choice_ids=[choice.id for choice in it.choices[:3]]) for it in asked]
    assert grading.grade(asked, whole, 1.0) == grading.Grade(
        [grading.Result(question_id=it.id, points=1.0, correct=True) for it in asked], 1.0, True
    )


def test_an_answer_to_another_question_is_worth_nothing() -> None:
    asked = question(QuestionKind.TRUE_FALSE, answer=True)
    assert grading.grade([asked], [Answer(question_id=ids.new_id(), boolean=True)], 0.5).score == 0.0
