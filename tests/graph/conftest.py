"""One stack for all journeys, started and stopped as a user would, and a tenant of their own in it.

All of them run in one worker of pytest-xdist, so that only one stack is started; tests that break engines have pieces
of their own, in a worker of their own. What they start lasts as long as the tests of this package do: an idle stack
takes CPU from all that run after them.
"""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.graph.clients import Graph
from tests.graph.fleet import Fleet
from tests.graph.replicas import Replica
from tests.graph.school import School
from tests.graph.stack import Stack
from tests.graph.tokens import Mint

HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keeps the journeys together."""
    for item in items:
        if HERE in item.path.parents and not item.get_closest_marker("xdist_group"):
            item.add_marker(pytest.mark.xdist_group("graph"))


@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A running stack; when the tests are over, it has to end well."""
    stack = Stack(tmp_path_factory.mktemp("stack"))
    yield stack
    ending = stack.stop()
    assert ending.code == 0, ending.output
    assert not ending.left, f"left behind: {ending.left}"


@pytest.fixture(scope="package")
async def graph(stack: Stack) -> AsyncIterator[Graph]:
    """Its router."""
    graph = Graph(stack.urls["graphql"], stack.urls["websocket"])
    yield graph
    await graph.http.aclose()


@pytest.fixture(scope="package")
async def production(stack: Stack) -> AsyncIterator[Graph]:
    """A second router before the same subgraphs, as it runs in production."""
    router = Replica.of(stack, "router", LYCEUM_ENVIRONMENT="production", LYCEUM_RATE_LIMIT="0")
    await router.start()
    graph = router.graph
    try:
        yield graph
    finally:
        await graph.http.aclose()
        await router.stop()


@pytest.fixture(scope="package")
async def fleet(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Fleet]:
    """The graph as processes that tests may kill; for tests of the group `faults`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LYCEUM_EPHEMERAL", "1")
        for name in ("DATABASE_URL", "REDIS_URL", "MONGODB_URL", "ELASTICSEARCH_URL"):
            patch.delenv(name, raising=False)
        async with Fleet.running(tmp_path_factory.mktemp("fleet")) as fleet:
            yield fleet


@pytest.fixture(scope="package")
def mint(stack: Stack) -> Mint:
    """Its key."""
    return Mint(stack.home)


@pytest.fixture(scope="package")
async def school(graph: Graph) -> School:
    """A tenant made through the graph."""
    return await School.open(graph)
