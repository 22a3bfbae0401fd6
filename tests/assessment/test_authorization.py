"""Who may do what: every kind of caller at every mutation and at every root field."""

from typing import Any
from uuid import UUID

import pytest

from shared import ids
from shared.auth import Viewer
from tests.assessment.conftest import nothing_changes, start
from tests.conftest import Subgraph, Tenant

CALLERS = ("anonymous", "student", "teacher", "admin", "platform", "foreign")

QUESTIONS = '[{kind: TRUE_FALSE, prompt: "Yes?", answer: true}]'
MUTATIONS = {
    "createAssessment": 'createAssessment(input: {courseId: "%(course)s", title: "New", questions: ' + QUESTIONS + "})",
    "updateAssessment": 'updateAssessment(input: {id: "%(assessment)s", title: "Changed"})',
    "startAttempt": 'startAttempt(assessmentId: "%(assessment)s")',
    "submitAttempt": 'submitAttempt(input: {attemptId: "%(attempt)s", answers: []})',
}

# What becomes of it, in the order of CALLERS: a code of a top-level error, or the type of the answer.
OUTCOMES = {
    "createAssessment": ("UNAUTHENTICATED", "FORBIDDEN", "Assessment", "Assessment", "FORBIDDEN", "NotFound"),
    "updateAssessment": ("UNAUTHENTICATED", "FORBIDDEN", "Assessment", "Assessment", "NotFound", "NotFound"),
    "startAttempt": ("UNAUTHENTICATED", "Attempt", "NotEnrolled", "NotEnrolled", "NotFound", "NotFound"),
    "submitAttempt": ("UNAUTHENTICATED", "Attempt", "NotFound", "NotFound", "NotFound", "NotFound"),
}


def caller(kind: str, tenant: Tenant, stranger: Tenant, root: Viewer) -> Viewer | None:
    """Somebody of this kind."""
    found: dict[str, Viewer | None] = {"anonymous": None, "platform": root, "foreign": stranger.admin}
    return found[kind] if kind in found else getattr(tenant, kind)


@pytest.mark.parametrize(
    ("mutation", "kind", "outcome"),
    [(name, kind, outcome) for name, row in OUTCOMES.items() for kind, outcome in zip(CALLERS, row, strict=True)],
)
async def test_each_caller_gets_the_answer_of_the_table_and_refusals_change_nothing(
    assessment: Subgraph,
    tenant: Tenant,
    stranger: Tenant,
    root: Viewer,
    made: dict[str, Any],
    course_id: UUID,
    mutation: str,
    kind: str,
    outcome: str,
) -> None:
    attempt = await start(assessment, tenant.student, made["id"])
    places = {"course": _course(course_id), "assessment": made["id"], "attempt": attempt["id"]}
    document = f"mutation {{ {MUTATIONS[mutation] % places} {{ __typename }} }}"
    who = caller(kind, tenant, stranger, root)
    if outcome in ("Assessment", "Attempt"):
        assert (await assessment.ask(document, who)).data == {mutation: {"__typename": outcome}}
        return
    async with nothing_changes(assessment, tenant, stranger):
        answer = await assessment.ask(document, who)
    if outcome.isupper():
        assert answer.codes == [outcome]
        assert answer.body["data"] is None
    else:
        assert answer.data == {mutation: {"__typename": outcome}}


def _course(uuid: UUID) -> str:
    return ids.encode("course", uuid)


async def test_the_table_names_every_mutation(assessment: Subgraph) -> None:
    answer = await assessment.ask("{ __schema { mutationType { fields { name } } } }")
    assert {field["name"] for field in answer.data["__schema"]["mutationType"]["fields"]} == set(OUTCOMES)


@pytest.mark.parametrize("field", ["assessment", "attempt"])
async def test_nobody_reads_without_signing_in_and_the_platform_sees_no_tenant(
    assessment: Subgraph, tenant: Tenant, root: Viewer, made: dict[str, Any], field: str
) -> None:
    attempt = await start(assessment, tenant.student, made["id"])
    id = made["id"] if field == "assessment" else attempt["id"]
    query = f"query($id: ID!) {{ {field}(id: $id) {{ __typename }} }}"
    assert (await assessment.ask(query, None, id=id)).codes == ["UNAUTHENTICATED"]
    assert (await assessment.ask(query, root, id=id)).data == {field: None}


async def test_the_list_of_a_course_is_refused_to_anonymous_callers(
    assessment: Subgraph, made: dict[str, Any], course_id: UUID
) -> None:
    course = {"__typename": "Course", "id": _course(course_id)}
    answer = await assessment.entities(None, "... on Course { assessments { totalCount } }", course)
    assert answer.codes == ["UNAUTHENTICATED"]
    assert "totalCount" not in str(answer.body["data"])
