"""What a browser gets: GraphiQL whole from the router, and nothing of it in production."""

import json
import re
from html.parser import HTMLParser
from typing import Any

from graphql import parse, validate

from tests.graph.clients import PASSWORD, Graph
from tests.graph.operations import WEB, persisted
from tests.graph.stack import Stack
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


async def test_production_shows_neither_graphiql_nor_the_schema(production: Graph) -> None:
    for path in ("/graphql", "/"):
        response = await production.http.get(production.url.removesuffix("/graphql") + path, headers=BROWSER)
        assert "text/html" not in response.headers.get("content-type", "") or response.status_code == 404
        assert "GraphiQL" not in response.text
    token = (await sign_in(production))["accessToken"]
    for query in INTROSPECTIONS:
        for sent in (None, token):
            answer = await production.ask(query, sent)
            assert answer.body["errors"]
            assert not any((answer.partial or {}).values())
    hint = await production.ask("{ viewer { user { displayNam } } }", token)
    assert "displayName" not in hint.body["errors"][0]["message"]


async def test_production_serves_the_same_graph(production: Graph) -> None:
    token = (await sign_in(production))["accessToken"]
    answer = await production.send(persisted("web", "Me"), token, headers=WEB)
    assert answer.data["viewer"]["organization"]["slug"] == "demo"


async def sign_in(production: Graph) -> dict[str, Any]:
    """What login answers to the web's own operation."""
    input = {"email": "teacher@demo.example", "password": PASSWORD}
    tokens: dict[str, Any] = (await production.send(persisted("web", "Login", input=input), headers=WEB)).data["login"]
    return tokens


async def test_development_shows_the_schema(graph: Graph) -> None:
    for query in INTROSPECTIONS:
        assert (await graph.ask(query)).data
