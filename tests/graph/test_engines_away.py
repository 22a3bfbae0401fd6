"""Elasticsearch or MongoDB away: their own fields carry a clear error, everything else answers, and nothing is lost."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from shared.stack import ports
from tests.graph.fleet import Fleet

pytestmark = pytest.mark.xdist_group("faults")

UNAVAILABLE = "SERVICE_UNAVAILABLE"
ITEMS = """
{ courses { edges { node { title modules { items(first: 5) { edges { node { id title text mediaUrl } } } } } } } }
"""
COURSES = "{ courses { edges { node { title modules { title items { totalCount } } } } } }"
SEARCH = '{ search(query: "star") { totalCount } }'
CREATE = """
mutation($input: CreateContentItemInput!) {
  createContentItem(input: $input) { __typename ... on ContentItem { id } }
}
"""
QUICK = 8.0


@asynccontextmanager
async def nowhere(fleet: Fleet, subgraph: str, variable: str, scheme: str) -> AsyncIterator[None]:
    """A subgraph runs with an engine at an address where nobody answers."""
    replica = fleet.replicas[subgraph]
    with ports.reserve() as held:
        replica.environment[variable] = f"{scheme}://127.0.0.1:{ports.port_of(held)}"
        await fleet.crash(subgraph)
        await fleet.revive(subgraph)
        try:
            yield
        finally:
            del replica.environment[variable]
            await fleet.crash(subgraph)
            await fleet.revive(subgraph)


async def test_without_elasticsearch_everything_but_search_answers(fleet: Fleet) -> None:
    graph = fleet.graph
    token = await graph.token("teacher@demo.example")
    module = (await graph.ask("{ courses(first: 1) { edges { node { modules { id } } } } }", token)).data
    module_id = module["courses"]["edges"][0]["node"]["modules"][0]["id"]
    async with nowhere(fleet, "content", "ELASTICSEARCH_URL", "http"):
        answer = await graph.ask(SEARCH, token)
        assert answer.codes == [UNAVAILABLE]
        assert answer.seconds < QUICK
        assert (await graph.ask(ITEMS, token)).data["courses"]["edges"]
        input = {"moduleId": module_id, "type": "TEXT", "title": "Made in the dark", "text": "A wombat in the dark."}
        made = (await graph.ask(CREATE, token, input=input)).data["createContentItem"]
        assert made["__typename"] == "ContentItem"
    async with asyncio.timeout(20):  # the item was not lost: whoever indexes next finds its event where it stood
        while not (await graph.ask('{ search(query: "wombat") { totalCount } }', token)).data["search"]["totalCount"]:
            await asyncio.sleep(0.2)


async def test_without_mongodb_texts_and_questions_are_away(fleet: Fleet) -> None:
    graph = fleet.graph
    token = await graph.token("teacher@demo.example")
    cache = "{ courses(first: 1) { edges { node { modules { items { edges { node { draftText title } } } } } } } }"
    async with nowhere(fleet, "content", "MONGODB_URL", "mongodb"):
        answer = await graph.ask(cache, token)
        assert set(answer.codes) == {UNAVAILABLE}
        assert answer.seconds < QUICK
        nodes = [
            edge["node"]
            for module in answer.partial["courses"]["edges"][0]["node"]["modules"]
            for edge in module["items"]["edges"]
        ]
        assert nodes
        assert all(node["title"] and node["draftText"] is None for node in nodes)
        assert (await graph.ask(COURSES, token)).data["courses"]["edges"]
        assert (await graph.ask(SEARCH, token)).data["search"]["totalCount"]
    async with nowhere(fleet, "assessment", "MONGODB_URL", "mongodb"):
        quizzes = "{ courses { edges { node { title assessments { edges { node { title passingScore } } } } } } }"
        assert (await graph.ask(quizzes, token)).data["courses"]["edges"]
        [quiz] = (
            await graph.ask("{ courses { edges { node { assessments(first: 1) { edges { node { id } } } } } } }", token)
        ).data["courses"]["edges"][:1]
        id = quiz["node"]["assessments"]["edges"][0]["node"]["id"]
        query = "query($id: ID!) { assessment(id: $id) { questions { prompt } } viewer { user { displayName } } }"
        answer = await graph.ask(query, token, id=id)
        assert answer.codes == [UNAVAILABLE]
        assert answer.partial["assessment"] is None
        assert answer.partial["viewer"]["user"]["displayName"]
