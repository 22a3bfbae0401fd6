"""Branches: the brief's rules, what is unique, changing, removing, and settings."""

import asyncio
from typing import Any

import pytest

from tests.conftest import Subgraph
from tests.identity.conftest import (
    REFUSED,
    Person,
    School,
    audited,
    events_of,
    rows,
    unique,
)

FIELDS = """
... on Branch {
  id name slug address city state country postalCode latitude longitude isActive organization { id }
}
"""
CREATE = f"""
mutation($input: CreateBranchInput!, $key: String) {{
  createBranch(input: $input, idempotencyKey: $key) {{
    __typename {FIELDS} {REFUSED} ... on SlugTaken {{ slug }}
  }}
}}
"""
UPDATE = f"mutation($input: UpdateBranchInput!) {{ updateBranch(input: $input) {{ __typename {FIELDS} {REFUSED} }} }}"
DELETE = f"mutation($id: ID!) {{ deleteBranch(id: $id) {{ __typename ... on Deleted {{ id }} {REFUSED} }} }}"
SET = f"""
mutation($id: ID!, $input: SettingInput!) {{
  setBranchSetting(id: $id, input: $input) {{
    __typename ... on Branch {{ id settings {{ key value }} }} {REFUSED}
  }}
}}
"""
BRANCHES = """
query($id: ID!, $first: Int, $after: String) {
  organization(id: $id) {
    branches(first: $first, after: $after) {
      totalCount pageInfo { hasNextPage endCursor } edges { node { id slug } }
    }
  }
}
"""
UNKNOWN = "branch_01h455vb4pex5vsknk084sn02q"

RULES = [
    ({"name": "ab"}, "name"),
    ({"name": "n" * 256}, "name"),
    ({"name": "nul \x00"}, "name"),
    ({"address": ""}, "address"),
    ({"city": ""}, "city"),
    ({"city": "  "}, "city"),
    ({"state": ""}, "state"),
    ({"country": ""}, "country"),
    ({"postalCode": ""}, "postalCode"),
    ({"postalCode": "1" * 21}, "postalCode"),
    ({"latitude": 90.00000001}, "latitude"),
    ({"latitude": -91}, "latitude"),
    ({"longitude": 180.00000001}, "longitude"),
    ({"longitude": -181}, "longitude"),
]
SLUGS = [({"slug": slug}, "slug") for slug in ("ab", "s" * 101, "Upper", "under_score", "")]


def branch(school: School, **values: Any) -> dict[str, Any]:
    """The input of a new branch."""
    return {
        "organizationId": school.id,
        "name": "A Branch",
        "slug": unique("branch"),
        "address": "2 Branch Street",
        "city": "Porto",
        "state": "Porto",
        "country": "Portugal",
        "postalCode": "4000-001",
    } | values


async def stored(identity: Subgraph, school: School) -> list[tuple[Any, ...]]:
    """A school's branches, and what has been told of them."""
    found = await rows(identity, "SELECT * FROM branch WHERE organization_id = :id ORDER BY id", id=school.uuid)
    return [*map(tuple, found), tuple(await events_of(identity, school.uuid))]


@pytest.mark.parametrize(
    ("latitude", "longitude"), [(90, 180), (-90, -180), (0, 0), (41.14961234, -8.61099123), (None, None)]
)
async def test_a_new_branch_is_what_was_asked_for(
    identity: Subgraph, school: School, platform_user: Person, latitude: float | None, longitude: float | None
) -> None:
    input = branch(school, latitude=latitude, longitude=longitude)
    made = (await identity.ask(CREATE, platform_user.viewer, input=input)).data["createBranch"]
    expected = {name: value for name, value in input.items() if name != "organizationId"}
    assert (
        made
        == {
            "__typename": "Branch",
            "id": made["id"],
            "isActive": True,
            "organization": {"id": school.id},
        }
        | expected
    )
    query = f"query($id: ID!) {{ node(id: $id) {{ __typename {FIELDS} }} }}"
    for _ in range(2):  # from the database, then from the cache
        assert (await identity.ask(query, school.student.viewer, id=made["id"])).data["node"] == made


@pytest.mark.parametrize(("values", "path"), RULES + SLUGS)
async def test_a_new_branch_that_breaks_a_rule_names_its_field(
    identity: Subgraph, school: School, platform_user: Person, values: dict[str, Any], path: str
) -> None:
    before = await stored(identity, school)
    refused = (await identity.ask(CREATE, platform_user.viewer, input=branch(school, **values))).data["createBranch"]
    assert refused["__typename"] == "InvalidInput"
    assert [field["path"] for field in refused["fields"]] == [["input", path]]
    assert refused["fields"][0]["message"]
    assert await stored(identity, school) == before


@pytest.mark.parametrize("missing", ["name", "slug", "address", "city", "state", "country", "postalCode"])
async def test_what_a_branch_needs_cannot_be_left_out(
    identity: Subgraph, school: School, platform_user: Person, missing: str
) -> None:
    input = {name: value for name, value in branch(school).items() if name != missing}
    answer = await identity.ask(CREATE, platform_user.viewer, input=input)
    assert missing in answer.body["errors"][0]["message"]


async def test_all_broken_rules_are_told_at_once(identity: Subgraph, school: School, platform_user: Person) -> None:
    broken = {"name": "x", "slug": "X", "city": "", "latitude": 91, "longitude": -181}
    answer = await identity.ask(CREATE, platform_user.viewer, input=branch(school, **broken))
    paths = [field["path"] for field in answer.data["createBranch"]["fields"]]
    assert sorted(paths) == sorted(["input", name] for name in broken)


async def test_a_slug_is_unique_in_its_organization_only(
    identity: Subgraph, school: School, other: School, platform_user: Person
) -> None:
    input = branch(school)
    kinds = []
    for organization in (school, school, other):
        values = input | {"organizationId": organization.id}
        made = (await identity.ask(CREATE, platform_user.viewer, input=values)).data["createBranch"]
        kinds.append((made["__typename"], made.get("slug")))
    assert kinds == [("Branch", input["slug"]), ("SlugTaken", input["slug"]), ("Branch", input["slug"])]
    assert (await events_of(identity, school.uuid)).count("branch.created") == 1


async def test_the_same_key_makes_one_branch(identity: Subgraph, school: School, platform_user: Person) -> None:
    input = branch(school)
    asked = (identity.ask(CREATE, platform_user.viewer, input=input, key=school.slug) for _ in range(8))
    made = [answer.data["createBranch"] for answer in await asyncio.gather(*asked)]
    assert made[0]["__typename"] == "Branch"
    assert all(answer == made[0] for answer in made)
    assert (await events_of(identity, school.uuid)).count("branch.created") == 1


async def test_an_update_changes_what_it_names_and_nothing_else(
    identity: Subgraph, school: School, platform_user: Person
) -> None:
    input = {"id": school.branch_id, "name": "Renamed", "city": "Braga", "latitude": 41.55, "isActive": False}
    updated = (await identity.ask(UPDATE, platform_user.viewer, input=input)).data["updateBranch"]
    assert {name: updated[name] for name in input} == input
    assert (updated["slug"], updated["country"], updated["longitude"]) == ("main", "Portugal", None)
    told = await rows(
        identity, "SELECT data FROM outbox WHERE aggregate_id = :id AND type = 'branch.updated'", id=school.branch_uuid
    )
    assert [row.data["fields"] for row in told] == [["city", "is_active", "latitude", "name"]]
    assert (await audited(identity, school.branch_uuid))[-1] == ("branch.updated", platform_user.uuid)


@pytest.mark.parametrize(("values", "path"), RULES)
async def test_an_update_that_breaks_a_rule_changes_nothing(
    identity: Subgraph, school: School, platform_user: Person, values: dict[str, Any], path: str
) -> None:
    before = await stored(identity, school)
    input = {"id": school.branch_id, "name": "Renamed"} | values
    refused = (await identity.ask(UPDATE, platform_user.viewer, input=input)).data["updateBranch"]
    assert [field["path"] for field in refused["fields"]] == [["input", path]]
    assert await stored(identity, school) == before


@pytest.mark.parametrize("id", ["", "nonsense", UNKNOWN, UNKNOWN.upper(), "user_01h455vb4pex5vsknk084sn02q"])
async def test_an_unknown_branch_or_organization_is_not_found(
    identity: Subgraph, school: School, platform_user: Person, id: str
) -> None:
    asked = (
        (CREATE, {"input": branch(school, organizationId=id)}, "createBranch"),
        (UPDATE, {"input": {"id": id, "name": "Renamed"}}, "updateBranch"),
        (DELETE, {"id": id}, "deleteBranch"),
        (SET, {"id": id, "input": {"key": "k", "value": 1}}, "setBranchSetting"),
    )
    for mutation, variables, field in asked:
        answer = (await identity.ask(mutation, platform_user.viewer, **variables)).data[field]
        assert (answer["__typename"], answer["code"]) == ("NotFound", "NOT_FOUND")


async def test_a_branch_with_members_stays(identity: Subgraph, school: School, platform_user: Person) -> None:
    statement = "UPDATE membership SET branch_id = :branch WHERE id = :id"
    await rows(identity, statement, branch=school.branch_uuid, id=school.student.membership_uuid)
    before = await stored(identity, school)
    refused = (await identity.ask(DELETE, platform_user.viewer, id=school.branch_id)).data["deleteBranch"]
    assert [field["path"] for field in refused["fields"]] == [["id"]]
    assert await stored(identity, school) == before


async def test_a_removed_branch_is_gone_with_its_settings(
    identity: Subgraph, school: School, platform_user: Person
) -> None:
    deleted = (await identity.ask(DELETE, platform_user.viewer, id=school.branch_id)).data["deleteBranch"]
    assert deleted == {"__typename": "Deleted", "id": school.branch_id}
    again = (await identity.ask(DELETE, platform_user.viewer, id=school.branch_id)).data["deleteBranch"]
    assert again["code"] == "NOT_FOUND"
    for id in (school.branch_id, school.branch_setting_id):
        answer = await identity.ask("query($id: ID!) { node(id: $id) { id } }", school.admin.viewer, id=id)
        assert answer.data == {"node": None}
    assert (await events_of(identity, school.uuid)).count("branch.deleted") == 1


async def test_a_setting_is_set_replaced_and_removed(identity: Subgraph, school: School, platform_user: Person) -> None:
    for value in ({"open": 8}, [1, 2], False, None, None):
        input = {"key": "hours", "value": value}
        answer = await identity.ask(SET, platform_user.viewer, id=school.branch_id, input=input)
        expected = [] if value is None else [input]
        assert answer.data["setBranchSetting"]["settings"] == expected
    assert (await events_of(identity, school.uuid)).count("branch.settings.updated") == 5


@pytest.mark.parametrize(
    ("input", "path"),
    [({"key": ""}, "key"), ({"key": "k" * 101}, "key"), ({"key": "big", "value": "v" * 10_001}, "value")],
)
async def test_a_setting_that_breaks_a_rule_is_not_stored(
    identity: Subgraph, school: School, platform_user: Person, input: dict[str, Any], path: str
) -> None:
    answer = await identity.ask(SET, platform_user.viewer, id=school.branch_id, input={"value": 1} | input)
    assert [field["path"] for field in answer.data["setBranchSetting"]["fields"]] == [["input", path]]
    kept = await rows(identity, "SELECT key FROM branch_setting WHERE branch_id = :id", id=school.branch_uuid)
    assert [row.key for row in kept] == ["hours"]
    assert "branch.settings.updated" not in await events_of(identity, school.uuid)


async def test_branches_are_listed_in_pages(identity: Subgraph, school: School, platform_user: Person) -> None:
    made = ["main"]
    for _ in range(4):
        answer = await identity.ask(CREATE, platform_user.viewer, input=branch(school))
        made.append(answer.data["createBranch"]["slug"])
    read, after = [], None
    while True:
        answer = await identity.ask(BRANCHES, school.student.viewer, id=school.id, first=2, after=after)
        page = answer.data["organization"]["branches"]
        assert page["totalCount"] == 5
        read += [edge["node"]["slug"] for edge in page["edges"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert read == made
