"""The same thing twenty times at once: one attempt, one grade, never more than the limit."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from tests.assessment.conftest import (
    CREATE,
    create,
    emitted,
    quiz,
    right_answers,
    rows,
    run_out,
    start,
    submit,
)
from tests.conftest import Subgraph, Tenant

AT_ONCE = 20


async def test_twenty_starts_give_one_attempt(assessment: Subgraph, tenant: Tenant, made: dict[str, Any]) -> None:
    started = await asyncio.gather(*(start(assessment, tenant.student, made["id"]) for _ in range(AT_ONCE)))
    assert {it["__typename"] for it in started} == {"Attempt"}
    assert len({it["id"] for it in started}) == 1
    assert len(await emitted(assessment, tenant, "attempt.started")) == 1


@pytest.mark.parametrize("limit", [1, 3])
async def test_twenty_at_once_never_get_more_attempts_than_there_are(
    assessment: Subgraph, tenant: Tenant, course_id: UUID, limit: int
) -> None:
    made = await create(assessment, tenant.teacher, course_id, maxAttempts=limit)

    async def go() -> str:
        for _ in range(5):
            attempt = await start(assessment, tenant.student, made["id"])
            if attempt["__typename"] != "Attempt":
                return attempt["__typename"]
            await submit(assessment, tenant.student, attempt, [])
        return "still going"

    ends = await asyncio.gather(*(go() for _ in range(AT_ONCE)))
    assert set(ends) <= {"AttemptsExhausted", "still going"}
    assert (await start(assessment, tenant.student, made["id"]))["__typename"] == "AttemptsExhausted"
    assert (await rows(assessment, tenant, "SELECT count(*) FROM attempt"))[0][0] == limit
    assert len(await emitted(assessment, tenant, "attempt.graded")) == limit


async def test_twenty_submissions_give_one_grade(assessment: Subgraph, tenant: Tenant, made: dict[str, Any]) -> None:
    attempt = await start(assessment, tenant.student, made["id"])
    kinds = ("SINGLE_CHOICE", "MULTIPLE_CHOICE", "TRUE_FALSE", "NUMERIC", "SHORT_TEXT")
    sent = [right_answers(attempt, kinds[number % 5]) for number in range(AT_ONCE)]
    done = await asyncio.gather(*(submit(assessment, tenant.student, attempt, answers) for answers in sent))
    (counted,) = [it for it in done if it["__typename"] == "Attempt"]
    assert [it["__typename"] for it in done].count("AttemptClosed") == AT_ONCE - 1
    (event,) = await emitted(assessment, tenant, "attempt.graded")
    assert event["score"] == counted["score"]
    (row,) = await rows(assessment, tenant, "SELECT score, jsonb_array_length(answers) AS answers FROM attempt")
    assert (row.score, row.answers) == (counted["score"], 1)


async def test_the_clock_and_a_submission_at_the_last_moment_give_one_grade(
    assessment: Subgraph, tenant: Tenant, course_id: UUID
) -> None:
    made = await create(assessment, tenant.teacher, course_id, timeLimitMinutes=1)
    for delay in (0.0, 0.02, 0.05, 0.1):
        attempt = await start(assessment, tenant.student, made["id"])
        await run_out(assessment, tenant, attempt, 0.05)
        await asyncio.sleep(delay)
        await asyncio.gather(
            submit(assessment, tenant.student, attempt, right_answers(attempt)),
            start(assessment, tenant.student, made["id"]),
        )
    graded_ids = [event["id"] for event in await emitted(assessment, tenant, "attempt.graded")]
    assert len(graded_ids) == len(set(graded_ids))


async def test_twenty_creations_with_one_key_make_one_assessment(
    assessment: Subgraph, tenant: Tenant, course_id: UUID
) -> None:
    answers = await asyncio.gather(
        *(assessment.ask(CREATE, tenant.teacher, input=quiz(course_id), key="k") for _ in range(AT_ONCE))
    )
    assert len({answer.data["createAssessment"]["id"] for answer in answers}) == 1
    found = await rows(assessment, tenant, "SELECT (SELECT count(*) FROM assessment), (SELECT count(*) FROM document)")
    assert tuple(found[0]) == (1, 1)


async def test_changes_at_once_each_make_a_version(assessment: Subgraph, tenant: Tenant, made: dict[str, Any]) -> None:
    change = "mutation($input: UpdateAssessmentInput!) { updateAssessment(input: $input) { __typename } }"
    question = {"kind": "TRUE_FALSE", "prompt": "Yes?", "answer": True}
    sent = {"id": made["id"], "questions": [question]}
    answers = await asyncio.gather(*(assessment.ask(change, tenant.teacher, input=sent) for _ in range(10)))
    assert {answer.data["updateAssessment"]["__typename"] for answer in answers} == {"Assessment"}
    assert (await rows(assessment, tenant, "SELECT question_set_number FROM assessment"))[0][0] == 11
