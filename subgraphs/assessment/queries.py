"""The root fields one reads assessment by."""

import strawberry

from shared import ids
from shared.auth import requires
from shared.graphql import Info
from subgraphs.assessment.types import Assessment, Attempt


@strawberry.type
class Query:
    @strawberry.field(
        description="An assessment: for students, of a course that has been opened.",
        extensions=[requires("read:course")],
    )
    async def assessment(self, info: Info, id: strawberry.ID) -> Assessment | None:
        return await info.context.load.one(Assessment, ids.decode("assessment", id))

    @strawberry.field(
        description="An attempt: one's own, or anybody's for those who teach.", extensions=[requires("read:course")]
    )
    async def attempt(self, info: Info, id: strawberry.ID) -> Attempt | None:
        return await info.context.load.one(Attempt, ids.decode("attempt", id))
