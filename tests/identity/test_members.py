"""Members: taking people in, changing what they are, and taking them out."""

import asyncio
from typing import Any

import pytest

from shared import ids
from shared.auth import Role
from tests.conftest import Answer, Subgraph
from tests.identity.conftest import (
    PASSWORD,
    REFUSED,
    Hire,
    Person,
    School,
    as_bearer,
    audited,
    events_of,
    login,
    rows,
    unique,
)

MEMBER = "... on Membership { id role user { id displayName email } organization { id } branch { id } }"
ADD = f"""
mutation($input: AddMemberInput!, $key: String) {{
  addMember(input: $input, idempotencyKey: $key) {{ __typename {MEMBER} {REFUSED} }}
}}
"""
UPDATE = f"mutation($input: UpdateMemberInput!) {{ updateMember(input: $input) {{ __typename {MEMBER} {REFUSED} }} }}"
REMOVE = f"mutation($id: ID!) {{ removeMember(id: $id) {{ __typename ... on Deleted {{ id }} {REFUSED} }} }}"
MEMBERS = """
query($id: ID!, $role: Role, $first: Int, $after: String) {
  organization(id: $id) {
    members(role: $role, first: $first, after: $after) {
      totalCount pageInfo { hasNextPage endCursor } edges { node { id role user { id } } }
    }
  }
}
"""
UNKNOWN = "membership_01h455vb4pex5vsknk084sn02q"
MALFORMED = ["", "membership_", "nonsense", "user_01h455vb4pex5vsknk084sn02q", UNKNOWN.upper(), "membership_\x00"]


def newcomer(**values: Any) -> dict[str, Any]:
    """The input of an addition."""
    return {"email": f"{unique('new')}@people.example", "displayName": "New", "role": "STUDENT"} | values


async def state(identity: Subgraph, school: School) -> list[tuple[Any, ...]]:
    """Who belongs to a school, as what, and what has been told of it."""
    members = await rows(
        identity,
        "SELECT user_id, role, branch_id FROM membership WHERE organization_id = :id ORDER BY id",
        id=school.uuid,
    )
    return [*map(tuple, members), tuple(await events_of(identity, school.uuid))]


@pytest.mark.parametrize("role", ["STUDENT", "TEACHER", "ADMIN"])
async def test_a_new_member_may_sign_in_as_what_they_were_made(identity: Subgraph, school: School, role: str) -> None:
    input = newcomer(role=role, password=PASSWORD)
    added = (await identity.ask(ADD, school.admin.viewer, input=input)).data["addMember"]
    assert added["__typename"] == "Membership"
    assert (added["role"], added["organization"], added["branch"]) == (role, {"id": school.id}, None)
    assert added["user"] == {"id": added["user"]["id"], "displayName": "New", "email": input["email"]}
    signed_in = await login(identity, input["email"])
    assert signed_in["viewer"]["membership"] == {"id": added["id"], "role": role}


async def test_the_platforms_own_role_is_given_to_nobody(identity: Subgraph, school: School) -> None:
    before = await state(identity, school)
    added = (await identity.ask(ADD, school.admin.viewer, input=newcomer(role="SUPER_ADMIN"))).data["addMember"]
    assert [field["path"] for field in added["fields"]] == [["input", "role"]]
    input = {"id": school.student.membership_id, "role": "SUPER_ADMIN"}
    updated = (await identity.ask(UPDATE, school.admin.viewer, input=input)).data["updateMember"]
    assert [field["path"] for field in updated["fields"]] == [["input", "role"]]
    assert await state(identity, school) == before


async def test_a_member_without_a_password_cannot_sign_in(identity: Subgraph, school: School) -> None:
    input = newcomer()
    assert (await identity.ask(ADD, school.admin.viewer, input=input)).data["addMember"]["__typename"] == "Membership"
    for password in ("", PASSWORD):
        assert (await login(identity, input["email"], password))["__typename"] == "InvalidCredentials"


@pytest.mark.parametrize("spelling", [str, str.upper, " {} ".format])
async def test_who_has_an_account_is_not_taken_in(
    identity: Subgraph, school: School, other: School, spelling: Any
) -> None:
    before = await state(identity, school)
    for person in (school.student, other.student):
        input = newcomer(email=spelling(person.email))
        added = (await identity.ask(ADD, school.admin.viewer, input=input)).data["addMember"]
        assert (added["__typename"], added["code"]) == ("EmailTaken", "EMAIL_TAKEN")
    assert await state(identity, school) == before


@pytest.mark.parametrize(
    ("values", "path"),
    [
        ({"email": "nobody"}, "email"),
        ({"email": f"{'a' * 250}@people.example"}, "email"),
        ({"displayName": " "}, "displayName"),
        ({"displayName": "d" * 256}, "displayName"),
        ({"password": "short"}, "password"),
        ({"password": "aaaaaaaaaaaaaaaa"}, "password"),
    ],
)
async def test_a_member_who_breaks_a_rule_is_not_made(
    identity: Subgraph, school: School, values: dict[str, str], path: str
) -> None:
    before = await state(identity, school)
    added = (await identity.ask(ADD, school.admin.viewer, input=newcomer(**values))).data["addMember"]
    assert [field["path"] for field in added["fields"]] == [["input", path]]
    assert await state(identity, school) == before


async def test_the_same_key_makes_one_person(identity: Subgraph, school: School) -> None:
    input = newcomer(password=PASSWORD)
    first = (await identity.ask(ADD, school.admin.viewer, input=input, key="k")).data["addMember"]
    again = (await identity.ask(ADD, school.admin.viewer, input=input, key="k")).data["addMember"]
    assert again == first
    other_input = input | {"displayName": "Somebody else"}
    mismatch = (await identity.ask(ADD, school.admin.viewer, input=other_input, key="k")).data["addMember"]
    assert (mismatch["code"], mismatch["fields"][0]["path"]) == ("IDEMPOTENCY_MISMATCH", ["idempotencyKey"])
    without = (await identity.ask(ADD, school.admin.viewer, input=input)).data["addMember"]
    assert without["code"] == "EMAIL_TAKEN"
    assert len(await state(identity, school)) == 3 + 1 + 1


async def test_a_key_is_its_senders_own(identity: Subgraph, school: School, other: School, hire: Hire) -> None:
    colleague = await hire(school.uuid, Role.ADMIN)
    people = [
        (await identity.ask(ADD, person.viewer, input=newcomer(), key="same")).data["addMember"]["user"]["id"]
        for person in (school.admin, colleague, other.admin)
    ]
    assert len(set(people)) == 3


async def test_twenty_equal_requests_at_once_make_one_person(identity: Subgraph, school: School) -> None:
    input = newcomer(password=PASSWORD)
    answers = await asyncio.gather(
        *(identity.ask(ADD, school.admin.viewer, input=input, key="at once") for _ in range(20))
    )
    added = [answer.data["addMember"] for answer in answers]
    assert added[0]["__typename"] == "Membership"
    assert all(answer == added[0] for answer in added)
    assert (await events_of(identity, school.uuid)).count("user.registered") == 1
    assert len(await rows(identity, 'SELECT 1 FROM "user" WHERE email = :email', email=input["email"])) == 1


async def test_a_refused_key_may_be_used_again(identity: Subgraph, school: School) -> None:
    taken = newcomer(email=school.student.email)
    refused = (await identity.ask(ADD, school.admin.viewer, input=taken, key="again")).data["addMember"]
    assert refused["code"] == "EMAIL_TAKEN"
    made = (await identity.ask(ADD, school.admin.viewer, input=newcomer(), key="again")).data["addMember"]
    assert made["__typename"] == "Membership"


@pytest.mark.parametrize("key", ["", "k" * 256])
async def test_a_key_outside_its_limits_is_refused(identity: Subgraph, school: School, key: str) -> None:
    answer = (await identity.ask(ADD, school.admin.viewer, input=newcomer(), key=key)).data["addMember"]
    assert answer["fields"][0]["path"] == ["idempotencyKey"]


async def test_the_key_keeps_no_fast_hash_of_the_password(identity: Subgraph, school: School) -> None:
    input = newcomer(password=PASSWORD)
    await identity.ask(ADD, school.admin.viewer, input=input, key="with")
    await identity.ask(ADD, school.admin.viewer, input=newcomer(email=input["email"]), key="without")
    again = (await identity.ask(ADD, school.admin.viewer, input=newcomer(email=input["email"]), key="with")).data
    assert again["addMember"]["__typename"] == "Membership"  # told apart by everything but the password


async def test_the_platform_takes_people_in_for_the_organization_it_acts_for(
    identity: Subgraph, school: School, platform_user: Person
) -> None:
    assert (await identity.ask(ADD, platform_user.viewer, input=newcomer())).codes == ["FORBIDDEN"]
    tokens = await login(identity, platform_user.email, slug=school.slug)
    added = (await as_bearer(identity, tokens["accessToken"], ADD, input=newcomer())).data["addMember"]
    assert added["organization"] == {"id": school.id}


async def test_a_changed_role_counts_at_once(identity: Subgraph, school: School) -> None:
    tokens = await login(identity, school.student.email)
    bystander = await login(identity, school.teacher.email)
    input = {"id": school.student.membership_id, "role": "TEACHER"}
    updated = (await identity.ask(UPDATE, school.admin.viewer, input=input)).data["updateMember"]
    assert (updated["role"], updated["user"]["id"]) == ("TEACHER", school.student.id)
    assert (await as_bearer(identity, tokens["accessToken"])).codes == ["UNAUTHENTICATED"]
    assert (await as_bearer(identity, bystander["accessToken"])).status == 200
    assert (await login(identity, school.student.email))["viewer"]["membership"]["role"] == "TEACHER"
    done = await audited(identity, school.student.membership_uuid)
    assert done[-1] == ("membership.updated", school.admin.uuid)


async def test_the_same_role_again_or_another_branch_ends_no_session(identity: Subgraph, school: School) -> None:
    tokens = await login(identity, school.student.email)
    input = {"id": school.student.membership_id, "role": "STUDENT", "branchId": school.branch_id}
    updated = (await identity.ask(UPDATE, school.admin.viewer, input=input)).data["updateMember"]
    assert updated["branch"] == {"id": school.branch_id}
    assert (await as_bearer(identity, tokens["accessToken"])).status == 200


async def test_a_changed_role_leaves_sessions_elsewhere(identity: Subgraph, school: School, other: School) -> None:
    await rows(
        identity,
        "INSERT INTO membership (organization_id, id, user_id, role) VALUES (:org, :id, :user, 'STUDENT')",
        org=other.uuid,
        id=ids.new_id(),
        user=school.student.uuid,
    )
    here, there = [await login(identity, school.student.email, slug=slug) for slug in (school.slug, other.slug)]
    await identity.ask(UPDATE, school.admin.viewer, input={"id": school.student.membership_id, "role": "ADMIN"})
    assert (await as_bearer(identity, here["accessToken"])).status == 401
    assert (await as_bearer(identity, there["accessToken"])).status == 200


@pytest.mark.parametrize("branch", ["foreign", "unknown", "malformed"])
async def test_a_branch_must_be_of_the_organization(
    identity: Subgraph, school: School, other: School, branch: str
) -> None:
    before = await state(identity, school)
    id = {"foreign": other.branch_id, "unknown": "branch_01h455vb4pex5vsknk084sn02q", "malformed": "nonsense"}[branch]
    input = {"id": school.student.membership_id, "role": "TEACHER", "branchId": id}
    updated = (await identity.ask(UPDATE, school.admin.viewer, input=input)).data["updateMember"]
    assert [field["path"] for field in updated["fields"]] == [["input", "branchId"]]
    assert await state(identity, school) == before


async def test_nobody_changes_or_removes_themselves(identity: Subgraph, school: School) -> None:
    before = await state(identity, school)
    input = {"id": school.admin.membership_id, "role": "STUDENT"}
    updated = (await identity.ask(UPDATE, school.admin.viewer, input=input)).data["updateMember"]
    assert [field["path"] for field in updated["fields"]] == [["input", "id"]]
    removed = (await identity.ask(REMOVE, school.admin.viewer, id=school.admin.membership_id)).data["removeMember"]
    assert [field["path"] for field in removed["fields"]] == [["id"]]
    assert await state(identity, school) == before


async def test_a_removed_member_is_out_at_once_and_keeps_the_account(
    identity: Subgraph, school: School, other: School
) -> None:
    await rows(
        identity,
        "INSERT INTO membership (organization_id, id, user_id, role) VALUES (:org, :id, :user, 'STUDENT')",
        org=other.uuid,
        id=ids.new_id(),
        user=school.student.uuid,
    )
    tokens = await login(identity, school.student.email, slug=school.slug)
    removed = (await identity.ask(REMOVE, school.admin.viewer, id=school.student.membership_id)).data["removeMember"]
    assert removed == {"__typename": "Deleted", "id": school.student.membership_id}
    assert (await as_bearer(identity, tokens["accessToken"])).codes == ["UNAUTHENTICATED"]
    assert (await login(identity, school.student.email, slug=school.slug))["__typename"] == "InvalidInput"
    assert (await login(identity, school.student.email))["viewer"]["organization"]["slug"] == other.slug
    done = await audited(identity, school.student.membership_uuid)
    assert done[-1] == ("membership.deleted", school.admin.uuid)
    again = (await identity.ask(REMOVE, school.admin.viewer, id=school.student.membership_id)).data["removeMember"]
    assert again["code"] == "NOT_FOUND"


@pytest.mark.parametrize("id", [UNKNOWN, *MALFORMED])
async def test_an_unknown_membership_is_not_found(identity: Subgraph, school: School, id: str) -> None:
    updated = (await identity.ask(UPDATE, school.admin.viewer, input={"id": id, "role": "ADMIN"})).data["updateMember"]
    removed = (await identity.ask(REMOVE, school.admin.viewer, id=id)).data["removeMember"]
    assert (updated["code"], removed["code"]) == ("NOT_FOUND", "NOT_FOUND")


async def test_another_tenants_membership_is_like_an_unknown_one(
    identity: Subgraph, school: School, other: School
) -> None:
    tokens = await login(identity, school.student.email)
    before = await state(identity, school)

    async def both(id: str) -> tuple[Answer, Answer]:
        update = await identity.ask(UPDATE, other.admin.viewer, input={"id": id, "role": "ADMIN"})
        return update, await identity.ask(REMOVE, other.admin.viewer, id=id)

    foreign, unknown = await both(school.student.membership_id), await both(UNKNOWN)
    assert [answer.body for answer in foreign] == [answer.body for answer in unknown]
    assert await state(identity, school) == before
    assert (await as_bearer(identity, tokens["accessToken"])).status == 200


async def test_members_are_listed_in_pages_and_by_role(identity: Subgraph, school: School, hire: Hire) -> None:
    made = [school.admin, school.teacher, school.student, *[await hire(school.uuid) for _ in range(3)]]
    read, after = [], None
    while True:
        answer = await identity.ask(MEMBERS, school.admin.viewer, id=school.id, first=4, after=after)
        page = answer.data["organization"]["members"]
        assert page["totalCount"] == 6
        read += [edge["node"]["user"]["id"] for edge in page["edges"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert read == [person.id for person in made]
    for role, count in (("STUDENT", 4), ("TEACHER", 1), ("ADMIN", 1), ("SUPER_ADMIN", 0)):
        page = (await identity.ask(MEMBERS, school.admin.viewer, id=school.id, role=role)).data["organization"][
            "members"
        ]
        assert page["totalCount"] == len(page["edges"]) == count


@pytest.mark.parametrize("variables", [{"first": 101}, {"first": -1}, {"after": "nonsense"}])
async def test_a_page_of_members_outside_its_limits_is_refused(
    identity: Subgraph, school: School, variables: dict[str, Any]
) -> None:
    answer = await identity.ask(MEMBERS, school.admin.viewer, id=school.id, **variables)
    assert answer.codes == ["BAD_USER_INPUT"]
    assert answer.body["data"]["organization"]["members"] is None
