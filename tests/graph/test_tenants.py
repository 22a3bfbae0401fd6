"""Two tenants behind one endpoint: whatever an id of one is put into, the other learns and changes nothing."""

import asyncio
import json
import random
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import pytest
from graphql import GraphQLObjectType, build_schema

from tests.graph.clients import PRESENCE, Graph, codes_of
from tests.graph.replicas import Replica
from tests.graph.stack import Stack
from tests.graph.walker import Walker, answers_of, batched, ids_in

ROLES = ("admin", "teacher", "student")
AT_ONCE = 6
REFUSALS = {"NotFound", "InvalidInput"}


@dataclass(frozen=True)
class Tenants:
    """What demo can see, and the tokens of somebody of each role at the other one."""

    walker: Walker
    harvest: set[str]
    snapshot: str
    owners: dict[str, str]
    strangers: dict[str, str | None]
    own: dict[str, str]

    def some(self, number: int) -> list[str]:
        """A few harvested ids of every kind."""
        kinds: dict[str, list[str]] = defaultdict(list)
        for id in sorted(self.harvest):
            kinds[id.rpartition("_")[0]].append(id)
        chance = random.Random(1)
        return [id for kind in kinds.values() for id in chance.sample(kind, min(number, len(kind)))]


def shows_something(value: Any) -> bool:
    """Whether an answer is more than nothing or a list of nothing."""
    return value.get("totalCount") != 0 if isinstance(value, dict) else bool(value)


async def walked(graph: Graph, walker: Walker, tokens: dict[str, str]) -> list[Any]:
    """Everything that the holders of these tokens can see."""
    return [await answers_of(graph, token, walker.roots()) for token in tokens.values()]


async def settled(graph: Graph, walker: Walker, tokens: dict[str, str]) -> list[Any]:
    """The same once it stays as it is: the demo data goes on from subgraph to subgraph after the stack is up."""
    seen = await walked(graph, walker, tokens)
    for _ in range(10):
        await asyncio.sleep(2)
        before, seen = seen, await walked(graph, walker, tokens)
        if seen == before:
            return seen
    raise AssertionError("the demo data never comes to rest")


@pytest.fixture(scope="module")
async def graph(stack: Stack) -> AsyncIterator[Graph]:
    """A router that lets walks of any cost through."""
    router = Replica.of(stack, "router", LYCEUM_MAXIMUM_COST="0")
    async with router.running() as graph:
        yield graph


@pytest.fixture(scope="module")
async def tenants(graph: Graph, stack: Stack) -> Tenants:
    """The demo tenants."""
    walker = Walker(build_schema((stack.home / "schema.graphql").read_text()))
    owners = {role: await graph.token(f"{role}@demo.example") for role in ROLES}
    strangers: dict[str, str | None] = {role: await graph.token(f"{role}@other.example") for role in ROLES}
    seen = await settled(graph, walker, owners)
    member = "{ viewer { membership { id } } courses { edges { node { id } } } }"
    mine = (await graph.ask(member, strangers["student"])).data
    own = {"id": mine["viewer"]["membership"]["id"], "courseId": mine["courses"]["edges"][0]["node"]["id"]}
    snapshot = json.dumps(seen, sort_keys=True)
    return Tenants(walker, ids_in(seen), snapshot, owners, strangers | {"nobody": None}, own)


def test_the_harvest_is_rich(tenants: Tenants, record_property: Callable[[str, object], None]) -> None:
    kinds = Counter(id.rpartition("_")[0] for id in tenants.harvest)
    record_property("harvest", dict(kinds))
    assert kinds["organization"] == 1
    assert kinds["course"] >= 6
    assert kinds["user"] >= 43
    assert {"branch", "membership", "module", "enrollment", "badge", "award"} <= kinds.keys()


async def test_lists_and_walks_never_cross(graph: Graph, tenants: Tenants) -> None:
    for token in tenants.strangers.values():
        seen = ids_in(await answers_of(graph, token, tenants.walker.roots()))
        assert not seen & tenants.harvest
        assert bool(seen) == (token is not None)


async def test_searches_and_cursors_never_cross(graph: Graph, tenants: Tenants) -> None:
    courses = "{ courses(first: 100) { edges { cursor node { title slug } } } }"
    edges = (await graph.ask(courses, tenants.owners["admin"])).data["courses"]["edges"]
    query = """
    query($text: String, $slug: String, $after: String) {
      courses(filter: {text: $text}, first: 100) { edges { node { id } } }
      course(slug: $slug) { id }
      organization(slug: "demo") { id }
      after: courses(after: $after) { edges { node { id } } }
    }
    """
    for token in tenants.strangers.values():
        for edge in edges:
            variables = {"text": edge["node"]["title"], "slug": edge["node"]["slug"], "after": edge["cursor"]}
            answer = await graph.ask(query, token, **variables)
            assert not ids_in(answer.partial) & tenants.harvest


@pytest.mark.parametrize("role", [*ROLES, "nobody"])
async def test_a_foreign_id_finds_nothing_at_any_root_field(
    graph: Graph, tenants: Tenants, role: str, record_property: Callable[[str, object], None]
) -> None:
    walker, root = tenants.walker, tenants.walker.schema.query_type
    assert root
    fields = list(walker.taking_ids(root))
    assert {"course", "enrollment", "organization", "user", "node"} <= {name for name, _ in fields}
    calls = [walker.call(root, name, path, id, tenants.own) for name, path in fields for id in sorted(tenants.harvest)]
    record_property(f"calls as {role}", len(calls))
    for part in batched(calls, 15):
        answer = await graph.ask(f"{{ {part} }}", tenants.strangers[role])
        assert set(answer.codes) <= ({"UNAUTHENTICATED"} if role == "nobody" else set())
        assert not any(map(shows_something, (answer.partial or {}).values()))


@pytest.mark.parametrize("role", [*ROLES, "nobody"])
async def test_a_foreign_id_changes_nothing_in_any_mutation(graph: Graph, tenants: Tenants, role: str) -> None:
    walker, root = tenants.walker, tenants.walker.schema.mutation_type
    assert isinstance(root, GraphQLObjectType)
    gate = asyncio.Semaphore(AT_ONCE)

    async def attempt(name: str, path: tuple[str, ...], id: str) -> str:
        call = walker.call(root, name, path, id, tenants.own)
        async with gate:
            answer = await graph.ask(f"mutation {{ made: {call} }}", tenants.strangers[role])
        if answer.codes:
            expected = "UNAUTHENTICATED" if role == "nobody" else "FORBIDDEN"
            return (
                ""
                if answer.codes == [expected] and not (answer.partial or {}).get("made")
                else f"{call}: {answer.body}"
            )
        return "" if answer.data["made"]["__typename"] in REFUSALS else f"{call}: {answer.body}"

    fields = list(walker.taking_ids(root))
    assert {"publishCourse", "enroll", "updateMember", "deleteOrganization"} <= {name for name, _ in fields}
    attempts = (attempt(name, path, id) for name, path in fields for id in tenants.some(2))
    assert not [failure for failure in await asyncio.gather(*attempts) if failure]


@pytest.mark.parametrize("role", ROLES)
async def test_a_foreign_course_streams_nothing(graph: Graph, tenants: Tenants, role: str) -> None:
    for id in tenants.some(1):
        async with graph.watch(PRESENCE, tenants.strangers[role], courseId=id) as feed:
            assert codes_of(await feed.end(within=5)) == ["NOT_FOUND"]


async def test_after_all_that_everything_is_as_it_was(graph: Graph, tenants: Tenants) -> None:
    assert json.dumps(await walked(graph, tenants.walker, tenants.owners), sort_keys=True) == tenants.snapshot
