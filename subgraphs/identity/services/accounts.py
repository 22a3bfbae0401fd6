"""Accounts: registering, proving a password, and what people change about themselves."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from shared import ids
from shared.auth import Role, Viewer
from shared.errors import InvalidInput, NotFound, Rejected
from shared.events import emit, emit_all
from shared.postgres import insert_unique
from subgraphs.identity import passwords
from subgraphs.identity.errors import EmailTaken, InvalidCredentials
from subgraphs.identity.events import MembershipCreated, UserNamed, UserRegistered, UserUpdated
from subgraphs.identity.inputs import ChangePasswordInput, LoginInput, RegisterInput, UpdateProfileInput
from subgraphs.identity.models import Membership, Organization, User
from subgraphs.identity.services import attempts
from subgraphs.identity.services.sessions import Acting, Grant, Sessions, acting, note_failure

Begin = Callable[[], AbstractAsyncContextManager[AsyncSession]]
"""Opens a transaction of the system login. Hashing lies between two of them, so that no connection waits for it."""


_LOCKED = {"key_share": True}
"""Against another change of the row, not against those who only refer to it."""


async def sign_in(begin: Begin, sessions: Sessions, input: LoginInput) -> Grant | InvalidCredentials | InvalidInput:
    """Tokens for the right password. The attempt is counted, and committed, before the password is looked at."""
    async with begin() as session:
        await attempts.claim(session, input.email)
        user = await _by_email(session, input.email)
    right = await passwords.verified(user.password_hash if user else None, input.password)
    rehashed = await _rehashed(user, input.password) if right else None
    async with begin() as session:
        if user is None or not right:
            return await note_failure(session, user)
        await attempts.forgive(session, input.email)
        if rehashed:
            (await session.get_one(User, user.id)).password_hash = rehashed
        as_what = await acting(session, user, input.organization_slug)
        if as_what is None:  # answered, not raised: the password was right, so the attempt stays forgiven
            return InvalidInput.at("input", "organizationSlug", message="You are not a member of this organization.")
        return await sessions.start(session, user, as_what)


async def register(begin: Begin, sessions: Sessions, input: RegisterInput) -> Grant:
    """A new account that is a student of the organization, signed in at once."""
    password_hash = await passwords.hashed(input.password)
    async with begin() as session:
        organization = await _open_organization(session, input.organization_slug)
        user = User(email_address=input.email, display_name=input.display_name, password_hash=password_hash)
        await add_user(session, user, organization.id, Role.STUDENT)
        return await sessions.start(session, user, Acting(organization.id, Role.STUDENT))


async def add_user(session: AsyncSession, user: User, organization_id: UUID, role: Role) -> Membership:
    """Stores a new person with their first membership, which is what makes them visible to the tenant at all."""
    user.id = user.id or ids.new_id()
    membership = Membership(organization_id=organization_id, user_id=user.id, role=role)
    session.add(membership)
    await session.flush()
    await insert_unique(session, user, "user_email_key", EmailTaken())
    actor_id = session.info["viewer"].user_id or user.id
    await emit(session, UserRegistered(id=user.id, organization_id=organization_id), actor_id=actor_id)
    await emit(session, _created(membership), actor_id=actor_id)
    await emit(session, _named(user, organization_id), actor_id=actor_id)
    return membership


async def join(session: AsyncSession, user_id: UUID, organization_slug: str) -> Membership:
    """Makes the person a student of another organization; a member stays what they are."""
    organization = await _open_organization(session, organization_slug)
    values = {"id": ids.new_id(), "organization_id": organization.id, "user_id": user_id, "role": Role.STUDENT}
    joined = insert(Membership).values(values).on_conflict_do_nothing(constraint="membership_user_key")
    membership = await session.scalar(joined.returning(Membership))
    if membership is not None:
        await emit(session, _created(membership))
        # Locked, as a change of the name is: else neither would tell this organization of the new one.
        await emit(session, _named(await session.get_one(User, user_id, with_for_update=_LOCKED), organization.id))
        return membership
    before = select(Membership).where(Membership.organization_id == organization.id, Membership.user_id == user_id)
    return (await session.execute(before)).scalar_one()


async def update_profile(session: AsyncSession, user_id: UUID, input: UpdateProfileInput) -> User:
    """Changes what the person says about themselves."""
    user = await session.get_one(User, user_id, with_for_update=_LOCKED)
    changes = input.model_dump(exclude_none=True)
    for name, value in changes.items():
        setattr(user, name, value)
    if changes:
        await emit(session, UserUpdated(id=user.id, organization_id=None, fields=sorted(changes)))
    if {"display_name", "locale"} & changes.keys():
        await _tell_name(session, user)
    return user


async def _tell_name(session: AsyncSession, user: User) -> None:
    statement = select(Membership.organization_id).where(Membership.user_id == user.id)
    organizations = (await session.execute(statement.order_by(Membership.organization_id))).scalars().all()
    if organizations:
        await emit_all(session, [_named(user, organization_id) for organization_id in organizations])


async def change_password(begin: Begin, sessions: Sessions, viewer: Viewer, input: ChangePasswordInput) -> User:
    """Sets a new password, and ends every other session of the person."""
    async with begin() as session:
        user = await session.get_one(User, viewer.user_id)
        await attempts.claim(session, user.email_address)
    if not await passwords.verified(user.password_hash, input.current_password):
        raise Rejected(InvalidInput.at("input", "currentPassword", message="This is not your password."))
    password_hash = await passwords.hashed(input.new_password)
    async with begin() as session:
        await attempts.forgive(session, user.email_address)
        user = await session.get_one(User, viewer.user_id)
        user.password_hash = password_hash
        await emit(session, UserUpdated(id=user.id, organization_id=None, fields=["password"]))
        await sessions.end_all(session, user.id, "password changed", but=viewer.session_id)
        return user


def _created(membership: Membership) -> MembershipCreated:
    membership.id = membership.id or ids.new_id()
    return MembershipCreated(
        id=membership.id,
        organization_id=membership.organization_id,
        user_id=membership.user_id,
        role=membership.role,
    )


def _named(user: User, organization_id: UUID) -> UserNamed:
    return UserNamed(
        id=user.id,
        organization_id=organization_id,
        display_name=user.display_name,
        email=user.email_address,
        locale=user.locale,
    )


async def _rehashed(user: User | None, password: str) -> str | None:
    if user is None or not user.password_hash or not passwords.is_outdated(user.password_hash):
        return None
    return await passwords.hashed(password)


async def _by_email(session: AsyncSession, email: str) -> User | None:
    return (await session.execute(select(User).where(User.email_address == email.strip().lower()))).scalar_one_or_none()


async def _open_organization(session: AsyncSession, slug: str) -> Organization:
    statement = select(Organization).where(Organization.slug == slug, Organization.is_active)
    organization = (await session.execute(statement)).scalar_one_or_none()
    if organization is None:
        raise Rejected(NotFound(message="There is no open organization with this slug."))
    return organization
