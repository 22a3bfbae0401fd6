"""The endpoint of a subgraph: who is answered at all, how, and how much it takes in."""

import asyncio
import dataclasses
import json
import os
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from shared import ids
from shared.auth import Role
from tests.catalog.sockets import served
from tests.conftest import Subgraph, viewer

QUERY = {"query": "{ __typename }"}
MEGABYTE = 1_048_576


def aliased(number: int) -> str:
    """A selection with so many aliases."""
    return "{" + " ".join(f"a{index}: __typename" for index in range(number)) + "}"


def introspected(depth: int) -> str:
    """A document of this depth."""
    types = "name"
    for _ in range(depth - 2):
        types = f"ofType {{ {types} }}"
    return f'{{ __type(name: "Course") {{ {types} }} }}'


def doubling(number: int) -> str:
    """Fragments each of which spreads the next one twice."""
    return " ".join(f"fragment F{index} on Query {{ ...F{index + 1} ...F{index + 1} }}" for index in range(number))


@pytest.fixture
def secret() -> dict[str, str]:
    """The router's header."""
    return {"x-lyceum-router": os.environ["LYCEUM_ROUTER_SECRET"]}


@pytest.fixture
async def client(catalog: Subgraph) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a real server."""
    async with served(catalog.app) as url:
        address = url.replace("ws://", "http://").removesuffix("/graphql")
        async with httpx.AsyncClient(base_url=address, trust_env=False) as made:
            yield made


@pytest.mark.parametrize(
    "headers",
    [{}, {"x-lyceum-router": ""}, {"x-lyceum-router": "wrong"}, {"x-lyceum-router": b"\xff\xfe"}],
    ids=str,
)
async def test_only_the_router_is_answered(catalog: Subgraph, headers: dict[str, Any]) -> None:
    token = catalog.sign(viewer(Role.ADMIN, ids.new_id()))
    for document in ("{ __typename }", "{ _service { sdl } }", "{ __schema { types { name } } }", "nonsense"):
        sent = headers | {"authorization": f"Bearer {token}"}
        response = await catalog.client.post("/graphql", json={"query": document}, headers=sent)
        assert response.status_code == 403
        assert response.text == "Subgraphs answer the router only."


async def test_the_routers_secret_opens_it_and_health_needs_none(catalog: Subgraph, secret: dict[str, str]) -> None:
    response = await catalog.client.post("/graphql", json=QUERY, headers=secret)
    assert response.json() == {"data": {"__typename": "Query"}}
    health = await catalog.client.get("/health")
    assert health.json() == {"status": "ok", "subgraph": "catalog", "engines": {"postgres": "ok", "redis": "ok"}}


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"])
async def test_other_methods_are_refused(catalog: Subgraph, secret: dict[str, str], method: str) -> None:
    response = await catalog.client.request(method, "/graphql", params=QUERY, headers=secret)
    assert response.status_code == 405
    assert "__typename" not in response.text


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (json.dumps([QUERY, QUERY]), "application/json"),
        (json.dumps([]), "application/json"),
        (json.dumps("text"), "application/json"),
        (json.dumps(None), "application/json"),
        ("{", "application/json"),
        ("", "application/json"),
        (b"\xff\xfe", "application/json"),
        (json.dumps({"query": 7}), "application/json"),
        (json.dumps({"query": None}), "application/json"),
        (json.dumps({}), "application/json"),
        (json.dumps(QUERY | {"variables": [1]}), "application/json"),
        (json.dumps(QUERY | {"variables": "text"}), "application/json"),
        ("query={ __typename }", "application/x-www-form-urlencoded"),
        (json.dumps(QUERY), "text/plain"),
        ('--b\r\ncontent-disposition: form-data; name="map"\r\n\r\n{}\r\n--b--', "multipart/form-data; boundary=b"),
    ],
)  # fmt: skip
async def test_what_is_no_single_operation_in_json_is_refused(
    catalog: Subgraph, secret: dict[str, str], content: str | bytes, kind: str
) -> None:
    response = await catalog.client.post("/graphql", content=content, headers=secret | {"content-type": kind})
    assert response.status_code in (400, 415)
    assert '"data"' not in response.text


async def test_a_body_of_a_megabyte_is_taken_and_one_byte_more_is_not(
    client: httpx.AsyncClient, secret: dict[str, str]
) -> None:
    small = json.dumps(QUERY | {"variables": {"padding": ""}})
    for size, status in ((MEGABYTE, 200), (MEGABYTE + 1, 413)):
        content = small.replace('""', '"' + "x" * (size - len(small)) + '"')
        assert len(content) == size
        headers = secret | {"content-type": "application/json"}
        response = await client.post("/graphql", content=content, headers=headers)
        assert response.status_code == status


@pytest.mark.parametrize("chunks", [17, 100])
async def test_a_body_that_grows_beyond_it_without_having_said_so_is_refused_too(
    catalog: Subgraph, client: httpx.AsyncClient, secret: dict[str, str], chunks: int
) -> None:
    async def content() -> AsyncIterator[bytes]:
        for _ in range(chunks):
            yield b" " * 65_536

    headers = secret | {"content-type": "application/json"}
    for asked in (catalog.client, client):
        response = await asked.post("/graphql", content=content(), headers=headers)
        assert (response.status_code, response.text) == (413, "The request is too large.")
    again = await client.post("/graphql", json=QUERY, headers=secret)
    assert again.json() == {"data": {"__typename": "Query"}}


@pytest.mark.parametrize("length", ["-1", "abc", "1e9", "9" * 400, ""])
async def test_a_length_that_makes_no_sense_is_refused(
    client: httpx.AsyncClient, secret: dict[str, str], length: str
) -> None:
    reader, writer = await asyncio.open_connection(client.base_url.host, client.base_url.port)
    head = ["POST /graphql HTTP/1.1", "host: x", "content-type: application/json", f"content-length: {length}"]
    head += [f"{name}: {value}" for name, value in secret.items()]
    writer.write("\r\n".join([*head, "", json.dumps(QUERY)]).encode())
    status = (await reader.readline()).split()[1]
    assert int(status) in (400, 413)
    writer.close()


@pytest.mark.parametrize(
    "authorization",
    ["nonsense", "Bearer", "Bearer ", "Basic dTpw", "Bearer nonsense", "Token a.b.c", b"Bearer \xff"],
)
async def test_a_bad_token_is_401_and_nothing_is_executed(
    catalog: Subgraph, secret: dict[str, str], authorization: Any
) -> None:
    with catalog.counted() as statements:
        document = {"query": '{ course(slug: "anything") { id } }'}
        headers = secret | {"authorization": authorization}
        response = await catalog.client.post("/graphql", json=document, headers=headers)
    assert response.status_code == 401
    assert response.json()["data"] is None
    assert [error["extensions"] for error in response.json()["errors"]] == [{"code": "UNAUTHENTICATED"}]
    assert statements == []


async def test_an_expired_token_and_an_ended_session_are_401(catalog: Subgraph) -> None:
    who = viewer(Role.ADMIN, ids.new_id())
    assert (await catalog.ask("{ courses { totalCount } }", who)).status == 200
    expired = await catalog.ask("{ courses { totalCount } }", dataclasses.replace(who, expires_at=int(time.time()) - 1))
    assert (expired.status, expired.codes) == (401, ["UNAUTHENTICATED"])
    assert who.session_id
    await catalog.platform.revocations.end([who.session_id], who.expires_at)
    ended = await catalog.ask("{ courses { totalCount } }", who)
    assert (ended.status, ended.codes) == (401, ["UNAUTHENTICATED"])


async def test_the_scheme_is_taken_in_any_case(catalog: Subgraph, secret: dict[str, str]) -> None:
    token = catalog.sign(viewer(Role.ADMIN, ids.new_id()))
    for scheme in ("bearer", "BEARER", "Bearer"):
        headers = secret | {"authorization": f"{scheme}  {token} "}
        response = await catalog.client.post("/graphql", json={"query": "{ courses { totalCount } }"}, headers=headers)
        assert response.json() == {"data": {"courses": {"totalCount": 0}}}


async def test_a_document_of_too_many_tokens_is_refused(catalog: Subgraph) -> None:
    who = viewer(Role.ADMIN, ids.new_id())
    refused = await catalog.ask("{" + "__typename " * 5_000 + "}", who)
    assert refused.body["data"] is None
    assert "token" in refused.body["errors"][0]["message"].lower()


@pytest.mark.parametrize(
    ("taken", "refused"),
    [
        (aliased(200), aliased(201)),
        (f"{{ ...A }} fragment A on Query {aliased(200)}", f"{{ ...A }} fragment A on Query {aliased(201)}"),
        (introspected(20), introspected(21)),
        (None, "{ ...F0 } " + doubling(80) + f" fragment F80 on Query {aliased(1)}"),
    ],
    ids=["aliases", "aliases in a fragment", "depth", "fragments that double one another"],
)
async def test_a_document_of_too_many_aliases_or_levels_is_refused(
    catalog: Subgraph, taken: str | None, refused: str
) -> None:
    who = viewer(Role.ADMIN, ids.new_id())
    if taken:
        assert "errors" not in (await catalog.ask(taken, who)).body
    for _ in range(2):  # the second time from the cache
        answer = await catalog.ask(refused, who)
        assert answer.body["data"] is None
        assert answer.body["errors"][0]["extensions"]["code"] == "QUERY_TOO_LARGE"


async def test_many_requests_at_once_are_all_answered(catalog: Subgraph) -> None:
    who = viewer(Role.ADMIN, ids.new_id())
    answers = await asyncio.gather(*(catalog.ask("{ courses { totalCount } }", who) for _ in range(200)))
    assert [answer.data for answer in answers] == [{"courses": {"totalCount": 0}}] * 200
