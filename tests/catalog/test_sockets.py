"""Who gets a socket at all, and what many of them cost."""

import asyncio
import dataclasses
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from gql.transport.exceptions import TransportClosed, TransportConnectionFailed, TransportServerError
from websockets.asyncio.client import connect

from tests.catalog.conftest import students
from tests.catalog.sockets import Watcher, connected, params, served, watching
from tests.conftest import Subgraph, Tenant


@pytest.fixture
async def url(catalog: Subgraph) -> AsyncIterator[str]:
    """Where catalog listens."""
    async with served(catalog.app) as address:
        yield address


@pytest.mark.parametrize(
    "changes",
    [
        {"x-lyceum-router": None},
        {"x-lyceum-router": ""},
        {"x-lyceum-router": "somebody else's secret"},
        {"x-lyceum-router": "\ud800"},
        {"x-lyceum-router": ["a list"]},
    ],
    ids=str,
)
async def test_a_socket_without_the_routers_secret_is_refused(
    catalog: Subgraph, tenant: Tenant, url: str, changes: dict[str, Any]
) -> None:
    sent = {name: value for name, value in (params(catalog, tenant.teacher) | changes).items() if value is not None}
    with pytest.raises((TransportClosed, TransportConnectionFailed, TransportServerError)):
        async with asyncio.timeout(3), connected(url, sent):
            pass


@pytest.mark.parametrize(
    "authorization", ["Bearer nonsense", "Basic dTpw", "Bearer ", 7, {"a": "mapping"}, "expired", "revoked"], ids=str
)
async def test_with_a_bad_token_a_socket_opens_and_a_subscription_is_refused(
    catalog: Subgraph, tenant: Tenant, course: dict[str, Any], url: str, authorization: Any
) -> None:
    sent = params(catalog, tenant.teacher) | {"authorization": authorization}
    if authorization == "expired":
        sent = params(catalog, dataclasses.replace(tenant.teacher, expires_at=int(time.time()) - 1))
    if authorization == "revoked":
        assert tenant.teacher.session_id
        await catalog.platform.revocations.end([tenant.teacher.session_id], time.time() + 60)
        sent = params(catalog, tenant.teacher)
    async with connected(url, sent) as session:
        assert await Watcher(session, course["id"]).ends() == ["UNAUTHENTICATED"]


async def test_without_a_token_a_socket_opens_and_a_subscription_is_refused(
    catalog: Subgraph, course: dict[str, Any], url: str
) -> None:
    async with connected(url, params(catalog, None)) as session:
        watcher = Watcher(session, course["id"])
        assert await watcher.ends() == ["UNAUTHENTICATED"]
        assert watcher.states == []


@pytest.mark.parametrize("subprotocol", [None, "graphql-ws"])
async def test_the_old_protocol_is_not_offered(url: str, subprotocol: str | None) -> None:
    subprotocols: Any = [subprotocol] if subprotocol else None
    async with connect(url, subprotocols=subprotocols) as socket:
        await socket.wait_closed()
        assert socket.close_code == 4406


async def test_a_subscription_before_the_connection_is_acknowledged_closes_it(url: str) -> None:
    subprotocols: Any = ["graphql-transport-ws"]
    async with connect(url, subprotocols=subprotocols) as socket:
        await socket.send('{"type": "subscribe", "id": "1", "payload": {"query": "{ __typename }"}}')
        await socket.wait_closed()
        assert socket.close_code == 4401


async def test_two_hundred_subscribers_share_a_few_connections_to_redis(
    catalog: Subgraph, tenant: Tenant, course: dict[str, Any], url: str
) -> None:
    async def connections() -> int:
        info: Any = await catalog.platform.redis.info("clients")
        return info["connected_clients"]

    before = await connections()
    async with watching(catalog, url, tenant.teacher, course["id"]) as first:
        await first.sees(1)
        async with connected(url, params(catalog, tenant.student)) as shared:
            # The router shares one socket between equal viewers; other viewers have their own.
            many = [Watcher(shared, course["id"]) for _ in range(180)]
            others = [watching(catalog, url, person, course["id"]) for person in students(tenant, 20)]
            entered = await asyncio.gather(*(other.__aenter__() for other in others))
            await first.sees(22, within=10)
            await asyncio.gather(*(watcher.sees(22, within=10) for watcher in (*many, *entered)))
            peak = await connections()
            assert peak - before <= 100, "the pool of the process is its bound"
            await asyncio.gather(*(watcher.close() for watcher in many))
            await asyncio.gather(*(other.__aexit__(None, None, None) for other in others))
        await first.sees(1, within=10)
        assert len(first.states) < 50, "changes that come faster than four a second become one"
