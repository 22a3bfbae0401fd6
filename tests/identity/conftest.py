"""What tests of identity begin with: a school with rows, whose people can sign in for real."""

import asyncio
import json
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text

from shared import ids
from shared.auth import Role, Viewer
from subgraphs.identity import passwords
from subgraphs.identity.models import Branch, BranchSetting, Membership, Organization, OrganizationSetting, User
from tests.conftest import Answer, Subgraph, viewer

PASSWORD = "correct horse battery staple"
WRONG = "incorrect horse battery staple"

ME = "{ user { id displayName email } organization { id slug } membership { id role } scopes }"
TOKENS = f"... on Tokens {{ accessToken refreshToken expiresAt viewer {ME} }}"
REFUSED = "... on Error { code message } ... on InvalidInput { fields { path message } }"
LOGIN = f"""
mutation($input: LoginInput!) {{
  login(input: $input) {{ __typename {TOKENS} {REFUSED} ... on AccountLocked {{ lockedUntil }} }}
}}
"""
VIEWER = f"{{ viewer {ME} }}"


@dataclass(frozen=True)
class Person:
    """Somebody with a row, a membership and, unless made without, the password `PASSWORD`."""

    uuid: UUID
    email: str
    role: Role
    membership_uuid: UUID
    viewer: Viewer

    @property
    def id(self) -> str:
        """The public id."""
        return ids.encode("user", self.uuid)

    @property
    def membership_id(self) -> str:
        """The public id of the membership."""
        return ids.encode("membership", self.membership_uuid)


@dataclass(frozen=True)
class School:
    """An organization with rows: a branch, a setting of each, and somebody of each role."""

    uuid: UUID
    slug: str
    branch_uuid: UUID
    setting_uuid: UUID
    branch_setting_uuid: UUID
    admin: Person
    teacher: Person
    student: Person

    @property
    def id(self) -> str:
        """The public id."""
        return ids.encode("organization", self.uuid)

    @property
    def branch_id(self) -> str:
        """The public id of the branch."""
        return ids.encode("branch", self.branch_uuid)

    @property
    def setting_id(self) -> str:
        """The public id of the organization's setting."""
        return ids.encode("organization_setting", self.setting_uuid)

    @property
    def branch_setting_id(self) -> str:
        """The public id of the branch's setting."""
        return ids.encode("branch_setting", self.branch_setting_uuid)


def organization_values(slug: str) -> dict[str, Any]:
    """The columns of an organization."""
    return {
        "name": f"School {slug}",
        "slug": slug,
        "contact_email": "office@school.example",
        "contact_phone": "+351 21 000 0000",
        "address": "1 School Lane",
        "plan": "FREE",
    }


def branch_values(slug: str) -> dict[str, Any]:
    """The columns of a branch."""
    return {
        "name": f"Branch {slug}",
        "slug": slug,
        "address": "2 Branch Street",
        "city": "Lisboa",
        "state": "Lisboa",
        "country": "Portugal",
        "postal_code": "1000-001",
    }


def unique(prefix: str = "school") -> str:
    """A slug nobody has used."""
    return f"{prefix}-{ids.new_id().hex}"


@pytest.fixture(scope="session")
async def password_hash() -> str:
    """The hash of `PASSWORD`."""
    return await passwords.hashed(PASSWORD)


Hire = Callable[..., Awaitable[Person]]
Found = Callable[..., Awaitable[School]]


@pytest.fixture
def hire(identity: Subgraph, password_hash: str) -> Hire:
    """Adds a person to an organization: `await hire(organization_id, Role.STUDENT, password_hash=None)`."""

    async def hire(organization_id: UUID, role: Role = Role.STUDENT, **values: Any) -> Person:
        user = _user(role, {"password_hash": password_hash} | values)
        membership = Membership(id=ids.new_id(), organization_id=organization_id, user_id=user.id, role=role)
        async with identity.platform.database.system() as session:
            session.add_all([user, membership])
        return _person(user, membership)

    return hire


def _user(role: Role, values: dict[str, Any]) -> User:
    id = ids.new_id()
    made = {"id": id, "email_address": f"{id.hex}@people.example", "display_name": f"A {role.lower()}"}
    return User(**made | values)


def _person(user: User, membership: Membership) -> Person:
    role, organization_id = Role(membership.role), membership.organization_id
    return Person(user.id, user.email_address, role, membership.id, viewer(role, organization_id, user.id))


@pytest.fixture
def found(identity: Subgraph, password_hash: str) -> Found:
    """Founds a school: `await found()`."""

    async def found(**values: Any) -> School:
        slug = unique()
        organization = Organization(id=ids.new_id(), **organization_values(slug) | values)
        own: Any = {"organization_id": organization.id}
        branch = Branch(id=ids.new_id(), **own, **branch_values("main"))
        setting = OrganizationSetting(id=ids.new_id(), **own, key="theme", value="dark")
        hours = BranchSetting(id=ids.new_id(), **own, branch_id=branch.id, key="hours", value={"open": 9})
        roles = (Role.ADMIN, Role.TEACHER, Role.STUDENT)
        users = [_user(role, {"password_hash": password_hash}) for role in roles]
        members = [
            Membership(id=ids.new_id(), **own, user_id=user.id, role=role)
            for user, role in zip(users, roles, strict=True)
        ]
        async with identity.platform.database.system() as session:
            for rows in ([organization, *users], [branch, setting, *members], [hours]):
                session.add_all(rows)
                await session.flush()
        people = [_person(user, member) for user, member in zip(users, members, strict=True)]
        return School(organization.id, organization.slug, branch.id, setting.id, hours.id, *people)

    return found


@pytest.fixture
async def school(found: Found) -> School:
    """A school of the test's own."""
    return await found()


@pytest.fixture
async def other(found: Found) -> School:
    """Another school, which must learn nothing of the first."""
    return await found()


@pytest.fixture
async def platform_user(identity: Subgraph, password_hash: str) -> Person:
    """The platform's own login, with a row."""
    id = ids.new_id()
    email = f"{id.hex}@platform.example"
    user = User(
        id=id,
        email_address=email,
        display_name="Root",
        password_hash=password_hash,
        platform_role=Role.SUPER_ADMIN,
    )
    async with identity.platform.database.system() as session:
        session.add(user)
    return Person(id, email, Role.SUPER_ADMIN, id, viewer(Role.SUPER_ADMIN, user_id=id))


async def login(identity: Subgraph, email: str, password: str = PASSWORD, slug: str | None = None) -> dict[str, Any]:
    """The answer to a sign-in."""
    input = {"email": email, "password": password} | ({"organizationSlug": slug} if slug is not None else {})
    return (await identity.ask(LOGIN, input=input)).data["login"]


async def as_bearer(identity: Subgraph, token: str, query: str = VIEWER, **variables: Any) -> Answer:
    """Asks with an access token that a client was given."""
    return await identity.ask(query, headers={"authorization": f"Bearer {token}"}, **variables)


async def rows(identity: Subgraph, statement: str, **parameters: Any) -> list[Any]:
    """What the system login reads, or does, in identity's database."""
    async with identity.platform.database.system() as session:
        result = await session.execute(text(statement), parameters)
        return list(result.all()) if result.returns_rows else []


async def events_of(identity: Subgraph, organization_id: UUID) -> list[str]:
    """The types of the events of an organization, in their order."""
    statement = "SELECT type FROM outbox WHERE organization_id = :id ORDER BY id"
    return [row.type for row in await rows(identity, statement, id=organization_id)]


async def audited(identity: Subgraph, resource_id: UUID) -> list[tuple[str, UUID | None]]:
    """What was done to a resource, and by whom."""
    statement = "SELECT action, user_id FROM audit WHERE resource_id = :id ORDER BY created_at, id"
    return [(row.action, row.user_id) for row in await rows(identity, statement, id=resource_id)]


async def post(
    identity: Subgraph, query: str, viewer: Viewer | None = None, *, secret: str | None = None, **variables: Any
) -> httpx.Response:
    """The raw answer to a request whose text JSON escapes, so that it may hold lone surrogates."""
    headers = {"content-type": "application/json", "x-lyceum-router": secret or os.environ["LYCEUM_ROUTER_SECRET"]}
    if viewer is not None:
        headers["authorization"] = f"Bearer {identity.sign(viewer)}"
    body = json.dumps({"query": query, "variables": variables})
    return await identity.client.post("/graphql", content=body.encode("ascii"), headers=headers)


def with_scopes(person: Person, *scopes: str) -> Viewer:
    """The person with these scopes and no others."""
    return replace(person.viewer, scopes=frozenset(scopes))


async def eventually(condition: Callable[[], Awaitable[bool]], seconds: float = 5) -> None:
    """Waits for what events bring about."""
    async with asyncio.timeout(seconds):
        while not await condition():
            await asyncio.sleep(0.03)


def reads(answer: Answer) -> list[str]:
    """The statements that read rows; background work runs meanwhile on tables of its own."""
    own = ("FROM organization", "FROM branch", "FROM membership", 'FROM "user"', "_setting")
    return [statement for statement in answer.statements if any(name in statement for name in own)]
