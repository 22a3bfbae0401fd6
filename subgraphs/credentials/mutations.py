"""What one changes in credentials: guard, transaction, service. Progress is not among it: only events move that."""

import strawberry

from shared.auth import requires
from shared.graphql import Info
from subgraphs.credentials import inputs
from subgraphs.credentials.services import awards, badges
from subgraphs.credentials.types import (
    Award,
    Badge,
    CreateBadgeResult,
    RevokeAwardResult,
    UpdateBadgeResult,
)


@strawberry.type
class Mutation:
    @strawberry.mutation(
        description="Makes a badge. It counts what people have done before, too.",
        extensions=[requires("write:course")],
    )
    async def create_badge(
        self, info: Info, input: inputs.CreateBadgeInput, idempotency_key: str | None = None
    ) -> CreateBadgeResult:
        context = info.context
        return Badge.of(await badges.create_badge(context.session, context.viewer, input, idempotency_key))

    @strawberry.mutation(
        description="Changes what a badge is called and stands for.", extensions=[requires("write:course")]
    )
    async def update_badge(self, info: Info, input: inputs.UpdateBadgeInput) -> UpdateBadgeResult:
        async with info.context.session() as session:
            return Badge.of(await badges.update_badge(session, info.context.viewer, input))

    @strawberry.mutation(
        description="Takes an award back, for good: what its owner does later does not bring it back. Twice is the "
        "same as once. Owner, teachers and admins see the reason, of 1 to 1,000 characters.",
        extensions=[requires("manage:users")],
    )
    async def revoke_award(self, info: Info, id: strawberry.ID, reason: str) -> RevokeAwardResult:
        platform, viewer = info.context.platform, info.context.viewer
        async with info.context.session() as session:
            return Award.of(await awards.revoke_award(session, platform.cache, platform.live, viewer, id, reason))
