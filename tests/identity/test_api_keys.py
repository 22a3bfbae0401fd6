"""API keys of partners: who makes them, what is stored, what they are exchanged for, and what ends them."""

import asyncio
import hashlib
import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import jwt
import pytest

from shared import ids
from shared.auth import SCOPES, Role, Viewer
from tests.conftest import Subgraph
from tests.identity.conftest import REFUSED, Person, School, as_bearer, audited, login, rows

KEY = "id name prefix scopes createdAt lastUsedAt expiresAt revokedAt user { id displayName } createdBy { id }"
CREATE = f"""
mutation($input: CreateApiKeyInput!) {{
  createApiKey(input: $input) {{ __typename ... on NewApiKey {{ secret apiKey {{ {KEY} }} }} {REFUSED} }}
}}
"""
REVOKE = """
mutation($id: ID!) {
  revokeApiKey(id: $id) { __typename ... on ApiKey { id revokedAt } ... on Error { code message } }
}
"""
LIST = f"query($id: ID!) {{ organization(id: $id) {{ apiKeys {{ totalCount edges {{ node {{ {KEY} }} }} }} }} }}"
UPDATE = "mutation($id: ID!) { updateMember(input: { id: $id, role: STUDENT }) { ... on Membership { role } } }"
REMOVE = "mutation($id: ID!) { removeMember(id: $id) { ... on Deleted { id } } }"
CLOSE = "mutation($id: ID!) { deleteOrganization(id: $id) { ... on Organization { isActive } } }"


@dataclass(frozen=True)
class Key:
    """A key of a school, as its admin was told."""

    id: str
    secret: str
    listed: dict[str, Any]


async def create(identity: Subgraph, viewer: Viewer, *scopes: str, **values: Any) -> dict[str, Any]:
    """What createApiKey answers."""
    input = {"name": "Timetables", "scopes": list(scopes or ("read:course",))} | values
    return (await identity.ask(CREATE, viewer, input=input)).data["createApiKey"]


async def made(identity: Subgraph, viewer: Viewer, *scopes: str, **values: Any) -> Key:
    """A new key."""
    answer = await create(identity, viewer, *scopes, **values)
    assert answer["__typename"] == "NewApiKey", answer
    return Key(answer["apiKey"]["id"], answer["secret"], answer["apiKey"])


async def exchange(identity: Subgraph, secret: Any, router: str | None = None) -> httpx.Response:
    """What identity answers the router."""
    headers = {"x-lyceum-router": router if router is not None else os.environ["LYCEUM_ROUTER_SECRET"]}
    return await identity.client.post("/api-keys/token", json={"key": secret}, headers=headers)


async def refused(identity: Subgraph, secret: str) -> None:
    """Holds that the key is good for nothing, and that the answer is that to a key nobody ever had."""
    of_this, of_none = await exchange(identity, secret), await exchange(identity, f"lyceum_{'a' * 43}")
    assert (of_this.status_code, of_this.json()) == (401, {"code": "UNAUTHENTICATED"})
    assert of_this.json() == of_none.json()


async def test_a_secret_is_told_once_and_stored_as_its_hash_alone(identity: Subgraph, school: School) -> None:
    key = await made(identity, school.admin.viewer, "view:analytics", "read:course")
    assert key.secret.startswith("lyceum_")
    assert len(key.secret) == len("lyceum_") + 43, "256 bits"
    expected = {"name": "Timetables", "prefix": key.secret[:11], "scopes": ["read:course", "view:analytics"]}
    assert {name: key.listed[name] for name in expected} == expected
    assert (key.listed["createdBy"], key.listed["user"]["displayName"]) == ({"id": school.admin.id}, "Timetables")
    assert [key.listed[name] for name in ("lastUsedAt", "expiresAt", "revokedAt")] == [None] * 3
    page = (await identity.ask(LIST, school.admin.viewer, id=school.id)).data["organization"]["apiKeys"]
    assert page == {"totalCount": 1, "edges": [{"node": key.listed}]}
    [stored] = await rows(identity, "SELECT * FROM api_key WHERE organization_id = :id", id=school.uuid)
    assert stored.hash == hashlib.sha256(key.secret.encode()).digest()
    kept = [stored]
    for table in ("outbox", "audit", "membership"):
        kept += await rows(identity, f"SELECT * FROM {table} WHERE organization_id = :id", id=school.uuid)
    assert key.secret[11:] not in str(kept)


async def test_it_is_audited(identity: Subgraph, school: School) -> None:
    key = await made(identity, school.admin.viewer)
    await identity.ask(REVOKE, school.admin.viewer, id=key.id)
    id = ids.decode("api_key", key.id)
    assert id
    assert await audited(identity, id) == [
        ("api_key.created", school.admin.uuid),
        ("api_key.revoked", school.admin.uuid),
    ]


@pytest.mark.parametrize(
    ("scopes", "role"),
    [
        (("read:course",), Role.STUDENT),
        (("write:course",), Role.TEACHER),
        (("read:course", "delete:course"), Role.ADMIN),
    ],
)
async def test_its_token_has_its_scopes_and_the_least_role_with_them(
    identity: Subgraph, school: School, scopes: tuple[str, ...], role: Role
) -> None:
    key = await made(identity, school.admin.viewer, *scopes)
    answer = (await exchange(identity, key.secret)).json()
    assert (answer["id"], answer["organizationId"]) == (key.id, school.id)
    seen = (await as_bearer(identity, answer["accessToken"])).data["viewer"]
    assert seen["scopes"] == sorted(scopes)
    assert seen["organization"]["id"] == school.id
    assert seen["membership"]["role"] == role
    assert seen["user"]["id"] == key.listed["user"]["id"]
    claims = jwt.decode(answer["accessToken"], options={"verify_signature": False})
    assert claims["exp"] == answer["expiresAt"]
    assert 590 <= claims["exp"] - claims["iat"] <= 600
    [listed] = (await identity.ask(LIST, school.admin.viewer, id=school.id)).data["organization"]["apiKeys"]["edges"]
    assert listed["node"]["lastUsedAt"]


async def test_a_key_may_only_what_its_scopes_say(identity: Subgraph, school: School) -> None:
    key = await made(identity, school.admin.viewer, "read:course")
    token = (await exchange(identity, key.secret)).json()["accessToken"]
    for query in (LIST, REVOKE):
        assert (await as_bearer(identity, token, query, id=key.id if query is REVOKE else school.id)).codes == [
            "FORBIDDEN"
        ]


@pytest.mark.parametrize("scopes", [["write:world"], ["manage:organization"], ["read:course", ""], []])
async def test_nobody_gives_what_they_have_not(
    identity: Subgraph, school: School, platform_user: Person, scopes: list[str]
) -> None:
    platform = Viewer(
        platform_user.uuid, ids.new_id(), school.uuid, Role.SUPER_ADMIN, SCOPES[Role.SUPER_ADMIN], 2_000_000_000
    )
    for viewer in (school.admin.viewer, platform):
        input = {"name": "Timetables", "scopes": scopes}
        answer = (await identity.ask(CREATE, viewer, input=input)).data["createApiKey"]
        assert answer["__typename"] == "InvalidInput"
        assert answer["fields"][0]["path"] == ["input", "scopes"]
    assert not await rows(identity, "SELECT FROM api_key WHERE organization_id = :id", id=school.uuid)


async def test_a_key_that_is_to_end_in_the_past_is_not_made(identity: Subgraph, school: School) -> None:
    answer = await create(identity, school.admin.viewer, expiresAt="2020-01-01T00:00:00Z")
    assert [field["path"] for field in answer["fields"]] == [["input", "expiresAt"]]


async def test_a_key_ends_when_it_expires_and_so_does_its_token(identity: Subgraph, school: School) -> None:
    ends = datetime.now(UTC) + timedelta(seconds=2)
    key = await made(identity, school.admin.viewer, expiresAt=ends.isoformat())
    answer = (await exchange(identity, key.secret)).json()
    assert answer["expiresAt"] <= ends.timestamp()
    await asyncio.sleep(2)
    await refused(identity, key.secret)
    assert (await as_bearer(identity, answer["accessToken"])).codes == ["UNAUTHENTICATED"]


async def test_a_revoked_key_is_good_for_nothing_and_neither_is_its_token(identity: Subgraph, school: School) -> None:
    key = await made(identity, school.admin.viewer)
    token = (await exchange(identity, key.secret)).json()["accessToken"]
    assert (await as_bearer(identity, token)).data["viewer"]
    first = (await identity.ask(REVOKE, school.admin.viewer, id=key.id)).data["revokeApiKey"]
    assert first["revokedAt"]
    await refused(identity, key.secret)
    assert (await as_bearer(identity, token)).codes == ["UNAUTHENTICATED"]
    assert (await identity.ask(REVOKE, school.admin.viewer, id=key.id)).data["revokeApiKey"] == first


@pytest.mark.parametrize("what", ["maker's role", "maker's membership", "own membership", "organization"])
async def test_a_key_ends_with_what_it_rests_on(
    identity: Subgraph, school: School, hire: Any, platform_user: Person, what: str
) -> None:
    colleague = await hire(school.uuid, Role.ADMIN)
    key = await made(identity, school.admin.viewer)
    kept = await made(identity, colleague.viewer)
    token = (await exchange(identity, key.secret)).json()["accessToken"]
    statement = "SELECT m.id FROM membership m JOIN api_key k USING (organization_id, user_id) WHERE k.id = :id"
    [own] = await rows(identity, statement, id=ids.decode("api_key", key.id))
    mutation, id, viewer = {
        "maker's role": (UPDATE, school.admin.membership_id, colleague.viewer),
        "maker's membership": (REMOVE, school.admin.membership_id, colleague.viewer),
        "own membership": (REMOVE, ids.encode("membership", own.id), colleague.viewer),
        "organization": (CLOSE, school.id, platform_user.viewer),
    }[what]
    assert (await identity.ask(mutation, viewer, id=id)).codes == []
    await refused(identity, key.secret)
    assert (await as_bearer(identity, token)).codes == ["UNAUTHENTICATED"]
    assert (await exchange(identity, kept.secret)).status_code == (401 if what == "organization" else 200)


async def test_the_platform_makes_keys_for_an_organization_that_it_acts_for(
    identity: Subgraph, school: School, platform_user: Person
) -> None:
    acting = (await login(identity, platform_user.email, slug=school.slug))["accessToken"]
    answer = await as_bearer(identity, acting, CREATE, input={"name": "Of the platform", "scopes": ["read:course"]})
    new = answer.data["createApiKey"]
    assert (await exchange(identity, new["secret"])).json()["organizationId"] == school.id
    nowhere = (await login(identity, platform_user.email))["accessToken"]
    for query in (CREATE, REVOKE):
        variables = {"input": {"name": "Of nobody", "scopes": ["read:course"]}, "id": new["apiKey"]["id"]}
        used = {name: value for name, value in variables.items() if f"${name}" in query}
        assert (await as_bearer(identity, nowhere, query, **used)).codes == ["FORBIDDEN"]


async def test_a_key_makes_no_keys(identity: Subgraph, school: School) -> None:
    key = await made(identity, school.admin.viewer, "manage:users")
    token = (await exchange(identity, key.secret)).json()["accessToken"]
    input = {"name": "Its heir", "scopes": ["manage:users"]}
    assert (await as_bearer(identity, token, CREATE, input=input)).codes == ["FORBIDDEN"]


async def test_its_account_cannot_sign_in(identity: Subgraph, school: School) -> None:
    key = await made(identity, school.admin.viewer)
    statement = 'SELECT u.email FROM "user" u JOIN api_key k ON k.user_id = u.id WHERE k.id = :id'
    [account] = await rows(identity, statement, id=ids.decode("api_key", key.id))
    for password in ("", key.secret):
        assert (await login(identity, account.email, password))["__typename"] == "InvalidCredentials"


async def test_another_tenant_learns_nothing_of_a_key(identity: Subgraph, school: School, other: School) -> None:
    key = await made(identity, school.admin.viewer)
    assert (await identity.ask(LIST, other.admin.viewer, id=school.id)).data == {"organization": None}
    own = (await identity.ask(LIST, other.admin.viewer, id=other.id)).data["organization"]["apiKeys"]
    assert own == {"totalCount": 0, "edges": []}
    unknown = ids.encode("api_key", ids.new_id())
    foreign, nothing = [
        (await identity.ask(REVOKE, other.admin.viewer, id=id)).data["revokeApiKey"] for id in (key.id, unknown)
    ]
    assert foreign == nothing
    assert foreign["code"] == "NOT_FOUND"
    node = "query($id: ID!) { node(id: $id) { id } }"
    for viewer in (other.admin.viewer, school.student.viewer, school.teacher.viewer):
        assert (await identity.ask(node, viewer, id=key.id)).data == {"node": None}
    assert (await identity.ask(node, school.admin.viewer, id=key.id)).data == {"node": {"id": key.id}}
    assert (await exchange(identity, key.secret)).status_code == 200, "it is still good"


async def test_keys_are_exchanged_for_the_router_alone(identity: Subgraph, school: School) -> None:
    key = await made(identity, school.admin.viewer)
    for secret in ("", "wrong", key.secret):
        assert (await exchange(identity, key.secret, router=secret)).status_code == 403
    for odd in (None, 1, [], "", "\x00", "lyceum_", key.secret + "x", key.secret.lower(), "x" * 10_000):
        assert (await exchange(identity, odd)).status_code in (400, 401)
    headers = {"x-lyceum-router": os.environ["LYCEUM_ROUTER_SECRET"]}
    for body in (b"", b"{", b"[]", b'"lyceum_"', b"{}"):
        answer = await identity.client.post("/api-keys/token", content=body, headers=headers)
        assert answer.status_code == 400


async def test_exchanging_takes_one_statement_and_listing_as_many_for_ten_as_for_one(
    identity: Subgraph, school: School
) -> None:
    key = await made(identity, school.admin.viewer)
    with identity.counted() as statements:
        await exchange(identity, key.secret)
    assert len(statements) == 2, "one sets the tenant, to none"
    await identity.ask(LIST, school.admin.viewer, id=school.id)  # the organization is cached from now on
    one = len((await identity.ask(LIST, school.admin.viewer, id=school.id)).statements)
    for _ in range(9):
        await made(identity, school.admin.viewer)
    ten = await identity.ask(LIST, school.admin.viewer, id=school.id)
    assert ten.data["organization"]["apiKeys"]["totalCount"] == 10
    assert len(ten.statements) == one
