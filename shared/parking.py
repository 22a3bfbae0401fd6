"""Parked events: those that a handler failed on again and again, kept for an operator while the others go on.

An operator asks for a replay by marking the row (`ask`, which `lyceum events replay` calls); within about a second some
process of the subgraph takes it and applies it in the transaction that deletes the row. A replay is one try: if it
fails, for whatever reason, the row stays with the new error. That somebody has taken the row is written before, so an
event that ends the process is not taken again until an operator asks again.

A replayed event comes after younger events of its aggregate, and replays of several replicas come in any order: its
handlers must be idempotent, and must not mind the order.
"""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any

import asyncpg
import orjson
import structlog
from sqlalchemy import ARRAY, BigInteger, ColumnElement, any_, delete, func, insert, literal, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from shared.auth import Viewer
from shared.events import Handler, Handlers, Received
from shared.postgres import Database
from shared.tables import parked_event

log = structlog.get_logger()

_LOOK = 1.0  # seconds between looks at what operators ask for
_LONGEST_ERROR = 4_000  # characters; a database's message may quote a whole row


async def park(session: AsyncSession, event: Received, error: Exception) -> None:
    """Keeps the event in the session's transaction, which must act for the tenant of the event."""
    values = {
        "organization_id": event.organization_id,
        "source": event.source,
        "partition": event.partition,
        "sequence": event.sequence,
        "type": event.type,
        "data": orjson.loads(event.data),
        "error": _text(error),
        "trace_id": event.trace_id,
    }
    await session.execute(insert(parked_event).values(values))


def _text(error: Exception) -> str:
    """The error as PostgreSQL takes it: it stores neither NUL nor halves of surrogate pairs."""
    text = f"{type(error).__name__}: {error}".encode("utf-8", "replace").decode()
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}")[:_LONGEST_ERROR]


class Replays:
    """Applies the parked events of one subgraph that operators ask for, for as long as it runs."""

    def __init__(self, database: Database, handlers: Iterable[Handler]) -> None:
        self._database, self._handlers = database, Handlers(handlers)

    async def run(self) -> None:
        """Runs until cancelled; what cannot be looked at now is looked at later."""
        is_away = False
        while True:
            try:
                while taken := await self._take():
                    await self._replay(taken)
                is_away = False
            except (SQLAlchemyError, asyncpg.InterfaceError, OSError) as error:
                if not is_away:
                    log.warning("replays.interrupted", error=type(error).__name__)
                is_away = True
            await asyncio.sleep(_LOOK)

    async def _take(self) -> Any:
        """The oldest row that is asked for and that nobody has taken."""
        table = parked_event.c
        asked = select(table.id).where(table.retry_requested_at.is_not(None), table.retry_began_at.is_(None))
        oldest = asked.order_by(table.id).limit(1).with_for_update(skip_locked=True)
        statement = update(parked_event).where(table.id == oldest.scalar_subquery())
        async with self._database.system() as session:
            return (await session.execute(statement.values(retry_began_at=func.now()).returning(parked_event))).first()

    async def _replay(self, row: Any) -> None:
        names = {"source": row.source, "name": row.type, "sequence": row.sequence, "trace_id": row.trace_id}
        try:
            await self._apply(row)
        except Exception as error:
            log.warning("replay.failed", **names, exc_info=error)
            await self._keep(row, error)
        else:
            log.info("replay.applied", **names)

    async def _apply(self, row: Any) -> None:
        async with self._database.begin(Viewer(organization_id=row.organization_id)) as session:
            found = await session.execute(delete(parked_event).where(parked_event.c.id == row.id))
            # If not, it was asked for twice, and the other one has applied it.
            if found.rowcount and not await self._handlers.apply(session, _received(row)):  # type: ignore[attr-defined]
                raise LookupError(f"Nothing here takes {row.type} of {row.source} any more.")

    async def _keep(self, row: Any, error: Exception) -> None:
        values = {"error": _text(error), "retry_requested_at": None, "retry_began_at": None}
        async with self._database.system() as session:
            await session.execute(update(parked_event).where(parked_event.c.id == row.id).values(values))


def _received(row: Any) -> Received:
    return Received(
        row.source,
        row.partition,
        row.sequence,
        row.type,
        row.organization_id,
        orjson.dumps(row.data),
        row.trace_id,
    )


async def parked(session: AsyncSession, ids: Sequence[int] | None = None) -> list[Any]:
    """The parked events, or those with these ids, the oldest first; the session is of the system login."""
    statement = select(parked_event).order_by(parked_event.c.id)
    if ids is not None:
        statement = statement.where(_is_among(ids))
    return list(await session.execute(statement))


async def ask(session: AsyncSession, ids: Sequence[int]) -> None:
    """Asks for the replay of these, again of those that a process took and did not come to an end of."""
    statement = update(parked_event).where(_is_among(ids))
    await session.execute(statement.values(retry_requested_at=func.now(), retry_began_at=None))


def _is_among(ids: Sequence[int]) -> ColumnElement[bool]:
    """As one parameter, since a statement takes 32,767 and an outage may park more."""
    return parked_event.c.id == any_(literal(list(ids), ARRAY(BigInteger)))
