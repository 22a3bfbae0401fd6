"""Organizations: the brief's rules, what is unique, changing, closing, and settings."""

import asyncio
from typing import Any

import pytest

from tests.conftest import Subgraph
from tests.identity.conftest import (
    REFUSED,
    Found,
    Person,
    School,
    as_bearer,
    audited,
    events_of,
    login,
    rows,
    unique,
)

FIELDS = """
... on Organization {
  id name slug description plan isActive contactEmail contactPhone address primaryColor secondaryColor logoUrl
}
"""
CREATE = f"""
mutation($input: CreateOrganizationInput!, $key: String) {{
  createOrganization(input: $input, idempotencyKey: $key) {{
    __typename {FIELDS} {REFUSED} ... on SlugTaken {{ slug }}
  }}
}}
"""
UPDATE = f"""
mutation($input: UpdateOrganizationInput!) {{ updateOrganization(input: $input) {{ __typename {FIELDS} {REFUSED} }} }}
"""
CLOSE = f"mutation($id: ID!) {{ deleteOrganization(id: $id) {{ __typename {FIELDS} {REFUSED} }} }}"
SET = f"""
mutation($id: ID!, $input: SettingInput!) {{
  setOrganizationSetting(id: $id, input: $input) {{
    __typename ... on Organization {{ id settings {{ key value }} }} {REFUSED}
  }}
}}
"""
ORGANIZATION = (
    "query($id: ID, $slug: String) { organization(id: $id, slug: $slug) { id slug isActive settings { key value } } }"
)
UNKNOWN = "organization_01h455vb4pex5vsknk084sn02q"

RULES = [
    ({"name": "ab"}, "name"),
    ({"name": "  ab  "}, "name"),
    ({"name": "n" * 256}, "name"),
    ({"name": "nul \x00"}, "name"),
    ({"description": "d" * 1001}, "description"),
    ({"contactEmail": "nobody"}, "contactEmail"),
    ({"contactEmail": "two@at@signs.example"}, "contactEmail"),
    ({"contactEmail": f"{'a' * 250}@school.example"}, "contactEmail"),
    ({"contactPhone": "call me"}, "contactPhone"),
    ({"contactPhone": "123"}, "contactPhone"),
    ({"contactPhone": "1" * 33}, "contactPhone"),
    ({"address": ""}, "address"),
    ({"address": "   "}, "address"),
    ({"primaryColor": "red"}, "primaryColor"),
    ({"primaryColor": "#12345"}, "primaryColor"),
    ({"primaryColor": "#12345G"}, "primaryColor"),
    ({"secondaryColor": "123456"}, "secondaryColor"),
    ({"secondaryColor": "#1234567"}, "secondaryColor"),
    ({"logoUrl": "http://school.example/logo.png"}, "logoUrl"),
    ({"logoUrl": "javascript:alert(1)"}, "logoUrl"),
    ({"logoUrl": "/logo.png"}, "logoUrl"),
    ({"logoUrl": "https://"}, "logoUrl"),
    ({"logoUrl": "https://["}, "logoUrl"),
]
SLUGS = [({"slug": slug}, "slug") for slug in ("ab", "s" * 101, "Upper", "under_score", "dotted.slug", "é-accent", "")]


def organization(**values: Any) -> dict[str, Any]:
    """The input of a new organization."""
    return {
        "name": "A School",
        "slug": unique(),
        "contactEmail": "office@school.example",
        "contactPhone": "+351 21 000 0000",
        "address": "1 School Lane",
        "plan": "BASIC",
    } | values


async def stored(identity: Subgraph, school: School) -> tuple[Any, ...]:
    """A school's row, and what has been told of it."""
    row = (await rows(identity, "SELECT * FROM organization WHERE id = :id", id=school.uuid))[0]
    return (*row, *await events_of(identity, school.uuid))


async def test_a_new_organization_is_what_was_asked_for(identity: Subgraph, platform_user: Person) -> None:
    full = {"description": "d" * 1000, "primaryColor": "#1A2b3C", "secondaryColor": "#000000"}
    input = organization(**full, logoUrl="https://school.example/logo.png", plan="ENTERPRISE")
    made = (await identity.ask(CREATE, platform_user.viewer, input=input)).data["createOrganization"]
    assert made == {"__typename": "Organization", "id": made["id"], "isActive": True} | input
    least = organization(name="abc")
    made = (await identity.ask(CREATE, platform_user.viewer, input=least)).data["createOrganization"]
    for absent in ({}, {"description": None}):
        again = organization() | absent
        made_again = (await identity.ask(CREATE, platform_user.viewer, input=again)).data["createOrganization"]
        assert made_again["description"] == ""
    nothing = {"description": "", "primaryColor": None, "secondaryColor": None, "logoUrl": None}
    assert made == {"__typename": "Organization", "id": made["id"], "isActive": True} | nothing | least


@pytest.mark.parametrize(("values", "path"), RULES + SLUGS)
async def test_a_new_organization_that_breaks_a_rule_names_its_field(
    identity: Subgraph, platform_user: Person, values: dict[str, str], path: str
) -> None:
    input = organization(address=unique("address")) | values
    refused = (await identity.ask(CREATE, platform_user.viewer, input=input)).data["createOrganization"]
    assert refused["__typename"] == "InvalidInput"
    assert [field["path"] for field in refused["fields"]] == [["input", path]]
    assert refused["fields"][0]["message"]
    assert await rows(identity, "SELECT 1 FROM organization WHERE slug = :slug", slug=input["slug"]) == []


@pytest.mark.parametrize("missing", ["name", "slug", "contactEmail", "contactPhone", "address", "plan"])
async def test_what_an_organization_needs_cannot_be_left_out(
    identity: Subgraph, platform_user: Person, missing: str
) -> None:
    input = {name: value for name, value in organization().items() if name != missing}
    answer = await identity.ask(CREATE, platform_user.viewer, input=input)
    assert missing in answer.body["errors"][0]["message"]
    assert not answer.body.get("data")


async def test_an_unknown_plan_is_refused(identity: Subgraph, platform_user: Person) -> None:
    answer = await identity.ask(CREATE, platform_user.viewer, input=organization(plan="GOLD"))
    assert "Plan" in answer.body["errors"][0]["message"]


async def test_all_broken_rules_are_told_at_once(identity: Subgraph, platform_user: Person) -> None:
    broken = {"name": "x", "slug": "X", "contactEmail": "x", "contactPhone": "x", "address": "", "logoUrl": "x"}
    answer = await identity.ask(CREATE, platform_user.viewer, input=organization(**broken))
    paths = [field["path"] for field in answer.data["createOrganization"]["fields"]]
    assert sorted(paths) == sorted(["input", name] for name in broken)


async def test_a_slug_is_unique_on_the_platform(identity: Subgraph, school: School, platform_user: Person) -> None:
    before = await stored(identity, school)
    answer = await identity.ask(CREATE, platform_user.viewer, input=organization(slug=school.slug))
    refused = answer.data["createOrganization"]
    assert (refused["__typename"], refused["code"], refused["slug"]) == ("SlugTaken", "SLUG_TAKEN", school.slug)
    assert await stored(identity, school) == before


async def test_of_many_organizations_with_one_slug_at_once_one_is_made(
    identity: Subgraph, platform_user: Person
) -> None:
    input = organization()
    answers = await asyncio.gather(*(identity.ask(CREATE, platform_user.viewer, input=input) for _ in range(8)))
    kinds = sorted(answer.data["createOrganization"]["__typename"] for answer in answers)
    assert kinds == ["Organization"] + ["SlugTaken"] * 7


async def test_the_same_key_makes_one_organization(identity: Subgraph, platform_user: Person) -> None:
    input = organization()
    answers = await asyncio.gather(
        *(identity.ask(CREATE, platform_user.viewer, input=input, key="k") for _ in range(8))
    )
    made = [answer.data["createOrganization"] for answer in answers]
    assert made[0]["__typename"] == "Organization"
    assert all(answer == made[0] for answer in made)
    answer = await identity.ask(CREATE, platform_user.viewer, input=input | {"name": "Other"}, key="k")
    assert answer.data["createOrganization"]["code"] == "IDEMPOTENCY_MISMATCH"


async def test_an_update_changes_what_it_names_and_nothing_else(
    identity: Subgraph, school: School, platform_user: Person
) -> None:
    input = {"id": school.id, "name": "Renamed", "plan": "PREMIUM", "primaryColor": "#ABCDEF"}
    updated = (await identity.ask(UPDATE, platform_user.viewer, input=input)).data["updateOrganization"]
    assert {name: updated[name] for name in input} == input
    assert updated["slug"] == school.slug
    assert updated["contactEmail"] == "office@school.example"
    told = await rows(
        identity, "SELECT data FROM outbox WHERE aggregate_id = :id AND type = 'organization.updated'", id=school.uuid
    )
    assert [row.data["fields"] for row in told] == [["name", "plan", "primary_color"]]
    assert (await audited(identity, school.uuid))[-1] == ("organization.updated", platform_user.uuid)


@pytest.mark.parametrize(("values", "path"), RULES)
async def test_an_update_that_breaks_a_rule_changes_nothing(
    identity: Subgraph, school: School, platform_user: Person, values: dict[str, str], path: str
) -> None:
    before = await stored(identity, school)
    input = {"id": school.id, "name": "Renamed"} | values
    refused = (await identity.ask(UPDATE, platform_user.viewer, input=input)).data["updateOrganization"]
    assert [field["path"] for field in refused["fields"]] == [["input", path]]
    assert await stored(identity, school) == before


@pytest.mark.parametrize("id", ["", "nonsense", UNKNOWN, UNKNOWN.upper(), "branch_01h455vb4pex5vsknk084sn02q"])
async def test_an_unknown_organization_is_not_found(identity: Subgraph, platform_user: Person, id: str) -> None:
    asked = (
        (UPDATE, {"input": {"id": id, "name": "Renamed"}}, "updateOrganization"),
        (CLOSE, {"id": id}, "deleteOrganization"),
        (SET, {"id": id, "input": {"key": "k", "value": 1}}, "setOrganizationSetting"),
    )
    for mutation, variables, field in asked:
        answer = (await identity.ask(mutation, platform_user.viewer, **variables)).data[field]
        assert (answer["__typename"], answer["code"]) == ("NotFound", "NOT_FOUND")


async def test_closing_ends_all_sessions_there_and_keeps_the_data(
    identity: Subgraph, school: School, other: School, platform_user: Person
) -> None:
    inside = [await login(identity, person.email) for person in (school.admin, school.student)]
    acting = await login(identity, platform_user.email, slug=school.slug)
    outside = [await login(identity, other.student.email), await login(identity, platform_user.email)]
    for _ in range(2):  # closing what is closed changes nothing
        closed = (await identity.ask(CLOSE, platform_user.viewer, id=school.id)).data["deleteOrganization"]
        assert (closed["id"], closed["isActive"], closed["name"]) == (school.id, False, f"School {school.slug}")
    for tokens in (*inside, acting):
        assert (await as_bearer(identity, tokens["accessToken"])).codes == ["UNAUTHENTICATED"]
    for tokens in outside:
        assert (await as_bearer(identity, tokens["accessToken"])).status == 200
    assert (await login(identity, school.student.email))["__typename"] == "InvalidInput"
    assert (await events_of(identity, school.uuid)).count("organization.deleted") == 1
    seen = (await identity.ask(ORGANIZATION, platform_user.viewer, id=school.id)).data["organization"]
    assert seen == {
        "id": school.id,
        "slug": school.slug,
        "isActive": False,
        "settings": [{"key": "theme", "value": "dark"}],
    }


@pytest.mark.parametrize("value", [True, 0, "text", [], {}, [1, {"a": [None]}], 1.5, "é𝄞", {"deep": {"deeper": None}}])
async def test_a_setting_is_any_json(identity: Subgraph, school: School, platform_user: Person, value: Any) -> None:
    input = {"key": "any", "value": value}
    answer = await identity.ask(SET, platform_user.viewer, id=school.id, input=input)
    settings = answer.data["setOrganizationSetting"]["settings"]
    assert settings == [{"key": "theme", "value": "dark"}, input]
    assert (await events_of(identity, school.uuid))[-1] == "organization.settings.updated"


async def test_a_setting_is_replaced_and_null_removes_it(
    identity: Subgraph, school: School, platform_user: Person
) -> None:
    for value, expected in (("light", [{"key": "theme", "value": "light"}]), (None, []), (None, [])):
        input = {"key": "theme", "value": value}
        answer = await identity.ask(SET, platform_user.viewer, id=school.id, input=input)
        assert answer.data["setOrganizationSetting"]["settings"] == expected


@pytest.mark.parametrize(
    ("input", "path"),
    [
        ({"key": "", "value": 1}, "key"),
        ({"key": "k" * 101, "value": 1}, "key"),
        ({"key": "nul\x00", "value": 1}, "key"),
        ({"key": "big", "value": "v" * 10_001}, "value"),
        ({"key": "big", "value": ["v"] * 5_000}, "value"),
    ],
)
async def test_a_setting_that_breaks_a_rule_is_not_stored(
    identity: Subgraph, school: School, platform_user: Person, input: dict[str, Any], path: str
) -> None:
    refused = (await identity.ask(SET, platform_user.viewer, id=school.id, input=input)).data["setOrganizationSetting"]
    assert [field["path"] for field in refused["fields"]] == [["input", path]]
    kept = (await identity.ask(ORGANIZATION, platform_user.viewer, id=school.id)).data["organization"]["settings"]
    assert kept == [{"key": "theme", "value": "dark"}]
    assert "organization.settings.updated" not in await events_of(identity, school.uuid)


async def test_settings_may_be_asked_for_by_name(identity: Subgraph, school: School) -> None:
    query = "query($id: ID!, $keys: [String!]) { organization(id: $id) { settings(keys: $keys) { key } } }"
    for keys, expected in ((None, ["theme"]), (["theme", "none"], ["theme"]), (["none"], []), ([], [])):
        answer = await identity.ask(query, school.admin.viewer, id=school.id, keys=keys)
        assert [setting["key"] for setting in answer.data["organization"]["settings"]] == expected


async def test_an_organization_is_found_by_id_and_by_slug(identity: Subgraph, school: School, found: Found) -> None:
    by_id = (await identity.ask(ORGANIZATION, school.admin.viewer, id=school.id)).data
    by_slug = (await identity.ask(ORGANIZATION, school.admin.viewer, slug=school.slug)).data
    assert by_id == by_slug
    assert by_id["organization"]["id"] == school.id
    for variables in ({}, {"slug": ""}, {"slug": unique()}, {"id": UNKNOWN}, {"id": ""}):
        assert (await identity.ask(ORGANIZATION, school.admin.viewer, **variables)).data == {"organization": None}
