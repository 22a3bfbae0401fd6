"""What identity does on its own events: again what was tried right after the commit, in case that was lost."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from shared.context import Platform
from shared.events import Handler
from subgraphs.identity import events
from subgraphs.identity.models import Branch, Organization
from subgraphs.identity.runtime import sessions_with


def handlers(platform: Platform) -> Sequence[Handler]:
    """Purges the cache and ends sessions in every process, however often Redis was away."""

    async def purge_organization(_: AsyncSession, event: events.OrganizationUpdated) -> None:
        await platform.cache.purge(Organization.cache_key(event.id))

    async def purge_branch(_: AsyncSession, event: events.BranchUpdated) -> None:
        assert event.organization_id
        await platform.cache.purge(Branch.cache_key(event.organization_id, event.id))

    async def revoke(_: AsyncSession, event: events.SessionEnded | events.ApiKeyRevoked) -> None:
        await sessions_with(platform).revoke([event.id])

    return [
        Handler("identity", events.OrganizationUpdated, purge_organization),
        Handler("identity", events.OrganizationDeleted, purge_organization),
        Handler("identity", events.BranchUpdated, purge_branch),
        Handler("identity", events.BranchDeleted, purge_branch),
        Handler("identity", events.SessionEnded, revoke),
        Handler("identity", events.ApiKeyRevoked, revoke),
    ]
