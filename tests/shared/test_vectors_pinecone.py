"""What vectors in Pinecone promise beyond the contract: addresses, limits, models, and every way of being away."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from pydantic import SecretStr
from starlette.responses import JSONResponse, PlainTextResponse, Response

from shared import ids
from shared.errors import Unavailable
from shared.graphql import refusal_of
from shared.vectors import VectorQuery, Vectors
from tests.conftest import Tenant
from tests.shared.pinecone import INDEX, Pinecone, served
from tests.shared.vectors import DIMENSIONS, MODEL, Tried, axis, chunk, opened


@pytest.fixture
async def account() -> AsyncIterator[Pinecone]:
    """An account of the test's own."""
    async with served(DIMENSIONS) as made:
        yield made


@pytest.fixture
async def vectors(account: Pinecone) -> AsyncIterator[Vectors]:
    """Vectors in its index."""
    made = opened(account)
    yield made
    await made.close()


def paths(account: Pinecone) -> list[str]:
    """What was asked for, in order."""
    return [path for path, _ in account.requests]


async def test_the_address_of_the_index_is_looked_up_once(account: Pinecone, vectors: Vectors, tenant: Tenant) -> None:
    for _ in range(3):
        await Tried(vectors, tenant.id).ask()
    assert paths(account) == [f"/indexes/{INDEX}", "/describe_index_stats", *["/query"] * 3]


async def test_an_address_that_is_given_is_used(account: Pinecone, tenant: Tenant) -> None:
    vectors = opened(account, pinecone_host=account.address, pinecone_api="http://127.0.0.1:9")
    assert await Tried(vectors, tenant.id).find() == []
    assert paths(account) == ["/describe_index_stats", "/query"]
    await vectors.close()


@pytest.mark.parametrize("host", ["", "ftp://host", "https://", "https://host/path", "https://host?key=1", "a b://c"])
def test_an_address_that_is_none_is_refused_by_its_name(account: Pinecone, host: str) -> None:
    with pytest.raises(ValueError, match="PINECONE_HOST"):
        opened(account, pinecone_host=host)
    with pytest.raises(ValueError, match="PINECONE_CONTROLLER_HOST"):
        opened(account, pinecone_api=host)


@pytest.mark.parametrize("key", ["", " ", "two words", "a\nb", "é"])
def test_a_key_that_is_none_is_refused_and_not_shown(account: Pinecone, key: str) -> None:
    with pytest.raises(ValueError, match=r"^PINECONE_API_KEY must be a key$"):
        opened(account, pinecone_api_key=SecretStr(key))


@pytest.mark.parametrize(("dimensions", "metric"), [(DIMENSIONS + 1, "cosine"), (DIMENSIONS, "euclidean")])
async def test_an_index_for_other_embeddings_is_refused(
    account: Pinecone, vectors: Vectors, tenant: Tenant, dimensions: int, metric: str
) -> None:
    account.dimensions, account.metric = dimensions, metric
    with pytest.raises(RuntimeError, match="PINECONE_INDEX or PINECONE_HOST must name another"):
        await vectors.put([chunk(tenant.id)])
    assert account.namespaces == {}


async def test_a_tenant_has_a_namespace_of_its_own(
    account: Pinecone, vectors: Vectors, tenant: Tenant, stranger: Tenant
) -> None:
    await vectors.put([chunk(tenant.id), chunk(stranger.id)])
    await vectors.remove(tenant.id, [ids.new_id()])
    await Tried(vectors, tenant.id).ask()
    await vectors.of_items(tenant.id, [ids.new_id()])
    await vectors.count(tenant.id)
    await vectors.refresh()
    assert account.namespaces.keys() == {str(tenant.id), str(stranger.id)}
    about = [body.get("namespace", body.get("name")) for _, body in account.requests[2:]]
    assert set(about) == account.namespaces.keys()
    assert about.count(str(stranger.id)) < 10


async def test_embeddings_of_two_models_are_never_compared(account: Pinecone, vectors: Vectors, tenant: Tenant) -> None:
    old = [await Tried(vectors, tenant.id).put() for _ in range(2)]
    switched = Tried(opened(account, model="another"), tenant.id)
    assert await switched.find() == []
    assert await switched.vectors.of_items(tenant.id, [old[0].item_id]) == []
    await switched.put(axis(0), item_id=old[0].item_id)
    assert await switched.find() == [old[0].item_id]
    assert await Tried(vectors, tenant.id).find() == [old[1].item_id]
    await switched.vectors.close()


async def test_a_put_is_split_into_requests_of_the_greatest_size(account: Pinecone, tenant: Tenant) -> None:
    account.dimensions = 3_000
    vectors = opened(account, dimensions=3_000)
    embedding = [1.0 + n for n in range(3_000)]
    item_id = ids.new_id()
    wide = [chunk(tenant.id, item_id=item_id, embedding=embedding, text="𝄞" * 2_000) for _ in range(90)]
    await vectors.put(wide)
    await vectors.refresh()
    assert paths(account).count("/vectors/upsert") == 3
    assert await vectors.count(tenant.id) == 90
    await vectors.close()


async def test_a_writer_that_comes_late_leaves_the_newer_chunks(
    account: Pinecone, vectors: Vectors, tenant: Tenant
) -> None:
    account.lag = 0.0
    item_id = ids.new_id()
    versions = [2, 5, 3, 1, 4]
    await asyncio.gather(*(vectors.put([chunk(tenant.id, item_id=item_id, version=version)]) for version in versions))
    assert [found.version for found in await vectors.of_items(tenant.id, [item_id])] == [5]


async def test_of_two_versions_that_are_there_the_newer_is_found(
    account: Pinecone, vectors: Vectors, tenant: Tenant
) -> None:
    new = await Tried(vectors, tenant.id).put(axis(0, 0, 1), version=2)
    await Tried(vectors, tenant.id).put(axis(0))
    namespace = account.namespaces[str(tenant.id)]
    record = next(one for one in namespace.records.values() if one["metadata"]["version"] == 2)
    left = record["metadata"] | {"version": 1, "chunk_id": str(ids.new_id())}
    namespace.records["left"] = {"id": "left", "values": axis(0), "metadata": left}
    hits = await Tried(vectors, tenant.id).ask()
    assert [hit.chunk_id for hit in hits if hit.item_id == new.item_id] == [new.id]
    assert [found.version for found in await vectors.of_items(tenant.id, [new.item_id])] == [2]


async def test_refresh_waits_for_what_was_written(account: Pinecone, vectors: Vectors, tenant: Tenant) -> None:
    account.lag = 0.5
    await vectors.put([chunk(tenant.id)])
    assert await Tried(vectors, tenant.id).find() == []
    await vectors.refresh()
    assert len(await Tried(vectors, tenant.id).find()) == 1
    account.requests.clear()
    await vectors.refresh()
    assert account.requests == []


BUSY = {
    "429": JSONResponse({"code": 8, "message": "RESOURCE_EXHAUSTED"}, 429),
    "500": PlainTextResponse("", 500),
    "503": JSONResponse({"code": 14, "message": "UNAVAILABLE"}, 503, headers={"retry-after": "0"}),
    "a date": PlainTextResponse("", 503, headers={"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}),
    "nonsense": PlainTextResponse("", 429, headers={"retry-after": "soon\xb2"}),
}


@pytest.mark.parametrize("answer", BUSY.values(), ids=BUSY.keys())
async def test_what_is_busy_is_asked_again(
    account: Pinecone, vectors: Vectors, tenant: Tenant, answer: Response
) -> None:
    account.fault, account.faults_left = answer, 2
    made = await Tried(vectors, tenant.id).put()
    account.fault, account.faults_left = answer, 2
    assert await Tried(vectors, tenant.id).find() == [made.item_id]
    assert paths(account)[-3:] == ["/query"] * 3


async def test_it_waits_as_long_as_it_is_asked_to(account: Pinecone, vectors: Vectors, tenant: Tenant) -> None:
    account.fault, account.faults_left = Response(status_code=429, headers={"retry-after": "1"}), 1
    started = time.monotonic()
    assert await Tried(vectors, tenant.id).find() == []
    assert 1 <= time.monotonic() - started < 2


async def test_it_does_not_wait_longer_than_a_client_would(account: Pinecone, vectors: Vectors, tenant: Tenant) -> None:
    account.fault = Response(status_code=429, headers={"retry-after": "60"})
    started = time.monotonic()
    with pytest.raises(ConnectionError, match="429"):
        await Tried(vectors, tenant.id).ask()
    assert time.monotonic() - started < 0.5
    assert len(account.requests) == 1


FAULTS: dict[str, Response | float] = {
    **{name: BUSY[name] for name in ("429", "500", "503")},
    "401": JSONResponse({"code": 16, "message": "Invalid API key"}, 401),
    "402": JSONResponse({"code": 9, "message": "Pay"}, 402),
    "403": PlainTextResponse("Forbidden", 403),
    "404": JSONResponse({"error": {"code": "NOT_FOUND", "message": "Resource not found"}}, 404),
    "hanging": 5.0,
    "no JSON": PlainTextResponse("<html>It works!</html>"),
    "half of JSON": PlainTextResponse('{"matches": ['),
    "another JSON": JSONResponse([1, 2]),
    "no numbers": JSONResponse({"host": "", "dimension": "many", "record_count": None, "vectors": 1, "matches": 2}),
    "no matches": JSONResponse({"host": 1, "record_count": [], "vectors": {"a": 1}, "matches": [{}] * 9}),
    "strange matches": JSONResponse({"vectors": {"a": {"metadata": {}}}, "matches": ["x"], "record_count": "x"}),
    "another encoding": Response(b"{}", headers={"content-encoding": "gzip"}),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
@pytest.mark.parametrize("is_open", [False, True], ids=["at first", "later"])
async def test_whatever_is_wrong_with_it_it_is_away_and_then_back(
    account: Pinecone, vectors: Vectors, tenant: Tenant, fault: Response | float, is_open: bool
) -> None:
    if is_open:
        await vectors.count(tenant.id)
    account.fault = fault
    await all_reads_are_unavailable(vectors)
    account.fault = None
    made = await Tried(vectors, tenant.id).put()
    assert await Tried(vectors, tenant.id).find() == [made.item_id]


async def all_reads_are_unavailable(vectors: Vectors) -> None:
    """Every read fails soon with what clients see as SERVICE_UNAVAILABLE, many at once too."""
    organization_id = ids.new_id()
    query = VectorQuery(embedding=axis(0))
    calls: list[Any] = [
        vectors.of_items(organization_id, [ids.new_id()]),
        vectors.count(organization_id),
        *(vectors.nearest(organization_id, query) for _ in range(20)),
    ]
    started = time.monotonic()
    errors = await asyncio.gather(*calls, return_exceptions=True)
    assert time.monotonic() - started < 4
    for error in errors:
        assert isinstance(error, OSError), error  # by which consumers know an engine that is away
        assert isinstance(refusal_of(error), Unavailable)


@pytest.mark.parametrize("fault", [BUSY["500"], FAULTS["401"], 0.3], ids=["500", "401", "hanging"])
async def test_writes_tell_that_it_is_away(
    account: Pinecone, vectors: Vectors, tenant: Tenant, fault: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.vectors.pinecone._WRITE_SECONDS", 0.2)
    account.fault = fault
    for write in (vectors.put([chunk(tenant.id)]), vectors.remove(tenant.id, [ids.new_id()])):
        [error] = await asyncio.gather(write, return_exceptions=True)
        assert isinstance(error, OSError)
        assert isinstance(refusal_of(error), Unavailable)


async def test_a_put_that_broke_off_is_made_good_by_the_next(
    account: Pinecone, vectors: Vectors, tenant: Tenant
) -> None:
    old = await Tried(vectors, tenant.id).put(axis(1), axis(2))
    new = [chunk(tenant.id, item_id=old.item_id, version=2)]
    account.answers["/vectors/delete"] = lambda _body: BUSY["503"]
    with pytest.raises(ConnectionError):
        await vectors.put(new)
    account.answers.clear()
    await vectors.refresh()
    assert await vectors.count(tenant.id) == 3
    await vectors.put([replace(new[0], id=ids.new_id())])
    await vectors.refresh()
    assert await vectors.count(tenant.id) == 1


async def test_a_request_that_is_wrong_is_a_fault(account: Pinecone, vectors: Vectors, tenant: Tenant) -> None:
    account.fault = JSONResponse({"code": 3, "message": "Something about it"}, 400)
    with pytest.raises(RuntimeError, match=r"400.*Something about it"):
        await Tried(vectors, tenant.id).ask()


async def test_a_server_that_is_not_there_is_away(account: Pinecone) -> None:
    vectors = opened(account, pinecone_host="http://127.0.0.1:9")
    await all_reads_are_unavailable(vectors)
    await vectors.close()


@pytest.mark.parametrize("answer", [b"", b"not HTTP\r\n\r\n", b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{"])
async def test_a_connection_that_breaks_is_away(account: Pinecone, answer: bytes) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10_000)
        writer.write(answer)
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as listening:
        port = listening.sockets[0].getsockname()[1]
        vectors = opened(account, pinecone_host=f"http://127.0.0.1:{port}")
        await all_reads_are_unavailable(vectors)
        await vectors.close()


async def test_a_redirection_is_not_followed_with_the_key(account: Pinecone, vectors: Vectors, tenant: Tenant) -> None:
    account.fault = Response(status_code=307, headers={"location": f"{account.address}/elsewhere"})
    with pytest.raises(RuntimeError, match="307"):
        await vectors.count(tenant.id)
    assert len(account.requests) == 1


async def test_the_model_is_part_of_every_query(account: Pinecone, vectors: Vectors, tenant: Tenant) -> None:
    await Tried(vectors, tenant.id).ask(drafts=True)
    await vectors.of_items(tenant.id, [ids.new_id()])
    reads = [body["filter"] for path, body in account.requests if path in ("/query", "/vectors/fetch_by_metadata")]
    assert [{"model": {"$eq": f"{MODEL}/{DIMENSIONS}"}} in filter["$and"] for filter in reads] == [True, True]
