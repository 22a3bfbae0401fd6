"""A subgraph that takes requests and does not answer: it costs its own fields, for as long as its timeout says."""

import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import pytest

from tests.graph.clients import PRESENCE, Graph, codes_of, shows
from tests.graph.replicas import Replica
from tests.graph.school import School
from tests.graph.stack import Stack

UNAVAILABLE = "SERVICE_UNAVAILABLE"
CATALOG, OTHERS = 1.0, 2.5  # seconds
SLACK = 1.0
MIXED = """
{ viewer { user { displayName enrollments { totalCount } } } semanticSearch(query: "star") { score } }
"""
TWICE = '{ course(slug: "x") { id } viewer { user { displayName enrollments { totalCount } } } }'


@pytest.fixture(scope="module")
async def hasty(stack: Stack) -> AsyncIterator[Graph]:
    """A router that waits a second for catalog and longer for the others."""
    timeouts = {"LYCEUM_TIMEOUT": f"{OTHERS * 1_000:.0f}", "LYCEUM_TIMEOUTS": f"catalog={CATALOG * 1_000:.0f}"}
    async with Replica.of(stack, "router", **timeouts).running() as graph:
        yield graph


@contextmanager
def frozen(stack: Stack, name: str) -> Iterator[None]:
    """The process of a subgraph is there, and does nothing."""
    os.kill(stack.pids[name], signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(stack.pids[name], signal.SIGCONT)


async def test_a_slow_subgraph_costs_its_own_fields_and_its_own_timeout(
    hasty: Graph, stack: Stack, school: School
) -> None:
    teacher = school.teacher
    before = (await hasty.ask(MIXED, teacher.token)).data
    with frozen(stack, "catalog"):
        answer = await hasty.ask(MIXED, teacher.token)
        assert CATALOG <= answer.seconds < CATALOG + SLACK
        assert set(answer.codes) == {UNAVAILABLE}
        assert answer.partial["viewer"]["user"] == {"displayName": teacher.name, "enrollments": None}
        assert answer.partial["semanticSearch"] == before["semanticSearch"]
        assert "catalog" not in str(answer.body["errors"])
        quick = await hasty.ask("{ viewer { user { displayName } } }", teacher.token)
        assert quick.data["viewer"]["user"]["displayName"] == teacher.name
        assert quick.seconds < SLACK
    assert (await hasty.ask(MIXED, teacher.token)).data["viewer"]["user"]["enrollments"] == {"totalCount": 0}


async def test_a_request_waits_for_a_slow_subgraph_once(hasty: Graph, stack: Stack, school: School) -> None:
    """Its second fetch comes after the first one has failed, and would wait as long again."""
    with frozen(stack, "catalog"):
        answer = await hasty.ask(TWICE, school.teacher.token)
    assert answer.codes == [UNAVAILABLE] * 2
    assert answer.partial["course"] is None
    assert answer.partial["viewer"]["user"]["displayName"] == school.teacher.name
    assert answer.seconds < CATALOG + SLACK


@pytest.mark.parametrize("way", ["watch", "watch_sse"])
async def test_a_subscription_that_never_begins_ends_with_a_reason(
    hasty: Graph, stack: Stack, school: School, way: str
) -> None:
    course = await school.course()
    with frozen(stack, "catalog"):
        async with getattr(hasty, way)(PRESENCE, school.teacher.token, courseId=course["id"]) as feed:
            assert codes_of(await feed.end(within=OTHERS + SLACK)) == [UNAVAILABLE]


async def test_a_subscription_goes_on_after_its_subgraph_was_slow(hasty: Graph, stack: Stack, school: School) -> None:
    course, watcher, other = await school.course(), await school.add(), await school.add()
    for person in (watcher, other):
        await school.enroll(course["id"], person.id)
    async with hasty.watch(PRESENCE, watcher.token, courseId=course["id"]) as feed:
        await feed.until(shows(watcher.id))
        with frozen(stack, "catalog"):
            refused = await hasty.ask("{ viewer { user { enrollments { totalCount } } } }", watcher.token)
            assert refused.codes == [UNAVAILABLE]
            assert not feed.has_ended
        async with hasty.watch(PRESENCE, other.token, courseId=course["id"]):
            await feed.until(shows(watcher.id, other.id), within=10)
