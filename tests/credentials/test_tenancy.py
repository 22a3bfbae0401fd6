"""Another tenant's ids: at every field that takes one, as entities, in SQL, and in events that somebody forged."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import insert, text
from sqlalchemy.exc import DBAPIError

from shared import ids
from shared.auth import Viewer
from subgraphs.credentials import events
from subgraphs.credentials.models import Badge, Evidence
from tests.conftest import Subgraph, Tenant
from tests.credentials.conftest import (
    apply,
    badge_uuid,
    create,
    earn,
    graded,
    item_done,
    items,
    named,
    new_assessment,
    new_course,
    nothing_changes,
    organization_named,
    rows,
    score,
    verify,
)

ENTITY = """
__typename
... on Badge { id nodeId name criteria { id } viewerProgress { ratio } organization { id } }
... on Award { id nodeId code badge { id } user { id } verificationUrl }
"""
NOT_FOUND = {"__typename": "NotFound"}
FIELDS = {
    "badge": ("query($id: ID!) { found: badge(id: $id) { id } }", "badge", None),
    "badges": ("query($id: ID!) { found: badges(courseId: $id) { totalCount } }", "course", {"totalCount": 0}),
    "updateBadge": (
        'mutation($id: ID!) { found: updateBadge(input: {id: $id, name: "Mine"}) { __typename } }',
        "badge",
        NOT_FOUND,
    ),
    "revokeAward": (
        'mutation($id: ID!) { found: revokeAward(id: $id, reason: "Mine") { __typename } }',
        "award",
        NOT_FOUND,
    ),
}
TABLES = (
    *("course", "required_item", "assessment", "enrollment", "person", "organization"),
    *("badge", "criterion", "evidence", "progress", "award"),
)


@pytest.fixture
async def theirs(credentials: Subgraph, stranger: Tenant) -> dict[str, Any]:
    """Ids of another tenant, as public as ids can be, and what was made there."""
    course_id = await new_course(credentials, stranger, items=2)
    assessment_id = await new_assessment(credentials, stranger, course_id)
    await apply(credentials, stranger, named(stranger.student), organization_named(stranger))
    enrolled = events.EnrollmentCreated(
        id=ids.new_id(), organization_id=stranger.id, course_id=course_id, user_id=stranger.student.user_id
    )
    await apply(credentials, stranger, enrolled)
    course = ids.encode("course", course_id)
    criteria = [items(course_id, 2), score(assessment_id, 0.7)]
    badge = await create(credentials, stranger.teacher, *criteria, courseId=course)
    award = await earn(credentials, stranger, stranger.student, badge)
    return {
        "made": badge,
        "badge": badge["id"],
        "award": award["id"],
        "code": award["code"],
        "course": course,
        "course_id": course_id,
        "assessment_id": assessment_id,
        "enrollment": ids.encode("enrollment", enrolled.id),
    }


@pytest.mark.parametrize("field", FIELDS)
async def test_a_foreign_id_answers_exactly_like_an_unknown_one(
    credentials: Subgraph, tenant: Tenant, stranger: Tenant, theirs: dict[str, Any], field: str
) -> None:
    document, kind, expected = FIELDS[field]
    async with nothing_changes(credentials, tenant, stranger):
        foreign = await credentials.ask(document, tenant.admin, id=theirs[kind])
        unknown = await credentials.ask(document, tenant.admin, id=ids.encode(kind, ids.new_id()))
    assert foreign.body == unknown.body == {"data": {"found": expected}}
    assert len(foreign.statements) == len(unknown.statements), "not even the work differs"


@pytest.mark.parametrize("key", ["id", "nodeId"])
@pytest.mark.parametrize("kind", ["badge", "award"])
async def test_an_entity_is_found_by_either_key_in_its_own_tenant_only(
    credentials: Subgraph, tenant: Tenant, stranger: Tenant, root: Viewer, theirs: dict[str, Any], kind: str, key: str
) -> None:
    representation = {"__typename": kind.capitalize(), key: theirs[kind]}
    (entity,) = (await credentials.entities(stranger.admin, ENTITY, representation)).data["_entities"]
    assert (entity["id"], entity["nodeId"]) == (theirs[kind], theirs[kind])
    for who in (tenant.admin, root, None):
        assert (await credentials.entities(who, ENTITY, representation)).data == {"_entities": [None]}


async def test_what_is_added_to_foreign_courses_and_enrolments_is_empty(
    credentials: Subgraph, tenant: Tenant, stranger: Tenant, theirs: dict[str, Any]
) -> None:
    representations = [
        {"__typename": "Course", "id": theirs["course"]},
        {"__typename": "Enrollment", "id": theirs["enrollment"]},
    ]
    selection = "... on Course { badges { totalCount } } ... on Enrollment { badgeProgress { ratio } }"
    found = (await credentials.entities(tenant.admin, selection, *representations)).data["_entities"]
    assert found == [{"badges": {"totalCount": 0}}, {"badgeProgress": []}]
    found = (await credentials.entities(stranger.admin, selection, *representations)).data["_entities"]
    assert found == [{"badges": {"totalCount": 1}}, {"badgeProgress": [{"ratio": 1}]}]


async def test_somebody_elses_award_is_no_entity_for_a_student(
    credentials: Subgraph, stranger: Tenant, tenant: Tenant, theirs: dict[str, Any]
) -> None:
    representation = {"__typename": "Award", "id": theirs["award"]}
    other = Viewer(**{name: getattr(stranger.student, name) for name in Viewer.__slots__} | {"user_id": ids.new_id()})
    assert (await credentials.entities(other, ENTITY, representation)).data == {"_entities": [None]}
    (own,) = (await credentials.entities(stranger.student, ENTITY, representation)).data["_entities"]
    assert own["code"] == theirs["code"]


async def test_a_code_is_good_for_anybody_of_any_tenant(
    credentials: Subgraph, tenant: Tenant, root: Viewer, theirs: dict[str, Any]
) -> None:
    query = "query($c: String!) { verifyCredential(code: $c) { valid credential { recipientName issuerName } } }"
    for who in (None, tenant.student, root):
        answer = await credentials.ask(query, who, c=theirs["code"])
        assert answer.data["verifyCredential"]["credential"] == {
            "recipientName": "Ada Lovelace",
            "issuerName": "Northlight",
        }


async def test_sql_shows_and_takes_rows_of_the_tenant_alone(
    credentials: Subgraph, tenant: Tenant, stranger: Tenant, theirs: dict[str, Any]
) -> None:
    for table in TABLES:
        for who, is_empty in ((tenant.admin, True), (stranger.admin, False), (Viewer(), True)):
            async with credentials.platform.database.begin(who) as session:
                count = await session.scalar(text(f"SELECT count(*) FROM {table}"))
            assert (count == 0) == is_empty, (table, who.organization_id)
    foreign = {"organization_id": stranger.id, "id": ids.new_id()}
    fact = {"kind": "COMPLETE_COURSE", "value": 1.0, "user_id": ids.new_id()}
    places = dict.fromkeys(("target_id", "subject_id", "course_id"), ids.new_id())
    for row in (
        insert(Badge).values(**foreign, name="Mine", description=""),
        insert(Evidence).values(**foreign, **fact, **places),
    ):
        with pytest.raises(DBAPIError, match="row-level security"):
            async with credentials.platform.database.begin(tenant.admin) as session:
                await session.execute(row)


async def test_the_system_login_sees_awards_for_their_codes_organizations_for_their_slugs_and_nothing_else(
    credentials: Subgraph, theirs: dict[str, Any]
) -> None:
    async with credentials.platform.database.system() as session:
        counts = {table: await session.scalar(text(f"SELECT count(*) FROM {table}")) for table in TABLES}
    assert counts.pop("award")
    assert counts.pop("organization")
    assert set(counts.values()) == {0}


async def test_every_table_of_a_tenant_is_fenced(credentials: Subgraph, tenant: Tenant) -> None:
    """Each has forced row-level security and a policy, and a primary key that begins with the organization."""
    statement = """
        SELECT c.relname, c.relforcerowsecurity AND c.relrowsecurity AS forced,
               EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid) AS fenced,
               (SELECT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]
                WHERE i.indrelid = c.oid AND i.indisprimary) AS first
        FROM pg_class c WHERE c.relnamespace = 'credentials'::regnamespace AND c.relkind = 'r'
          AND c.relname = ANY(:tables)
    """
    found = await rows(credentials, tenant, statement, tables=list(TABLES))
    assert len(found) == len(TABLES)
    assert {(row.forced, row.fenced, row.first) for row in found} == {(True, True, "organization_id")}


async def test_an_event_that_claims_another_tenant_than_its_stream_does_nothing(
    credentials: Subgraph, tenant: Tenant, stranger: Tenant, theirs: dict[str, Any]
) -> None:
    course_id, assessment_id = theirs["course_id"], theirs["assessment_id"]
    who = Viewer(organization_id=stranger.id, user_id=ids.new_id())
    forged = [
        item_done(who, course_id),
        graded(who, course_id, assessment_id, 1.0),
        named(stranger.student, "Mallory"),
        organization_named(stranger, "Mallory's"),
        events.CoursePublished(id=course_id, organization_id=stranger.id),
    ]
    for event in forged:
        async with nothing_changes(credentials, tenant, stranger):
            with pytest.raises(DBAPIError, match="row-level security"):
                await apply(credentials, tenant, event)


async def test_an_event_of_one_tenant_with_ids_of_another_touches_nothing_there(
    credentials: Subgraph, tenant: Tenant, stranger: Tenant, theirs: dict[str, Any]
) -> None:
    here = Viewer(organization_id=tenant.id, user_id=stranger.student.user_id)
    course_id, badge_id = theirs["course_id"], badge_uuid(theirs["made"])
    async with nothing_changes(credentials, stranger):
        await apply(
            credentials,
            tenant,
            item_done(here, course_id),
            graded(here, course_id, theirs["assessment_id"], 1.0),
            named(here, "Mallory"),
            events.BadgeCreated(id=badge_id, organization_id=tenant.id, course_id=None),
            events.AwardRevoked(id=ids.new_id(), organization_id=tenant.id, badge_id=badge_id, user_id=ids.new_id()),
        )
    assert await rows(credentials, tenant, "SELECT 1 FROM progress UNION ALL SELECT 1 FROM award") == []
    assert (await verify(credentials, theirs["code"]))["credential"]["recipientName"] == "Ada Lovelace"


@pytest.mark.parametrize("value", [-0.1, 1.5, float("nan"), float("inf")])
async def test_a_score_that_no_attempt_can_have_is_refused(
    credentials: Subgraph, tenant: Tenant, course_id: UUID, assessment_id: UUID, value: float
) -> None:
    async with nothing_changes(credentials, tenant):
        with pytest.raises(DBAPIError, match="evidence_value_check"):
            await apply(credentials, tenant, graded(tenant.student, course_id, assessment_id, value))
