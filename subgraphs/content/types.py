"""The GraphQL types of content, and what it adds to catalog's modules."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry import UNSET
from strawberry.federation.schema_directives import Key
from strawberry.federation.types import FieldSet

from shared.auth import requires
from shared.connections import Connection, Page, PageInfo
from shared.errors import InvalidInput, NotEnrolled, NotFound
from shared.graphql import Info, Node, Refetched, entity
from subgraphs.content import models
from subgraphs.content.loaders import TextOf, completed_at, is_enrolled, stored_text, text_of
from subgraphs.content.models import ContentType, Difficulty
from subgraphs.content.runtime import objects_of, settings_of

_TEACHES = "write:course"


@strawberry.federation.type(
    keys=[Key(fields=FieldSet("id"), resolvable=False)], description="What is taught; catalog says more of it."
)
class Course(Node):
    pass


@strawberry.federation.type(keys=["id"], description="A part of a course, with its items.")
class Module(Node):
    @strawberry.field(
        description="Its items, in order: for students the published ones, for teachers all of them.",
        extensions=[requires("read:course")],
    )
    async def items(self, info: Info, first: int | None = 10, after: str | None = None) -> "Connection[ContentItem]":
        place = (models.Item.module_id, self.uuid)
        return await info.context.load.page(ContentItem, Page.of(first, after), of=place)

    @classmethod
    async def resolve_references(cls, info: Info, keys: list[UUID]) -> "list[Module | None]":
        return [cls.stub(key) for key in keys]


@entity(description="Something to read, watch, hear or try, in a module.")
class ContentItem(Node, Refetched, model=models.Item):
    type: ContentType = strawberry.field(description="What it is.")
    title: str = strawberry.field(description="What it is called.")
    duration_minutes: int | None = strawberry.field(description="How long it takes.")
    difficulty: Difficulty = strawberry.field(description="How much it asks of its reader.")
    tags: list[str] = strawberry.field(description="What it is about, in single words.")
    version: int = strawberry.field(description="The number of the version that is shown, from 1.")
    published_at: datetime | None = strawberry.field(description="When that version was published; null for a draft.")
    organization_id: strawberry.Private[UUID]
    course_id: strawberry.Private[UUID]
    module_id: strawberry.Private[UUID]
    text_id: strawberry.Private[UUID | None]
    draft: strawberry.Private[dict[str, Any] | None]
    link: strawberry.Private[str | None]
    media_id: strawberry.Private[UUID | None]
    media_type: strawberry.Private[str | None]
    scheduled_for: strawberry.Private[datetime | None]
    completed_at: strawberry.Private[datetime | None]

    @strawberry.field(description="The course it belongs to.")
    def course(self) -> Course:
        return Course.stub(self.course_id)

    @strawberry.field(description="The module it belongs to.")
    def module(self) -> Module:
        return Module.stub(self.module_id)

    @strawberry.field(description="Its text, as plain text; null unless one is enrolled or teaches.")
    async def text(self, info: Info) -> str | None:
        if self.text_id is None or not await self._may_open(info):
            return None
        return await text_of(info.context, TextOf(self.course_id, self.uuid, self.text_id))

    @strawberry.field(
        description="Where its media is: an address that was given, or one of uploaded media that is good for an hour. "
        "Null unless one is enrolled or teaches."
    )
    async def media_url(self, info: Info) -> str | None:
        if not await self._may_open(info):
            return None
        if self.media_id is None or self.media_type is None:
            return self.link
        key = models.media_key(self.organization_id, self.uuid, self.media_id)
        return await objects_of(settings_of(info.context.platform)).download_url(key, self.media_type)

    @strawberry.field(description="When the viewer completed it.")
    def viewer_completed_at(self, info: Info) -> datetime | None:
        if self.completed_at is UNSET:  # of an item that has just been changed
            return completed_at(info.context, self.uuid)  # type: ignore[return-value]  # it is awaited
        return self.completed_at

    @strawberry.field(description="When it will be published; for teachers.")
    def publish_at(self, info: Info) -> datetime | None:
        return self.scheduled_for if _TEACHES in info.context.viewer.scopes else None

    @strawberry.field(description="Whether something waits to be published; for teachers.")
    def has_draft(self, info: Info) -> bool | None:
        if _TEACHES not in info.context.viewer.scopes:
            return None
        return self.draft is not None or self.published_at is None

    @strawberry.field(
        description="The text that waits to be published, or the published one if none does; for teachers.",
        extensions=[requires(_TEACHES)],
    )
    async def draft_text(self, info: Info) -> str | None:
        waiting = (self.draft or {}).get("text_id", self.text_id)
        return await stored_text(info.context, UUID(str(waiting))) if waiting else None

    @strawberry.field(description="Its published versions, in order; for teachers.", extensions=[requires(_TEACHES)])
    async def versions(self, info: Info) -> "list[ContentVersion] | None":
        return await info.context.load.children(ContentVersion, models.Version.item_id, self.uuid)

    async def _may_open(self, info: Info) -> bool:
        return _TEACHES in info.context.viewer.scopes or await is_enrolled(info.context, self.course_id)


@entity(description="An item as it once was published.")
class ContentVersion(Node, Refetched, model=models.Version):
    number: int = strawberry.field(description="From 1.")
    title: str = strawberry.field(description="What the item was called.")
    published_at: datetime = strawberry.field(description="When it was published.")
    text_id: strawberry.Private[UUID | None]

    @strawberry.field(description="The text it had.")
    async def text(self, info: Info) -> str | None:
        return await stored_text(info.context, self.text_id) if self.text_id else None


@strawberry.type(description="An item that the viewer has finished.")
class Completion:
    item: ContentItem = strawberry.field(description="The item.")
    completed_at: datetime = strawberry.field(description="When it was finished first.")


@strawberry.type(description="Where to send a file: PUT its bytes to `url`, then call `completeMediaUpload`.")
class MediaUpload:
    id: strawberry.ID = strawberry.field(description="What to complete the upload by.")
    url: str = strawberry.field(description="Good for an hour, for exactly this file.")


@strawberry.input(description="Where to look; any value within one filter, all filters together.")
class SearchFilter:
    course_id: strawberry.ID | None = strawberry.field(default=None, description="Only in this course.")
    types: list[ContentType] | None = strawberry.field(default=None, description="Only items of these types.")
    difficulties: list[Difficulty] | None = strawberry.field(default=None, description="Only items as hard as these.")
    tags: list[str] | None = strawberry.field(default=None, description="Only items with one of these tags.")


@strawberry.type(description="An item that was found.")
class SearchEdge:
    cursor: str = strawberry.field(description="Opaque; pass it as `after` to go on from here.")
    node: ContentItem = strawberry.field(description="The item.")
    score: float = strawberry.field(description="How well it matches; comparable within one search.")
    highlight: str | None = strawberry.field(
        description="The best passage as HTML, matches inside <mark> and everything else escaped."
    )


@strawberry.type(description="A value, and how many items there are with it.")
class Facet:
    value: str = strawberry.field(description="What to filter by.")
    count: int = strawberry.field(description="How many items the list would have with this filter.")


@strawberry.type(description="How what was found divides, under all filters but a facet's own; the frequent first.")
class SearchFacets:
    types: list[Facet] = strawberry.field(description="By type.")
    difficulties: list[Facet] = strawberry.field(description="By difficulty.")
    tags: list[Facet] = strawberry.field(description="By tag; the 50 most frequent.")


@strawberry.type(description="A page of what was found, the best first.")
class SearchConnection:
    edges: list[SearchEdge] = strawberry.field(description="The items of this page.")
    page_info: PageInfo = strawberry.field(description="Whether and where the list goes on.")
    total_count: int = strawberry.field(description="How many items were found.")
    facets: SearchFacets = strawberry.field(description="How they divide.")


CreateContentItemResult = Annotated[
    ContentItem | NotFound | InvalidInput,
    strawberry.union("CreateContentItemResult", description="The new item, or what is in the way."),
]
PublishContentItemResult = Annotated[
    ContentItem | NotFound,
    strawberry.union("PublishContentItemResult", description="The item as it is now, or that there is none."),
]
ContentItemResult = Annotated[
    ContentItem | NotFound | InvalidInput,
    strawberry.union("ContentItemResult", description="The item as it is now, or what is in the way."),
]
CompleteContentItemResult = Annotated[
    Completion | NotEnrolled | NotFound,
    strawberry.union("CompleteContentItemResult", description="The completion, or what is in the way."),
]
CreateMediaUploadResult = Annotated[
    MediaUpload | NotFound | InvalidInput,
    strawberry.union("CreateMediaUploadResult", description="Where to send the file, or what is in the way."),
]
