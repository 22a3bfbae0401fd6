"""What one changes in content: guard, and one call of a service, with a transaction or with what opens one."""

import strawberry

from shared.auth import requires
from shared.graphql import Info
from subgraphs.content import inputs, media, services
from subgraphs.content.runtime import objects_of, settings_of, texts_of
from subgraphs.content.types import (
    CompleteContentItemResult,
    Completion,
    ContentItem,
    ContentItemResult,
    CreateContentItemResult,
    CreateMediaUploadResult,
    MediaUpload,
    PublishContentItemResult,
)


@strawberry.type
class Mutation:
    @strawberry.mutation(description="Makes a draft.", extensions=[requires("write:course")])
    async def create_content_item(
        self, info: Info, input: inputs.CreateContentItemInput, idempotency_key: str | None = None
    ) -> CreateContentItemResult:
        context = info.context
        texts = texts_of(context.platform)
        made = await services.create_item(context.session, texts, context.viewer, input, idempotency_key)
        return ContentItem.of(made)

    @strawberry.mutation(
        description="Changes a draft; of a published item, makes a draft of its next version.",
        extensions=[requires("write:course")],
    )
    async def update_content_item(self, info: Info, input: inputs.UpdateContentItemInput) -> ContentItemResult:
        context = info.context
        texts = texts_of(context.platform)
        return ContentItem.of(await services.update_item(context.session, texts, context.viewer, input))

    @strawberry.mutation(
        description="Shows what waits to be published; twice is the same as once.",
        extensions=[requires("write:course")],
    )
    async def publish_content_item(self, info: Info, id: strawberry.ID) -> PublishContentItemResult:
        context = info.context
        texts = texts_of(context.platform)
        return ContentItem.of(await services.publish_item(context.session, texts, context.viewer, id))

    @strawberry.mutation(
        description="Has an item published at a time to come, or not after all.", extensions=[requires("write:course")]
    )
    async def schedule_content_item(self, info: Info, input: inputs.ScheduleContentItemInput) -> ContentItemResult:
        async with info.context.session() as session:
            return ContentItem.of(await services.schedule_item(session, info.context.viewer, input))

    @strawberry.mutation(
        description="The viewer has finished the item; completing it twice is the same as once.",
        extensions=[requires("read:course")],
    )
    async def complete_content_item(self, info: Info, id: strawberry.ID) -> CompleteContentItemResult:
        item, completion = await services.complete_item(info.context.session, info.context.viewer, id)
        return Completion(item=ContentItem.of(item), completed_at=completion.completed_at)

    @strawberry.mutation(
        description="Announces a file for a VIDEO or AUDIO, and says where to send it.",
        extensions=[requires("write:course")],
    )
    async def create_media_upload(self, info: Info, input: inputs.CreateMediaUploadInput) -> CreateMediaUploadResult:
        async with info.context.session() as session:
            row = await media.announce(session, info.context.viewer, input)
        objects = objects_of(settings_of(info.context.platform))
        url = await objects.upload_url(row.arriving_key(), row.size)
        return MediaUpload(id=strawberry.ID(media.public_id(row)), url=url)

    @strawberry.mutation(
        description="Checks the size and hash of what was sent, and makes it the media of the item's next version.",
        extensions=[requires("write:course")],
    )
    async def complete_media_upload(self, info: Info, id: strawberry.ID) -> ContentItemResult:
        context = info.context
        objects = objects_of(settings_of(context.platform))
        return ContentItem.of(await media.accept(context.session, objects, context.viewer, id))
