"""`lyceum up` beside another stack: they do not touch each other, and each ends with everything it started."""

import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from tests.graph.clients import Graph
from tests.graph.stack import Stack, forget, run, run_up


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The home of a second stack, kept from one test to the next."""
    home = tmp_path_factory.mktemp("second")
    yield home
    forget(home)


def test_a_home_in_use_says_so(stack: Stack) -> None:
    refused = run_up(stack.home)
    assert refused.returncode == 1
    assert "already running" in refused.stdout
    assert str(stack.process.pid) in refused.stdout
    assert stack.process.poll() is None
    assert (stack.home / "stack.json").exists()


def test_a_port_in_use_says_so(stack: Stack, home: Path) -> None:
    port = stack.urls["graphql"].split(":")[2].split("/")[0]
    refused = run_up(home, LYCEUM_PORT=port)
    assert refused.returncode == 1
    assert port in refused.stdout
    assert "LYCEUM_PORT" in refused.stdout


async def test_reindex_goes_through_the_items_of_the_stack_that_runs(graph: Graph, stack: Stack) -> None:
    done = run(stack.home, "reindex", "--from-start")
    assert done.returncode == 0, done.stdout
    counted = re.search(r"reindex .* ([0-9]+) items", done.stdout)
    assert counted
    assert int(counted[1]) >= 30
    assert stack.process.poll() is None
    teacher = await graph.token("teacher@demo.example")
    assert (await graph.ask('{ search(query: "star") { totalCount } }', teacher)).data["search"]["totalCount"]


FOUND = '{ course(slug: "only-there") { slug } }'


def megabytes(stack: Stack) -> int:
    """The memory of all processes of a stack, without what they share with others."""
    parents = [psutil.Process(pid) for pid in stack.pids.values()]
    family = {each.pid: each for parent in parents for each in (parent, *parent.children(recursive=True))}
    return round(sum(each.memory_full_info().uss for each in family.values()) / 1e6)


async def test_two_stacks_run_side_by_side_and_keep_what_is_theirs(
    graph: Graph, stack: Stack, home: Path, record_property: Callable[[str, object], None]
) -> None:
    second = Stack(home, LYCEUM_EPHEMERAL="0")
    other = Graph(second.urls["graphql"], second.urls["websocket"])
    mine, theirs = await graph.token("teacher@demo.example"), await other.token("teacher@demo.example")
    create = 'mutation { createCourse(input: {title: "Only there", slug: "only-there"}) { __typename } }'
    assert (await other.ask(create, theirs)).data["createCourse"] == {"__typename": "Course"}
    assert (await other.ask(FOUND, theirs)).data["course"]
    assert (await graph.ask(FOUND, mine)).data == {"course": None}
    assert (await other.ask("{ viewer { scopes } }", mine)).codes == ["UNAUTHENTICATED"], "each has its own keys"
    record_property("MB", megabytes(second))
    assert megabytes(second) < 2_000
    await other.http.aclose()
    ending = second.stop(signal.SIGINT)
    assert ending.code == 0, ending.output
    assert not ending.left
    assert not (home / "stack.json").exists()
    assert (await graph.ask("{ viewer { scopes } }")).data == {"viewer": None}, "the first one goes on"

    began = time.monotonic()
    again = Stack(home, LYCEUM_EPHEMERAL="0")
    record_property("seconds to start again", round(time.monotonic() - began, 1))
    other = Graph(again.urls["graphql"], again.urls["websocket"])
    assert (await other.ask(FOUND, theirs)).data["course"], "also the token is still good"
    await other.http.aclose()
    os.kill(again.pids["catalog"], signal.SIGKILL)
    ending = again.wait()
    assert ending.code == 1
    assert "catalog died" in ending.output
    assert "SIGKILL" in ending.output
    assert not ending.left


def test_a_killed_stack_takes_its_processes_with_it(home: Path) -> None:
    stack = Stack(home, "--quiet", LYCEUM_EPHEMERAL="0")
    ending = stack.stop(signal.SIGKILL)
    assert ending.code == -signal.SIGKILL
    assert not ending.left
