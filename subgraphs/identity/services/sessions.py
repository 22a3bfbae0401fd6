"""Sessions: signing in, rotating refresh tokens, and ending sessions so that every process knows."""

import hashlib
import secrets
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared import audit
from shared.auth import SCOPES, Role, Viewer
from shared.events import emit
from shared.postgres import after_commit
from shared.revocations import Revocations
from subgraphs.identity.errors import InvalidCredentials, SessionExpired
from subgraphs.identity.events import SessionEnded, SessionStarted
from subgraphs.identity.keys import SigningKeys
from subgraphs.identity.models import Membership, Organization, RefreshToken, Session, User
from subgraphs.identity.settings import Settings


@dataclass(frozen=True, slots=True)
class Grant:
    """What a client gets for signing in: two tokens, and who it now is."""

    access_token: str
    refresh_token: str
    viewer: Viewer


@dataclass(frozen=True, slots=True)
class Acting:
    """The organization that a session is for, if for one, and what its person is there."""

    organization_id: UUID | None
    role: Role


@dataclass(frozen=True, slots=True)
class Sessions:
    """What sessions are made with and ended through."""

    settings: Settings
    keys: SigningKeys
    revocations: Revocations

    async def start(self, session: AsyncSession, user: User, acting: Acting) -> Grant:
        """A new session of this person."""
        expires_at = datetime.now(UTC) + timedelta(days=self.settings.session_days)
        row = Session(user_id=user.id, organization_id=acting.organization_id, expires_at=expires_at)
        session.add(row)
        await session.flush()
        started = SessionStarted(id=row.id, organization_id=acting.organization_id, user_id=user.id)
        await emit(session, started, actor_id=user.id)
        return self._grant(session, row, acting.role)

    async def refresh(self, session: AsyncSession, refresh_token: str) -> Grant | SessionExpired:
        """The next pair of tokens. A token that was used before ends its whole session: somebody has a copy."""
        found = await _chain(session, refresh_token)
        if found is None:
            return SessionExpired()
        token, row = found
        if token.used_at is not None:
            await self.end(session, [row], "refresh token used twice")
            return SessionExpired()
        now = datetime.now(UTC)
        role = await _role(session, row)
        if row.ended_at or role is None or min(token.expires_at, row.expires_at) <= now:
            return SessionExpired()
        token.used_at = now
        return self._grant(session, row, role)

    async def end(self, session: AsyncSession, rows: list[Session], reason: str) -> None:
        """Ends sessions: their refresh tokens at once, their access tokens as soon as every process has heard."""
        ended = [row for row in rows if row.ended_at is None]
        viewer: Viewer = session.info["viewer"]
        for row in ended:
            row.ended_at, row.end_reason = datetime.now(UTC), reason
            event = SessionEnded(id=row.id, organization_id=row.organization_id, user_id=row.user_id, reason=reason)
            await emit(session, event, actor_id=viewer.user_id or row.user_id)
        after_commit(session, partial(self.revoke, [row.id for row in ended]))

    async def end_all(
        self,
        session: AsyncSession,
        user_id: UUID,
        reason: str,
        *,
        organization_id: UUID | None = None,
        but: UUID | None = None,
    ) -> None:
        """Ends a person's sessions, in one organization or everywhere, except perhaps the one they are using."""
        narrowed = [Session.user_id == user_id]
        if organization_id is not None:
            narrowed.append(Session.organization_id == organization_id)
        if but is not None:
            narrowed.append(Session.id != but)
        await self.end_where(session, narrowed, reason)

    async def end_where(self, session: AsyncSession, narrowed: list[ColumnElement[bool]], reason: str) -> None:
        """Ends the open sessions of these; each ends once, however many end it at the same moment."""
        statement = select(Session).where(Session.ended_at.is_(None), *narrowed).order_by(Session.id)
        await self.end(session, list((await session.execute(statement.with_for_update())).scalars()), reason)

    async def revoke(self, session_ids: list[UUID]) -> None:
        """Tells every process that the access tokens of these sessions, or of API keys, are no good any more."""
        longest = max(self.settings.access_token_minutes, self.settings.api_key_token_minutes)
        await self.revocations.end(session_ids, time.time() + longest * 60)

    def _grant(self, session: AsyncSession, row: Session, role: Role) -> Grant:
        refresh_token = f"rt_{secrets.token_urlsafe(32)}"
        expires_at = datetime.now(UTC) + timedelta(days=self.settings.refresh_token_days)
        session.add(RefreshToken(session_id=row.id, hash=_digest(refresh_token), expires_at=expires_at))
        viewer = Viewer(
            user_id=row.user_id,
            session_id=row.id,
            organization_id=row.organization_id,
            role=role,
            scopes=SCOPES[role],
            expires_at=int(time.time()) + self.settings.access_token_minutes * 60,
        )
        return Grant(self.keys.sign(viewer), refresh_token, viewer)


async def note_failure(session: AsyncSession, user: User | None) -> InvalidCredentials:
    """The answer to a wrong password, after writing down that there was one."""
    await audit.record(
        session,
        "session.refused",
        "user",
        user.id if user else None,
        organization_id=None,
        user_id=user.id if user else None,
    )
    return InvalidCredentials()


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


async def _chain(session: AsyncSession, refresh_token: str) -> tuple[RefreshToken, Session] | None:
    statement = select(RefreshToken, Session).join(Session, Session.id == RefreshToken.session_id)
    # The lock lets one of several refreshes with the same token win; the others then see that it was used.
    statement = statement.where(RefreshToken.hash == _digest(refresh_token)).with_for_update()
    found = (await session.execute(statement)).first()
    return (found[0], found[1]) if found else None


async def acting(session: AsyncSession, user: User, organization_slug: str | None) -> Acting | None:
    """What a person signs in as: under the membership they name, or their first; None where they have none."""
    if user.platform_role:
        return await _acting_for_platform(session, organization_slug)
    statement = (
        select(Membership.organization_id, Membership.role)
        .join(Organization, Organization.id == Membership.organization_id)
        .where(Membership.user_id == user.id, Organization.is_active)
        .order_by(Membership.id)
        .limit(1)
        # A role that changes, or an organization that closes, waits for the session and then ends it.
        .with_for_update(read=True, key_share=True)
    )
    if organization_slug is not None:
        statement = statement.where(Organization.slug == organization_slug)
    found = (await session.execute(statement)).first()
    return Acting(found.organization_id, Role(found.role)) if found else None


async def _acting_for_platform(session: AsyncSession, slug: str | None) -> Acting | None:
    if slug is None:
        return Acting(None, Role.SUPER_ADMIN)
    statement = select(Organization.id).where(Organization.slug == slug, Organization.is_active)
    organization_id = await session.scalar(statement.with_for_update(read=True, key_share=True))
    return Acting(organization_id, Role.SUPER_ADMIN) if organization_id else None


async def _role(session: AsyncSession, row: Session) -> Role | None:
    """What the person is now, which may be something else than when the session began."""
    user = await session.get_one(User, row.user_id)
    if user.platform_role:
        return Role.SUPER_ADMIN
    statement = (
        select(Membership.role)
        .join(Organization, Organization.id == Membership.organization_id)
        .where(Membership.user_id == row.user_id, Membership.organization_id == row.organization_id)
        .where(Organization.is_active)
    )
    role = await session.scalar(statement)
    return Role(role) if role else None
