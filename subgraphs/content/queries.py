"""The root fields one reads content by."""

import strawberry

from shared import ids
from shared.auth import requires
from shared.connections import Page
from shared.graphql import Info
from subgraphs.content.finding import found, suggested
from subgraphs.content.types import ContentItem, SearchConnection, SearchFilter


@strawberry.type
class Query:
    @strawberry.field(
        description="An item: for students a published one, for teachers any of their organization.",
        extensions=[requires("read:course")],
    )
    async def content_item(self, info: Info, id: strawberry.ID) -> ContentItem | None:
        return await info.context.load.one(ContentItem, ids.decode("content_item", id))

    @strawberry.field(
        description="Full-text search over what the viewer may read: published items of their courses, for teachers "
        'all items. All words must be found; "…" is a phrase, - excludes, `or` is either, the last word may be '
        "unfinished.",
        extensions=[requires("read:course")],
    )
    async def search(
        self,
        info: Info,
        query: str,
        filter: SearchFilter | None = None,
        first: int | None = 10,
        after: str | None = None,
    ) -> SearchConnection:
        return await found(info.context, query, filter or SearchFilter(), Page.of(first).first, after)

    @strawberry.field(
        description="Titles that the viewer may find and that complete what was typed.",
        extensions=[requires("read:course")],
    )
    async def search_suggestions(
        self, info: Info, prefix: str, course_id: strawberry.ID | None = None, first: int | None = 5
    ) -> list[str]:
        return await suggested(info.context, prefix, course_id, Page.of(5 if first is None else first).first)
