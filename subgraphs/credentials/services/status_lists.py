"""Status lists: where each award has its place, and the lists as they are published."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.credentials import Signed, SigningKey, StatusList, free_positions, sign
from subgraphs.credentials.models import Award, AwardStatus

_SPARE = 16
_LIFETIME = timedelta(days=1)


class Place(NamedTuple):
    """A place in one of the tenant's lists."""

    number: int
    position: int


async def free_places(session: AsyncSession, count: int) -> list[Place]:
    """Random places for so many new awards, in the newest list or, when it is full, in the next one.

    A list counts as full when more than half of the positions that were tried are taken; nobody has to count them.
    Others may choose the same at the same time: who stores them has to be unique.
    """
    wanted = free_positions(2 * count + _SPARE, ())
    newest = select(func.coalesce(func.max(Award.status_list), 1)).scalar_subquery()
    there = select(func.array_agg(Award.status_position)).where(
        Award.status_list == newest, Award.status_position.in_(wanted)
    )
    number, found = (await session.execute(select(newest, there.scalar_subquery()))).one()
    taken = set(found or ())
    free = [position for position in wanted if position not in taken]
    if len(free) < count:
        number, free = number + 1, wanted
    return [Place(number, position) for position in free[:count]]


async def has_list(session: AsyncSession, number: int) -> bool:
    """Whether any award of the tenant is in the list."""
    return bool(await session.scalar(select(exists().where(Award.status_list == number))))


async def signed_list(
    session: AsyncSession, key: SigningKey, issuer: str, url: str, number: int, now: datetime
) -> Signed:
    """The list as it is now, in both forms, good for a day from the full hour, or from the last revocation since.

    It is signed anew each time, which takes less than a millisecond, and comes out the same until one of both moves on.
    """
    statement = select(Award.status_position, Award.revoked_at).where(
        Award.status_list == number, Award.status == AwardStatus.REVOKED
    )
    revoked = {row.status_position: row.revoked_at for row in await session.execute(statement)}
    hour = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    since = min(now, max([hour, *revoked.values()]))
    document = StatusList(url, issuer, revoked.keys()).document(since, since + _LIFETIME)
    return sign(document, key, since)
