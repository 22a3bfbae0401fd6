"""What a browser is told and allowed: headers, other origins over HTTP and WebSocket, methods that nobody needs."""

from collections.abc import AsyncIterator

import pytest
import websockets

from tests.graph.clients import Graph
from tests.graph.replicas import Replica
from tests.graph.stack import Stack

OURS, EVIL = "https://learn.example", "https://evil.example"
ASK = {"query": "{ __typename }"}
HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "x-xss-protection": "1; mode=block",
    "content-security-policy": "default-src 'self'; frame-ancestors 'none'",
    "cache-control": "no-store",
}


@pytest.fixture(scope="module")
async def production(stack: Stack) -> AsyncIterator[Graph]:
    """A router as it runs in production, for pages of one origin."""
    router = Replica.of(stack, "router", LYCEUM_ENVIRONMENT="production", LYCEUM_ORIGINS=f"{OURS}, https://m.example")
    async with router.running() as graph:
        yield graph


@pytest.mark.parametrize("body", [ASK, {"query": "{"}, {"query": "{ courses { totalCount } }"}, []])
async def test_every_answer_has_the_headers_of_security(graph: Graph, production: Graph, body: object) -> None:
    for router in (graph, production):
        response = await router.http.post(router.url, json=body)
        assert HEADERS.items() <= dict(response.headers).items()
        transport = response.headers.get("strict-transport-security")
        assert transport == ("max-age=31536000; includeSubDomains" if router is production else None)


async def test_what_is_no_operation_has_them_too(production: Graph) -> None:
    for path, method in (("/graphql", "OPTIONS"), ("/graphql", "GET"), ("/healthcheck", "GET"), ("/nothing", "GET")):
        response = await production.http.request(method, production.url.replace("/graphql", path))
        assert response.headers["x-content-type-options"] == "nosniff", path
        assert response.headers["x-frame-options"] == "DENY", path


async def test_graphiql_may_run_what_is_inside_it_and_nothing_else(graph: Graph) -> None:
    response = await graph.http.get(graph.url, headers={"accept": "text/html"})
    policy = response.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "http:" not in policy
    assert "https:" not in policy
    assert "*" not in policy


async def preflight(graph: Graph, origin: str) -> dict[str, str]:
    """What a browser is told that asks whether a page may send an operation."""
    headers = {
        "origin": origin,
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,content-type",
    }
    return dict((await graph.http.options(graph.url, headers=headers)).headers)


async def test_pages_of_our_origins_may_ask_and_others_may_not(production: Graph) -> None:
    allowed = await preflight(production, OURS)
    assert allowed["access-control-allow-origin"] == OURS
    assert "authorization" in allowed["access-control-allow-headers"].lower()
    assert "access-control-allow-credentials" not in allowed
    assert (await preflight(production, EVIL)).get("access-control-allow-origin") not in (EVIL, "*")
    answer = await production.http.post(production.url, json=ASK, headers={"origin": OURS})
    assert "retry-after" in answer.headers["access-control-expose-headers"].lower()


async def test_while_developing_any_page_may_ask(graph: Graph) -> None:
    assert (await preflight(graph, EVIL))["access-control-allow-origin"] in (EVIL, "*")


async def test_production_without_a_list_lets_no_page_in(stack: Stack) -> None:
    router = Replica.of(stack, "router", LYCEUM_ENVIRONMENT="production", LYCEUM_ORIGINS="")
    async with router.running() as graph:
        assert "access-control-allow-origin" not in await preflight(graph, OURS)
        with pytest.raises(websockets.InvalidStatus):
            async with graph.frames(origin=websockets.Origin(OURS)):
                pass


@pytest.mark.parametrize("origin", [EVIL, "null", f"{OURS}.evil.example", "http://learn.example"])
async def test_a_socket_of_another_sites_page_is_not_opened(production: Graph, origin: str) -> None:
    with pytest.raises(websockets.InvalidStatus) as refused:
        async with production.frames(origin=websockets.Origin(origin)):
            pass
    assert refused.value.response.status_code == 403


@pytest.mark.parametrize("origin", [OURS, "https://m.example", None])
async def test_a_socket_of_ours_or_of_a_program_is_opened(production: Graph, origin: str | None) -> None:
    async with production.frames(origin=websockets.Origin(origin) if origin else None) as socket:
        assert (await socket.init())["type"] == "connection_ack"


@pytest.mark.parametrize("method", ["TRACE", "PUT", "PATCH", "DELETE", "PROPFIND"])
async def test_other_methods_do_nothing_and_repeat_nothing(production: Graph, method: str) -> None:
    headers = {"x-requested-with": "test", "cookie": "secret=canary"}
    response = await production.http.request(method, production.url, headers=headers)
    assert response.status_code in (400, 403, 404, 405, 501)
    assert "canary" not in response.text


async def test_production_tells_nothing_of_the_schema(production: Graph) -> None:
    for query in ("{ __schema { types { name } } }", '{ __type(name: "Query") { name } }'):
        answer = await production.ask(query)
        assert answer.codes
        assert answer.partial is None
    misspelt = await production.ask("{ vewer { scopes } }")
    assert "viewer" not in misspelt.body["errors"][0]["message"]
    page = await production.http.get(production.url, headers={"accept": "text/html"})
    assert "<html" not in page.text.lower()
