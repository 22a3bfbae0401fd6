"""What a browser gets: GraphiQL whole from the router, and nothing of it in production."""

import asyncio
import json
import os
import re
from collections.abc import AsyncIterator
from html.parser import HTMLParser

import pytest
from graphql import parse, validate

from shared.stack import keys, ports
from shared.stack.programs import node
from tests.graph.clients import Graph
from tests.graph.stack import ROOT, Stack
from tests.graph.test_contract import public

BROWSER = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "user-agent": "Mozilla/5.0"}
INTROSPECTIONS = ("{ __schema { queryType { name } } }", '{ __type(name: "User") { name } }')


class Page(HTMLParser):
    """The title of a page, and everything that it loads by itself."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.title, self.loads = "", list[str]()
        self._within = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self._within = tag
        for name, value in attributes:
            if name in ("src", "srcset", "href", "data", "action", "poster") and tag != "a":
                self.loads.append(value or "")

    def handle_data(self, data: str) -> None:
        if self._within == "title":
            self.title += data
        if self._within == "style":
            self.loads += re.findall(r"url\(\s*['\"]?([^'\")]{1,200})", data) + re.findall(
                r"@import\s+['\"]([^'\"]+)", data
            )
        if self._within == "script":
            self.loads += re.findall(r"\bimport\(\s*[\"'`]([^\"'`]{1,200})", data)
            self.loads += re.findall(r"\b(?:importScripts|new Worker)\(\s*[\"'`]([^\"'`]{1,200})", data)

    def handle_endtag(self, tag: str) -> None:
        self._within = ""


async def test_a_browser_gets_graphiql_from_one_file(graph: Graph, stack: Stack) -> None:
    start = await graph.http.get(stack.urls["router"] + "/", headers=BROWSER, follow_redirects=True)
    assert start.url.path == "/graphql"
    response = await graph.http.get(graph.url, headers=BROWSER)
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/html")
    page = Page(response.text)
    assert page.title.strip() == "Lyceum"
    assert page.loads
    assert [address[:80] for address in page.loads if re.match(r"(https?:)?//", address)] == []
    for place in ("unpkg.com", "jsdelivr.net", "esm.sh", "googleapis.com", "cdnjs"):
        assert place not in response.text
    default = re.search(r'"defaultQuery":("(?:[^"\\]|\\.)*")', response.text)
    assert default
    query = json.loads(default.group(1))
    assert "teacher@demo.example" in query
    assert not validate(public, parse(query))


async def test_the_first_query_works_as_it_stands(graph: Graph) -> None:
    text = (await graph.http.get(graph.url, headers=BROWSER)).text
    default = re.search(r'"defaultQuery":("(?:[^"\\]|\\.)*")', text)
    assert default
    query = json.loads(default.group(1))
    login = (await graph.send({"query": query, "operationName": "Login"})).data["login"]
    names = [node.name.value for node in parse(query).definitions if getattr(node, "name", None)]  # type: ignore[union-attr]
    for name in names:
        answer = await graph.send({"query": query, "operationName": name}, login["accessToken"])
        assert answer.data


@pytest.fixture(scope="module")
async def production(stack: Stack) -> AsyncIterator[Graph]:
    """A second router before the same subgraphs, as it runs in production."""
    with ports.reserve() as held:
        port = ports.port_of(held)
    environment = {
        "PATH": os.environ["PATH"],
        "NODE_ENV": "production",
        "LYCEUM_ENVIRONMENT": "production",
        "LYCEUM_PORT": str(port),
        "LYCEUM_SUPERGRAPH": str(stack.home / "supergraph.graphql"),
        "LYCEUM_JWKS_URL": stack.urls["subgraphs"]["identity"] + "/.well-known/jwks.json",
        "LYCEUM_ROUTER_SECRET": keys.router_secret(stack.home),
    }
    router = await asyncio.create_subprocess_exec(
        *(node(), "server.ts"), cwd=ROOT / "router", env=environment, stdout=asyncio.subprocess.PIPE
    )
    assert router.stdout
    graph = Graph(f"http://127.0.0.1:{port}/graphql", f"ws://127.0.0.1:{port}/graphql")
    try:
        async with asyncio.timeout(20):
            assert b"listening" in await router.stdout.readline()
        yield graph
    finally:
        await graph.http.aclose()
        router.terminate()
        assert await router.wait() == 0


async def test_production_shows_neither_graphiql_nor_the_schema(production: Graph) -> None:
    for path in ("/graphql", "/"):
        response = await production.http.get(production.url.removesuffix("/graphql") + path, headers=BROWSER)
        assert "text/html" not in response.headers.get("content-type", "") or response.status_code == 404
        assert "GraphiQL" not in response.text
    token = await production.token("teacher@demo.example")
    for query in INTROSPECTIONS:
        for sent in (None, token):
            answer = await production.ask(query, sent)
            assert answer.body["errors"]
            assert not any((answer.partial or {}).values())
    hint = await production.ask("{ viewer { user { displayNam } } }", token)
    assert "displayName" not in hint.body["errors"][0]["message"]


async def test_production_serves_the_same_graph(production: Graph) -> None:
    token = await production.token("teacher@demo.example")
    answer = await production.ask("{ courses { edges { node { __typename organization { slug } } } } }", token)
    assert answer.data["courses"]["edges"][0]["node"] == {"__typename": "Course", "organization": {"slug": "demo"}}


async def test_development_shows_the_schema(graph: Graph) -> None:
    for query in INTROSPECTIONS:
        assert (await graph.ask(query)).data
