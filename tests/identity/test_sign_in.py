"""Signing in: who may, under which organization, and what the tokens say."""

from datetime import datetime
from typing import Any
from uuid import UUID

import jwt
import pytest
from argon2 import PasswordHasher

from shared import ids
from shared.auth import SCOPES, Role
from tests.conftest import Subgraph
from tests.identity.conftest import (
    LOGIN,
    PASSWORD,
    WRONG,
    Found,
    Hire,
    Person,
    School,
    as_bearer,
    login,
    rows,
    unique,
)


async def sessions_of(identity: Subgraph, user_id: UUID) -> int:
    """How many sessions somebody has ever had."""
    return len(await rows(identity, "SELECT id FROM session WHERE user_id = :id", id=user_id))


@pytest.mark.parametrize("role", ["admin", "teacher", "student"])
async def test_the_right_password_signs_in_as_what_one_is(identity: Subgraph, school: School, role: str) -> None:
    person: Person = getattr(school, role)
    answer = await login(identity, person.email)
    assert answer["__typename"] == "Tokens"
    seen = (await as_bearer(identity, answer["accessToken"])).data["viewer"]
    assert seen == answer["viewer"]
    assert seen["user"] == {"id": person.id, "displayName": f"A {role}", "email": person.email}
    assert seen["organization"] == {"id": school.id, "slug": school.slug}
    assert seen["membership"] == {"id": person.membership_id, "role": role.upper()}
    assert seen["scopes"] == sorted(SCOPES[person.role])


async def test_the_access_token_says_who_where_and_until_when(identity: Subgraph, school: School) -> None:
    answer = await login(identity, school.teacher.email)
    header = jwt.get_unverified_header(answer["accessToken"])
    keys = (await identity.client.get("/.well-known/jwks.json")).json()["keys"]
    assert header == {"alg": "EdDSA", "typ": "at+jwt", "kid": keys[0]["kid"]}
    assert all("d" not in key for key in keys)
    settings = identity.platform.settings
    claims = jwt.decode(
        answer["accessToken"],
        jwt.PyJWK(keys[0]),
        algorithms=["EdDSA"],
        audience=settings.audience,
        issuer=settings.issuer,
    )
    assert claims["exp"] - claims["iat"] == 30 * 60
    assert datetime.fromisoformat(answer["expiresAt"]).timestamp() == claims["exp"]
    assert claims["sub"] == school.teacher.id
    assert claims["tid"] == school.id
    assert claims["role"] == "TEACHER"
    assert claims["scope"] == "read:course view:analytics write:course"
    assert ids.decode("session", claims["sid"])
    assert claims["jti"]


async def test_wrong_and_unknown_are_told_in_the_same_words(identity: Subgraph, school: School) -> None:
    wrong = await login(identity, school.student.email, WRONG)
    unknown = await login(identity, f"{unique('nobody')}@people.example", WRONG)
    assert wrong == unknown
    assert wrong == {
        "__typename": "InvalidCredentials",
        "code": "INVALID_CREDENTIALS",
        "message": "The email address or the password is wrong.",
    }
    assert await sessions_of(identity, school.student.uuid) == 0


async def test_a_wrong_password_is_audited_and_starts_nothing(identity: Subgraph, school: School) -> None:
    await login(identity, school.student.email, WRONG)
    audited = await rows(
        identity, "SELECT action, user_agent FROM audit WHERE resource_id = :id", id=school.student.uuid
    )
    assert [row.action for row in audited].count("session.refused") == 1
    assert await sessions_of(identity, school.student.uuid) == 0


@pytest.mark.parametrize("spelling", [str.upper, str.title, "  {} \t".format])
async def test_case_and_space_around_the_address_do_not_matter(
    identity: Subgraph, school: School, spelling: Any
) -> None:
    answer = await login(identity, spelling(school.student.email))
    assert answer["viewer"]["user"]["id"] == school.student.id


@pytest.mark.parametrize("password", [f" {PASSWORD}", f"{PASSWORD} ", PASSWORD.upper(), PASSWORD[:-1], "", "p" * 1024])
async def test_a_password_must_match_exactly(identity: Subgraph, school: School, password: str) -> None:
    assert (await login(identity, school.student.email, password))["__typename"] == "InvalidCredentials"


async def test_somebody_without_a_password_cannot_sign_in(identity: Subgraph, school: School, hire: Hire) -> None:
    person = await hire(school.uuid, password_hash=None)
    for password in ("", PASSWORD, "the password of an account that does not exist"):
        assert (await login(identity, person.email, password))["__typename"] == "InvalidCredentials"
    assert await sessions_of(identity, person.uuid) == 0


@pytest.mark.parametrize(
    ("values", "path"),
    [
        ({"email": "a" * 256}, ["input", "email"]),
        ({"email": "NUL\x00@people.example"}, ["input", "email"]),
        ({"password": "p" * 1025}, ["input", "password"]),
    ],
)
async def test_input_outside_its_limits_names_its_field(
    identity: Subgraph, values: dict[str, str], path: list[str]
) -> None:
    input = {"email": "somebody@people.example", "password": PASSWORD} | values
    answer = (await identity.ask(LOGIN, input=input)).data["login"]
    assert answer["__typename"] == "InvalidInput"
    assert [field["path"] for field in answer["fields"]] == [path]


async def test_one_acts_for_the_organization_one_names(identity: Subgraph, school: School, other: School) -> None:
    await rows(
        identity,
        "INSERT INTO membership (organization_id, id, user_id, role) VALUES (:org, :id, :user, 'TEACHER')",
        org=other.uuid,
        id=ids.new_id(),
        user=school.student.uuid,
    )
    for slug, role, scopes in (
        (None, "STUDENT", SCOPES[Role.STUDENT]),  # the membership that is older
        (school.slug, "STUDENT", SCOPES[Role.STUDENT]),
        (other.slug, "TEACHER", SCOPES[Role.TEACHER]),
    ):
        answer = await login(identity, school.student.email, slug=slug)
        assert answer["viewer"]["organization"]["slug"] == (slug or school.slug)
        assert answer["viewer"]["membership"]["role"] == role
        assert answer["viewer"]["scopes"] == sorted(scopes)


async def test_a_foreign_organization_is_like_an_unknown_one(identity: Subgraph, school: School, other: School) -> None:
    answers = [await login(identity, school.student.email, slug=slug) for slug in (other.slug, unique(), "", "É")]
    assert [answer["__typename"] for answer in answers] == ["InvalidInput"] * 4
    assert all(answer == answers[0] for answer in answers)
    assert answers[0]["fields"][0]["path"] == ["input", "organizationSlug"]
    assert await sessions_of(identity, school.student.uuid) == 0


async def test_nobody_signs_in_to_a_closed_organization(
    identity: Subgraph, found: Found, platform_user: Person
) -> None:
    closed = await found(is_active=False)
    for slug in (None, closed.slug):
        answer = await login(identity, closed.admin.email, slug=slug)
        assert answer["__typename"] == "InvalidInput"
        assert answer["fields"][0]["path"] == ["input", "organizationSlug"]
    assert await sessions_of(identity, closed.admin.uuid) == 0
    assert (await login(identity, platform_user.email, slug=closed.slug))["__typename"] == "InvalidInput"


async def test_a_closed_organization_does_not_stand_in_the_way_of_another(
    identity: Subgraph, school: School, found: Found
) -> None:
    closed = await found(is_active=False)
    await rows(
        identity,
        "INSERT INTO membership (organization_id, id, user_id, role) VALUES (:org, :id, :user, 'STUDENT')",
        org=school.uuid,
        id=ids.new_id(),
        user=closed.admin.uuid,
    )
    answer = await login(identity, closed.admin.email)
    assert answer["viewer"]["organization"]["slug"] == school.slug


async def test_the_platform_login_acts_for_none_or_for_any_organization(
    identity: Subgraph, school: School, platform_user: Person
) -> None:
    alone = await login(identity, platform_user.email)
    assert alone["viewer"]["organization"] is None
    assert alone["viewer"]["membership"] is None
    within = await login(identity, platform_user.email, slug=school.slug)
    assert within["viewer"]["organization"]["slug"] == school.slug
    assert within["viewer"]["membership"] is None
    for answer in (alone, within):
        assert answer["viewer"]["user"]["id"] == platform_user.id
        assert answer["viewer"]["scopes"] == sorted(SCOPES[Role.SUPER_ADMIN])
        assert (await as_bearer(identity, answer["accessToken"])).data["viewer"] == answer["viewer"]
    assert (await login(identity, platform_user.email, slug=unique()))["__typename"] == "InvalidInput"


async def test_a_hash_of_older_parameters_is_renewed(identity: Subgraph, school: School, hire: Hire) -> None:
    old = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(PASSWORD)
    person = await hire(school.uuid, password_hash=old)

    async def stored() -> str:
        return (await rows(identity, 'SELECT password_hash FROM "user" WHERE id = :id', id=person.uuid))[0][0]

    await login(identity, person.email, WRONG)
    assert await stored() == old
    await login(identity, person.email)
    renewed = await stored()
    assert renewed.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert (await login(identity, person.email))["__typename"] == "Tokens"
    assert await stored() == renewed


async def test_neither_passwords_nor_refresh_tokens_are_stored(identity: Subgraph, school: School) -> None:
    answer = await login(identity, school.student.email)
    tables = ("session", "refresh_token", "audit", "outbox", "sign_in_attempt", '"user"', "idempotency")
    for table in tables:
        stored = await rows(identity, f"SELECT t::text AS line FROM {table} AS t")
        for secret in (PASSWORD, answer["refreshToken"], answer["accessToken"]):
            assert not any(secret in row.line for row in stored), table
