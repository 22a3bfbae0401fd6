"""Issuing: what an award says to everybody outside. It is signed once, when somebody asks first, and kept as it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from shared.credentials import PublicKey, Reason, Signed, TenantKeys, sign_all
from shared.waiting import Begin, until
from subgraphs.credentials.models import Award, Credential, Organization
from subgraphs.credentials.services.addresses import Addresses
from subgraphs.credentials.services.checking import reason_against
from subgraphs.credentials.services.documents import criteria_in_words, document_of
from subgraphs.credentials.services.issuer_keys import key_in_use, public_keys
from subgraphs.credentials.services.status_lists import has_list, signed_list

_AT_ONCE = 100
"""How many are stored in one statement, so that nobody else's request waits for more to be written as JSON."""


class Held(NamedTuple):
    """An award with the slug of its organization, and its credential once it is signed."""

    award: Award
    slug: str | None
    credential: Credential | None


class Checked(NamedTuple):
    """An award, why it does not hold (None: it does), and whether it is signed."""

    award: Award
    reason: Reason | None
    is_signed: bool


@dataclass(frozen=True)
class Issuing:
    """Signs with these keys, in the name of issuers at these addresses.

    Every session that it is given acts for one tenant, whose rows and keys are all that it sees.
    """

    keys: TenantKeys
    addresses: Addresses

    async def signed(
        self, begin: Begin, award_ids: Sequence[UUID], seen: ColumnElement[bool]
    ) -> dict[UUID, Credential]:
        """The credentials of those of these awards that `seen` holds for, by award.

        What nobody has asked for before is signed now. Waits up to a second for names that are still on their way; an
        award without them is missing in the result.
        """
        found: dict[UUID, Credential] = {}

        async def are_signed(session: AsyncSession) -> bool:
            held = await self._held(session, and_(Award.id.in_(award_ids), seen))
            found.update({it.award.id: it.credential for it in held if it.credential})
            return len(found) == len(held)

        await until(begin, are_signed)
        return found

    async def checked(self, session: AsyncSession, codes: Sequence[str]) -> list[Checked]:
        """What is to be said of the awards with these codes; an unknown code is not in the result.

        An award that still waits for its names is not signed, and is judged by its row alone.
        """
        held = await self._held(session, Award.code.in_(codes))
        keys = await public_keys(session, self.keys) if any(it.credential for it in held) else ()
        return [
            Checked(award, reason_against(award, slug, credential, keys), credential is not None)
            for award, slug, credential in held
        ]

    async def public_keys(self, session: AsyncSession, organization_id: UUID) -> Sequence[PublicKey]:
        """The keys to publish, the one in use first. It is made now if there is none, since the answer may be kept."""
        await key_in_use(session, self.keys, organization_id)
        return await public_keys(session, self.keys)

    async def status_list(self, session: AsyncSession, organization_id: UUID, slug: str, number: int) -> Signed | None:
        """The tenant's status list as it is now; None when it has no such list."""
        if not await has_list(session, number):
            return None
        key, now = await key_in_use(session, self.keys, organization_id), datetime.now(UTC)
        issuer, url = self.addresses.did(slug), self.addresses.status_list(slug, number)
        return await signed_list(session, key, issuer, url, number, now)

    async def _held(self, session: AsyncSession, which: ColumnElement[bool]) -> list[Held]:
        held = await _stored(session, which)
        unsigned = [it for it in held if it.credential is None and _is_named(it)]
        if not unsigned:
            return held
        await self._sign(session, unsigned)
        return await _stored(session, which)

    async def _sign(self, session: AsyncSession, held: Sequence[Held]) -> None:
        """Signs and stores; of two that do this at once, the second leaves what the first has stored."""
        key = await key_in_use(session, self.keys, held[0].award.organization_id)
        criteria = await criteria_in_words(session, {it.award.badge_id for it in held})
        now = datetime.now(UTC)
        added = insert(Credential.__table__).on_conflict_do_nothing()  # type: ignore[arg-type]  # a declared table is one
        for start in range(0, len(held), _AT_ONCE):
            some = held[start : start + _AT_ONCE]
            documents = (document_of(it.award, it.slug or "", criteria, self.addresses) for it in some)
            signed = [it async for it in sign_all(documents, key, now)]
            rows = [self._row(key.tenant, it.award.id, made, now) for it, made in zip(some, signed, strict=True)]
            await session.execute(added, rows)

    def _row(self, organization_id: UUID, award_id: UUID, signed: Signed, now: datetime) -> dict[str, Any]:
        return {
            "organization_id": organization_id,
            "id": award_id,
            "document": signed.document,
            "jwt": signed.jwt,
            "public_url": self.addresses.base,
            "signed_at": now,
        }


def _is_named(held: Held) -> bool:
    return None not in (held.slug, held.award.issuer_name, held.award.recipient_name, held.award.recipient_email)


async def _stored(session: AsyncSession, which: ColumnElement[bool]) -> list[Held]:
    statement = (
        select(Award, Organization.slug, Credential)
        .join(Organization, Organization.id == Award.organization_id)
        .outerjoin(Credential, Credential.id == Award.id)
        .where(which)
        .order_by(Award.id)  # two that sign the same store it in one order, and so neither waits for the other for ever
    )
    return [Held(*row) for row in await session.execute(statement)]
