"""Accounts: registering, joining an organization, and one's own profile."""

import asyncio
from typing import Any

import pytest

from tests.conftest import Subgraph
from tests.identity.conftest import (
    PASSWORD,
    REFUSED,
    TOKENS,
    Found,
    Person,
    School,
    as_bearer,
    events_of,
    login,
    rows,
    unique,
)

REGISTER = f"mutation($input: RegisterInput!) {{ register(input: $input) {{ __typename {TOKENS} {REFUSED} }} }}"
JOIN = f"""
mutation($slug: String!) {{
  joinOrganization(organizationSlug: $slug) {{
    __typename ... on Membership {{ id role user {{ id }} organization {{ slug }} branch {{ id }} }} {REFUSED}
  }}
}}
"""
UPDATE = f"""
mutation($input: UpdateProfileInput!) {{
  updateProfile(input: $input) {{ __typename ... on User {{ id displayName locale timeZone }} {REFUSED} }}
}}
"""


def account(school: School, **values: Any) -> dict[str, Any]:
    """The input of a registration."""
    email = f"{unique('new')}@people.example"
    usual = {"email": email, "password": PASSWORD, "displayName": "New Person", "organizationSlug": school.slug}
    return usual | values


async def people_of(identity: Subgraph, school: School) -> int:
    """How many belong to a school."""
    return len(await rows(identity, "SELECT 1 FROM membership WHERE organization_id = :id", id=school.uuid))


async def test_who_registers_is_a_student_and_signed_in(identity: Subgraph, school: School) -> None:
    input = account(school, email=f"  {unique('New.Person')}@People.Example ")
    answer = (await identity.ask(REGISTER, input=input)).data["register"]
    assert answer["__typename"] == "Tokens"
    assert answer["viewer"]["membership"]["role"] == "STUDENT"
    assert answer["viewer"]["organization"]["id"] == school.id
    assert answer["viewer"]["user"]["displayName"] == "New Person"
    assert answer["viewer"]["user"]["email"] == input["email"].strip().lower()
    assert (await as_bearer(identity, answer["accessToken"])).data["viewer"] == answer["viewer"]
    assert (await login(identity, input["email"]))["viewer"] == answer["viewer"]


@pytest.mark.parametrize(
    ("values", "path"),
    [
        ({"email": "no at sign"}, "email"),
        ({"email": "a@nodot"}, "email"),
        ({"email": ""}, "email"),
        ({"email": f"{'a' * 250}@people.example"}, "email"),
        ({"email": "nul\x00@people.example"}, "email"),
        ({"password": "elevenchars"}, "password"),
        ({"password": "p" * 5 + "abcd" * 31}, "password"),
        ({"password": "aaaaaaaaaaaaaaaa"}, "password"),
        ({"password": "abababababababab"}, "password"),
        ({"password": "nul\x00 in the password"}, "password"),
        ({"displayName": ""}, "displayName"),
        ({"displayName": "   "}, "displayName"),
        ({"displayName": "d" * 256}, "displayName"),
        ({"displayName": "nul\x00"}, "displayName"),
        ({"organizationSlug": "nul\x00"}, "organizationSlug"),
    ],
)
async def test_a_registration_that_breaks_a_rule_names_its_field(
    identity: Subgraph, school: School, values: dict[str, Any], path: str
) -> None:
    answer = (await identity.ask(REGISTER, input=account(school, **values))).data["register"]
    assert answer["__typename"] == "InvalidInput"
    assert [field["path"] for field in answer["fields"]] == [["input", path]]
    assert answer["fields"][0]["message"]
    assert await people_of(identity, school) == 3


async def test_several_broken_rules_are_told_at_once(identity: Subgraph, school: School) -> None:
    input = account(school, email="x", password="short", displayName="")
    answer = (await identity.ask(REGISTER, input=input)).data["register"]
    assert sorted(field["path"][1] for field in answer["fields"]) == ["displayName", "email", "password"]


@pytest.mark.parametrize("password", ["twelve chars", "a" * 8 + "bcde", "p äöü €𝄞 " * 12, " leading and trailing "])
async def test_any_characters_make_a_password(identity: Subgraph, school: School, password: str) -> None:
    input = account(school, password=password)
    assert (await identity.ask(REGISTER, input=input)).data["register"]["__typename"] == "Tokens"
    assert (await login(identity, input["email"], password))["__typename"] == "Tokens"
    if password != password.strip():
        assert (await login(identity, input["email"], password.strip()))["__typename"] == "InvalidCredentials"


@pytest.mark.parametrize("spelling", [str, str.upper, " {} ".format])
async def test_an_address_is_taken_in_whatever_case(
    identity: Subgraph, school: School, other: School, spelling: Any
) -> None:
    for organization in (school, other):
        input = account(organization, email=spelling(school.student.email))
        answer = (await identity.ask(REGISTER, input=input)).data["register"]
        assert (answer["__typename"], answer["code"]) == ("EmailTaken", "EMAIL_TAKEN")
        assert await people_of(identity, organization) == 3
    assert (await login(identity, school.student.email))["__typename"] == "Tokens"


async def test_of_many_registrations_of_one_address_one_succeeds(identity: Subgraph, school: School) -> None:
    input = account(school)
    answers = await asyncio.gather(*(identity.ask(REGISTER, input=input) for _ in range(10)))
    kinds = sorted(answer.data["register"]["__typename"] for answer in answers)
    assert kinds == ["EmailTaken"] * 9 + ["Tokens"]
    assert await people_of(identity, school) == 4
    assert (await events_of(identity, school.uuid)).count("user.registered") == 1


async def test_an_unknown_or_closed_organization_is_not_found(identity: Subgraph, school: School, found: Found) -> None:
    closed = await found(is_active=False)
    inputs = [account(school, organizationSlug=slug) for slug in (unique(), closed.slug, "")]
    answers = [(await identity.ask(REGISTER, input=input)).data["register"] for input in inputs]
    assert [answer["code"] for answer in answers] == ["NOT_FOUND"] * 3
    assert answers[0] == answers[1] == answers[2]
    assert await people_of(identity, closed) == 3


async def test_joining_makes_one_a_student_there_and_nothing_else_here(
    identity: Subgraph, school: School, other: School
) -> None:
    joined = (await identity.ask(JOIN, school.teacher.viewer, slug=other.slug)).data["joinOrganization"]
    assert joined["__typename"] == "Membership"
    assert joined["role"] == "STUDENT"
    assert joined["user"] == {"id": school.teacher.id}
    assert joined["organization"] == {"slug": other.slug}
    again = (await identity.ask(JOIN, school.teacher.viewer, slug=other.slug)).data["joinOrganization"]
    assert again == joined
    assert (await login(identity, school.teacher.email, slug=other.slug))["viewer"]["membership"]["role"] == "STUDENT"
    assert (await login(identity, school.teacher.email, slug=school.slug))["viewer"]["membership"]["role"] == "TEACHER"
    assert (await events_of(identity, other.uuid)).count("membership.created") == 1


async def test_joining_where_one_is_already_changes_nothing(identity: Subgraph, school: School) -> None:
    joined = (await identity.ask(JOIN, school.admin.viewer, slug=school.slug)).data["joinOrganization"]
    assert (joined["id"], joined["role"]) == (school.admin.membership_id, "ADMIN")
    assert (await events_of(identity, school.uuid)).count("membership.created") == 0


async def test_joining_many_times_at_once_is_joining_once(identity: Subgraph, school: School, other: School) -> None:
    answers = await asyncio.gather(*(identity.ask(JOIN, school.student.viewer, slug=other.slug) for _ in range(10)))
    joined = [answer.data["joinOrganization"] for answer in answers]
    assert all(answer == joined[0] for answer in joined)
    assert await people_of(identity, other) == 4
    assert (await events_of(identity, other.uuid)).count("membership.created") == 1


async def test_joining_an_unknown_or_closed_organization_is_refused(
    identity: Subgraph, school: School, found: Found
) -> None:
    closed = await found(is_active=False)
    for slug in (unique(), closed.slug, ""):
        answer = (await identity.ask(JOIN, school.student.viewer, slug=slug)).data["joinOrganization"]
        assert answer["code"] == "NOT_FOUND"
    assert await people_of(identity, closed) == 3
    assert (await identity.ask(JOIN, slug=school.slug)).codes == ["UNAUTHENTICATED"]


@pytest.mark.parametrize("role", ["admin", "teacher", "student"])
async def test_everybody_changes_their_own_profile(identity: Subgraph, school: School, role: str) -> None:
    person: Person = getattr(school, role)
    input = {"displayName": " Nova ", "locale": "pt-BR", "timeZone": "Europe/Lisbon"}
    changed = (await identity.ask(UPDATE, person.viewer, input=input)).data["updateProfile"]
    expected = {"id": person.id, "displayName": "Nova", "locale": "pt-BR", "timeZone": "Europe/Lisbon"}
    assert changed == {"__typename": "User"} | expected
    kept = (await identity.ask(UPDATE, person.viewer, input={"displayName": "Other"})).data["updateProfile"]
    assert kept == {"__typename": "User"} | expected | {"displayName": "Other"}
    updates = await rows(
        identity,
        "SELECT data->'fields' AS fields FROM outbox WHERE aggregate_id = :id AND type = 'user.updated' ORDER BY id",
        id=person.uuid,
    )
    assert [row.fields for row in updates] == [["display_name", "locale", "time_zone"], ["display_name"]]


async def test_the_platform_login_changes_its_profile(identity: Subgraph, platform_user: Person) -> None:
    changed = (await identity.ask(UPDATE, platform_user.viewer, input={"locale": "de"})).data["updateProfile"]
    assert changed["locale"] == "de"


@pytest.mark.parametrize(
    ("input", "path"),
    [
        ({"displayName": ""}, "displayName"),
        ({"displayName": "d" * 256}, "displayName"),
        ({"locale": "english"}, "locale"),
        ({"locale": "EN"}, "locale"),
        ({"locale": "en_GB"}, "locale"),
        ({"timeZone": "Lisbon"}, "timeZone"),
        ({"timeZone": "Europe/Lisbon; DROP TABLE"}, "timeZone"),
        ({"timeZone": "../../etc/passwd"}, "timeZone"),
        ({"timeZone": ""}, "timeZone"),
    ],
)
async def test_a_profile_that_breaks_a_rule_names_its_field(
    identity: Subgraph, school: School, input: dict[str, str], path: str
) -> None:
    answer = (await identity.ask(UPDATE, school.student.viewer, input=input)).data["updateProfile"]
    assert answer["__typename"] == "InvalidInput"
    assert [field["path"] for field in answer["fields"]] == [["input", path]]
    stored = await rows(
        identity, 'SELECT display_name, locale, time_zone FROM "user" WHERE id = :id', id=school.student.uuid
    )
    assert tuple(stored[0]) == ("A student", "en", "UTC")


async def test_a_profile_needs_somebody_signed_in(identity: Subgraph) -> None:
    assert (await identity.ask(UPDATE, input={"displayName": "Nobody"})).codes == ["UNAUTHENTICATED"]
