"""Clients that vanish without a word: frozen as when a lid closes, or killed. Others see them go within 30 s.

A client that is frozen on server-sent events is not among them: nothing flows back on such a stream, so while its
kernel takes the bytes there is no telling it from one that only listens. Sockets have pings for that.
"""

import asyncio
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import pytest

from tests.graph.clients import PRESENCE, Graph, shows
from tests.graph.school import Person, School
from tests.graph.stack import ROOT

LOST = {
    "frozen on a socket": ("websocket", signal.SIGSTOP),
    "killed on a socket": ("websocket", signal.SIGKILL),
    "killed on server-sent events": ("events", signal.SIGKILL),
}
LIMIT = 30.0


@asynccontextmanager
async def running_client(
    graph: Graph, person: Person, course: str, way: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A client that is present."""
    client = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.graph.lost_client", way, graph.url, graph.websocket, person.token, course),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    assert client.stdout
    try:
        async with asyncio.timeout(20):
            assert await client.stdout.readline() == b"present\n"
        yield client
    finally:
        with suppress(ProcessLookupError):
            client.kill()
        await client.wait()


@pytest.fixture(scope="module")
async def seconds(graph: Graph, school: School) -> dict[str, float]:
    """How long each lost client is still shown to somebody else; all of them vanish at once."""
    course, watcher = await school.course(), await school.add()
    people = {name: await school.add(name=name) for name in LOST}
    gone: dict[str, float] = {}
    async with graph.watch(PRESENCE, watcher.token, courseId=course["id"]) as feed:

        async def lose(name: str) -> None:
            way, number = LOST[name]
            async with running_client(graph, people[name], course["id"], way) as client:
                await feed.until(everybody, 20)
                began = time.monotonic()
                client.send_signal(number)
                with suppress(AssertionError):
                    gone[name] = await feed.until(is_without(people[name].id), LIMIT + 1, began) - began

        everybody = shows(watcher.id, *(person.id for person in people.values()))
        await asyncio.gather(*map(lose, LOST))
    return gone


def is_without(user: str) -> Callable[[dict], bool]:
    """Whether an event does not show this person."""
    return lambda event: user not in {person["id"] for person in event["data"]["coursePresence"]["users"]}


@pytest.mark.parametrize("name", LOST)
async def test_a_lost_client_leaves_in_time(
    seconds: dict[str, float], name: str, record_property: Callable[[str, object], None]
) -> None:
    record_property(name, round(seconds.get(name, float("inf")), 1))
    assert seconds.get(name, float("inf")) < LIMIT
