"""The root fields one reads ai by."""

import strawberry

from shared.auth import requires
from shared.graphql import Info
from subgraphs.ai.finding import found
from subgraphs.ai.types import ContentMatch, first_of


@strawberry.type
class Query:
    @strawberry.field(
        description="Search by meaning, over the same items as `search` except drafts: published items of the viewer's "
        "courses, for teachers of all courses. The nearest come first, each once, by its nearest passage.",
        extensions=[requires("read:course")],
    )
    async def semantic_search(
        self, info: Info, query: str, course_id: strawberry.ID | None = None, first: int | None = 5
    ) -> list[ContentMatch]:
        return await found(info.context, query, course_id, first_of(first))
