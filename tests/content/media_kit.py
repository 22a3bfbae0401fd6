"""Files on their way to an item: announced, sent, completed and played."""

import os
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx

from shared import ids
from shared.auth import Viewer
from tests.conftest import Subgraph, Tenant
from tests.content.courses import Course, create

ANNOUNCE = """
mutation($input: CreateMediaUploadInput!) {
  createMediaUpload(input: $input) {
    __typename
    ... on MediaUpload { id url }
    ... on Error { code message }
    ... on InvalidInput { fields { path message } }
  }
}
"""
COMPLETE = """
mutation($id: ID!) {
  completeMediaUpload(id: $id) {
    __typename
    ... on ContentItem { id version hasDraft }
    ... on Error { code message }
    ... on InvalidInput { fields { path message } }
  }
}
"""
MEDIA_URL = "query($id: ID!) { contentItem(id: $id) { mediaUrl } }"

FILM = bytes(range(256)) * 8


def described(item: dict[str, Any], film: bytes = FILM, **values: Any) -> dict[str, Any]:
    """The input that announces this file for an item."""
    usual = {"fileName": "film.mp4", "mediaType": "video/mp4", "size": len(film), "sha256": sha256(film).hexdigest()}
    return usual | {"itemId": item["id"]} | values


async def video(content: Subgraph, who: Viewer, course: Course, **values: Any) -> dict[str, Any]:
    """A new item that has media."""
    return await create(content, who, course, **({"type": "VIDEO", "title": "A film", "text": None} | values))


async def announce(
    content: Subgraph, who: Viewer, item: dict[str, Any], film: bytes = FILM, **values: Any
) -> dict[str, Any]:
    """What `createMediaUpload` answers."""
    answer = await content.ask(ANNOUNCE, who, input=described(item, film, **values))
    return answer.data["createMediaUpload"]


async def send(content: Subgraph, upload: dict[str, Any], film: bytes = FILM) -> httpx.Response:
    """PUTs the bytes to the address of an upload."""
    return await content.client.put(upload["url"], content=film)


async def complete(content: Subgraph, who: Viewer, upload: dict[str, Any]) -> dict[str, Any]:
    """What `completeMediaUpload` answers."""
    return (await content.ask(COMPLETE, who, id=upload["id"])).data["completeMediaUpload"]


async def sent(content: Subgraph, who: Viewer, item: dict[str, Any], film: bytes = FILM) -> dict[str, Any]:
    """An upload whose bytes have come."""
    upload = await announce(content, who, item, film)
    assert (await send(content, upload, film)).status_code == 201
    return upload


async def media_url(content: Subgraph, who: Viewer, item: dict[str, Any]) -> str | None:
    """Where the media of an item is for somebody who may see the item."""
    return (await content.ask(MEDIA_URL, who, id=item["id"])).data["contentItem"]["mediaUrl"]


async def played(content: Subgraph, who: Viewer, item: dict[str, Any]) -> bytes | None:
    """The media of an item as somebody gets it; None when there is no address."""
    url = await media_url(content, who, item)
    if url is None:
        return None
    answer = await content.client.get(url)
    assert answer.status_code == 200, answer.text
    return answer.content


def kept(tenant: Tenant, item: dict[str, Any]) -> list[bytes]:
    """The files that have been taken for an item."""
    return _contents(f"{tenant.id}/{ids.decode('content_item', item['id'])}")


def arriving(tenant: Tenant) -> list[bytes]:
    """The files of an organization that wait for somebody to complete them."""
    return _contents(f"{tenant.id}/arriving")


def _contents(folder: str) -> list[bytes]:
    path = Path(os.environ["LYCEUM_HOME"]) / "objects" / folder
    return [found.read_bytes() for found in sorted(path.iterdir())] if path.exists() else []
