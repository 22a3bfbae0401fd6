"""Who may do what: every kind of caller against every guarded field, and after a refusal nothing has changed."""

from dataclasses import dataclass
from typing import Any

import pytest

from shared.auth import Viewer
from tests.conftest import Subgraph
from tests.identity.conftest import Person, School, rows, unique, with_scopes


@dataclass(frozen=True)
class Guarded:
    """A mutation, and the scope it needs (None: any scope, for whoever is signed in)."""

    field: str
    argument: str
    scope: str | None = None


ORGANIZATION = (
    'name: "Name", slug: "SLUG", contactEmail: "a@b.example", contactPhone: "12345678", address: "A", plan: FREE'
)
BRANCH = (
    'organizationId: "ORGANIZATION", name: "Name", slug: "SLUG", address: "A", city: "C", state: "S", '
    'country: "C", postalCode: "P"'
)
GUARDED = [
    Guarded("createOrganization", f"input: {{{ORGANIZATION}}}", "manage:organization"),
    Guarded("updateOrganization", 'input: {id: "ORGANIZATION", name: "Renamed"}', "manage:organization"),
    Guarded("deleteOrganization", 'id: "ORGANIZATION"', "manage:organization"),
    Guarded("setOrganizationSetting", 'id: "ORGANIZATION", input: {key: "k", value: 1}', "manage:organization"),
    Guarded("createBranch", f"input: {{{BRANCH}}}", "manage:organization"),
    Guarded("updateBranch", 'input: {id: "BRANCH", name: "Renamed"}', "manage:organization"),
    Guarded("deleteBranch", 'id: "BRANCH"', "manage:organization"),
    Guarded("setBranchSetting", 'id: "BRANCH", input: {key: "k", value: 1}', "manage:organization"),
    Guarded("addMember", 'input: {email: "SLUG@x.example", displayName: "N", role: STUDENT}', "manage:users"),
    Guarded("updateMember", 'input: {id: "MEMBERSHIP", role: TEACHER}', "manage:users"),
    Guarded("removeMember", 'id: "MEMBERSHIP"', "manage:users"),
    Guarded("createApiKey", 'input: {name: "SLUG", scopes: ["manage:users"]}', "manage:users"),
    Guarded("revokeApiKey", 'id: "api_key_01h455vb4pex5vsknk084sn02q"', "manage:users"),
    Guarded("joinOrganization", 'organizationSlug: "SLUG"'),
    Guarded("updateProfile", 'input: {displayName: "Renamed"}'),
    Guarded("changePassword", 'input: {currentPassword: "x", newPassword: "a new passphrase"}'),
    Guarded("logout", ""),
]
CALLERS = ["anonymous", "student", "teacher", "admin"]
SEEN = "UNION ALL SELECT 'TABLE', t::text FROM TABLE t WHERE organization_id = :id"


async def everything(identity: Subgraph, school: School) -> list[tuple[Any, ...]]:
    """All rows of a school."""
    tables = ("branch", "organization_setting", "branch_setting", "membership", "api_key", "session", "outbox", "audit")
    rest = " ".join(SEEN.replace("TABLE", table) for table in tables)
    statement = f"SELECT 'organization', o::text FROM organization o WHERE id = :id {rest} ORDER BY 1, 2"
    # The relay numbers outbox rows in the meantime.
    statement = statement.replace("'outbox', t::text", "'outbox', t.id::text")
    return [tuple(row) for row in await rows(identity, statement, id=school.uuid)]


def caller(school: School, kind: str) -> Viewer | None:
    """Somebody of the school."""
    return None if kind == "anonymous" else getattr(school, kind).viewer


def document(guarded: Guarded, school: School) -> str:
    """The mutation, about the school."""
    argument = guarded.argument.replace("ORGANIZATION", school.id).replace("BRANCH", school.branch_id)
    argument = argument.replace("MEMBERSHIP", school.student.membership_id).replace("SLUG", unique("s"))
    arguments = f"({argument})" if argument else ""
    return f"mutation {{ {guarded.field}{arguments} {'' if guarded.field == 'logout' else '{ __typename }'} }}"


@pytest.mark.parametrize("kind", CALLERS)
@pytest.mark.parametrize("guarded", GUARDED, ids=lambda guarded: guarded.field)
async def test_mutations_are_for_those_with_the_scope(
    identity: Subgraph, school: School, guarded: Guarded, kind: str
) -> None:
    viewer = caller(school, kind)
    before = await everything(identity, school)
    answer = await identity.ask(document(guarded, school), viewer)
    if viewer is not None and (guarded.scope is None or guarded.scope in viewer.scopes):
        assert answer.codes == []
        return
    assert answer.codes == ["UNAUTHENTICATED" if viewer is None else "FORBIDDEN"]
    assert answer.body["data"] is None
    if viewer is not None and guarded.scope:
        assert guarded.scope in answer.body["errors"][0]["message"]
    assert await everything(identity, school) == before


@pytest.mark.parametrize(
    "guarded", [guarded for guarded in GUARDED if guarded.scope], ids=lambda guarded: guarded.field
)
async def test_it_is_the_scope_that_counts_and_that_one_alone(
    identity: Subgraph, school: School, guarded: Guarded
) -> None:
    """A role is what scopes are made from; a token with fewer of them may less."""
    every = {"read:course", "write:course", "delete:course", "manage:users", "manage:organization", "view:analytics"}
    without = with_scopes(school.admin, *(every - {guarded.scope}))
    assert (await identity.ask(document(guarded, school), without)).codes == ["FORBIDDEN"]
    with_it = with_scopes(school.admin, str(guarded.scope))
    assert (await identity.ask(document(guarded, school), with_it)).codes == []


@pytest.mark.parametrize(
    ("field", "allowed"),
    [
        ("organization(id: $o) { members { totalCount } }", {"admin"}),
        ("organization(id: $o) { settings { key } }", {"admin"}),
        ("organization(id: $o) { apiKeys { edges { node { prefix } } } }", {"admin"}),
        ("organizations { edges { node { members { totalCount } } } }", {"admin"}),
        ("organization(id: $o) { branches { edges { node { settings { key } } } } }", {"admin"}),
        ("viewer { organization { members { totalCount } } }", {"admin"}),
        ("node(id: $o) { ... on Organization { settings { key } } }", {"admin"}),
        ("user(id: $u) { memberships { role } }", {"admin"}),
        ("node(id: $u) { ... on User { memberships { role } } }", {"admin"}),
    ],
)
@pytest.mark.parametrize("kind", CALLERS)
async def test_nested_fields_are_guarded_on_every_path(
    identity: Subgraph, school: School, kind: str, field: str, allowed: set[str]
) -> None:
    query = f"{{ {field} }}".replace("$o", f'"{school.id}"').replace("$u", f'"{school.admin.id}"')
    answer = await identity.ask(query, caller(school, kind))
    if kind in allowed:
        assert answer.codes == []
    elif kind == "anonymous" and field.startswith("viewer"):
        assert answer.data == {"viewer": None}
    else:
        assert answer.codes == ["UNAUTHENTICATED" if kind == "anonymous" else "FORBIDDEN"]


@pytest.mark.parametrize("kind", ["student", "teacher", "admin"])
async def test_settings_and_memberships_have_the_same_rule_by_their_id(
    identity: Subgraph, school: School, kind: str
) -> None:
    viewer = caller(school, kind)
    ids = {
        "OrganizationSetting": school.setting_id,
        "BranchSetting": school.branch_setting_id,
        "Membership": school.admin.membership_id,
    }
    for name, id in ids.items():
        by_node = await identity.ask("query($id: ID!) { node(id: $id) { id } }", viewer, id=id)
        as_entity = await identity.entities(viewer, f"... on {name} {{ id }}", {"__typename": name, "id": id})
        expected = {"id": id} if kind == "admin" else None
        assert by_node.data == {"node": expected}
        assert as_entity.data == {"_entities": [expected]}


async def test_everybody_sees_their_own_memberships(identity: Subgraph, school: School) -> None:
    query = "query($id: ID!) { user(id: $id) { memberships { id role } } }"
    for person in (school.student, school.teacher, school.admin):
        answer = await identity.ask(query, person.viewer, id=person.id)
        own = [{"id": person.membership_id, "role": person.role.value}]
        assert answer.data["user"]["memberships"] == own


@pytest.mark.parametrize(
    "query",
    [
        "{ organizations { totalCount } }",
        '{ organization(slug: "x") { id } }',
        '{ user(id: "x") { id } }',
        '{ node(id: "x") { id } }',
    ],
)
async def test_reading_needs_somebody_signed_in(identity: Subgraph, query: str) -> None:
    assert (await identity.ask(query)).codes == ["UNAUTHENTICATED"]


async def test_an_anonymous_request_has_no_viewer(identity: Subgraph) -> None:
    assert (await identity.ask("{ viewer { scopes } }")).data == {"viewer": None}


async def test_the_platform_may_do_everything(identity: Subgraph, school: School, platform_user: Person) -> None:
    for guarded in GUARDED:
        if guarded.scope == "manage:organization" and guarded.field != "deleteOrganization":
            assert (await identity.ask(document(guarded, school), platform_user.viewer)).codes == []
