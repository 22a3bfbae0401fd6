"""Media: a file goes from its announcement to a student's player, and nothing else gets there."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from shared import ids
from shared.auth import Role, Viewer
from subgraphs.content import media
from subgraphs.content.runtime import objects_of, settings_of
from tests.conftest import Subgraph, Tenant, viewer
from tests.content.courses import Course, create, new_course, publish, update
from tests.content.media_kit import (
    ANNOUNCE,
    COMPLETE,
    FILM,
    MEDIA_URL,
    announce,
    arriving,
    complete,
    described,
    kept,
    media_url,
    played,
    send,
    sent,
    video,
)

OTHER = FILM[::-1]


@pytest.fixture
async def course(content: Subgraph, tenant: Tenant) -> Course:
    """A course that the tenant's student is in."""
    return await new_course(content, tenant, tenant.student)


@pytest.fixture
async def item(content: Subgraph, tenant: Tenant, course: Course) -> dict[str, Any]:
    """A video, without its film."""
    return await video(content, tenant.teacher, course)


async def test_a_film_goes_from_its_announcement_to_the_player_of_a_student(
    content: Subgraph, tenant: Tenant, item: dict[str, Any]
) -> None:
    upload = await announce(content, tenant.teacher, item)
    assert upload["id"].startswith("media_")
    assert await played(content, tenant.teacher, item) is None
    assert (await send(content, upload)).status_code == 201
    done = await complete(content, tenant.teacher, upload)
    assert (done["__typename"], done["id"], done["hasDraft"]) == ("ContentItem", item["id"], True)
    await publish(content, tenant.teacher, item["id"])
    url = await media_url(content, tenant.student, item)
    assert url
    whole = await content.client.get(url)
    assert (whole.status_code, whole.content, whole.headers["content-type"]) == (200, FILM, "video/mp4")
    part = await content.client.get(url, headers={"range": "bytes=100-199"})
    assert (part.status_code, part.content) == (206, FILM[100:200])
    assert (kept(tenant, item), arriving(tenant)) == ([FILM], [])


async def test_new_media_of_a_published_item_waits_for_the_next_version(
    content: Subgraph, tenant: Tenant, item: dict[str, Any]
) -> None:
    for film, version in ((FILM, 1), (OTHER, 2)):
        await complete(content, tenant.teacher, await sent(content, tenant.teacher, item, film))
        if version == 2:
            assert await played(content, tenant.student, item) == FILM
        assert (await publish(content, tenant.teacher, item["id"]))["version"] == version
        assert await played(content, tenant.student, item) == film


async def test_a_film_of_20_megabytes_is_taken(content: Subgraph, tenant: Tenant, item: dict[str, Any]) -> None:
    film = os.urandom(20_000_000)
    await complete(content, tenant.teacher, await sent(content, tenant.teacher, item, film))
    assert await played(content, tenant.teacher, item) == film


REFUSED = {
    "another file": (OTHER, "SHA-256"),
    "too little": (FILM[:-1], "2047 bytes"),
    "nothing at all": (b"", "0 bytes"),
}


@pytest.mark.parametrize("what", REFUSED)
async def test_what_was_not_announced_is_refused_and_removed_and_the_announcement_stays(
    content: Subgraph, tenant: Tenant, item: dict[str, Any], what: str
) -> None:
    film, reason = REFUSED[what]
    upload = await announce(content, tenant.teacher, item)
    assert (await send(content, upload, film)).status_code == 201
    refused = await complete(content, tenant.teacher, upload)
    assert (refused["__typename"], refused["code"]) == ("InvalidInput", "INVALID_INPUT")
    assert [field["path"] for field in refused["fields"]] == [["id"]]
    assert reason in refused["fields"][0]["message"]
    assert (kept(tenant, item), arriving(tenant)) == ([], [])
    assert await media_url(content, tenant.teacher, item) is None
    assert (await send(content, upload)).status_code == 201
    assert (await complete(content, tenant.teacher, upload))["__typename"] == "ContentItem"
    assert await played(content, tenant.teacher, item) == FILM


async def test_more_than_was_announced_is_not_even_received(
    content: Subgraph, tenant: Tenant, item: dict[str, Any]
) -> None:
    upload = await announce(content, tenant.teacher, item)
    assert (await send(content, upload, FILM + b"!")).status_code == 413
    refused = await complete(content, tenant.teacher, upload)
    assert "Nothing has been uploaded" in refused["fields"][0]["message"]


async def test_nothing_sent_is_nothing_to_complete(content: Subgraph, tenant: Tenant, item: dict[str, Any]) -> None:
    refused = await complete(content, tenant.teacher, await announce(content, tenant.teacher, item))
    assert (refused["__typename"], refused["fields"][0]["path"]) == ("InvalidInput", ["id"])
    assert "Nothing has been uploaded" in refused["fields"][0]["message"]


async def test_completing_twice_is_the_same_as_once(content: Subgraph, tenant: Tenant, item: dict[str, Any]) -> None:
    upload = await sent(content, tenant.teacher, item)
    first = await complete(content, tenant.teacher, upload)
    await publish(content, tenant.teacher, item["id"])
    again = await complete(content, tenant.teacher, upload)
    assert (first["hasDraft"], again["__typename"], again["hasDraft"]) == (True, "ContentItem", False)
    assert await played(content, tenant.student, item) == FILM
    assert kept(tenant, item) == [FILM]


async def test_completions_at_once_take_the_film_once(content: Subgraph, tenant: Tenant, item: dict[str, Any]) -> None:
    upload = await sent(content, tenant.teacher, item)
    answers = await asyncio.gather(*(complete(content, tenant.teacher, upload) for _ in range(4)))
    assert {answer["__typename"] for answer in answers} == {"ContentItem"}
    assert await played(content, tenant.teacher, item) == FILM
    assert kept(tenant, item) == [FILM]


async def test_what_is_sent_to_the_address_afterwards_changes_nothing(
    content: Subgraph, tenant: Tenant, item: dict[str, Any]
) -> None:
    upload = await sent(content, tenant.teacher, item)
    await complete(content, tenant.teacher, upload)
    await publish(content, tenant.teacher, item["id"])
    assert (await send(content, upload, OTHER)).status_code == 201
    assert (await complete(content, tenant.teacher, upload))["__typename"] == "ContentItem"
    assert await played(content, tenant.student, item) == FILM
    assert kept(tenant, item) == [FILM]


async def test_what_is_sent_and_completed_while_another_completion_reads_changes_nothing(
    content: Subgraph, tenant: Tenant, item: dict[str, Any]
) -> None:
    upload = await sent(content, tenant.teacher, item)
    objects, begun = objects_of(settings_of(content.platform)), 0

    @asynccontextmanager
    async def begin() -> AsyncIterator[AsyncSession]:
        nonlocal begun
        begun += 1
        if begun == 2:  # the film has been judged, and is about to be accepted
            await send(content, upload, OTHER)
            assert (await complete(content, tenant.teacher, upload))["__typename"] == "InvalidInput"
        async with content.platform.database.begin(tenant.teacher) as session:
            yield session

    await media.accept(begin, objects, tenant.teacher, upload["id"])
    assert begun == 2
    assert await played(content, tenant.teacher, item) == FILM
    assert kept(tenant, item) == [FILM]


async def test_of_two_uploads_for_an_item_the_last_completed_is_played(
    content: Subgraph, tenant: Tenant, item: dict[str, Any]
) -> None:
    first, second = [await sent(content, tenant.teacher, item, film) for film in (FILM, OTHER)]
    await complete(content, tenant.teacher, second)
    await complete(content, tenant.teacher, first)
    assert await played(content, tenant.teacher, item) == FILM


async def test_audio_is_sent_with_its_own_type(content: Subgraph, tenant: Tenant, course: Course) -> None:
    item = await create(content, tenant.teacher, course, type="AUDIO", title="A song", text=None)
    upload = await announce(content, tenant.teacher, item, mediaType="audio/ogg")
    await send(content, upload)
    await complete(content, tenant.teacher, upload)
    url = await media_url(content, tenant.teacher, item)
    assert url
    assert (await content.client.get(url)).headers["content-type"] == "audio/ogg"


@pytest.mark.parametrize("kind", ["TEXT", "QUIZ"])
async def test_what_is_neither_video_nor_audio_has_no_media(
    content: Subgraph, tenant: Tenant, course: Course, kind: str
) -> None:
    item = await create(content, tenant.teacher, course, type=kind)
    refused = await announce(content, tenant.teacher, item)
    assert (refused["__typename"], [field["path"] for field in refused["fields"]]) == (
        "InvalidInput",
        [["input", "itemId"]],
    )


WRONG = {
    "a short name": ({"fileName": " a "}, "fileName"),
    "a long name": ({"fileName": "a" * 256}, "fileName"),
    "a name with a NUL": ({"fileName": "film\0.mp4"}, "fileName"),
    "a page": ({"mediaType": "text/html"}, "mediaType"),
    "a picture": ({"mediaType": "image/svg+xml"}, "mediaType"),
    "no subtype": ({"mediaType": "video/"}, "mediaType"),
    "a type and a line": ({"mediaType": "video/mp4\nx: y"}, "mediaType"),
    "a type and its end": ({"mediaType": "video/mp4\n"}, None),
    "no bytes": ({"size": 0}, "size"),
    "less than none": ({"size": -1}, "size"),
    "half a byte": ({"size": 2048.5}, "size"),
    "more than 2 GiB": ({"size": 2**31 + 1}, "size"),
    "a short hash": ({"sha256": "ab" * 31}, "sha256"),
    "a hash in capitals": ({"sha256": "AB" * 32}, "sha256"),
    "no hash": ({"sha256": "zz" * 32}, "sha256"),
}


@pytest.mark.parametrize("what", WRONG)
async def test_a_bad_announcement_is_refused_by_the_name_of_its_field(
    content: Subgraph, tenant: Tenant, item: dict[str, Any], what: str
) -> None:
    values, field = WRONG[what]
    refused = await announce(content, tenant.teacher, item, **values)
    if field is None:  # white space around it does not count
        assert refused["__typename"] == "MediaUpload"
    else:
        assert [found["path"] for found in refused["fields"]] == [["input", field]]


async def test_two_gibibytes_may_be_announced(content: Subgraph, tenant: Tenant, item: dict[str, Any]) -> None:
    assert (await announce(content, tenant.teacher, item, size=2**31))["__typename"] == "MediaUpload"


async def test_foreign_and_unknown_items_and_uploads_are_not_found(
    content: Subgraph, tenant: Tenant, stranger: Tenant, item: dict[str, Any]
) -> None:
    upload = await sent(content, tenant.teacher, item)
    unknown = {"id": ids.encode("content_item", ids.new_id())}
    for who, of in ((stranger.admin, item), (tenant.teacher, unknown), (tenant.teacher, {"id": "nonsense"})):
        assert (await announce(content, who, of))["code"] == "NOT_FOUND"
    unknown = {"id": ids.encode("media", ids.new_id())}
    for who, of in ((stranger.admin, upload), (tenant.teacher, unknown), (tenant.teacher, item)):
        assert (await complete(content, who, of))["code"] == "NOT_FOUND"
    assert arriving(tenant) == [FILM]
    assert (await complete(content, tenant.admin, upload))["__typename"] == "ContentItem"


async def test_only_who_teaches_sends_media(
    content: Subgraph, tenant: Tenant, item: dict[str, Any], root: Viewer
) -> None:
    upload = await sent(content, tenant.teacher, item)
    for who, code in ((tenant.student, "FORBIDDEN"), (root, "FORBIDDEN"), (None, "UNAUTHENTICATED")):
        assert (await content.ask(ANNOUNCE, who, input=described(item))).codes == [code]
        assert (await content.ask(COMPLETE, who, id=upload["id"])).codes == [code]
    assert arriving(tenant) == [FILM]


async def test_only_who_is_in_the_course_or_teaches_learns_the_address(
    content: Subgraph, tenant: Tenant, stranger: Tenant, item: dict[str, Any]
) -> None:
    await complete(content, tenant.teacher, await sent(content, tenant.teacher, item))
    for who in (tenant.student, stranger.teacher, stranger.student):
        assert (await content.ask(MEDIA_URL, who, id=item["id"])).data == {"contentItem": None}, "it is a draft"
    await publish(content, tenant.teacher, item["id"])
    outside = viewer(Role.STUDENT, tenant.id)
    assert await media_url(content, outside, item) is None
    assert (await content.ask(MEDIA_URL, stranger.teacher, id=item["id"])).data == {"contentItem": None}
    assert [await played(content, who, item) for who in tenant.people] == [FILM] * 3


async def test_an_address_of_elsewhere_is_passed_on_to_the_same_people(
    content: Subgraph, tenant: Tenant, course: Course
) -> None:
    link = "https://films.example/rivers.mp4"
    item = await video(content, tenant.teacher, course, mediaUrl=link)
    await publish(content, tenant.teacher, item["id"])
    assert await media_url(content, tenant.student, item) == link
    assert await media_url(content, viewer(Role.STUDENT, tenant.id), item) is None
    await update(content, tenant.teacher, item["id"], mediaUrl=None)
    await publish(content, tenant.teacher, item["id"])
    assert await media_url(content, tenant.student, item) is None
