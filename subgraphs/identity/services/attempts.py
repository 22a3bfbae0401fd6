"""Counting sign-in attempts before they are judged, so that attempts at the same moment count too.

An account is an address, whether anybody has it or not: what a lock says is then the same for both.
"""

import hashlib
from datetime import UTC, datetime

from sqlalchemy import delete, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from shared import ids
from shared.errors import Rejected
from subgraphs.identity.errors import AccountLocked
from subgraphs.identity.models import SignInAttempt

# Five attempts (the brief), then a lock of 30 s that doubles up to 15 min; forgotten after 12 quiet hours. The fifth
# attempt sets the lock before it is judged, and a right password lifts it again.
_CLAIM = text("""
    INSERT INTO sign_in_attempt AS attempt (id, account, failures, locks, locked_until, updated_at)
    VALUES (:id, :account, 1, 0, NULL, now())
    ON CONFLICT (account) DO UPDATE SET (failures, locks, locked_until, updated_at) = (
        SELECT
            next.failures,
            next.locks + (next.failures = 5)::int,
            CASE WHEN next.failures = 5
                THEN now() + least(30 * power(2, least(next.locks, 10)), 900) * interval '1 second' END,
            now()
        FROM (
            SELECT
                CASE WHEN attempt.failures >= 5 OR attempt.updated_at < now() - interval '12 hours'
                    THEN 1 ELSE attempt.failures + 1 END AS failures,
                CASE WHEN attempt.updated_at < now() - interval '12 hours' THEN 0 ELSE attempt.locks END AS locks
        ) AS next
    )
    WHERE attempt.locked_until IS NULL OR attempt.locked_until <= now()
    RETURNING failures
""")


def account_of(email: str) -> bytes:
    """The key that attempts on an address are counted under."""
    return hashlib.sha256(email.strip().lower().encode("utf-8", "replace")).digest()


async def claim(session: AsyncSession, email: str) -> None:
    """Counts an attempt; rejects with `AccountLocked` when there were five already."""
    account = account_of(email)
    claimed = (await session.execute(_CLAIM, {"id": ids.new_id(), "account": account})).first()
    if claimed is None:
        locked_until = await session.scalar(select(SignInAttempt.locked_until).where(SignInAttempt.account == account))
        raise Rejected(AccountLocked(locked_until=locked_until or datetime.now(UTC)))


async def forgive(session: AsyncSession, email: str) -> None:
    """Forgets the attempts on an address: somebody knew the password."""
    await session.execute(delete(SignInAttempt).where(SignInAttempt.account == account_of(email)))
