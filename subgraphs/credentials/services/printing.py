"""Printing certificates: once when they are first asked for, or by a job, and again when anything on them changes."""

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

import orjson
import structlog
from sqlalchemy import ColumnElement, bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from shared.certificates import Certificate as Sheet
from shared.certificates import Template, Unprintable
from shared.objects import Objects
from shared.waiting import Begin
from subgraphs.credentials.models import Award, Certificate, CertificateTemplate, Person
from subgraphs.credentials.services.addresses import Addresses
from subgraphs.credentials.services.templates import look_of

log = structlog.get_logger()

_FALLBACK = "en"

Render = Callable[[Sheet, Template], Awaitable[bytes]]


@dataclass(frozen=True, slots=True)
class Order:
    """A certificate to be printed; `digest` is that of all that will be on it, `printed` that of what is there."""

    organization_id: UUID
    id: UUID
    user_id: UUID
    sheet: Sheet
    look: Template
    digest: str
    printed: str | None

    @property
    def key(self) -> str:
        """Where it lies in the object store."""
        return self._key(self.digest)

    @property
    def key_before(self) -> str | None:
        """Where an earlier printing lies, if there is one."""
        return self._key(self.printed) if self.printed and self.printed != self.digest else None

    def _key(self, digest: str) -> str:
        return f"{self.organization_id}/certificates/{self.id}/{digest}.pdf"


@dataclass(frozen=True, slots=True)
class Refused:
    """A certificate that cannot be printed, and why."""

    user_id: UUID
    reason: str


@dataclass(frozen=True)
class Printing:
    """Prints, and keeps what it has printed. Every session that it is given acts for one tenant."""

    objects: Objects
    addresses: Addresses

    async def orders(self, session: AsyncSession, which: ColumnElement[bool]) -> list[Order | Refused]:
        """Those of the certificates that have all their names, as they would be printed now."""
        statement = (
            select(Certificate, Person.locale, CertificateTemplate)
            .join(Person, Person.id == Certificate.user_id)
            .join(CertificateTemplate, CertificateTemplate.id == Certificate.template_id)
            .where(which, Certificate.recipient_name.is_not(None), Certificate.issuer_name.is_not(None))
            .order_by(Certificate.id)
        )
        return [self._order(*row) for row in await session.execute(statement)]

    async def pdf(self, begin: Begin, order: Order, render: Render) -> bytes:
        """The certificate, printed now unless it lies in the store. Raises Unprintable. While the store is away it is
        printed each time."""
        try:
            if order.printed == order.digest and (kept := await self.objects.get(order.key)):
                return kept
            content = await render(order.sheet, order.look)
            await self.keep(begin, [(order, content)])
        except ConnectionError as error:
            log.warning("certificates.not_kept", error=type(error).__name__)
            return await render(order.sheet, order.look)
        return content

    async def keep(self, begin: Begin, printed: Sequence[tuple[Order, bytes]]) -> None:
        """Stores them, first the files and then that they are there. Raises ConnectionError while the store is away."""
        for order, content in printed:
            await self.objects.put(order.key, content)
        table = Award.__table__
        named = update(table).where(table.c.id == bindparam("which")).values(printed=bindparam("digest"))  # type: ignore[arg-type]  # a declared table is one
        async with begin() as session:
            if printed:
                await session.execute(named, [{"which": it.id, "digest": it.digest} for it, _ in printed])
        for order, _ in printed:
            if order.key_before:
                await self.objects.delete(order.key_before)

    def _order(self, row: Certificate, locale: str | None, template: CertificateTemplate) -> Order | Refused:
        try:
            sheet = Sheet(
                recipient=row.recipient_name or "",
                course=row.badge_name,
                organization=row.issuer_name or "",
                completed_on=(row.completed_at or row.issued_at).date(),
                verification_url=self.addresses.verification(row.code),
                locale=locale or _FALLBACK,
            )
        except Unprintable as error:
            return Refused(row.user_id, str(error))
        look = look_of(template)
        digest = hashlib.sha256(orjson.dumps([sheet, look])).hexdigest()[:32]
        return Order(row.organization_id, row.id, row.user_id, sheet, look, digest, row.printed)
