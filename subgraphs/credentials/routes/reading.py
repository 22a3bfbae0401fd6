"""Reads for those who know a code or a slug and nothing else. The system login finds the tenant; all the rest is read
as that tenant, so that row-level security holds what belongs to others away."""

from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import exists, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from shared.auth import Viewer
from shared.context import Platform
from subgraphs.credentials.models import Award, Badge, Credential, Organization
from subgraphs.credentials.runtime import issuing_of


class Issuer(NamedTuple):
    """An organization as the public knows it."""

    organization_id: UUID
    name: str
    slug: str


class Unsigned(Exception):
    """There is such an award, but the names in it are still on their way."""


async def credential_with(platform: Platform, code: str) -> Credential | None:
    """The credential with this code, signed now if nobody has asked before; None for an unknown code.

    Raises Unsigned for an award whose names are not known within a second.
    """
    async with platform.database.system() as session:
        row = (await session.execute(select(Award.organization_id, Award.id).where(Award.code == code))).one_or_none()
    if row is None:
        return None
    found = await issuing_of(platform).signed(partial(as_tenant, platform, row.organization_id), [row.id], true())
    if row.id not in found:
        raise Unsigned
    return found[row.id]


async def issuer_with(platform: Platform, slug: str) -> Issuer | None:
    """The organization with this slug."""
    statement = select(Organization.id, Organization.name).where(Organization.slug == slug)
    async with platform.database.system() as session:
        row = (await session.execute(statement.limit(1))).one_or_none()
    return Issuer(row.id, row.name or "", slug) if row else None


async def awarded_badge(platform: Platform, issuer: Issuer, badge_id: UUID | None) -> Badge | None:
    """A badge of the organization that somebody has: what nobody has been awarded is not public."""
    statement = select(Badge).where(Badge.id == badge_id, exists().where(Award.badge_id == Badge.id))
    async with as_tenant(platform, issuer.organization_id) as session:
        badge: Badge | None = await session.scalar(statement)
    return badge


def as_tenant(platform: Platform, organization_id: UUID) -> AbstractAsyncContextManager[AsyncSession]:
    """One transaction that sees this tenant and no other."""
    return platform.database.begin(Viewer(organization_id=organization_id))
