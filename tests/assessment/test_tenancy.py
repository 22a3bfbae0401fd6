"""Another tenant's ids: at every field that takes one, as entities sent straight to the subgraph, and in SQL."""

from typing import Any

import pytest
from sqlalchemy import insert, text
from sqlalchemy.exc import DBAPIError

from shared import ids
from shared.auth import Viewer
from subgraphs.assessment.models import Course, Enrollment
from subgraphs.assessment.runtime import question_sets_of
from tests.assessment.conftest import create, graded, join, new_course, nothing_changes, question_id, start, students
from tests.conftest import Subgraph, Tenant

ENTITY = """
__typename
... on Assessment { id nodeId title questions { prompt } viewerAttempts { id } course { id } }
... on Attempt { id nodeId score results { points } user { id } assessment { title } questions { prompt } }
"""
CREATE = (
    "mutation($id: ID!) { found: createAssessment(input: "
    '{courseId: $id, title: "New", questions: [{kind: TRUE_FALSE, prompt: "Yes?", answer: true}]}) { __typename } }'
)
NOT_FOUND = {"__typename": "NotFound"}
FIELDS = {
    "assessment": ("query($id: ID!) { found: assessment(id: $id) { id } }", "assessment", None),
    "attempt": ("query($id: ID!) { found: attempt(id: $id) { id } }", "attempt", None),
    "createAssessment": (CREATE, "course", NOT_FOUND),
    "updateAssessment": (
        'mutation($id: ID!) { found: updateAssessment(input: {id: $id, title: "Mine"}) { __typename } }',
        "assessment",
        NOT_FOUND,
    ),
    "startAttempt": (
        "mutation($id: ID!) { found: startAttempt(assessmentId: $id) { __typename } }",
        "assessment",
        NOT_FOUND,
    ),
    "submitAttempt": (
        "mutation($id: ID!) { found: submitAttempt(input: {attemptId: $id, answers: []}) { __typename } }",
        "attempt",
        NOT_FOUND,
    ),
}


@pytest.fixture
async def theirs(assessment: Subgraph, stranger: Tenant) -> dict[str, str]:
    """Ids of another tenant, as public as ids can be."""
    course_id = await new_course(assessment, stranger)
    (enrollment_id,) = await join(assessment, course_id, stranger.student)
    made = await create(assessment, stranger.teacher, course_id)
    attempt = await graded(assessment, stranger.student, made["id"], "NUMERIC")
    return {
        "course": ids.encode("course", course_id),
        "enrollment": ids.encode("enrollment", enrollment_id),
        "assessment": made["id"],
        "attempt": attempt["id"],
        "question": question_id(attempt, "NUMERIC"),
    }


@pytest.mark.parametrize("field", FIELDS)
async def test_a_foreign_id_answers_exactly_like_an_unknown_one(
    assessment: Subgraph, tenant: Tenant, stranger: Tenant, theirs: dict[str, str], field: str
) -> None:
    document, kind, expected = FIELDS[field]
    async with nothing_changes(assessment, tenant, stranger):
        foreign = await assessment.ask(document, tenant.admin, id=theirs[kind])
        unknown = await assessment.ask(document, tenant.admin, id=ids.encode(kind, ids.new_id()))
    assert foreign.body == unknown.body == {"data": {"found": expected}}
    assert len(foreign.statements) == len(unknown.statements), "not even the work differs"


@pytest.mark.parametrize("key", ["id", "nodeId"])
@pytest.mark.parametrize("kind", ["assessment", "attempt"])
async def test_an_entity_is_found_by_either_key_in_its_own_tenant_only(
    assessment: Subgraph, tenant: Tenant, stranger: Tenant, root: Viewer, theirs: dict[str, str], kind: str, key: str
) -> None:
    representation = {"__typename": kind.capitalize(), key: theirs[kind]}
    (entity,) = (await assessment.entities(stranger.admin, ENTITY, representation)).data["_entities"]
    assert (entity["id"], entity["nodeId"]) == (theirs[kind], theirs[kind])
    for who in (tenant.admin, root, None):
        assert (await assessment.entities(who, ENTITY, representation)).data == {"_entities": [None]}


async def test_what_is_added_to_foreign_courses_and_enrolments_is_empty(
    assessment: Subgraph, tenant: Tenant, stranger: Tenant, theirs: dict[str, str]
) -> None:
    representations = [
        {"__typename": "Course", "id": theirs["course"]},
        {"__typename": "Enrollment", "id": theirs["enrollment"]},
    ]
    selection = "... on Course { assessments { totalCount edges { node { id } } } } ... on Enrollment { grade }"
    found = (await assessment.entities(tenant.admin, selection, *representations)).data["_entities"]
    assert found == [{"assessments": {"totalCount": 0, "edges": []}}, {"grade": None}]
    found = (await assessment.entities(stranger.admin, selection, *representations)).data["_entities"]
    assert (found[0]["assessments"]["totalCount"], found[1]["grade"]) == (1, 0.25)


async def test_a_representation_is_trusted_for_its_key_alone(
    assessment: Subgraph, tenant: Tenant, theirs: dict[str, str], made: dict[str, Any]
) -> None:
    claims = {"questionSetId": theirs["question"], "title": "Mine", "userId": "x", "courseId": theirs["course"]}
    representation = {"__typename": "Assessment", "id": made["id"]} | claims
    (entity,) = (await assessment.entities(tenant.student, ENTITY, representation)).data["_entities"]
    assert entity["title"] == made["title"]
    assert entity["course"]["id"] != theirs["course"]


async def test_somebody_elses_attempt_is_no_entity_for_a_student(
    assessment: Subgraph, tenant: Tenant, made: dict[str, Any]
) -> None:
    attempt = await start(assessment, tenant.student, made["id"])
    (other,) = students(tenant, 1)
    representation = {"__typename": "Attempt", "id": attempt["id"]}
    assert (await assessment.entities(other, ENTITY, representation)).data == {"_entities": [None]}


async def test_sql_shows_and_takes_rows_of_the_tenant_alone(
    assessment: Subgraph, tenant: Tenant, stranger: Tenant, theirs: dict[str, str]
) -> None:
    for table in ("course", "enrollment", "assessment", "attempt", "document"):
        for who, is_empty in ((tenant.admin, True), (stranger.admin, False), (Viewer(), True)):
            async with assessment.platform.database.begin(who) as session:
                count = await session.scalar(text(f"SELECT count(*) FROM {table}"))
            assert (count == 0) == is_empty, (table, who.organization_id)
    for row in (
        insert(Course).values(id=ids.new_id(), organization_id=stranger.id, is_open=True),
        insert(Enrollment).values(
            id=ids.new_id(), organization_id=stranger.id, course_id=ids.new_id(), user_id=ids.new_id(), is_active=True
        ),
    ):
        with pytest.raises(DBAPIError, match="row-level security"):
            async with assessment.platform.database.begin(tenant.admin) as session:
                await session.execute(row)


async def test_the_system_login_sees_attempts_for_the_clock_and_no_questions(
    assessment: Subgraph, theirs: dict[str, str]
) -> None:
    async with assessment.platform.database.system() as session:
        counts = [
            await session.scalar(text(f"SELECT count(*) FROM {table}"))
            for table in ("attempt", "assessment", "document", "enrollment", "course")
        ]
    assert counts[0]
    assert counts[1:] == [0, 0, 0, 0]


async def test_documents_of_another_tenant_do_not_exist(
    assessment: Subgraph, tenant: Tenant, stranger: Tenant, theirs: dict[str, str]
) -> None:
    async with assessment.platform.database.begin(stranger.admin) as session:
        set_id = await session.scalar(text("SELECT question_set_id FROM attempt"))
    sets = question_sets_of(assessment.platform)
    assert await sets.get(tenant.id, [set_id]) == [None]
    assert (await sets.get(stranger.id, [set_id]))[0] is not None


async def test_every_table_of_a_tenant_is_fenced(assessment: Subgraph, tenant: Tenant) -> None:
    """Each has forced row-level security and a policy, and a primary key that begins with the organization."""
    statement = text("""
        SELECT c.relname, c.relforcerowsecurity AND c.relrowsecurity AS forced,
               EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid) AS fenced,
               (SELECT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]
                WHERE i.indrelid = c.oid AND i.indisprimary) AS first
        FROM pg_class c WHERE c.relnamespace = 'assessment'::regnamespace AND c.relkind = 'r'
          AND c.relname IN ('course', 'enrollment', 'assessment', 'attempt', 'document')
    """)
    async with assessment.platform.database.begin(tenant.admin) as session:
        rows = (await session.execute(statement)).all()
    assert len(rows) == 5
    assert {(row.forced, row.fenced, row.first) for row in rows} == {(True, True, "organization_id")}
