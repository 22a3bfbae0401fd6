"""What catalog does on identity's events: it keeps who belongs to which organization."""

from collections.abc import Sequence

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from shared.context import Platform
from shared.events import Handler
from subgraphs.catalog.events import MembershipCreated, MembershipDeleted, MembershipUpdated
from subgraphs.catalog.models import Member


async def keep_member(session: AsyncSession, event: MembershipCreated | MembershipUpdated) -> None:
    """Adds the member, or changes their role. Of two memberships of a person the newer one counts, whichever is told
    of first: only the events of one membership keep their order."""
    values = {"id": event.id, "organization_id": event.organization_id, "user_id": event.user_id, "role": event.role}
    statement = insert(Member).values(values)
    await session.execute(
        statement.on_conflict_do_update(
            constraint="member_user_key",
            set_={"id": statement.excluded.id, "role": statement.excluded.role},
            where=statement.excluded.id >= Member.id,
        )
    )


async def drop_member(session: AsyncSession, event: MembershipDeleted) -> None:
    """Forgets the member; their enrolments stay, as a record."""
    await session.execute(delete(Member).where(Member.id == event.id))


def handlers(_: Platform) -> Sequence[Handler]:
    """Which events catalog takes from whom."""
    return [
        Handler("identity", MembershipCreated, keep_member),
        Handler("identity", MembershipUpdated, keep_member),
        Handler("identity", MembershipDeleted, drop_member),
    ]
