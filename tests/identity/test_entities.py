"""`_entities`, as the router asks: keys only, in order, one statement per type, and each for the viewer."""

from typing import Any

import pytest

from shared import ids
from shared.auth import Role
from tests.conftest import Subgraph
from tests.identity.conftest import Hire, Person, School, reads


def user(id: Any) -> dict[str, Any]:
    """A reference to a person."""
    return {"__typename": "User", "id": id}


async def test_a_thousand_may_be_asked_for_and_not_one_more(identity: Subgraph, school: School) -> None:
    one = user(school.student.id)
    answer = await identity.entities(school.student.viewer, "... on User { id }", *[one] * 1000)
    assert answer.data["_entities"] == [{"id": school.student.id}] * 1000
    assert len(reads(answer)) == 1
    refused = await identity.entities(school.student.viewer, "... on User { id }", *[one] * 1001)
    assert refused.codes == ["BAD_USER_INPUT"]
    assert refused.body["data"] is None
    assert refused.statements == []


BAD: list[Any] = [
    {"__typename": "Nonsense", "id": "user_01h455vb4pex5vsknk084sn02q"},
    {"__typename": "Query", "id": "user_01h455vb4pex5vsknk084sn02q"},
    {"__typename": "Viewer", "id": "user_01h455vb4pex5vsknk084sn02q"},
    {"__typename": "CreateBranchInput", "id": "user_01h455vb4pex5vsknk084sn02q"},
    {"__typename": "Role", "id": "user_01h455vb4pex5vsknk084sn02q"},
    {"__typename": "Course", "nodeId": "course_01h455vb4pex5vsknk084sn02q"},
    {"__typename": None, "id": "user_01h455vb4pex5vsknk084sn02q"},
    {"__typename": ["User"], "id": "user_01h455vb4pex5vsknk084sn02q"},
    {"id": "user_01h455vb4pex5vsknk084sn02q"},
    {"__typename": "User"},
    {"__typename": "User", "email": "student@school.example"},
    {},
    user("organization_01h455vb4pex5vsknk084sn02q"),
    user("user_01h455vb4pex5vsknk084sn02q"),
    user("USER_01h455vb4pex5vsknk084sn02q"),
    user("01h455vb4pex5vsknk084sn02q"),
    user("user_"),
    user(""),
    user(None),
    user(7),
    user({"id": "user_01h455vb4pex5vsknk084sn02q"}),
    user(["user_01h455vb4pex5vsknk084sn02q"]),
    user("user_\x00"),
    user("é" * 1000),
    "user_01h455vb4pex5vsknk084sn02q",
    7,
    [],
]


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: str(bad)[:60])
async def test_a_bad_representation_is_null_and_spoils_no_other(identity: Subgraph, school: School, bad: Any) -> None:
    good = user(school.student.id)
    answer = await identity.entities(school.student.viewer, "__typename ... on User { id }", good, bad, good)
    found = {"__typename": "User", "id": school.student.id}
    assert answer.data["_entities"] == [found, None, found]


async def test_order_is_kept_and_repetition_is_fine(identity: Subgraph, school: School) -> None:
    people = [school.teacher, school.admin, school.student, school.teacher]
    asked: list[dict[str, Any]] = []
    for person in people:
        asked += [
            user(person.id),
            {"__typename": "Organization", "id": school.id},
            user(ids.encode("user", ids.new_id())),
        ]
    answer = await identity.entities(school.student.viewer, "... on User { id } ... on Organization { slug }", *asked)
    expected: list[Any] = []
    for person in people:
        expected += [{"id": person.id}, {"slug": school.slug}, None]
    assert answer.data["_entities"] == expected


async def test_nothing_of_a_representation_is_trusted_but_its_key(identity: Subgraph, school: School) -> None:
    forged = {
        "displayName": "Forged",
        "email": "forged@people.example",
        "emailAddress": "forged@people.example",
        "organizationId": str(ids.new_id()),
        "uuid": str(school.teacher.uuid),
    }
    selection = "... on User { id displayName email } ... on Membership { id role user { id } }"
    student = school.student
    answer = await identity.entities(
        student.viewer,
        selection,
        user(student.id) | forged,
        {"__typename": "Membership", "id": student.membership_id, "role": "ADMIN", "userId": school.admin.id},
    )
    assert answer.data["_entities"] == [
        {"id": student.id, "displayName": "A student", "email": student.email},
        {"id": student.membership_id, "role": "STUDENT", "user": {"id": student.id}},
    ]


@pytest.mark.parametrize("kind", ["student", "admin"])
async def test_a_hundred_people_take_as_many_statements_as_one(
    identity: Subgraph, school: School, hire: Hire, kind: str
) -> None:
    people = [await hire(school.uuid, password_hash=None) for _ in range(100)]
    viewer = getattr(school, kind).viewer
    one = await identity.entities(viewer, "... on User { displayName }", user(people[0].id))
    all = await identity.entities(viewer, "... on User { displayName }", *[user(person.id) for person in people])
    assert all.data["_entities"] == [{"displayName": "A student"}] * 100
    assert len(all.statements) == len(one.statements)
    assert len(reads(all)) == 1


async def test_a_hundred_memberships_and_what_hangs_on_them_take_one_statement_each(
    identity: Subgraph, school: School, hire: Hire
) -> None:
    people: list[Person] = [await hire(school.uuid, Role.TEACHER, password_hash=None) for _ in range(40)]
    selection = "... on Membership { user { displayName } organization { name } branch { name } }"
    asked = [{"__typename": "Membership", "id": person.membership_id} for person in people]
    few = await identity.entities(school.admin.viewer, selection, *asked[:2])
    await identity.platform.redis.delete(f"org:{school.uuid}")
    many = await identity.entities(school.admin.viewer, selection, *asked)
    assert len(many.data["_entities"]) == 40
    assert len(reads(many)) == len(reads(few)) == 3
