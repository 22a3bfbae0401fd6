"""What content tells catalog, and how catalog takes it: one transaction of its consumer, without the way there."""

from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from shared import ids
from shared.auth import Viewer
from shared.events import Event
from subgraphs.catalog.consumers import handlers
from subgraphs.catalog.events import ItemCompleted, ItemPublished
from tests.catalog.conftest import rows
from tests.conftest import Subgraph, Tenant

# What should be, from the stored facts alone: other words than the product's.
_SHOULD_BE = """
SELECT e.id, e.status, e.progress, e.completed_at IS NOT NULL AS has_completed, count(r.id) AS required,
       count(r.id) FILTER (WHERE (r.id, e.user_id) IN (SELECT item_id, user_id FROM item_completion)) AS completed,
       (SELECT count(*) FROM outbox o WHERE o.aggregate_id = e.id AND o.type = 'enrollment.completed') AS told
FROM enrollment e LEFT JOIN required_item r ON r.course_id = e.course_id
GROUP BY e.organization_id, e.id
"""


def published(tenant: Tenant, course: dict[str, Any], item: UUID | None = None) -> ItemPublished:
    """Content publishes an item of a course, a new one unless given."""
    course_id = ids.decode("course", course["id"])
    assert course_id
    return ItemPublished(id=item or ids.new_id(), organization_id=tenant.id, course_id=course_id)


def completed(who: Viewer, item: ItemPublished) -> ItemCompleted:
    """Somebody completes an item."""
    assert who.user_id
    return ItemCompleted(
        id=ids.new_id(),
        organization_id=who.organization_id,
        item_id=item.id,
        course_id=item.course_id,
        user_id=who.user_id,
    )


async def handle(catalog: Subgraph, session: AsyncSession, event: Event) -> None:
    """What catalog does on an event of content."""
    for handler in handlers(catalog.platform):
        if handler.source == "content" and isinstance(event, handler.event):
            await handler.handle(session, event)


async def apply(catalog: Subgraph, tenant: Tenant, *events: Event) -> None:
    """Applies events of a tenant in one transaction, as the consumer does with what it reads at once."""
    async with catalog.platform.database.begin(Viewer(organization_id=tenant.id)) as session:
        for event in events:
            await handle(catalog, session, event)


async def standing(catalog: Subgraph, tenant: Tenant, who: Viewer) -> tuple[str, float]:
    """How somebody's only enrolment stands, and how far it has come."""
    statement = "SELECT status, progress FROM enrollment WHERE user_id = :user"
    ((status, progress),) = await rows(catalog, tenant, statement, user=who.user_id)
    return status, progress


async def assert_counted(catalog: Subgraph, tenant: Tenant) -> None:
    """Holds of every enrolment of a tenant that it says what the stored facts say."""
    for row in await rows(catalog, tenant, _SHOULD_BE):
        assert row.told == int(row.has_completed), row
        if row.status == "ACTIVE":
            assert row.progress == (row.completed / row.required if row.required else 0), row
            assert row.progress < 1, row
        if row.status == "COMPLETED":
            assert (row.progress, row.has_completed) == (1, True), row
