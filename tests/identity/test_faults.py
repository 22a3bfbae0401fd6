"""What clients see of faults, of text that cannot be stored, and of requests that are no requests."""

import json
import os
from typing import Any

import pytest
from redis.exceptions import ConnectionError as RedisAway
from sqlalchemy.exc import OperationalError

from subgraphs.identity.services import accounts, organizations
from tests.conftest import Subgraph
from tests.identity.conftest import LOGIN, PASSWORD, Person, School, post, rows

RENAME = 'mutation($id: ID!) { updateOrganization(input: {id: $id, name: "Renamed"}) { __typename } }'
SECRET = "dsn=postgres://owner:hunter2@db/lyceum"


async def test_a_fault_is_masked_and_half_of_nothing_is_done(
    identity: Subgraph, school: School, platform_user: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError(SECRET)

    monkeypatch.setattr(organizations, "emit", fail)
    answer = await identity.ask(RENAME, platform_user.viewer, id=school.id)
    assert answer.codes == ["INTERNAL_SERVER_ERROR"]
    assert answer.body["errors"][0]["message"] == "Something went wrong on our side."
    for secret in (SECRET, "hunter2", "RuntimeError", "Traceback", ".py"):
        assert secret not in json.dumps(answer.body)
    stored = await rows(identity, "SELECT name FROM organization WHERE id = :id", id=school.uuid)
    assert stored[0].name != "Renamed"


@pytest.mark.parametrize(
    "fault", [RedisAway(SECRET), OSError(SECRET), TimeoutError(SECRET), OperationalError(SECRET, {}, Exception(SECRET))]
)
async def test_an_engine_that_is_away_is_told_apart_from_a_fault(
    identity: Subgraph, school: School, fault: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: Any, **__: Any) -> None:
        raise fault

    monkeypatch.setattr(accounts, "_by_email", fail)
    answer = await identity.ask(LOGIN, input={"email": school.student.email, "password": PASSWORD})
    assert answer.codes == ["SERVICE_UNAVAILABLE"]
    assert SECRET not in json.dumps(answer.body)


TEXTS = {"NUL": "a\x00b", "lone surrogate": "a\ud800b", "both": "\udfff\x00", "long": "a" * 100_000, "RTL": "\u202eabc"}
ARGUMENTS = {
    "organization by id": "query($t: ID!) { organization(id: $t) { id } }",
    "organization by slug": "query($t: String!) { organization(slug: $t) { id } }",
    "organizations after": "query($t: String!) { organizations(after: $t) { totalCount } }",
    "user": "query($t: ID!) { user(id: $t) { id } }",
    "node": "query($t: ID!) { node(id: $t) { id } }",
    "settings by key": "query($t: String!) { viewer { organization { settings(keys: [$t]) { key } } } }",
    "entity": "query($t: _Any!) { _entities(representations: [$t]) { __typename } }",
    "login email": 'mutation($t: String!) { m: login(input: {email: $t, password: "p"}) { __typename } }',
    "login password": 'mutation($t: String!) { m: login(input: {email: "a@b.example", password: $t}) { __typename } }',
    "login slug": 'mutation($t: String!) { m: login(input: {email: "a@b.example", password: "p", organizationSlug: $t})'
    " { __typename } }",
    "refresh": "mutation($t: String!) { m: refreshSession(refreshToken: $t) { __typename } }",
    "register": "mutation($t: String!) { m: register(input: {email: $t, password: $t, displayName: $t, "
    "organizationSlug: $t}) { __typename } }",
    "register slug": 'mutation($t: String!) { m: register(input: {email: "nobody@b.example", '
    'password: "a long passphrase", displayName: "N", organizationSlug: $t}) { __typename } }',
    "join": "mutation($t: String!) { m: joinOrganization(organizationSlug: $t) { __typename } }",
    "profile name": "mutation($t: String!) { m: updateProfile(input: {displayName: $t}) { __typename } }",
    "profile locale": "mutation($t: String!) { m: updateProfile(input: {locale: $t, timeZone: $t}) { __typename } }",
    "change current": "mutation($t: String!) { m: changePassword(input: {currentPassword: $t, "
    'newPassword: "a long passphrase"}) { __typename } }',
    "change new": 'mutation($t: String!) { m: changePassword(input: {currentPassword: "p", newPassword: $t})'
    " { __typename } }",
    "organization": "mutation($t: String!) { m: createOrganization(input: {name: $t, slug: $t, description: $t, "
    "contactEmail: $t, contactPhone: $t, address: $t, plan: FREE, logoUrl: $t, primaryColor: $t}) { __typename } }",
    "organization key": 'mutation($t: String!) { m: createOrganization(idempotencyKey: $t, input: {name: "abc", '
    'slug: "admin", contactEmail: "a@b.example", contactPhone: "12345678", address: "a", plan: FREE})'
    " { __typename } }",
    "update organization": "mutation($t: ID!) { m: updateOrganization(input: {id: $t}) { __typename } }",
    "close organization": "mutation($t: ID!) { m: deleteOrganization(id: $t) { __typename } }",
    "setting key": 'mutation($t: String!) { m: setOrganizationSetting(id: "ORG", input: {key: $t, value: 1})'
    " { __typename } }",
    "setting value": 'mutation($t: JSON!) { m: setOrganizationSetting(id: "ORG", input: {key: "k", value: $t})'
    " { __typename } }",
    "setting value within": 'mutation($t: JSON!) { m: setOrganizationSetting(id: "ORG", '
    'input: {key: "k", value: [{a: $t}]}) { __typename } }',
    "branch": "mutation($t: String!, $i: ID!) { m: createBranch(input: {organizationId: $i, name: $t, slug: $t, "
    "address: $t, city: $t, state: $t, country: $t, postalCode: $t}) { __typename } }",
    "branch id": "mutation($t: ID!) { m: deleteBranch(id: $t) { __typename } }",
    "member": "mutation($t: String!) { m: addMember(input: {email: $t, displayName: $t, role: STUDENT, password: $t})"
    " { __typename } }",
    "member key": 'mutation($t: String!) { m: addMember(idempotencyKey: $t, input: {email: "a@b.example", '
    'displayName: "N", role: STUDENT}) { __typename } }',
    "member role": 'mutation($t: Role!) { m: addMember(input: {email: "a@b.example", displayName: "N", role: $t})'
    " { __typename } }",
    "member branch": 'mutation($t: ID!) { m: updateMember(input: {id: "MEMBER", branchId: $t}) { __typename } }',
    "page": "query($t: Int!) { organizations(first: $t) { totalCount } }",
}


CASES = [pytest.param(argument, text) for argument in ARGUMENTS for text in TEXTS]


@pytest.mark.parametrize(("argument", "text"), CASES)
async def test_no_text_in_any_argument_is_a_fault(
    identity: Subgraph, school: School, platform_user: Person, argument: str, text: str
) -> None:
    query = ARGUMENTS[argument].replace("ORG", school.id).replace("MEMBER", school.student.membership_id)
    value: Any = {"__typename": TEXTS[text], "id": TEXTS[text]} if argument == "entity" else TEXTS[text]
    needs_platform = any(name in argument for name in ("organization", "setting", "branch"))
    viewer = platform_user.viewer if needs_platform and "by" not in argument else school.admin.viewer
    response = await post(identity, query, viewer, t=value, **({"i": school.id} if "$i" in query else {}))
    assert response.status_code in (200, 400)
    codes = [error.get("extensions", {}).get("code") for error in response.json().get("errors", [])]
    assert set(codes) <= {"BAD_USER_INPUT", None}, codes


@pytest.mark.parametrize(
    "value",
    [
        "1e400",
        "-1e400",
        "NaN",
        "Infinity",
        "1" * 400,
        '{"__proto__": {"admin": true}}',
        '"\\u0000"',
        "[" * 200 + "]" * 200,
    ],
)
async def test_no_json_value_is_a_fault(identity: Subgraph, school: School, platform_user: Person, value: str) -> None:
    query = (
        'mutation($id: ID!, $v: JSON) { setOrganizationSetting(id: $id, input: {key: "k", value: $v}) { __typename } }'
    )
    body = '{"query": %s, "variables": {"id": "%s", "v": %s}}' % (json.dumps(query), school.id, value)  # noqa: UP031
    headers = {
        "content-type": "application/json",
        "x-lyceum-router": os.environ["LYCEUM_ROUTER_SECRET"],
        "authorization": f"Bearer {identity.sign(platform_user.viewer)}",
    }
    response = await identity.client.post("/graphql", content=body, headers=headers)
    assert response.status_code in (200, 400)
    assert "INTERNAL_SERVER_ERROR" not in response.text


@pytest.mark.parametrize(
    "value", ["90.0000000049", "1e-300", "1e400", "NaN", "9" * 400], ids=["rounds", "tiny", "infinite", "NaN", "huge"]
)
async def test_no_number_is_a_fault(identity: Subgraph, school: School, platform_user: Person, value: str) -> None:
    query = (
        "mutation($id: ID!, $v: Float) { updateBranch(input: {id: $id, latitude: $v, longitude: $v}) { __typename } }"
    )
    body = '{"query": %s, "variables": {"id": "%s", "v": %s}}' % (json.dumps(query), school.branch_id, value)  # noqa: UP031
    headers = {
        "content-type": "application/json",
        "x-lyceum-router": os.environ["LYCEUM_ROUTER_SECRET"],
        "authorization": f"Bearer {identity.sign(platform_user.viewer)}",
    }
    response = await identity.client.post("/graphql", content=body, headers=headers)
    assert response.status_code in (200, 400)
    assert "INTERNAL_SERVER_ERROR" not in response.text
