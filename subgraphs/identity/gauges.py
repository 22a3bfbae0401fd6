"""What operators want to know of identity: how many people use the platform."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared import ids
from shared.telemetry.measuring import Gauge
from subgraphs.identity.models import RefreshToken, Session

_ACTIVE = timedelta(minutes=30)  # as long as an access token is good: whoever is active has to refresh by then


async def active_users(session: AsyncSession) -> float:
    """People who signed in or refreshed within 30 minutes, in a session that has not ended.

    A refresh token's id tells when it was given out, so this is a range of the primary key.
    """
    since = ids.new_id(datetime.now(UTC) - _ACTIVE)
    statement = select(func.count(Session.user_id.distinct())).join(RefreshToken, RefreshToken.session_id == Session.id)
    found = await session.scalar(statement.where(RefreshToken.id >= since, Session.ended_at.is_(None)))
    return float(found or 0)


GAUGES = [Gauge("lms.active_users", "{user}", "People who signed in or refreshed within 30 minutes.", active_users)]
