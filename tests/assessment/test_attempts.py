"""Attempts: who may start one, how it ends, and what one sees of it."""

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from shared import ids
from subgraphs.assessment import consumers, events
from subgraphs.assessment.runtime import close_overdue
from tests.assessment.conftest import (
    ATTEMPT,
    TRUE_FALSE,
    chosen,
    create,
    emitted,
    graded,
    join,
    new_course,
    nothing_changes,
    question_id,
    right_answers,
    rows,
    run_out,
    start,
    students,
    submit,
    told,
    update,
)
from tests.conftest import Subgraph, Tenant

READ = f"query($id: ID!) {{ attempt(id: $id) {{ {ATTEMPT.split('... on Error')[0]} }} }}"


async def read(assessment: Subgraph, who: Any, attempt: dict[str, Any]) -> Any:
    """An attempt as it stands."""
    return (await assessment.ask(READ, who, id=attempt["id"])).data["attempt"]


async def test_an_attempt_starts_with_the_questions_and_a_deadline_and_without_results(
    assessment: Subgraph, tenant: Tenant, course_id: UUID
) -> None:
    made = await create(assessment, tenant.teacher, course_id, timeLimitMinutes=20)
    attempt = await start(assessment, tenant.student, made["id"])
    assert attempt["status"] == "IN_PROGRESS"
    begun, deadline = (datetime.fromisoformat(attempt[name]) for name in ("startedAt", "deadline"))
    assert deadline - begun == timedelta(minutes=20)
    assert [attempt[name] for name in ("score", "passed", "submittedAt", "results")] == [None] * 4
    assert [it["id"] for it in attempt["questions"]] == [it["id"] for it in made["questions"]]
    assert attempt["assessment"]["questions"] == [{"id": it["id"]} for it in made["questions"]]


async def test_an_open_attempt_is_returned_again(assessment: Subgraph, tenant: Tenant, made: dict[str, Any]) -> None:
    first = await start(assessment, tenant.student, made["id"])
    assert await start(assessment, tenant.student, made["id"]) == first
    assert len(await emitted(assessment, tenant, "attempt.started")) == 1


async def test_a_right_submission_gets_everything(assessment: Subgraph, tenant: Tenant, made: dict[str, Any]) -> None:
    attempt = await start(assessment, tenant.student, made["id"])
    done = await submit(assessment, tenant.student, attempt, right_answers(attempt))
    assert (done["status"], done["score"], done["passed"]) == ("GRADED", 1.0, True)
    assert [(it["points"], it["correct"]) for it in done["results"]] == [
        (points, True) for points in (1.0, 3.0, 1.0, 2.0, 1.0)
    ]
    assert [it["question"]["id"] for it in done["results"]] == [it["id"] for it in attempt["questions"]]
    assert await read(assessment, tenant.student, attempt) == done


async def test_what_is_left_out_gets_no_points_and_half_a_choice_gets_its_share(
    assessment: Subgraph, tenant: Tenant, made: dict[str, Any]
) -> None:
    attempt = await start(assessment, tenant.student, made["id"])
    two = {
        "questionId": question_id(attempt, "MULTIPLE_CHOICE"),
        "choiceIds": chosen(attempt, "MULTIPLE_CHOICE", "Wren", "Rook"),
    }
    done = await submit(assessment, tenant.student, attempt, [two, *right_answers(attempt, "NUMERIC")])
    assert [(it["points"], it["correct"]) for it in done["results"]] == [
        (0.0, False),
        (2.0, False),
        (0.0, False),
        (2.0, True),
        (0.0, False),
    ]
    assert (done["score"], done["passed"]) == (0.5, False)


async def test_nothing_may_be_submitted_too(assessment: Subgraph, tenant: Tenant, made: dict[str, Any]) -> None:
    attempt = await start(assessment, tenant.student, made["id"])
    empty = await submit(assessment, tenant.student, attempt, [])
    assert (empty["status"], empty["score"], empty["passed"]) == ("GRADED", 0.0, False)
    assert [it["points"] for it in empty["results"]] == [0.0] * 5


async def test_a_second_submission_is_told_that_the_attempt_is_closed_and_changes_nothing(
    assessment: Subgraph, tenant: Tenant, made: dict[str, Any]
) -> None:
    attempt = await start(assessment, tenant.student, made["id"])
    done = await submit(assessment, tenant.student, attempt, right_answers(attempt, "NUMERIC"))
    async with nothing_changes(assessment, tenant):
        again = await submit(assessment, tenant.student, attempt, right_answers(attempt))
    assert again["__typename"] == "AttemptClosed"
    assert await read(assessment, tenant.student, attempt) == done


async def test_after_the_last_attempt_there_is_no_other(assessment: Subgraph, tenant: Tenant, course_id: UUID) -> None:
    made = await create(assessment, tenant.teacher, course_id, maxAttempts=2)
    first = await graded(assessment, tenant.student, made["id"], "NUMERIC")
    second = await graded(assessment, tenant.student, made["id"], "SHORT_TEXT")
    assert first["id"] != second["id"]
    async with nothing_changes(assessment, tenant):
        refused = await start(assessment, tenant.student, made["id"])
    assert (refused["__typename"], refused["code"]) == ("AttemptsExhausted", "ATTEMPTS_EXHAUSTED")
    await update(assessment, tenant.teacher, made["id"], maxAttempts=3)
    assert (await start(assessment, tenant.student, made["id"]))["__typename"] == "Attempt"


async def test_who_is_not_enrolled_cannot_start(assessment: Subgraph, tenant: Tenant, made: dict[str, Any]) -> None:
    (other,) = students(tenant, 1)
    async with nothing_changes(assessment, tenant):
        for who in (other, tenant.teacher, tenant.admin):
            refused = await start(assessment, who, made["id"])
            assert (refused["__typename"], refused["code"]) == ("NotEnrolled", "NOT_ENROLLED")


async def test_an_enrolment_on_its_way_is_waited_for_without_holding_a_transaction(
    assessment: Subgraph, tenant: Tenant, made: dict[str, Any], course_id: UUID
) -> None:
    (late,) = students(tenant, 1)
    starting = asyncio.create_task(start(assessment, late, made["id"]))
    await asyncio.sleep(0.35)
    idle = """
        SELECT count(*) FROM pg_stat_activity
        WHERE state = 'idle in transaction' AND application_name = 'lyceum-assessment'
          AND clock_timestamp() - state_change > interval '50 milliseconds'
    """
    assert (await rows(assessment, tenant, idle))[0][0] == 0
    await join(assessment, course_id, late)
    assert (await starting)["__typename"] == "Attempt"


async def test_who_withdraws_starts_no_more_attempts_until_they_come_back(
    assessment: Subgraph, tenant: Tenant, made: dict[str, Any], course_id: UUID
) -> None:
    (enrollment,) = await rows(assessment, tenant, "SELECT id FROM enrollment")
    facts = {
        "id": enrollment.id,
        "organization_id": tenant.id,
        "course_id": course_id,
        "user_id": tenant.student.user_id,
    }
    running = await start(assessment, tenant.student, made["id"])
    await told(assessment, tenant.id, (consumers.end_enrollment, events.EnrollmentWithdrawn(**facts)))
    assert (await start(assessment, tenant.student, made["id"]))["__typename"] == "NotEnrolled"
    assert (await submit(assessment, tenant.student, running, []))["status"] == "GRADED"
    await told(assessment, tenant.id, (consumers.keep_enrollment, events.EnrollmentCreated(**facts)))
    assert (await start(assessment, tenant.student, made["id"]))["__typename"] == "Attempt"


async def test_the_same_key_returns_the_attempt_of_then_even_after_it_was_submitted(
    assessment: Subgraph, tenant: Tenant, made: dict[str, Any], course_id: UUID
) -> None:
    first = await start(assessment, tenant.student, made["id"], "k")
    await submit(assessment, tenant.student, first, [])
    again = await start(assessment, tenant.student, made["id"], "k")
    assert (again["id"], again["status"]) == (first["id"], "GRADED")
    assert (await start(assessment, tenant.student, made["id"]))["id"] != first["id"]
    other = await create(assessment, tenant.teacher, course_id)
    assert (await start(assessment, tenant.student, other["id"], "k"))["code"] == "IDEMPOTENCY_MISMATCH"


async def test_after_the_deadline_a_submission_is_refused_and_the_clock_grades_with_nothing(
    assessment: Subgraph, tenant: Tenant, course_id: UUID
) -> None:
    made = await create(assessment, tenant.teacher, course_id, timeLimitMinutes=20)
    attempt = await start(assessment, tenant.student, made["id"])
    await run_out(assessment, tenant, attempt)
    late = await submit(assessment, tenant.student, attempt, right_answers(attempt))
    assert (late["__typename"], late["code"]) == ("AttemptClosed", "ATTEMPT_CLOSED")
    for _ in range(30):
        found = await read(assessment, tenant.student, attempt)
        if found["status"] == "GRADED":
            break
        await asyncio.sleep(0.1)
    assert [found[name] for name in ("status", "score", "passed", "submittedAt")] == ["GRADED", 0.0, False, None]
    assert [(it["points"], it["correct"]) for it in found["results"]] == [(0.0, False)] * 5
    (event,) = await emitted(assessment, tenant, "attempt.graded")
    assert (event["score"], event["passed"]) == (0.0, False)


async def test_a_start_after_the_deadline_closes_the_old_attempt_and_counts_it(
    assessment: Subgraph, tenant: Tenant, course_id: UUID
) -> None:
    made = await create(assessment, tenant.teacher, course_id, timeLimitMinutes=20, maxAttempts=2)
    old = await start(assessment, tenant.student, made["id"])
    await run_out(assessment, tenant, old)
    new = await start(assessment, tenant.student, made["id"])
    assert new["id"] != old["id"]
    assert (await read(assessment, tenant.student, old))["status"] == "GRADED"
    await submit(assessment, tenant.student, new, [])
    assert (await start(assessment, tenant.student, made["id"]))["__typename"] == "AttemptsExhausted"
    assert len(await emitted(assessment, tenant, "attempt.graded")) == 2


async def test_several_clocks_grade_each_attempt_once(assessment: Subgraph, tenant: Tenant, course_id: UUID) -> None:
    made = await create(assessment, tenant.teacher, course_id, timeLimitMinutes=20)
    people = students(tenant, 12)
    await join(assessment, course_id, *people)
    for who in people:
        await run_out(assessment, tenant, await start(assessment, who, made["id"]), 0.2)
    clocks = [asyncio.create_task(close_overdue(assessment.platform)) for _ in range(3)]
    await asyncio.sleep(1.6)
    for clock in clocks:
        clock.cancel()
    await asyncio.gather(*clocks, return_exceptions=True)
    graded_ids = [event["id"] for event in await emitted(assessment, tenant, "attempt.graded")]
    assert len(graded_ids) == len(set(graded_ids)) == 12


async def test_the_rules_of_the_start_hold_for_the_whole_attempt(
    assessment: Subgraph, tenant: Tenant, course_id: UUID
) -> None:
    made = await create(assessment, tenant.teacher, course_id, passingScore=0.5)
    attempt = await start(assessment, tenant.student, made["id"])
    await update(assessment, tenant.teacher, made["id"], passingScore=1, questions=[TRUE_FALSE])
    answers = right_answers(attempt, "MULTIPLE_CHOICE", "SHORT_TEXT")
    done = await submit(assessment, tenant.student, attempt, answers)
    assert (done["score"], done["passed"], len(done["results"])) == (0.5, True, 5)
    following = await start(assessment, tenant.student, made["id"])
    assert [it["kind"] for it in following["questions"]] == ["TRUE_FALSE"]


async def test_viewer_attempts_are_the_viewers_own_in_order(
    assessment: Subgraph, tenant: Tenant, made: dict[str, Any], course_id: UUID
) -> None:
    (other,) = students(tenant, 1)
    await join(assessment, course_id, other, tenant.teacher)
    own = [(await graded(assessment, tenant.student, made["id"], "NUMERIC"))["id"] for _ in range(3)]
    await graded(assessment, other, made["id"], "NUMERIC")
    taught = await graded(assessment, tenant.teacher, made["id"], "NUMERIC")
    query = "query($id: ID!) { assessment(id: $id) { viewerAttempts { id user { id } } } }"
    for who, expected in ((tenant.student, own), (tenant.teacher, [taught["id"]]), (tenant.admin, [])):
        found = (await assessment.ask(query, who, id=made["id"])).data["assessment"]["viewerAttempts"]
        assert [it["id"] for it in found] == expected
        assert {it["user"]["id"] for it in found} <= {ids.encode("user", who.user_id or ids.new_id())}


@pytest.mark.parametrize("is_done", [False, True])
async def test_an_attempt_is_seen_by_its_owner_and_by_teachers(
    assessment: Subgraph, tenant: Tenant, made: dict[str, Any], is_done: bool
) -> None:
    (other,) = students(tenant, 1)
    attempt = await start(assessment, tenant.student, made["id"])
    if is_done:
        attempt = await submit(assessment, tenant.student, attempt, right_answers(attempt))
    assert await read(assessment, tenant.student, attempt) == attempt
    seen = await read(assessment, tenant.teacher, attempt)
    assert seen == attempt
    assert (seen["results"] is not None) == is_done
    assert await read(assessment, other, attempt) is None
    async with nothing_changes(assessment, tenant):
        for who in (other, tenant.teacher, tenant.admin):
            assert (await submit(assessment, who, attempt, []))["__typename"] == "NotFound"


async def test_a_course_that_has_just_been_opened_is_waited_for(assessment: Subgraph, tenant: Tenant) -> None:
    course_id = await new_course(assessment, tenant, is_open=False)
    made = await create(assessment, tenant.teacher, course_id)
    await join(assessment, course_id, tenant.student)
    starting = asyncio.create_task(start(assessment, tenant.student, made["id"]))
    await asyncio.sleep(0.25)
    opened = events.CoursePublished(id=course_id, organization_id=tenant.id)
    await told(assessment, tenant.id, (consumers.open_course, opened))
    assert (await starting)["__typename"] == "Attempt"
