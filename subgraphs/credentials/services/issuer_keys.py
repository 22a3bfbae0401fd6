"""The keys that tenants sign credentials with. All of it runs as the tenant, who sees no others' keys."""

from collections.abc import Sequence
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from shared import audit, ids
from shared.credentials import KeyRefused, PublicKey, SealedKey, SigningKey, TenantKeys
from subgraphs.credentials.models import IssuerKey

log = structlog.get_logger()

_IN_USE = select(IssuerKey).where(IssuerKey.retired_at.is_(None))


async def key_in_use(session: AsyncSession, keys: TenantKeys, organization_id: UUID) -> SigningKey:
    """The tenant's key, made now if there is none: of two that make one at once, the second takes the first's.

    Raises KeyRefused when none of our secrets opens it.
    """
    stored = await session.scalar(_IN_USE)
    if stored is None:
        await _make(session, keys.seal(keys.make(organization_id)))
        stored = (await session.scalars(_IN_USE)).one()
    return keys.open(_sealed(stored))


async def public_keys(session: AsyncSession, keys: TenantKeys) -> Sequence[PublicKey]:
    """All keys that the tenant's credentials may be signed with, the one in use first.

    What does not open is left out: whoever can write to the database, but lacks the secret, adds no key. Raises
    KeyRefused when nothing opens, which is rather our secret than all the keys.
    """
    statement = select(IssuerKey).order_by(IssuerKey.retired_at.desc().nulls_first(), IssuerKey.created_at.desc())
    stored = (await session.scalars(statement)).all()
    found = []
    for it in stored:
        try:
            found.append(keys.open(_sealed(it)).public)
        except KeyRefused:
            log.exception("issuer_key.refused", kid=it.kid)
    if stored and not found:
        raise KeyRefused("None of the tenant's keys opens.")
    return found


async def _make(session: AsyncSession, key: SealedKey) -> None:
    values = {"organization_id": key.tenant, "id": ids.new_id(), "kid": key.kid}
    added = insert(IssuerKey).values(values | {"public": key.public, "sealed": key.sealed})
    made = await session.scalar(added.on_conflict_do_nothing().returning(IssuerKey.id))
    if made is not None:
        await audit.record(session, "issuer_key.made", "issuer_key", made, organization_id=key.tenant, kid=key.kid)


def _sealed(stored: IssuerKey) -> SealedKey:
    return SealedKey(stored.organization_id, stored.kid, stored.public, stored.sealed)
