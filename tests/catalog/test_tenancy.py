"""Another tenant's ids: at every field that takes one, as entities sent straight to the subgraph, and in SQL."""

from typing import Any

import pytest
from sqlalchemy import insert, text
from sqlalchemy.exc import DBAPIError

from shared import ids
from shared.auth import ANONYMOUS, Viewer
from subgraphs.catalog.models import Course, Enrollment, ItemCompletion, Member, Module, RequiredItem
from tests.catalog.conftest import create_course, enroll, join, nothing_changes, open_course, user_id
from tests.catalog.content import apply, completed, published
from tests.conftest import Subgraph, Tenant

ENTITY = """
__typename
... on Course { id nodeId title viewerEnrollment { id } modules { id } organization { id } }
... on Module { id nodeId title course { id } }
... on Enrollment { id nodeId status user { id } course { id } }
"""


@pytest.fixture
async def theirs(catalog: Subgraph, stranger: Tenant) -> dict[str, str]:
    """Ids of another tenant, as public as ids can be."""
    course = await open_course(catalog, stranger, modules=[{"title": "Their secret"}])
    await join(catalog, stranger.student)
    enrollment = await enroll(catalog, stranger.student, course)
    item = published(stranger, course)
    await apply(catalog, stranger, item, completed(stranger.student, item))
    return {
        "course": course["id"],
        "module": course["modules"][0]["id"],
        "enrollment": enrollment["id"],
        "user": user_id(stranger.student),
        "organization": ids.encode("organization", stranger.id),
    }


FIELDS = {
    "course": ("query($id: ID) { found: course(id: $id) { id } }", "course", None),
    "enrollment": ("query($id: ID!) { found: enrollment(id: $id) { id } }", "enrollment", None),
    "updateCourse": (
        'mutation($id: ID!) { found: updateCourse(input: {id: $id, title: "Mine"}) { __typename } }',
        "course",
        {"__typename": "NotFound"},
    ),
    "publishCourse": (
        "mutation($id: ID!) { found: publishCourse(id: $id) { __typename } }",
        "course",
        {"__typename": "NotFound"},
    ),
    "archiveCourse": (
        "mutation($id: ID!) { found: archiveCourse(id: $id) { __typename } }",
        "course",
        {"__typename": "NotFound"},
    ),
    "enroll courseId": (
        "mutation($id: ID!) { found: enroll(input: {courseId: $id}) { __typename } }",
        "course",
        {"__typename": "NotFound"},
    ),
    "withdraw": (
        "mutation($id: ID!) { found: withdraw(id: $id) { __typename } }",
        "enrollment",
        {"__typename": "NotFound"},
    ),
}


@pytest.mark.parametrize("field", FIELDS)
async def test_a_foreign_id_answers_exactly_like_an_unknown_one(
    catalog: Subgraph, tenant: Tenant, stranger: Tenant, theirs: dict[str, str], field: str
) -> None:
    document, kind, expected = FIELDS[field]
    async with nothing_changes(catalog, tenant, stranger):
        for who in (tenant.admin, tenant.admin.__class__(**_without_tenant(tenant.admin))):
            foreign = await catalog.ask(document, who, id=theirs[kind])
            unknown = await catalog.ask(document, who, id=ids.encode(kind, ids.new_id()))
            assert foreign.body == unknown.body == {"data": {"found": expected}}
            assert len(foreign.statements) == len(unknown.statements), "not even the work differs"


async def test_a_slug_of_another_tenant_finds_nothing(
    catalog: Subgraph, tenant: Tenant, theirs: dict[str, str]
) -> None:
    assert (await catalog.ask('{ course(slug: "open-course") { id } }', tenant.admin)).data == {"course": None}


async def test_a_cursor_of_another_tenant_is_a_place_and_no_more(
    catalog: Subgraph, tenant: Tenant, stranger: Tenant, theirs: dict[str, str]
) -> None:
    query = "query($after: String) { courses(after: $after) { edges { cursor node { id } } } }"
    (edge,) = (await catalog.ask(query, stranger.teacher)).data["courses"]["edges"]
    mine = await open_course(catalog, tenant)
    (found,) = (await catalog.ask(query, tenant.teacher, after=edge["cursor"])).data["courses"]["edges"]
    assert found["node"]["id"] == mine["id"]


@pytest.mark.parametrize("key", ["id", "nodeId"])
@pytest.mark.parametrize("kind", ["course", "module", "enrollment"])
async def test_an_entity_is_found_by_either_key_in_its_own_tenant_only(
    catalog: Subgraph, tenant: Tenant, stranger: Tenant, root: Viewer, theirs: dict[str, str], kind: str, key: str
) -> None:
    representation = {"__typename": kind.capitalize(), key: theirs[kind]}
    (entity,) = (await catalog.entities(stranger.admin, ENTITY, representation)).data["_entities"]
    assert (entity["id"], entity["nodeId"]) == (theirs[kind], theirs[kind])
    for who in (tenant.admin, root, None):
        assert (await catalog.entities(who, ENTITY, representation)).data == {"_entities": [None]}


@pytest.mark.parametrize("kind", ["course", "module", "enrollment"])
async def test_nothing_of_a_representation_is_trusted_but_its_key(
    catalog: Subgraph, tenant: Tenant, stranger: Tenant, theirs: dict[str, str], kind: str
) -> None:
    course = await create_course(catalog, tenant)
    forged = {
        "organizationId": ids.encode("organization", tenant.id),
        "organization_id": str(tenant.id),
        "uuid": str(ids.decode("course", course["id"])),
        "title": "Forged",
        "status": "PUBLISHED",
        "userId": user_id(tenant.student),
        "courseId": course["id"],
    }
    representation = {"__typename": kind.capitalize(), "id": theirs[kind]} | forged
    assert (await catalog.entities(tenant.admin, ENTITY, representation)).data == {"_entities": [None]}
    own = {"__typename": "Course", "id": course["id"]} | forged | {"organizationId": theirs["organization"]}
    (entity,) = (await catalog.entities(tenant.teacher, ENTITY, own)).data["_entities"]
    assert entity["title"] == "A course"
    assert entity["organization"] == {"id": ids.encode("organization", tenant.id)}
    assert (await catalog.entities(tenant.student, ENTITY, own)).data == {"_entities": [None]}, "a draft stays hidden"


async def test_what_catalog_adds_to_foreign_organizations_and_people_is_refused_or_empty(
    catalog: Subgraph, tenant: Tenant, stranger: Tenant, theirs: dict[str, str]
) -> None:
    organization = {"__typename": "Organization", "id": theirs["organization"]}
    person = {"__typename": "User", "id": theirs["user"]}
    of_organization = "... on Organization { id courses { totalCount edges { node { id } } } }"
    of_person = "... on User { id enrollments { totalCount edges { node { id } } } }"
    for who in (tenant.admin, tenant.teacher, tenant.student):
        answer = await catalog.entities(who, of_organization, organization)
        assert answer.codes == ["FORBIDDEN"]
        assert answer.body["data"] in (None, {"_entities": [None]})
    for who in (tenant.admin, tenant.teacher):
        (found,) = (await catalog.entities(who, of_person, person)).data["_entities"]
        assert found["enrollments"] == {"totalCount": 0, "edges": []}
    assert (await catalog.entities(tenant.student, of_person, person)).codes == ["FORBIDDEN"]


@pytest.mark.parametrize(
    "representation",
    [
        {"__typename": "Course"},
        {"__typename": "Course", "id": None},
        {"__typename": "Course", "id": 7},
        {"__typename": "Course", "id": ["course_01h455vb4pex5vsknk084sn02q"]},
        {"__typename": "Course", "id": "module_01h455vb4pex5vsknk084sn02q"},
        {"__typename": "Course", "id": "nonsense"},
        {"__typename": "Course", "id": "\x00"},
        {"__typename": "Nothing", "id": "course_01h455vb4pex5vsknk084sn02q"},
        {"__typename": "Query", "id": "query_01h455vb4pex5vsknk084sn02q"},
        {"__typename": "PageInfo", "id": "course_01h455vb4pex5vsknk084sn02q"},
        {"__typename": 7, "id": "course_01h455vb4pex5vsknk084sn02q"},
        {"id": "course_01h455vb4pex5vsknk084sn02q"},
        {},
    ],
)
async def test_a_malformed_representation_is_null_and_takes_nothing_else_with_it(
    catalog: Subgraph, tenant: Tenant, course: dict[str, Any], representation: dict[str, Any]
) -> None:
    good = {"__typename": "Course", "id": course["id"]}
    answer = await catalog.entities(tenant.teacher, "... on Course { id }", representation, good)
    assert answer.data == {"_entities": [None, {"id": course["id"]}]}


async def test_more_than_a_thousand_entities_are_refused_before_anything_is_read(
    catalog: Subgraph, tenant: Tenant, course: dict[str, Any]
) -> None:
    good = {"__typename": "Course", "id": course["id"]}
    found = await catalog.entities(tenant.teacher, "... on Course { id }", *[good] * 1000)
    assert found.data == {"_entities": [{"id": course["id"]}] * 1000}
    refused = await catalog.entities(tenant.teacher, "... on Course { id }", *[good] * 1001)
    assert refused.codes == ["BAD_USER_INPUT"]
    assert refused.statements == []


@pytest.mark.parametrize(
    "table",
    [
        "course",
        "module",
        "enrollment",
        "member",
        "required_item",
        "item_completion",
        "outbox",
        "audit",
        "idempotency",
    ],
)
async def test_row_level_security_shows_a_tenant_its_rows_only(
    catalog: Subgraph, tenant: Tenant, stranger: Tenant, theirs: dict[str, str], table: str
) -> None:
    everything = text(f"SELECT DISTINCT organization_id FROM {table}")
    for who, expected in ((stranger.admin, {stranger.id}), (tenant.admin, set()), (ANONYMOUS, set())):
        async with catalog.platform.database.begin(who) as session:
            seen = {row.organization_id for row in await session.execute(everything)}
        assert seen <= expected
        assert seen == expected or table == "idempotency"


@pytest.mark.parametrize("statement", ["UPDATE {} SET id = id", "DELETE FROM {}"])
async def test_row_level_security_keeps_writes_in_the_tenant(
    catalog: Subgraph, tenant: Tenant, stranger: Tenant, theirs: dict[str, str], statement: str
) -> None:
    async with nothing_changes(catalog, stranger):
        for table in ("enrollment", "module", "member", "required_item", "item_completion", "course"):
            async with catalog.platform.database.begin(tenant.admin) as session:
                assert (await session.execute(text(statement.format(table)))).rowcount == 0


@pytest.mark.parametrize(
    ("model", "values"),
    [
        (Course, {"slug": "planted", "title": "Planted", "status": "PUBLISHED", "description": ""}),
        (Module, {"title": "Planted", "position": 9}),
        (Enrollment, {"status": "ACTIVE", "progress": 0.0}),
        (Member, {"role": "ADMIN"}),
        (RequiredItem, {}),
        (ItemCompletion, {"item_id": ids.new_id()}),
    ],
)
async def test_row_level_security_refuses_rows_for_another_tenant(
    catalog: Subgraph, tenant: Tenant, stranger: Tenant, theirs: dict[str, str], model: Any, values: dict[str, Any]
) -> None:
    course_id = ids.decode("course", theirs["course"])
    references = {"course_id": course_id, "user_id": tenant.student.user_id}
    known = {name: value for name, value in references.items() if hasattr(model, name)}
    row = {"id": ids.new_id(), "organization_id": stranger.id} | values | known
    async with nothing_changes(catalog, tenant, stranger):
        for who in (tenant.admin, ANONYMOUS):
            with pytest.raises(DBAPIError, match="row-level security"):
                async with catalog.platform.database.begin(who) as session:
                    await session.execute(insert(model).values(row))


def _without_tenant(who: Viewer) -> dict[str, Any]:
    """The same person signed in without an organization."""
    return {name: getattr(who, name) for name in ("user_id", "session_id", "role", "scopes", "expires_at")}
