"""Active users: people, not sessions, for as long as an access token is good."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import insert, update
from sqlalchemy.ext.asyncio import AsyncSession

from shared import ids
from subgraphs.identity.gauges import active_users
from subgraphs.identity.models import RefreshToken, Session, User
from tests.conftest import Subgraph

NOW = datetime.now(UTC)


async def sign_in(session: AsyncSession, minutes_ago: float) -> Session:
    """A session of a new person, with a refresh token that was given out then."""
    user = User(email_address=f"{ids.new_id()}@active.example", display_name="A")
    session.add(user)
    await session.flush()
    row = Session(user_id=user.id, expires_at=NOW + timedelta(days=1))
    session.add(row)
    await session.flush()
    await refresh(session, row, minutes_ago)
    return row


async def refresh(session: AsyncSession, row: Session, minutes_ago: float) -> None:
    """Another token of the session."""
    id = ids.new_id(NOW - timedelta(minutes=minutes_ago))
    values = {"id": id, "session_id": row.id, "hash": id.bytes, "expires_at": NOW + timedelta(days=1)}
    await session.execute(insert(RefreshToken).values(values))


async def test_who_signed_in_or_refreshed_lately_counts_once(identity: Subgraph) -> None:
    async with identity.platform.database.system() as session:
        before = await active_users(session)
        recent = await sign_in(session, 29)
        await refresh(session, recent, 1)
        second = Session(user_id=recent.user_id, expires_at=NOW + timedelta(days=1))
        session.add(second)
        await session.flush()
        await refresh(session, second, 2)
        old = await sign_in(session, 31)
        assert await active_users(session) == before + 1
        await refresh(session, old, 0)
        assert await active_users(session) == before + 2
        await session.execute(update(Session).where(Session.id == old.id).values(ended_at=NOW))
        assert await active_users(session) == before + 1
        await session.rollback()


async def test_it_is_one_statement_over_the_newest_tokens(identity: Subgraph) -> None:
    with identity.counted() as statements:
        async with identity.platform.database.system() as session:
            await active_users(session)
    assert len([statement for statement in statements if "refresh_token" in statement]) == 1
