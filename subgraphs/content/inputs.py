"""Inputs of content: what GraphQL takes, what is validated, and what the services are told."""

from typing import Annotated

import strawberry
from pydantic import AfterValidator, Field, StringConstraints

from shared.inputs import Input, Link, Moment, Storable, Title
from subgraphs.content.models import ContentType, Difficulty

LONGEST_TEXT = 200_000  # characters, some sixty printed pages; the whole request may have 256 kB at the router
LARGEST_FILE = 2 * 1024**3  # bytes

strawberry.enum(ContentType, description="What an item is.")
strawberry.enum(Difficulty, description="How much an item asks of its reader.")

Body = Annotated[str, StringConstraints(max_length=LONGEST_TEXT, strip_whitespace=False), Storable]
Tag = Annotated[str, StringConstraints(min_length=1, max_length=50, to_lower=True), Storable]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


def _unique(tags: list[str]) -> list[str]:
    return list(dict.fromkeys(tags))


Tags = Annotated[list[Tag], Field(max_length=20), AfterValidator(_unique)]
Minutes = Annotated[int, Field(ge=1, le=1440)]


@strawberry.pydantic.input(description="A new item, as a draft.")
class CreateContentItemInput(Input):
    module_id: strawberry.ID = Field(description="The module it belongs to.")
    type: ContentType = Field(description="What it is. A TEXT has a text; the others may have one beside their media.")
    title: Title = Field(description="3 to 255 characters.")
    text: Body | None = Field(None, description="Plain text, up to 200,000 characters; HTML in it stays text.")
    media_url: Link | None = Field(None, description="Where its video or audio is, if it is not uploaded here.")
    duration_minutes: Minutes | None = Field(None, description="How long it takes, 1 to 1440.")
    difficulty: Difficulty = Field(Difficulty.BEGINNER, description="How much it asks of its reader.")
    tags: Tags = Field([], description="Up to 20, each 1 to 50 characters; kept in lower case.")


@strawberry.pydantic.input(description="Changes to an item; what is left out stays as it is.")
class UpdateContentItemInput(Input):
    id: strawberry.ID = Field(description="The item.")
    title: Title | None = Field(None, description="3 to 255 characters.")
    text: strawberry.Maybe[Body | None] = Field(
        description="Plain text, up to 200,000 characters; null takes it away, leaving it out keeps it."
    )
    media_url: strawberry.Maybe[Link | None] = Field(
        description="Where its video or audio is, in place of a file that was uploaded; null takes either away, "
        "leaving it out keeps it."
    )
    duration_minutes: strawberry.Maybe[Minutes | None] = Field(
        description="How long it takes, 1 to 1440; null for unknown, leaving it out keeps it."
    )
    difficulty: Difficulty | None = Field(None, description="How much it asks of its reader.")
    tags: Tags | None = Field(None, description="Up to 20, each 1 to 50 characters.")


@strawberry.pydantic.input(description="When to publish an item.")
class ScheduleContentItemInput(Input):
    id: strawberry.ID = Field(description="The item.")
    publish_at: Moment | None = Field(
        None, description="A time to come, in UTC unless it says otherwise; null takes the item off the schedule."
    )


@strawberry.pydantic.input(description="A file that is about to be uploaded for an item.")
class CreateMediaUploadInput(Input):
    item_id: strawberry.ID = Field(description="The item it is for: a VIDEO or AUDIO.")
    file_name: Title = Field(description="3 to 255 characters.")
    media_type: Annotated[str, StringConstraints(pattern=r"^(video|audio)/[a-z0-9.+-]{1,60}$")] = Field(
        description="Such as video/mp4."
    )
    size: float = Field(ge=1, le=LARGEST_FILE, multiple_of=1, description="In bytes, up to 2 GiB.")
    sha256: Sha256 = Field(description="The SHA-256 of the file, in hexadecimal.")
