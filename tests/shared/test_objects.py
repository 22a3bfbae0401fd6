"""Objects in a folder, with the addresses that it signs and serves; `test_buckets` is about the other kind."""

import asyncio
import os
from collections.abc import AsyncIterator
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from starlette.applications import Starlette

from shared.objects import Objects, Stored
from tests.catalog.sockets import served
from tests.shared.conftest import eventually

KEY = "organization/item/file"
CONTENT = bytes(range(256)) * 4
SITE = {"origin": "https://school.example"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the objects lie."""
    return tmp_path / "objects"


@pytest.fixture
def objects(folder: Path) -> Objects:
    """A store in that folder."""
    return Objects(None, folder, b"secret", "http://media.example/media")


@pytest.fixture
async def client(objects: Objects) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody who uses the addresses."""
    transport = httpx.ASGITransport(Starlette(routes=objects.routes()))
    async with httpx.AsyncClient(transport=transport) as made:
        yield made


@pytest.fixture
async def url(objects: Objects, client: httpx.AsyncClient) -> str:
    """The address of an object that has been sent."""
    assert (await client.put(await objects.upload_url(KEY, len(CONTENT)), content=CONTENT)).status_code == 201
    return await objects.download_url(KEY, "video/mp4")


def files(folder: Path) -> dict[str, int]:
    """Every file below the folder, whole or not, with its size."""
    return {str(path.relative_to(folder)): path.stat().st_size for path in folder.rglob("*") if path.is_file()}


async def parts(count: int, of: bytes = b"x" * 100_000) -> AsyncIterator[bytes]:
    """A body whose length is not said beforehand."""
    for _ in range(count):
        yield of


async def test_what_is_sent_is_stored_and_comes_back(
    objects: Objects, client: httpx.AsyncClient, folder: Path, url: str
) -> None:
    assert await objects.stored(KEY) == Stored(len(CONTENT), sha256(CONTENT).hexdigest())
    assert files(folder) == {KEY: len(CONTENT)}
    answer = await client.get(url)
    assert (answer.status_code, answer.content) == (200, CONTENT)
    assert answer.headers["content-type"] == "video/mp4"
    assert answer.headers["accept-ranges"] == "bytes"


async def test_a_browser_never_takes_an_object_for_one_of_our_pages(
    objects: Objects, client: httpx.AsyncClient, url: str
) -> None:
    for answer in (await client.get(url), await client.get(url, headers={"range": "bytes=0-1"})):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-security-policy"] == "sandbox"


@pytest.mark.parametrize("size", [0, 1, len(CONTENT), 7_000_000])
async def test_objects_of_every_size_are_stored(objects: Objects, client: httpx.AsyncClient, size: int) -> None:
    content = os.urandom(size)
    await client.put(await objects.upload_url(KEY, size), content=content)
    assert await objects.stored(KEY) == Stored(size, sha256(content).hexdigest())
    assert (await client.get(await objects.download_url(KEY, "audio/ogg"))).content == content


@pytest.mark.parametrize("count", [11, 80], ids=["a little", "much"])
async def test_more_than_was_announced_is_refused_and_leaves_nothing(
    objects: Objects, client: httpx.AsyncClient, folder: Path, count: int
) -> None:
    address = await objects.upload_url(KEY, 1_000_000)
    for body in (parts(count), b"x" * 100_000 * count):
        answer = await client.put(address, content=body)
        assert (answer.status_code, "1000000" in answer.text) == (413, True)
    assert files(folder) == {}


async def test_more_than_was_announced_leaves_what_was_there(
    objects: Objects, client: httpx.AsyncClient, folder: Path, url: str
) -> None:
    address = await objects.upload_url(KEY, 10)
    assert (await client.put(address, content=parts(2))).status_code == 413
    assert (await client.get(url)).content == CONTENT
    assert files(folder) == {KEY: len(CONTENT)}


async def test_less_than_was_announced_is_kept_for_others_to_judge(objects: Objects, client: httpx.AsyncClient) -> None:
    assert (await client.put(await objects.upload_url(KEY, 1_000_000), content=b"abc")).status_code == 201
    assert await objects.stored(KEY) == Stored(3, sha256(b"abc").hexdigest())


async def test_an_address_ends_with_its_hour(
    objects: Objects, client: httpx.AsyncClient, url: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.objects._LIFETIME", timedelta(seconds=-1))
    late = await objects.download_url(KEY, "video/mp4"), await objects.upload_url("late", 3)
    for answer in (await client.get(late[0]), await client.put(late[1], content=b"abc")):
        assert (answer.status_code, "expired" in answer.text) == (403, True)
    assert files(folder) == {KEY: len(CONTENT)}


def changed(url: str, **query: str) -> httpx.URL:
    """The address with other values in its query."""
    return httpx.URL(url).copy_merge_params(query)


async def test_an_address_that_was_tampered_with_is_refused(
    objects: Objects, client: httpx.AsyncClient, url: str, folder: Path
) -> None:
    other = await objects.download_url("organization/item/other", "video/mp4")
    signature = httpx.URL(url).params["signature"]
    forged: list[Any] = [
        url.split("?", maxsplit=1)[0],
        url.split("&signature", maxsplit=1)[0],
        changed(url, signature=""),
        changed(url, signature=signature[:-1]),
        changed(url, signature="é" * 64),
        changed(url, signature=httpx.URL(other).params["signature"]),
        changed(other, signature=signature),
        changed(url, expires="99999999999"),
        changed(url, expires="soon"),
        changed(url, what="text/html"),
        url.replace("item/file", "item/other"),
    ]
    for address in forged:
        answer = await client.get(address)
        assert (answer.status_code, "signed" in answer.text) == (403, True), address
    assert files(folder) == {KEY: len(CONTENT)}


async def test_an_address_is_good_for_its_method_only(objects: Objects, client: httpx.AsyncClient, url: str) -> None:
    upload = await objects.upload_url(KEY, 3)
    assert (await client.put(url, content=b"abc")).status_code == 403
    assert (await client.get(upload)).status_code == 403
    for method in ("POST", "DELETE", "PATCH"):
        assert (await client.request(method, url)).status_code == 405
        assert (await client.request(method, upload)).status_code == 405
    assert (await client.options(url)).status_code == 403
    assert (await client.get(url)).content == CONTENT


@pytest.mark.parametrize(
    "path",
    ["../outside", "%2e%2e/outside", "%2e%2e%2foutside", "organization/../../outside", "..%5coutside", "/etc/passwd"],
)
async def test_nobody_leaves_the_folder(client: httpx.AsyncClient, url: str, folder: Path, path: str) -> None:
    (folder.parent / "outside").write_text("private")
    query = httpx.URL(url).query.decode()
    for base in ("http://media.example/media", "http://media.example/media/organization/item"):
        address = f"{base}/{path}?{query}"
        sent = httpx.URL(address)
        assert (await client.get(sent)).status_code in (403, 404)
        assert (await client.put(sent, content=b"abc")).status_code in (403, 404)
    assert (folder.parent / "outside").read_text() == "private"


@pytest.mark.parametrize("key", ["../outside", "organization/../../outside"])
async def test_not_even_a_signed_key_leaves_the_folder(
    objects: Objects, client: httpx.AsyncClient, folder: Path, key: str
) -> None:
    signed = httpx.URL((await objects.upload_url(key, 3)).replace("..", "%2e%2e"))
    with pytest.raises(Exception, match=r"\.\."):
        await client.put(signed, content=b"abc")
    assert not (folder.parent / "outside").exists()


RANGES = {
    "bytes=0-0": (0, 1),
    "bytes=0-99": (0, 100),
    "bytes=100-199": (100, 200),
    "bytes=1000-": (1000, 1024),
    "bytes=-24": (1000, 1024),
    "bytes=1023-9999": (1023, 1024),
    "bytes=-9999": (0, 1024),
}


@pytest.mark.parametrize("asked", RANGES)
async def test_a_range_is_exactly_its_bytes(client: httpx.AsyncClient, url: str, asked: str) -> None:
    start, end = RANGES[asked]
    answer = await client.get(url, headers={"range": asked})
    assert (answer.status_code, answer.content) == (206, CONTENT[start:end])
    assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/1024"
    assert answer.headers["content-length"] == str(end - start)
    assert answer.headers["content-type"] == "video/mp4"


async def test_several_ranges_come_as_parts(client: httpx.AsyncClient, url: str) -> None:
    answer = await client.get(url, headers={"range": "bytes=0-3,1000-1003"})
    assert answer.status_code == 206
    assert answer.headers["content-type"].startswith("multipart/byteranges; boundary=")
    assert all(part in answer.content for part in (CONTENT[:4], CONTENT[1000:1004], b"bytes 1000-1003/1024"))


@pytest.mark.parametrize(("asked", "status"), [("bytes=1024-", 416), ("bytes=5-2", 400), ("pages=1-2", 400)])
async def test_a_range_that_is_none_is_refused(client: httpx.AsyncClient, url: str, asked: str, status: int) -> None:
    answer = await client.get(url, headers={"range": asked})
    assert answer.status_code == status
    assert CONTENT[:10] not in answer.content


async def test_head_says_what_get_would(client: httpx.AsyncClient, url: str) -> None:
    answer = await client.head(url)
    assert (answer.status_code, answer.content) == (200, b"")
    assert (answer.headers["content-length"], answer.headers["content-type"]) == ("1024", "video/mp4")


async def test_a_page_of_any_site_may_play_and_send(objects: Objects, client: httpx.AsyncClient, url: str) -> None:
    address = await objects.upload_url(KEY, 3)
    for method, target, header in (("GET", url, "range"), ("PUT", address, "content-type")):
        asking = SITE | {"access-control-request-method": method, "access-control-request-headers": header}
        allowed = await client.options(target, headers=asking)
        assert (allowed.status_code, allowed.headers["access-control-allow-origin"]) == (200, "*")
        assert method in allowed.headers["access-control-allow-methods"]
        assert header in allowed.headers["access-control-allow-headers"]
        assert "access-control-allow-credentials" not in allowed.headers
    played = await client.get(url, headers=SITE | {"range": "bytes=0-3"})
    assert played.headers["access-control-allow-origin"] == "*"
    assert "content-range" in played.headers["access-control-expose-headers"]
    sent = await client.put(address, content=b"abc", headers=SITE)
    assert (sent.status_code, sent.headers["access-control-allow-origin"]) == (201, "*")


async def test_a_page_of_another_site_may_do_nothing_else(client: httpx.AsyncClient, url: str) -> None:
    for method, header in (("DELETE", "range"), ("GET", "authorization")):
        asked = {"access-control-request-method": method, "access-control-request-headers": header}
        assert (await client.options(url, headers=SITE | asked)).status_code == 400


async def test_of_two_that_send_at_once_one_is_stored_whole(
    objects: Objects, client: httpx.AsyncClient, folder: Path
) -> None:
    address = await objects.upload_url(KEY, 8_000_000)
    bodies = [bytes([number]) * 100_000 for number in range(4)]
    answers = await asyncio.gather(*(client.put(address, content=parts(80, body)) for body in bodies))
    assert {answer.status_code for answer in answers} == {201}
    assert await objects.stored(KEY) in [Stored(8_000_000, sha256(body * 80).hexdigest()) for body in bodies]
    assert files(folder) == {KEY: 8_000_000}


@pytest.mark.parametrize("size", [0, 1_000, 12_000_000])
async def test_who_breaks_off_leaves_no_half_object(
    objects: Objects, folder: Path, size: int, caplog: pytest.LogCaptureFixture
) -> None:
    address = urlsplit(await objects.upload_url(KEY, 20_000_000))
    async with served(Starlette(routes=objects.routes())) as server:
        _, writer = await asyncio.open_connection("127.0.0.1", urlsplit(server).port)
        head = f"PUT {address.path}?{address.query} HTTP/1.1\r\nhost: us\r\ncontent-length: 20000000\r\n\r\n"
        writer.write(head.encode() + b"x" * size)
        await writer.drain()
        await eventually(is_being_received(folder))
        assert await objects.stored(KEY) is None
        writer.close()
        await eventually(is_being_received(folder), False)
    assert files(folder) == {}
    assert not caplog.records, "it is no fault of ours"


def is_being_received(folder: Path) -> Any:
    """Asks whether there is part of an object."""

    async def ask() -> bool:
        return bool(files(folder))

    return ask


async def test_a_real_server_takes_and_plays_a_large_object(objects: Objects) -> None:
    content = os.urandom(20_000_000)
    async with served(Starlette(routes=objects.routes())) as server:
        base = f"http://127.0.0.1:{urlsplit(server).port}"
        upload, download = await objects.upload_url(KEY, len(content)), await objects.download_url(KEY, "video/mp4")
        upload, download = (url.replace("http://media.example", base) for url in (upload, download))
        async with httpx.AsyncClient() as client:
            assert (await client.put(upload, content=content)).status_code == 201
            assert (await client.put(upload, content=parts(201))).status_code == 413
            assert (await client.get(download)).content == content
            answer = await client.get(download, headers={"range": "bytes=19999990-"})
    assert (answer.status_code, answer.content) == (206, content[-10:])


async def test_an_object_can_be_moved_over_another_and_removed(objects: Objects, client: httpx.AsyncClient) -> None:
    for key, content in (("one", b"first"), ("organization/two", b"second")):
        await client.put(await objects.upload_url(key, 10), content=content)
    await objects.move("one", "organization/two")
    assert await objects.stored("one") is None
    assert await objects.stored("organization/two") == Stored(5, sha256(b"first").hexdigest())
    await objects.move("organization/two", "elsewhere/three")
    assert await objects.stored("elsewhere/three") == Stored(5, sha256(b"first").hexdigest())
    await objects.delete("elsewhere/three")
    assert await objects.stored("elsewhere/three") is None


async def test_what_is_not_there_can_be_asked_for_moved_and_removed(
    objects: Objects, client: httpx.AsyncClient, folder: Path
) -> None:
    await client.put(await objects.upload_url("there", 10), content=b"abc")
    assert await objects.stored("nothing") is None
    await objects.move("nothing", "there")
    await objects.delete("nothing")
    assert await objects.stored("there") == Stored(3, sha256(b"abc").hexdigest())
    assert (await client.get(await objects.download_url("nothing", "video/mp4"))).status_code == 404
    assert files(folder) == {"there": 3}
