"""Who belongs to an organization, and as what."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from shared import ids
from shared.auth import Role, Viewer
from shared.errors import InvalidInput, NotFound, Rejected
from shared.events import emit
from subgraphs.identity import passwords
from subgraphs.identity.events import MembershipDeleted, MembershipUpdated
from subgraphs.identity.inputs import AddMemberInput, UpdateMemberInput
from subgraphs.identity.models import Branch, Membership, User
from subgraphs.identity.services import api_keys
from subgraphs.identity.services.accounts import add_user
from subgraphs.identity.services.sessions import Sessions


@dataclass(frozen=True, slots=True)
class NewMember:
    """Somebody to take into an organization; the password is hashed before a transaction waits for it."""

    email: str
    display_name: str
    role: Role
    password_hash: str | None


async def new_member(input: AddMemberInput) -> NewMember:
    """The person that an input describes."""
    role = _assignable(input.role)
    password_hash = await passwords.hashed(input.password) if input.password else None
    return NewMember(input.email, input.display_name, role, password_hash)


async def add_member(session: AsyncSession, organization_id: UUID, new: NewMember) -> Membership:
    """A new person in the organization. Somebody who has an account already joins by themselves."""
    user = User(email_address=new.email, display_name=new.display_name, password_hash=new.password_hash)
    return await add_user(session, user, organization_id, new.role)


async def update_member(
    session: AsyncSession, sessions: Sessions, viewer: Viewer, input: UpdateMemberInput
) -> Membership:
    """Changes the role or the branch. A changed role ends the member's sessions here, so that it counts at once."""
    membership = await _membership(session, viewer, input.id)
    if input.branch_id is not None:
        membership.branch_id = await _branch_id(session, membership.organization_id, input.branch_id)
    if input.role is not None and input.role != membership.role:
        _not_oneself(membership, viewer, "input", "id")
        membership.role = _assignable(input.role)
        await _end_sessions(session, sessions, membership, "role changed")
    updated = MembershipUpdated(
        id=membership.id,
        organization_id=membership.organization_id,
        user_id=membership.user_id,
        role=membership.role,
    )
    await emit(session, updated)
    return membership


async def remove_member(session: AsyncSession, sessions: Sessions, viewer: Viewer, id: str) -> UUID:
    """Takes a person out of the organization; their account stays. Returns the membership's id."""
    membership = await _membership(session, viewer, id)
    _not_oneself(membership, viewer, "id")
    await _end_sessions(session, sessions, membership, "membership ended")
    await session.delete(membership)
    removed = MembershipDeleted(
        id=membership.id, organization_id=membership.organization_id, user_id=membership.user_id
    )
    await emit(session, removed)
    return membership.id


def _assignable(role: Role) -> Role:
    if role == Role.SUPER_ADMIN:
        message = "The platform's own role cannot be given in an organization."
        raise Rejected(InvalidInput.at("input", "role", message=message))
    return role


def _not_oneself(membership: Membership, viewer: Viewer, *path: str) -> None:
    # An organization whose last admin has locked themselves out would need the platform's help.
    if membership.user_id == viewer.user_id:
        raise Rejected(InvalidInput.at(*path, message="You cannot change your own membership; ask another admin."))


async def _end_sessions(session: AsyncSession, sessions: Sessions, membership: Membership, reason: str) -> None:
    await sessions.end_all(session, membership.user_id, reason, organization_id=membership.organization_id)
    await api_keys.revoke_of_member(session, sessions, membership, reason)


async def _membership(session: AsyncSession, viewer: Viewer, id: str) -> Membership:
    # Ending sessions takes the system login, which row-level security does not bind: the tenant is named here.
    statement = select(Membership).where(
        Membership.id == ids.decode("membership", id), Membership.organization_id == viewer.organization_id
    )
    membership = (await session.execute(statement.with_for_update())).scalar_one_or_none()
    if membership is None:
        raise Rejected(NotFound())
    return membership


async def _branch_id(session: AsyncSession, organization_id: UUID, id: str) -> UUID:
    statement = select(Branch.id).where(
        Branch.id == ids.decode("branch", id), Branch.organization_id == organization_id
    )
    branch_id = await session.scalar(statement)
    if branch_id is None:
        raise Rejected(InvalidInput.at("input", "branchId", message="There is no such branch in the organization."))
    return branch_id
