"""Every write tells of itself once, in the outbox and in the audit trail; a refused write not at all."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from shared import ids
from tests.conftest import Subgraph
from tests.identity.conftest import LOGIN, PASSWORD, WRONG, Person, School, as_bearer, login, rows, unique


@dataclass
class Told:
    """What was told meanwhile."""

    events: list[Any] = field(default_factory=list)
    audits: list[Any] = field(default_factory=list)

    @property
    def types(self) -> list[str]:
        """The types of the events."""
        return [event.type for event in self.events]


@asynccontextmanager
async def told(identity: Subgraph, trace: str) -> AsyncIterator[Told]:
    """The outbox and audit rows that requests with this trace id write."""
    seen = Told()
    yield seen
    seen.events = await rows(identity, "SELECT * FROM outbox WHERE trace_id = :trace ORDER BY id", trace=trace)
    seen.audits = await rows(identity, "SELECT * FROM audit WHERE trace_id = :trace ORDER BY id", trace=trace)


@dataclass(frozen=True)
class Write:
    """A mutation, who sends it, and the events it must cause."""

    who: str
    mutation: str
    events: tuple[str, ...]
    refused: str = ""

    def __str__(self) -> str:
        return self.mutation.split("(")[0]


ORGANIZATION = (
    'name: "Name", slug: "SLUG", contactEmail: "a@b.example", contactPhone: "12345678", address: "A", plan: FREE'
)
BRANCH = (
    'organizationId: "ORG", name: "Name", slug: "SLUG", address: "A", city: "C", state: "S", '
    'country: "C", postalCode: "P"'
)
REGISTER = f'email: "SLUG@x.example", password: "{PASSWORD}", displayName: "N"'
WRITES = [
    Write("root", f"createOrganization(input: {{{ORGANIZATION}}})", ("organization.created",), "Name|x"),
    Write("root", 'updateOrganization(input: {id: "ORG", name: "Name"})', ("organization.updated",), "Name|x"),
    Write("root", 'deleteOrganization(id: "ORG")', ("organization.deleted",), "ORG|organization_x"),
    Write(
        "root",
        'setOrganizationSetting(id: "ORG", input: {key: "key", value: 1})',
        ("organization.settings.updated",),
        '"key"|""',
    ),
    Write("root", f"createBranch(input: {{{BRANCH}}})", ("branch.created",), "Name|x"),
    Write("root", 'updateBranch(input: {id: "BRANCH", name: "Name"})', ("branch.updated",), "Name|x"),
    Write("root", 'deleteBranch(id: "BRANCH")', ("branch.deleted",), "BRANCH|branch_x"),
    Write(
        "root",
        'setBranchSetting(id: "BRANCH", input: {key: "key", value: 1})',
        ("branch.settings.updated",),
        '"key"|""',
    ),
    Write(
        "admin",
        'addMember(input: {email: "SLUG@x.example", displayName: "N", role: STUDENT})',
        ("user.registered", "membership.created", "user.named"),
        "SLUG@x.example|TAKEN",
    ),
    Write(
        "admin", 'updateMember(input: {id: "MEMBER", role: TEACHER})', ("membership.updated",), "TEACHER|SUPER_ADMIN"
    ),
    Write("admin", 'removeMember(id: "MEMBER")', ("membership.deleted",), "MEMBER|membership_x"),
    Write("student", 'joinOrganization(organizationSlug: "OTHER")', ("membership.created", "user.named"), "OTHER|none"),
    Write("student", 'updateProfile(input: {displayName: "Changed"})', ("user.updated", "user.named"), "Changed|"),
    Write("student", 'updateProfile(input: {locale: "pt-BR"})', ("user.updated", "user.named"), "pt-BR|!"),
    Write("student", 'updateProfile(input: {timeZone: "Asia/Tokyo"})', ("user.updated",), "Asia/Tokyo|Nowhere"),
    Write(
        "student",
        f'changePassword(input: {{currentPassword: "{PASSWORD}", newPassword: "a new passphrase"}})',
        ("user.updated",),
        f"{PASSWORD}|wrong",
    ),
    Write(
        "nobody",
        f'register(input: {{{REGISTER}, organizationSlug: "OTHER"}})',
        ("user.registered", "membership.created", "user.named", "session.started"),
        "SLUG@x.example|TAKEN",
    ),
]


def document(write: Write, school: School, other: School, *, refused: bool) -> str:
    """The mutation about a school, right or with its one fault."""
    text = write.mutation
    if refused:
        right, _, wrong = write.refused.partition("|")
        assert right in text
        text = text.replace(right, wrong)
    for name, value in {
        "ORG": school.id,
        "BRANCH": school.branch_id,
        "MEMBER": school.student.membership_id,
        "OTHER": other.slug,
        "SLUG": unique("s"),
        "TAKEN": school.teacher.email,
    }.items():
        text = text.replace(f'"{name}', f'"{value}')
    return f"mutation {{ {text} {{ __typename }} }}"


@pytest.mark.parametrize("write", WRITES, ids=str)
async def test_a_write_tells_of_itself_once_and_a_refused_one_not_at_all(
    identity: Subgraph, school: School, other: School, platform_user: Person, write: Write
) -> None:
    people = {"root": platform_user, "nobody": None}
    person: Person | None = people[write.who] if write.who in people else getattr(school, write.who)
    for refused in (True, False):
        trace = ids.new_id().hex
        headers = {
            "traceparent": f"00-{trace}-00f067aa0ba902b7-01",
            "x-forwarded-for": "203.0.113.7",
            "user-agent": "UA",
        }
        async with told(identity, trace) as seen:
            query = document(write, school, other, refused=refused)
            answer = await identity.ask(query, person.viewer if person else None, headers=headers)
        kind = next(iter(answer.data.values()))["__typename"]
        assert (kind in ("InvalidInput", "NotFound", "EmailTaken")) == refused, kind
        if refused:
            assert (seen.types, seen.audits) == ([], [])
            continue
        assert seen.types == list(write.events)
        assert Counter(audit.action for audit in seen.audits) == Counter(write.events)
        for audit in seen.audits:
            assert (audit.ip_address, audit.user_agent) == ("203.0.113.7", "UA")
            assert person is None or audit.user_id == person.uuid
            assert person is not None or audit.user_id is not None
        for event in seen.events:
            assert event.data["id"] == str(event.aggregate_id)
            assert event.data["organizationId"] == (str(event.organization_id) if event.organization_id else None)


ADD = """
mutation($email: String!) {
  addMember(input: {email: $email, displayName: "A new person", role: STUDENT}) { ... on Membership { user { id } } }
}
"""
JOIN = "mutation($slug: String!) { joinOrganization(organizationSlug: $slug) { __typename } }"
RENAME = 'mutation { updateProfile(input: {displayName: "Renamed"}) { __typename } }'


async def test_events_carry_ids_and_one_alone_a_name_and_an_address(identity: Subgraph, school: School) -> None:
    await login(identity, school.student.email)
    email = f"{unique('new')}@people.example"
    added = await identity.ask(ADD, school.admin.viewer, email=email)
    uuid = ids.decode("user", added.data["addMember"]["user"]["id"])
    statement = "SELECT type, data, data::text AS text FROM outbox WHERE organization_id = :id ORDER BY id"
    events = await rows(identity, statement, id=school.uuid)
    own = {"id": str(uuid), "organizationId": str(school.uuid)}
    assert [event.data for event in events if event.type == "user.named"] == [
        own | {"displayName": "A new person", "email": email, "locale": "en"}
    ]
    for event in events:
        for secret in ("people.example", "A student", "A new person"):
            assert event.type == "user.named" or secret not in event.text


async def test_the_audit_trail_has_no_names_and_no_addresses(identity: Subgraph, school: School) -> None:
    await identity.ask(ADD, school.admin.viewer, email=f"{unique('new')}@people.example")
    await identity.ask(RENAME, school.student.viewer)
    statement = "SELECT action, details::text AS details FROM audit WHERE organization_id = :id"
    found = await rows(identity, statement, id=school.uuid)
    assert [row.details for row in found if row.action == "user.named"] == ["{}", "{}"]
    for row in found:
        for secret in ("people.example", "A student", "A new person", "Renamed"):
            assert secret not in row.details


async def test_a_changed_name_is_told_to_each_organization_of_the_person(
    identity: Subgraph, school: School, other: School
) -> None:
    await identity.ask(JOIN, school.student.viewer, slug=other.slug)
    await identity.ask(RENAME, school.student.viewer)
    statement = "SELECT organization_id, data FROM outbox WHERE aggregate_id = :id AND type = 'user.named' ORDER BY id"
    found = await rows(identity, statement, id=school.student.uuid)
    told = [(row.organization_id, row.data["displayName"]) for row in found]
    assert told[0] == (other.uuid, "A student")
    assert sorted(told[1:]) == sorted([(school.uuid, "Renamed"), (other.uuid, "Renamed")])


async def test_who_joins_while_their_name_changes_is_known_there_by_the_new_one(
    identity: Subgraph, school: School, other: School
) -> None:
    who = school.student.viewer
    await asyncio.gather(identity.ask(JOIN, who, slug=other.slug), identity.ask(RENAME, who))
    statement = """
        SELECT DISTINCT ON (organization_id) data->>'displayName' AS name FROM outbox
        WHERE aggregate_id = :id AND type = 'user.named' ORDER BY organization_id, id DESC
    """
    last = [row.name for row in await rows(identity, statement, id=school.student.uuid)]
    assert last == ["Renamed", "Renamed"]


async def test_a_session_tells_of_its_start_and_its_end(identity: Subgraph, school: School) -> None:
    tokens = await login(identity, school.student.email)
    await as_bearer(identity, tokens["accessToken"], "mutation { logout }")
    events = await rows(
        identity,
        "SELECT type, data FROM outbox WHERE organization_id = :id AND type LIKE 'session.%' ORDER BY id",
        id=school.uuid,
    )
    assert [event.type for event in events] == ["session.started", "session.ended"]
    assert {event.data["userId"] for event in events} == {str(school.student.uuid)}
    assert events[1].data["reason"] == "signed out"


async def test_a_wrong_password_is_audited_and_no_event(identity: Subgraph, school: School) -> None:
    trace = ids.new_id().hex
    async with told(identity, trace) as seen:
        input = {"email": school.student.email, "password": WRONG}
        await identity.ask(LOGIN, headers={"traceparent": f"00-{trace}-00f067aa0ba902b7-01"}, input=input)
    assert seen.events == []
    assert [(audit.action, audit.resource_id) for audit in seen.audits] == [("session.refused", school.student.uuid)]


@pytest.mark.parametrize("change", ["updateMember(input: {id: $id, role: ADMIN})", "removeMember(id: $id)"])
async def test_who_ended_somebody_elses_sessions_is_audited(identity: Subgraph, school: School, change: str) -> None:
    await login(identity, school.student.email)
    document = f"mutation($id: ID!) {{ {change} {{ __typename }} }}"
    await identity.ask(document, school.admin.viewer, id=school.student.membership_id)
    statement = "SELECT user_id FROM audit WHERE organization_id = :id AND action = 'session.ended'"
    assert [row.user_id for row in await rows(identity, statement, id=school.uuid)] == [school.admin.uuid]


async def test_the_relay_numbers_what_was_committed_without_gaps(identity: Subgraph, school: School) -> None:
    await login(identity, school.student.email)
    statement = "SELECT partition, array_agg(sequence ORDER BY sequence) AS numbers FROM outbox"
    grouped = f"{statement} WHERE sequence IS NOT NULL GROUP BY partition"
    for row in await rows(identity, grouped):
        assert row.numbers == list(range(row.numbers[0], row.numbers[0] + len(row.numbers)))
