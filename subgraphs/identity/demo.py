"""Loads the demo tenants and their people, once."""

from collections.abc import Callable
from dataclasses import asdict
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.auth import Role
from shared.demo import demo_id
from shared.events import emit
from shared.postgres import Database
from subgraphs.identity import passwords
from subgraphs.identity.demo_data import ORGANIZATIONS, PASSWORD, PEOPLE, PLATFORM_ADMIN, DemoOrganization, DemoPerson
from subgraphs.identity.events import BranchCreated, OrganizationCreated, UserRegistered
from subgraphs.identity.models import Branch, Organization, User
from subgraphs.identity.services.accounts import add_user
from subgraphs.identity.settings import Settings


async def seed(progress: Callable[[int, int], None]) -> int:
    """Adds what is missing; returns how many people and organizations it made. Running it again makes nothing."""
    database = Database("identity", Settings.load())
    password_hash = await passwords.hashed(PASSWORD)
    made, total = 0, 1 + len(ORGANIZATIONS) + sum(map(len, PEOPLE.values()))
    try:
        async with database.system() as session:
            made += await _platform_login(session, password_hash)
        for organization in ORGANIZATIONS:
            async with database.system() as session:
                made += await _organization(session, organization, password_hash)
            progress(min(made, total), total)
    finally:
        await database.close()
    progress(total, total)
    return made


async def _platform_login(session: AsyncSession, password_hash: str) -> int:
    if await session.get(User, demo_id("user", PLATFORM_ADMIN.email)):
        return 0
    user = _user(PLATFORM_ADMIN, password_hash)
    user.platform_role = Role.SUPER_ADMIN
    session.add(user)
    await emit(session, UserRegistered(id=user.id, organization_id=None), actor_id=user.id)
    return 1


async def _organization(session: AsyncSession, demo: DemoOrganization, password_hash: str) -> int:
    organization_id = demo_id("organization", demo.slug)
    if await session.scalar(select(Organization.id).where(Organization.slug == demo.slug)):
        return 0
    values = {name: value for name, value in asdict(demo).items() if name != "branches"}
    session.add(Organization(id=organization_id, **values | {"plan": demo.plan.upper()}))
    own = {"id": organization_id, "organization_id": organization_id}
    await emit(session, OrganizationCreated(**own, name=demo.name, slug=demo.slug))
    for branch in demo.branches:
        row = Branch(id=demo_id("branch", demo.slug, branch.slug), organization_id=organization_id, **asdict(branch))
        session.add(row)
        await emit(session, BranchCreated(id=row.id, organization_id=organization_id, slug=row.slug))
    for person in PEOPLE[demo.slug]:
        await _member(session, organization_id, demo.slug, person, password_hash)
    return 1 + len(PEOPLE[demo.slug])


async def _member(session: AsyncSession, id: UUID, slug: str, person: DemoPerson, password_hash: str) -> None:
    membership = await add_user(session, _user(person, password_hash), id, Role(person.role))
    if person.branch:
        membership.branch_id = demo_id("branch", slug, person.branch)


def _user(person: DemoPerson, password_hash: str) -> User:
    return User(
        id=demo_id("user", person.email),
        email_address=person.email,
        display_name=person.display_name,
        locale=person.locale,
        time_zone=person.time_zone,
        password_hash=password_hash,
    )
