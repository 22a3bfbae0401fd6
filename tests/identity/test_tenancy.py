"""One tenant learns nothing of another: by ids, by lists, by slugs, and below all of it by the database itself."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from shared import ids
from shared.auth import Role, Viewer
from tests.conftest import Subgraph
from tests.identity.conftest import School, login, rows, with_scopes

EVERY_SCOPE = ("read:course", "write:course", "delete:course", "manage:users", "view:analytics")
KINDS = ["student", "teacher", "admin", "every scope"]


def harvested(school: School) -> dict[str, list[str]]:
    """All ids of a school, by type."""
    people = (school.admin, school.teacher, school.student)
    return {
        "Organization": [school.id],
        "Branch": [school.branch_id],
        "User": [person.id for person in people],
        "Membership": [person.membership_id for person in people],
        "OrganizationSetting": [school.setting_id],
        "BranchSetting": [school.branch_setting_id],
    }


def each(school: School) -> Iterator[tuple[str, str]]:
    """Every type with every id."""
    return ((name, id) for name, found in harvested(school).items() for id in found)


def unknown(id: str) -> str:
    """An id of the same type that nothing has."""
    return ids.encode(id.rpartition("_")[0], ids.new_id())


def caller(school: School, kind: str) -> Viewer:
    """Somebody of a school."""
    return with_scopes(school.admin, *EVERY_SCOPE) if kind == "every scope" else getattr(school, kind).viewer


@pytest.mark.parametrize("kind", KINDS)
async def test_a_foreign_id_is_like_an_unknown_one_in_every_field(
    identity: Subgraph, school: School, other: School, kind: str
) -> None:
    viewer = caller(other, kind)
    await identity.ask("query($id: ID!) { node(id: $id) { id } }", school.admin.viewer, id=school.id)  # it is cached
    for field in ("node", "user", "organization"):
        query = f"query($id: ID!) {{ {field}(id: $id) {{ id }} }}"
        for _, id in each(school):
            foreign, nothing = (
                await identity.ask(query, viewer, id=id),
                await identity.ask(query, viewer, id=unknown(id)),
            )
            assert foreign.body == nothing.body
            assert foreign.data == {field: None}


@pytest.mark.parametrize("kind", KINDS)
async def test_a_foreign_entity_is_like_an_unknown_one(
    identity: Subgraph, school: School, other: School, kind: str
) -> None:
    asked = [{"__typename": name, "id": id} for name, id in each(school)]
    answer = await identity.entities(caller(other, kind), "__typename", *asked)
    assert answer.data["_entities"] == [None] * len(asked)
    own = [{"__typename": name, "id": id} for name, id in each(other) if name in ("Organization", "Branch", "User")]
    seen = await identity.entities(caller(other, kind), "__typename", *own)
    assert [entity["__typename"] for entity in seen.data["_entities"]] == [entity["__typename"] for entity in own]


async def test_nobody_learns_anything_without_signing_in(identity: Subgraph, school: School) -> None:
    asked = [{"__typename": name, "id": id} for name, id in each(school)]
    answer = await identity.entities(None, "__typename", *asked)
    assert answer.data["_entities"] == [None] * len(asked)


async def test_a_foreign_slug_is_like_an_unknown_one(identity: Subgraph, school: School, other: School) -> None:
    query = "query($slug: String!) { organization(slug: $slug) { id } }"
    for viewer in (other.admin.viewer, other.student.viewer):
        assert (await identity.ask(query, viewer, slug=school.slug)).data == {"organization": None}


@pytest.mark.parametrize("kind", ["student", "teacher", "admin"])
async def test_lists_hold_what_is_ones_own(identity: Subgraph, school: School, other: School, kind: str) -> None:
    query = "{ organizations(first: 100) { totalCount edges { node { id branches { edges { node { id } } } } } } }"
    seen = (await identity.ask(query, caller(other, kind))).data["organizations"]
    assert seen["totalCount"] == 1
    branches = {"edges": [{"node": {"id": other.branch_id}}]}
    assert seen["edges"] == [{"node": {"id": other.id, "branches": branches}}]


async def test_the_platform_sees_all_organizations(identity: Subgraph, school: School, other: School) -> None:
    root = Viewer(ids.new_id(), ids.new_id(), None, Role.SUPER_ADMIN, frozenset(), school.admin.viewer.expires_at)
    query = "query($id: ID!) { organization(id: $id) { id } }"
    for tenant in (school, other):
        assert (await identity.ask(query, root, id=tenant.id)).data == {"organization": {"id": tenant.id}}


async def member_of_both(identity: Subgraph, school: School, other: School) -> UUID:
    """Makes the student of one school a teacher of the other."""
    id = ids.new_id()
    statement = "INSERT INTO membership (organization_id, id, user_id, role) VALUES (:org, :id, :user, 'TEACHER')"
    await rows(identity, statement, org=other.uuid, id=id, user=school.student.uuid)
    return id


async def test_each_tenant_sees_of_a_common_member_what_is_its_own(
    identity: Subgraph, school: School, other: School
) -> None:
    there = ids.encode("membership", await member_of_both(identity, school, other))
    here = school.student.membership_id
    query = "query($id: ID!) { user(id: $id) { id email memberships { id organization { slug } } } }"
    for tenant, membership in ((school, here), (other, there)):
        answer = await identity.ask(query, tenant.admin.viewer, id=school.student.id)
        assert answer.data["user"]["memberships"] == [{"id": membership, "organization": {"slug": tenant.slug}}]
    own = await identity.ask(query, school.student.viewer, id=school.student.id)
    assert [membership["id"] for membership in own.data["user"]["memberships"]] == [here, there]
    slugs = [membership["organization"]["slug"] for membership in own.data["user"]["memberships"]]
    assert slugs == [school.slug, other.slug]


async def test_a_right_in_one_organization_is_none_in_another(
    identity: Subgraph, school: School, other: School
) -> None:
    """An admin here who is also somebody there sees the organization there, and nothing that takes a right."""
    statement = "INSERT INTO membership (organization_id, id, user_id, role) VALUES (:org, :id, :user, 'STUDENT')"
    await rows(identity, statement, org=other.uuid, id=ids.new_id(), user=school.admin.uuid)
    answer = await identity.ask("{ organizations { edges { node { slug } } } }", school.admin.viewer)
    assert [edge["node"]["slug"] for edge in answer.data["organizations"]["edges"]] == [school.slug, other.slug]
    for field in ("members { totalCount }", "settings { key }"):
        query = f"query($id: ID!) {{ organization(id: $id) {{ {field} }} }}"
        refused = await identity.ask(query, school.admin.viewer, id=other.id)
        assert refused.codes == ["FORBIDDEN"]
    branches = "query($id: ID!) { organization(id: $id) { branches { totalCount edges { node { id } } } } }"
    seen = (await identity.ask(branches, school.admin.viewer, id=other.id)).data["organization"]["branches"]
    assert seen == {"totalCount": 0, "edges": []}
    for id in (other.branch_id, other.student.id, other.student.membership_id, other.setting_id):
        assert (await identity.ask("query($id: ID!) { node(id: $id) { id } }", school.admin.viewer, id=id)).data == {
            "node": None
        }


TABLES = {
    "organization": "id",
    "branch": "organization_id",
    "organization_setting": "organization_id",
    "branch_setting": "organization_id",
    "membership": "organization_id",
    "outbox": "organization_id",
    "audit": "organization_id",
}


async def seen_by(identity: Subgraph, viewer: Viewer, statement: str, **parameters: Any) -> int:
    """How many rows the tenant-bound login of the database sees for somebody."""
    async with identity.platform.database.begin(viewer) as session:
        return (await session.execute(text(statement), parameters)).scalar_one()


@pytest.mark.parametrize("table", TABLES)
async def test_the_database_itself_shows_a_tenant_only_its_own(
    identity: Subgraph, school: School, other: School, table: str
) -> None:
    await login(identity, school.admin.email)  # it writes the event and the audit row
    of_school = f"SELECT count(*) FROM {table} WHERE {TABLES[table]} = :id"
    assert await seen_by(identity, school.admin.viewer, of_school, id=school.uuid) > 0
    assert await seen_by(identity, other.admin.viewer, of_school, id=school.uuid) == 0
    assert await seen_by(identity, Viewer(), of_school, id=school.uuid) == 0
    assert await seen_by(identity, Viewer(), f"SELECT count(*) FROM {table}") == 0
    foreign = f"SELECT count(*) FROM {table} WHERE {TABLES[table]} IS DISTINCT FROM :id"
    assert await seen_by(identity, other.admin.viewer, foreign, id=other.uuid) == 0


async def test_the_database_itself_shows_people_through_a_membership_only(
    identity: Subgraph, school: School, other: School
) -> None:
    people = 'SELECT count(*) FROM "user"'
    assert await seen_by(identity, school.admin.viewer, people) == 3
    assert await seen_by(identity, Viewer(), people) == 0
    student = 'SELECT count(*) FROM "user" WHERE id = :id'
    assert await seen_by(identity, other.admin.viewer, student, id=school.student.uuid) == 0


@pytest.mark.parametrize("table", ["session", "refresh_token", "sign_in_attempt", "outbox_position"])
async def test_the_tenant_login_never_sees_credentials(identity: Subgraph, school: School, table: str) -> None:
    assert await seen_by(identity, school.admin.viewer, f"SELECT count(*) FROM {table}") == 0


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE membership SET role = 'ADMIN' WHERE organization_id = :school",
        "UPDATE organization SET name = 'taken over' WHERE id = :school",
        "DELETE FROM branch WHERE organization_id = :school",
        "DELETE FROM organization_setting WHERE organization_id = :school",
    ],
)
async def test_the_database_itself_keeps_a_tenant_from_writing_elsewhere(
    identity: Subgraph, school: School, other: School, statement: str
) -> None:
    async with identity.platform.database.begin(other.admin.viewer) as session:
        result: Any = await session.execute(text(statement), {"school": school.uuid})
        assert result.rowcount == 0


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO membership (organization_id, id, user_id, role) VALUES (:school, :id, :user, 'ADMIN')",
        "INSERT INTO organization_setting (organization_id, id, key, value) VALUES (:school, :id, 'k', '1')",
        "UPDATE organization SET name = 'mine' WHERE id = :own",
        "UPDATE membership SET organization_id = :school WHERE user_id = :user",
        "UPDATE organization_setting SET organization_id = :school",
    ],
)
async def test_the_database_itself_refuses_rows_for_another_tenant(
    identity: Subgraph, school: School, other: School, statement: str
) -> None:
    values = {"school": school.uuid, "own": other.uuid, "id": ids.new_id(), "user": other.admin.uuid}
    used = {name: value for name, value in values.items() if f":{name}" in statement}
    with pytest.raises(DBAPIError, match="row-level security"):
        async with identity.platform.database.begin(other.admin.viewer) as session:
            await session.execute(text(statement), used)
