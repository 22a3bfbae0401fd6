"""The audit trail: who did what to which resource, from where. Written by the transaction that did it."""

from typing import Any
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from shared import ids, tables
from shared.auth import Viewer
from shared.postgres import Origin


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
    """Adds one row. `user_id` is for acts by somebody who is not signed in yet; otherwise it is the viewer."""
    viewer: Viewer = session.info["viewer"]
    origin: Origin = session.info["origin"]
    await session.execute(
        insert(tables.audit).values(
            id=ids.new_id(),
            organization_id=organization_id,
            user_id=user_id or viewer.user_id,
            action=action,
            resource_type=resource_type,
            resource_id=resource_id,
            details=details,
            ip_address=origin.address,
            user_agent=origin.user_agent,
            trace_id=origin.trace_id,
        )
    )
