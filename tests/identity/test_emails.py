"""Who sees an address: oneself, those who teach here, and those who manage users; on every path alike."""

from typing import Any

import pytest

from shared import ids
from tests.conftest import Subgraph
from tests.identity.conftest import Person, School, rows

SEES = {
    ("student", "student"): True,
    ("student", "teacher"): False,
    ("student", "admin"): False,
    ("teacher", "student"): True,
    ("teacher", "admin"): True,
    ("admin", "student"): True,
    ("admin", "teacher"): True,
}


def person(school: School, kind: str) -> Person:
    """Somebody of a school."""
    found: Person = getattr(school, kind)
    return found


def emails(data: Any) -> list[str | None]:
    """All addresses in an answer, wherever they are."""
    if isinstance(data, list):
        return [email for item in data for email in emails(item)]
    if not isinstance(data, dict):
        return []
    own = [data["email"]] if "email" in data else []
    return own + [email for name, value in data.items() if name != "email" for email in emails(value)]


@pytest.mark.parametrize(("asking", "asked"), SEES, ids=lambda kind: kind)
async def test_an_address_is_shown_or_hidden_alike_on_every_path(
    identity: Subgraph, school: School, asking: str, asked: str
) -> None:
    viewer, subject = person(school, asking).viewer, person(school, asked)
    expected = [subject.email if SEES[asking, asked] else None]
    for query in (
        "query($id: ID!) { user(id: $id) { email } }",
        "query($id: ID!) { node(id: $id) { ... on User { email } } }",
    ):
        assert emails((await identity.ask(query, viewer, id=subject.id)).data) == expected
    for selection, entity in (
        ("... on User { email }", {"__typename": "User", "id": subject.id}),
        ("... on User { email }", {"__typename": "User", "id": subject.id, "email": "forged@people.example"}),
    ):
        assert emails((await identity.entities(viewer, selection, entity)).data) == expected


async def test_addresses_are_shown_through_memberships_to_those_who_may_list_them(
    identity: Subgraph, school: School
) -> None:
    listed = "{ viewer { organization { members { edges { node { user { email } } } } } } }"
    all_of_them = [school.admin.email, school.teacher.email, school.student.email]
    assert emails((await identity.ask(listed, school.admin.viewer)).data) == all_of_them
    own = "{ viewer { user { email memberships { user { email } } } membership { user { email } } } }"
    for kind in ("student", "teacher", "admin"):
        subject = person(school, kind)
        assert emails((await identity.ask(own, subject.viewer)).data) == [subject.email] * 3


async def test_the_platform_sees_addresses(identity: Subgraph, school: School, platform_user: Person) -> None:
    query = "query($id: ID!) { user(id: $id) { email } }"
    answer = await identity.ask(query, platform_user.viewer, id=school.student.id)
    assert answer.data["user"] == {"email": school.student.email}


async def test_who_teaches_elsewhere_sees_no_address_here(identity: Subgraph, school: School, other: School) -> None:
    """The teacher of another school is a student here, and asks with the token of each."""
    statement = "INSERT INTO membership (organization_id, id, user_id, role) VALUES (:org, :id, :user, 'STUDENT')"
    await rows(identity, statement, org=school.uuid, id=ids.new_id(), user=other.teacher.uuid)
    query = "query($id: ID!) { user(id: $id) { email } }"
    answer = await identity.ask(query, other.teacher.viewer, id=school.student.id)
    assert answer.data == {"user": None}
