"""What catalog does on the events of others: it keeps who belongs to which organization, and counts progress."""

from collections.abc import Sequence

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from shared.context import Platform
from shared.events import Handler
from subgraphs.catalog import services
from subgraphs.catalog.events import (
    ItemCompleted,
    ItemPublished,
    MembershipCreated,
    MembershipDeleted,
    MembershipUpdated,
)
from subgraphs.catalog.models import Course, ItemCompletion, Member, RequiredItem


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


async def require_item(session: AsyncSession, event: ItemPublished) -> None:
    """Adds the item to what its course requires; publishing it again changes nothing."""
    values = {"id": event.id, "organization_id": event.organization_id, "course_id": event.course_id}
    added = insert(RequiredItem).values(values).on_conflict_do_nothing().returning(RequiredItem.id)
    if await session.scalar(added) is None:
        return
    # Waits for those who are enrolling, so that they are counted here; later ones wait, and see the item.
    await session.execute(select(Course.id).where(Course.id == event.course_id).with_for_update(key_share=True))
    await services.count_progress(session, event.course_id)


async def keep_completion(session: AsyncSession, event: ItemCompleted) -> None:
    """Keeps that somebody completed an item, and counts it if they are in the course."""
    values = {
        "id": event.id,
        "organization_id": event.organization_id,
        "item_id": event.item_id,
        "course_id": event.course_id,
        "user_id": event.user_id,
    }
    added = services.insert_for_person(ItemCompletion, values).returning(ItemCompletion.id)
    if await session.scalar(added) is None:
        return
    await services.count_progress(session, event.course_id, event.user_id)


def handlers(_: Platform) -> Sequence[Handler]:
    """Which events catalog takes from whom."""
    return [
        Handler("identity", MembershipCreated, keep_member),
        Handler("identity", MembershipUpdated, keep_member),
        Handler("identity", MembershipDeleted, drop_member),
        Handler("content", ItemPublished, require_item),
        Handler("content", ItemCompleted, keep_completion),
    ]
