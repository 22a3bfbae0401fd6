"""The audit trail: who did what to which resource, from where. Written by the transaction that did it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from shared import ids, tables
from shared.auth import Viewer
from shared.postgres import Origin


@dataclass(frozen=True, slots=True)
class Entry:
    """One act. `user_id` is for acts by somebody who is not signed in (yet); otherwise it is the viewer."""

    action: str
    resource_type: str
    resource_id: UUID | None
    organization_id: UUID | None
    user_id: UUID | None = None
    details: dict[str, Any] = field(default_factory=dict)


async def record(
    session: AsyncSession,
    action: str,
    resource_type: str,
    resource_id: UUID | None,
    *,
    organization_id: UUID | None,
    user_id: UUID | None = None,
    **details: Any,
) -> None:
    """Adds one row; see `Entry`."""
    await record_all(session, [Entry(action, resource_type, resource_id, organization_id, user_id, details)])


async def record_all(session: AsyncSession, entries: Sequence[Entry]) -> None:
    """Adds rows in one statement; none when there are no entries."""
    if entries:
        await session.execute(insert(tables.audit), [_row(session, entry) for entry in entries])


def _row(session: AsyncSession, entry: Entry) -> dict[str, Any]:
    viewer: Viewer = session.info["viewer"]
    origin: Origin = session.info["origin"]
    return {
        "id": ids.new_id(),
        "organization_id": entry.organization_id,
        "user_id": entry.user_id or viewer.user_id,
        "action": entry.action,
        "resource_type": entry.resource_type,
        "resource_id": entry.resource_id,
        "details": entry.details,
        "ip_address": origin.address,
        "user_agent": origin.user_agent,
        "trace_id": origin.trace_id,
    }
