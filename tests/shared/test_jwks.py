"""Identity's published keys: fetched when they are needed, seldom, and again after a failure."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import OKPAlgorithm

from shared.auth import JwksClient
from shared.errors import Unavailable


class Publisher:
    """A small HTTP server that publishes keys, or does not."""

    def __init__(self) -> None:
        self.requests = 0
        self.status = 200
        self.delay = 0.0
        self.body = ""
        self.publish("first")

    def publish(self, *kids: str) -> None:
        """The keys from now on."""
        keys = [
            json.loads(OKPAlgorithm.to_jwk(Ed25519PrivateKey.generate().public_key())) | {"kid": kid, "alg": "EdDSA"}
            for kid in kids
        ]
        self.body = json.dumps({"keys": keys})

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request."""
        await reader.readuntil(b"\r\n\r\n")
        self.requests += 1
        await asyncio.sleep(self.delay)
        head = f"HTTP/1.1 {self.status} -\r\nlocation: /elsewhere\r\ncontent-length: {len(self.body)}\r\n\r\n"
        writer.write((head + self.body).encode())
        await writer.drain()
        writer.close()


@pytest.fixture
def publisher() -> Publisher:
    """What is published."""
    return Publisher()


@pytest.fixture
async def client(publisher: Publisher) -> AsyncIterator[JwksClient]:
    """A client that has fetched nothing yet."""
    server = await asyncio.start_server(publisher.answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    yield JwksClient(f"http://127.0.0.1:{port}/jwks.json")
    server.close()


async def found(client: JwksClient, kid: str) -> str | None:
    """The id of the key that was found."""
    key = await client.key(kid)
    return key.key_id if key else None


async def test_a_known_key_is_fetched_once(client: JwksClient, publisher: Publisher) -> None:
    assert await asyncio.gather(*(found(client, "first") for _ in range(100))) == ["first"] * 100
    assert await found(client, "first") == "first"
    assert publisher.requests == 1


async def test_a_hundred_unknown_keys_are_one_request(client: JwksClient, publisher: Publisher) -> None:
    assert await asyncio.gather(*(found(client, f"made-up-{number}") for number in range(100))) == [None] * 100
    assert publisher.requests == 1


async def test_a_new_key_is_found_after_a_pause(
    client: JwksClient, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await found(client, "first") == "first"
    publisher.publish("second", "first")
    assert await found(client, "second") is None, "it has just looked"
    monkeypatch.setattr(JwksClient, "_PAUSE", 0.0)
    assert await found(client, "second") == "second"
    publisher.publish("second")
    assert await found(client, "third") is None
    assert await found(client, "first") is None, "a key that was withdrawn is not good any more"


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, "{}"),
        (404, "nothing"),
        (302, ""),
        (200, "not JSON"),
        (200, "[]"),
        (200, "null"),
        (200, "{}"),
        (200, '{"keys": []}'),
        (200, '{"keys": 7}'),
        (200, '{"keys": ["a"]}'),
        (200, '{"keys": [{"kty": "what"}]}'),
    ],
)
async def test_keys_that_cannot_be_had_are_unavailable_and_found_once_they_can(
    client: JwksClient, publisher: Publisher, monkeypatch: pytest.MonkeyPatch, status: int, body: str
) -> None:
    monkeypatch.setattr(JwksClient, "_RETRY", 0.05)
    good, publisher.body, publisher.status = publisher.body, body, status
    with pytest.raises(Unavailable):
        await client.key("first")
    publisher.body, publisher.status = good, 200
    await asyncio.sleep(0.06)
    assert await found(client, "first") == "first"


async def test_nobody_listening_is_unavailable_at_once() -> None:
    started = time.monotonic()
    with pytest.raises(Unavailable):
        await JwksClient("http://127.0.0.1:9/jwks.json").key("first")
    assert time.monotonic() - started < 1


async def test_a_publisher_that_hangs_holds_nobody_up_for_long(client: JwksClient, publisher: Publisher) -> None:
    publisher.delay = 4
    started = time.monotonic()
    answers: Any = await asyncio.gather(*(client.key(f"kid-{number}") for number in range(50)), return_exceptions=True)
    assert {type(answer) for answer in answers} == {Unavailable}
    assert time.monotonic() - started < 5, "they waited for each other"
    assert publisher.requests < 4


async def test_known_keys_stay_good_while_the_publisher_is_away(
    client: JwksClient, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await found(client, "first") == "first"
    publisher.status = 500
    monkeypatch.setattr(JwksClient, "_PAUSE", 0.0)
    with pytest.raises(Unavailable):
        await client.key("second")
    assert await found(client, "first") == "first"


async def test_keys_may_come_from_a_file(tmp_path: Path, publisher: Publisher) -> None:
    path = tmp_path / "jwks.json"
    client = JwksClient(path.as_uri())
    with pytest.raises(Unavailable):
        await client.key("first")
    path.write_text(publisher.body)
    await asyncio.sleep(1.05)
    assert await found(client, "first") == "first"
