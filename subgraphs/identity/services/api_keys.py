"""API keys of partners: made, revoked, and exchanged for the access tokens that subgraphs know."""

import hashlib
import secrets
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from shared import ids
from shared.auth import SCOPES, Role, Viewer, organization_of
from shared.errors import Forbidden, InvalidInput, NotFound, Rejected
from shared.events import emit
from shared.postgres import after_commit
from subgraphs.identity.events import ApiKeyCreated, ApiKeyRevoked
from subgraphs.identity.inputs import CreateApiKeyInput
from subgraphs.identity.models import ApiKey, Membership, Organization, User
from subgraphs.identity.services.accounts import add_user
from subgraphs.identity.services.sessions import Sessions

_PREFIX = "lyceum_"  # by which people, and programs that look for leaked secrets, know one when they see it
_SHOWN = len(_PREFIX) + 4  # characters of a secret that stay readable, to tell keys apart
_BYTES = 32
_ROLES = (Role.STUDENT, Role.TEACHER, Role.ADMIN)


@dataclass(frozen=True, slots=True)
class NewApiKey:
    """A key that was just made, with its secret, which nobody can read again."""

    row: ApiKey
    secret: str


@dataclass(frozen=True, slots=True)
class Exchanged:
    """What the router gets for a good key: whose it is, and a token that speaks for it until `expires_at`."""

    id: UUID
    organization_id: UUID
    access_token: str
    expires_at: int


async def create_api_key(session: AsyncSession, viewer: Viewer, input: CreateApiKeyInput) -> NewApiKey:
    """A new key of the viewer's organization, with an account of its own that has the least role it takes."""
    organization_id = organization_of(viewer)
    assert viewer.user_id
    await _check_maker(session, viewer)
    scopes = _allowed(input.scopes, viewer)
    id, secret = ids.new_id(), f"{_PREFIX}{secrets.token_urlsafe(_BYTES)}"
    account = User(email_address=f"{ids.encode('api_key', id)}@keys.invalid", display_name=input.name)
    role = next(role for role in _ROLES if scopes <= SCOPES[role])
    await add_user(session, account, organization_id, role)
    key = ApiKey(
        id=id,
        organization_id=organization_id,
        name=input.name,
        secret_prefix=secret[:_SHOWN],
        hash=_digest(secret),
        scopes=sorted(scopes),
        user_id=account.id,
        created_by_id=viewer.user_id,
        expires_at=input.expires_at,
    )
    session.add(key)
    made = ApiKeyCreated(id=id, organization_id=organization_id, user_id=account.id, scopes=key.scopes)
    await emit(session, made)
    return NewApiKey(key, secret)


async def revoke_api_key(session: AsyncSession, sessions: Sessions, id: str) -> ApiKey:
    """Ends a key for good; one that has ended already stays as it is."""
    statement = select(ApiKey).where(ApiKey.id == ids.decode("api_key", id)).with_for_update()
    key = (await session.execute(statement)).scalar_one_or_none()
    if key is None:
        raise Rejected(NotFound())
    await _revoke(session, sessions, [key], "revoked")
    return key


async def revoke_of_member(session: AsyncSession, sessions: Sessions, membership: Membership, reason: str) -> None:
    """Ends the keys that somebody made in an organization, or acts as: with their role there their word ends, too."""
    theirs = or_(ApiKey.created_by_id == membership.user_id, ApiKey.user_id == membership.user_id)
    await revoke_where(session, sessions, [ApiKey.organization_id == membership.organization_id, theirs], reason)


async def revoke_where(
    session: AsyncSession, sessions: Sessions, narrowed: list[ColumnElement[bool]], reason: str
) -> None:
    """Ends the keys of these that are open."""
    statement = select(ApiKey).where(ApiKey.revoked_at.is_(None), *narrowed).order_by(ApiKey.id).with_for_update()
    await _revoke(session, sessions, list((await session.execute(statement)).scalars()), reason)


async def exchange(session: AsyncSession, sessions: Sessions, secret: str) -> Exchanged | None:
    """A token for a good key; None alike for one that is unknown, expired, revoked, or of a closed organization."""
    now = datetime.now(UTC)
    account = (Membership.organization_id == ApiKey.organization_id, Membership.user_id == ApiKey.user_id)
    good = (ApiKey.revoked_at.is_(None), or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > now))
    statement = (
        update(ApiKey)
        .where(ApiKey.hash == _digest(secret), *good, *account)
        .where(Organization.id == ApiKey.organization_id, Organization.is_active)
        .values(last_used_at=now)
        .returning(ApiKey.id, ApiKey.organization_id, ApiKey.user_id, ApiKey.scopes, ApiKey.expires_at, Membership.role)
        .execution_options(synchronize_session=False)
    )
    found = (await session.execute(statement)).first()
    return _exchanged(sessions, found) if found else None


def _exchanged(sessions: Sessions, found: Any) -> Exchanged:
    ends = int(time.time()) + sessions.settings.api_key_token_minutes * 60
    viewer = Viewer(
        user_id=found.user_id,
        session_id=found.id,  # so that a revoked key ends streams and tokens in every process, as a session does
        organization_id=found.organization_id,
        role=Role(found.role),
        scopes=SCOPES[Role(found.role)] & frozenset(found.scopes),
        expires_at=min(ends, int(found.expires_at.timestamp())) if found.expires_at else ends,
    )
    return Exchanged(found.id, found.organization_id, sessions.keys.sign(viewer), int(viewer.expires_at))


async def _check_maker(session: AsyncSession, viewer: Viewer) -> None:
    """A key makes no keys, and neither does somebody who is being taken out of the organization at this moment."""
    if viewer.role == Role.SUPER_ADMIN:
        return
    mine = (Membership.user_id == viewer.user_id, Membership.organization_id == viewer.organization_id)
    is_key = exists().where(ApiKey.organization_id == viewer.organization_id, ApiKey.user_id == viewer.user_id)
    statement = select(Membership.role, is_key.label("is_key")).where(*mine)
    maker = (await session.execute(statement.with_for_update(read=True, of=Membership))).first()
    if maker is None or maker.is_key or "manage:users" not in SCOPES[Role(maker.role)]:
        raise Forbidden("API keys are made by people who manage users here.")


def _allowed(scopes: list[str], viewer: Viewer) -> frozenset[str]:
    # What belongs to the platform's own role reaches across organizations, so no key has it.
    allowed = viewer.scopes & SCOPES[Role.ADMIN]
    if beyond := sorted(set(scopes) - allowed):
        message = f"You cannot give {', '.join(beyond)}; what you can give is {', '.join(sorted(allowed))}."
        raise Rejected(InvalidInput.at("input", "scopes", message=message))
    return frozenset(scopes)


async def _revoke(session: AsyncSession, sessions: Sessions, keys: list[ApiKey], reason: str) -> None:
    ended = [key for key in keys if key.revoked_at is None]
    for key in ended:
        key.revoked_at = datetime.now(UTC)
        await emit(session, ApiKeyRevoked(id=key.id, organization_id=key.organization_id, reason=reason))
    after_commit(session, partial(sessions.revoke, [key.id for key in ended]))


def _digest(secret: str) -> bytes:
    # 256 random bits need no slow hash: nobody can try them all.
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()
