"""Answers that do not fit: each is named by its place, and the attempt stays open."""

from collections.abc import Callable
from typing import Any

import pytest

from shared import ids
from tests.assessment.conftest import (
    chosen,
    create,
    nothing_changes,
    question_id,
    right_answers,
    start,
    submit,
)
from tests.conftest import Subgraph, Tenant

Answers = Callable[[dict[str, Any]], list[dict[str, Any]]]


def to(kind: str, **values: Any) -> Answers:
    """An answer to the question of this kind, after a good one."""

    def answers(attempt: dict[str, Any]) -> list[dict[str, Any]]:
        good = right_answers(attempt, "NUMERIC" if kind != "NUMERIC" else "SHORT_TEXT")
        return [*good, {"questionId": question_id(attempt, kind), **values}]

    return answers


def to_choice(kind: str, *texts: str) -> Answers:
    """The choices of these texts, of the other kind's question where this one has no such choice."""

    def answers(attempt: dict[str, Any]) -> list[dict[str, Any]]:
        found = [
            id
            for text in texts
            for id in chosen(attempt, "SINGLE_CHOICE", text) + chosen(attempt, "MULTIPLE_CHOICE", text)
        ]
        return to(kind, choiceIds=found)(attempt)

    return answers


WRONG: dict[str, tuple[Answers, tuple[str, ...]]] = {
    "an unknown question": (to("NO_SUCH_KIND", boolean=True), ("questionId",)),
    "no answer": (to("TRUE_FALSE"), ("boolean",)),
    "an answer of another kind": (to("TRUE_FALSE", boolean=True, text="yes"), ("text",)),
    "a text for a number": (to("NUMERIC", text="7.31", number=7.31), ("text",)),
    "a number for a text": (to("SHORT_TEXT", text="Lima", number=1), ("number",)),
    "a boolean for a choice": (to("SINGLE_CHOICE", boolean=True, choiceIds=[]), ("boolean",)),
    "no choice of one": (to("SINGLE_CHOICE", choiceIds=[]), ("choiceIds",)),
    "two choices of one": (to_choice("SINGLE_CHOICE", "Plum", "Leek"), ("choiceIds",)),
    "an unknown choice": (to("MULTIPLE_CHOICE", choiceIds=["nonsense"]), ("choiceIds", "0")),
    "another question's choice": (to_choice("MULTIPLE_CHOICE", "Wren", "Plum"), ("choiceIds", "1")),
    "a choice twice": (to_choice("MULTIPLE_CHOICE", "Wren", "Wren"), ("choiceIds", "1")),
    "a long text": (to("SHORT_TEXT", text="x" * 1_001), ("text",)),
    "NUL": (to("SHORT_TEXT", text="a\x00"), ("text",)),
}


@pytest.mark.parametrize("case", WRONG)
async def test_a_wrong_answer_is_named_and_the_attempt_stays_open(
    assessment: Subgraph, tenant: Tenant, made: dict[str, Any], case: str
) -> None:
    answers, path = WRONG[case]
    attempt = await start(assessment, tenant.student, made["id"])
    async with nothing_changes(assessment, tenant):
        refused = await submit(assessment, tenant.student, attempt, answers(attempt))
    assert refused["__typename"] == "InvalidInput"
    assert ["input", "answers", "1", *path] in [it["path"] for it in refused["fields"]]
    assert {it["path"][2] for it in refused["fields"]} == {"1"}
    assert (await submit(assessment, tenant.student, attempt, right_answers(attempt)))["score"] == 1.0


async def test_two_answers_to_one_question_are_refused(
    assessment: Subgraph, tenant: Tenant, made: dict[str, Any]
) -> None:
    attempt = await start(assessment, tenant.student, made["id"])
    twice = right_answers(attempt, "NUMERIC", "TRUE_FALSE", "NUMERIC")
    refused = await submit(assessment, tenant.student, attempt, twice)
    assert [it["path"] for it in refused["fields"]] == [["input", "answers", "2", "questionId"]]


async def test_a_question_of_another_attempt_is_refused(
    assessment: Subgraph, tenant: Tenant, made: dict[str, Any], course_id: Any
) -> None:
    other = await start(assessment, tenant.student, (await create(assessment, tenant.teacher, course_id))["id"])
    attempt = await start(assessment, tenant.student, made["id"])
    refused = await submit(assessment, tenant.student, attempt, right_answers(other))
    assert [it["path"] for it in refused["fields"]] == [["input", "answers", str(it), "questionId"] for it in range(5)]


@pytest.mark.parametrize("id", ["", "attempt_", "nonsense", "assessment_01h455vb4pex5vsknk084sn02q", "unknown"])
async def test_an_unknown_attempt_is_not_found(assessment: Subgraph, tenant: Tenant, id: str) -> None:
    attempt = {"id": ids.encode("attempt", ids.new_id()) if id == "unknown" else id}
    assert (await submit(assessment, tenant.student, attempt, []))["__typename"] == "NotFound"


async def test_a_thousand_answers_are_too_many(assessment: Subgraph, tenant: Tenant, made: dict[str, Any]) -> None:
    attempt = await start(assessment, tenant.student, made["id"])
    refused = await submit(assessment, tenant.student, attempt, right_answers(attempt, "TRUE_FALSE") * 201)
    assert [it["path"] for it in refused["fields"]] == [["input", "answers"]]
