"""What tests of assessment begin with: open courses, people in them, and a quiz with a question of every kind."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from shared import ids
from shared.auth import Role, Viewer
from subgraphs.assessment import consumers, events
from tests.conftest import Subgraph, Tenant, viewer

ASSESSMENT = """
__typename
... on Assessment {
  id title passingScore maxAttempts timeLimitMinutes points
  questions { id kind prompt points choices { id text } }
}
... on Error { code message }
... on InvalidInput { fields { path message } }
"""
CREATE = f"""
mutation($input: CreateAssessmentInput!, $key: String) {{
  createAssessment(input: $input, idempotencyKey: $key) {{ {ASSESSMENT} }}
}}
"""
UPDATE = f"mutation($input: UpdateAssessmentInput!) {{ updateAssessment(input: $input) {{ {ASSESSMENT} }} }}"
ATTEMPT = """
__typename
... on Attempt {
  id status score passed startedAt deadline submittedAt
  questions { id kind choices { id text } }
  results { question { id prompt } points correct }
  assessment { id questions { id } }
}
... on Error { code message }
... on InvalidInput { fields { path message } }
"""
START = f"""
mutation($id: ID!, $key: String) {{ startAttempt(assessmentId: $id, idempotencyKey: $key) {{ {ATTEMPT} }} }}
"""
SUBMIT = f"mutation($input: SubmitAttemptInput!) {{ submitAttempt(input: $input) {{ {ATTEMPT} }} }}"

SINGLE = {
    "kind": "SINGLE_CHOICE",
    "prompt": "Which is a fruit?",
    "choices": [{"text": "Plum", "correct": True}, {"text": "Leek"}, {"text": "Oats"}],
}
MULTIPLE = {
    "kind": "MULTIPLE_CHOICE",
    "prompt": "Which are birds?",
    "points": 3,
    "choices": [
        {"text": "Wren", "correct": True},
        {"text": "Rook", "correct": True},
        {"text": "Kite", "correct": True},
        {"text": "Bat"},
    ],
}
TRUE_FALSE = {"kind": "TRUE_FALSE", "prompt": "Whales are fish.", "answer": False}
NUMERIC = {"kind": "NUMERIC", "prompt": "How long is a rope of 7.31 m?", "value": 7.31, "tolerance": 0.05, "points": 2}
SHORT_TEXT = {
    "kind": "SHORT_TEXT",
    "prompt": "What is the capital of Peru?",
    "accepted": ["Lima", "Ciudad de los Reyes"],
}

QUESTIONS: list[dict[str, Any]] = [SINGLE, MULTIPLE, TRUE_FALSE, NUMERIC, SHORT_TEXT]
"""One of each kind, with 8 points in all."""

_STORED = """
SELECT 'assessment' AS kind, t::text AS row FROM assessment t
UNION ALL SELECT 'attempt', t::text FROM attempt t
UNION ALL SELECT 'document', t::text FROM document t
UNION ALL SELECT 'audit', t::text FROM audit t
UNION ALL SELECT 'idempotency', t::text FROM idempotency t
UNION ALL SELECT 'event', concat_ws(' ', id, type, aggregate_id, data) FROM outbox
ORDER BY kind, row
"""


async def told(assessment: Subgraph, organization_id: UUID, *happened: tuple[Any, Any]) -> None:
    """Has consumers apply events, each given with its handler."""
    nobody = Viewer(organization_id=organization_id)
    async with assessment.platform.database.begin(nobody) as session:
        for handle, event in happened:
            await handle(session, event)


async def new_course(assessment: Subgraph, tenant: Tenant, *, is_open: bool = True) -> UUID:
    """A course that catalog's events have told of."""
    own = {"id": ids.new_id(), "organization_id": tenant.id}
    happened: list[tuple[Any, Any]] = [(consumers.keep_course, events.CourseCreated(**own))]
    if is_open:
        happened.append((consumers.open_course, events.CoursePublished(**own)))
    await told(assessment, tenant.id, *happened)
    return own["id"]


async def join(assessment: Subgraph, course_id: UUID, *people: Viewer) -> list[UUID]:
    """Enrols people; returns the ids of their enrolments."""
    made = [
        events.EnrollmentCreated(
            id=ids.new_id(), organization_id=who.organization_id, course_id=course_id, user_id=who.user_id
        )
        for who in people
    ]
    organization_id = people[0].organization_id
    assert organization_id
    await told(assessment, organization_id, *((consumers.keep_enrollment, event) for event in made))
    return [event.id for event in made]


def quiz(course_id: UUID, **values: Any) -> dict[str, Any]:
    """The input of a new assessment."""
    return {"courseId": ids.encode("course", course_id), "title": "A quiz", "questions": QUESTIONS} | values


async def create(assessment: Subgraph, who: Viewer, course_id: UUID, **values: Any) -> dict[str, Any]:
    """What `createAssessment` answers."""
    return (await assessment.ask(CREATE, who, input=quiz(course_id, **values))).data["createAssessment"]


async def update(assessment: Subgraph, who: Viewer, id: str, **values: Any) -> dict[str, Any]:
    """What `updateAssessment` answers."""
    return (await assessment.ask(UPDATE, who, input={"id": id, **values})).data["updateAssessment"]


async def start(assessment: Subgraph, who: Viewer, id: str, key: str | None = None) -> dict[str, Any]:
    """What `startAttempt` answers."""
    return (await assessment.ask(START, who, id=id, key=key)).data["startAttempt"]


async def submit(
    assessment: Subgraph, who: Viewer, attempt: dict[str, Any], answers: list[dict[str, Any]]
) -> dict[str, Any]:
    """What `submitAttempt` answers."""
    answer = await assessment.ask(SUBMIT, who, input={"attemptId": attempt["id"], "answers": answers})
    return answer.data["submitAttempt"]


async def graded(assessment: Subgraph, who: Viewer, id: str, *right: str) -> dict[str, Any]:
    """An attempt at a quiz of `QUESTIONS`, handed in with right answers to questions of these kinds and no others."""
    attempt = await start(assessment, who, id)
    return await submit(assessment, who, attempt, right_answers(attempt, *right))


def right_answers(attempt: dict[str, Any], *kinds: str) -> list[dict[str, Any]]:
    """Right answers to the questions of these kinds; of all kinds when none is named."""
    right = {
        "SINGLE_CHOICE": {"choiceIds": chosen(attempt, "SINGLE_CHOICE", "Plum")},
        "MULTIPLE_CHOICE": {"choiceIds": chosen(attempt, "MULTIPLE_CHOICE", "Wren", "Rook", "Kite")},
        "TRUE_FALSE": {"boolean": False},
        "NUMERIC": {"number": 7.31},
        "SHORT_TEXT": {"text": "Lima"},
    }
    return [{"questionId": question_id(attempt, kind), **right[kind]} for kind in kinds or right]


def question_id(attempt: dict[str, Any], kind: str) -> str:
    """The id of the question of this kind."""
    return next((it["id"] for it in attempt["questions"] if it["kind"] == kind), ids.encode("question", ids.new_id()))


def chosen(attempt: dict[str, Any], kind: str, *texts: str) -> list[str]:
    """The ids of choices by their texts."""
    found = {
        choice["text"]: choice["id"]
        for question in attempt["questions"]
        if question["kind"] == kind
        for choice in question["choices"]
    }
    return [found[text] for text in texts if text in found]


def students(tenant: Tenant, count: int) -> list[Viewer]:
    """More people of an organization."""
    return [viewer(Role.STUDENT, tenant.id) for _ in range(count)]


async def rows(assessment: Subgraph, tenant: Tenant, statement: str, **values: Any) -> list[Any]:
    """What SQL finds in a tenant, or has changed there."""
    async with assessment.platform.database.begin(tenant.admin) as session:
        result = await session.execute(text(statement), values)
        return list(result.all()) if result.returns_rows else []  # type: ignore[attr-defined]  # a cursor's result


async def stored(assessment: Subgraph, tenant: Tenant) -> list[Any]:
    """Everything that assessment keeps of a tenant."""
    return await rows(assessment, tenant, _STORED)


async def emitted(assessment: Subgraph, tenant: Tenant, type: str) -> list[dict[str, Any]]:
    """The events of a type, in order."""
    found = await rows(assessment, tenant, "SELECT data FROM outbox WHERE type = :type ORDER BY id", type=type)
    return [row.data for row in found]


async def run_out(assessment: Subgraph, tenant: Tenant, attempt: dict[str, Any], seconds: float = 0.0) -> None:
    """Moves the deadline of an attempt to so many seconds from now."""
    await rows(
        assessment,
        tenant,
        "UPDATE attempt SET deadline = clock_timestamp() + make_interval(secs => :seconds) WHERE id = :id",
        id=ids.decode("attempt", attempt["id"]),
        seconds=seconds,
    )


@asynccontextmanager
async def nothing_changes(assessment: Subgraph, *tenants: Tenant) -> AsyncIterator[None]:
    """Holds that what happens inside stores nothing: no row, no document, no audit, no event."""
    before = [await stored(assessment, tenant) for tenant in tenants]
    yield
    assert [await stored(assessment, tenant) for tenant in tenants] == before


@pytest.fixture
async def course_id(assessment: Subgraph, tenant: Tenant) -> UUID:
    """An open course that the tenant's student is in."""
    course_id = await new_course(assessment, tenant)
    await join(assessment, course_id, tenant.student)
    return course_id


@pytest.fixture
async def made(assessment: Subgraph, tenant: Tenant, course_id: UUID) -> dict[str, Any]:
    """A quiz with one question of each kind."""
    return await create(assessment, tenant.teacher, course_id)
