"""Engines and processes that go away while the graph serves: an error on their fields, and recovery by itself."""

import asyncio
import json
import os
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from shared.stack.engines import PostgresEngine, RedisEngine
from tests.graph.clients import PRESENCE, Answer, Graph, codes_of, shows
from tests.graph.replicas import second_line
from tests.graph.school import School
from tests.graph.stack import Stack, forget

pytestmark = pytest.mark.xdist_group("faults")

UNAVAILABLE = "SERVICE_UNAVAILABLE"
BOTH = "{ courses(first: 2) { edges { node { title organization { name } presence { count } } } } }"
CATALOG = "{ courses(first: 2) { edges { node { title modules { title } } } } }"
IDENTITY = "{ viewer { user { displayName } organization { name } } }"
COUNT = "query($id: ID!) { course(id: $id) { title presence { count } } }"
QUICK, SOON = 6.0, 15.0


@dataclass(frozen=True)
class Broken:
    """A stack whose engines are the test's own to break."""

    stack: Stack
    postgres: PostgresEngine
    redis: RedisEngine


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broken]:
    """`lyceum up` on engines that it was only told of, one of which is away at that time."""
    engines, home = tmp_path_factory.mktemp("engines"), tmp_path_factory.mktemp("broken")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LYCEUM_EPHEMERAL", "1")
        postgres, redis = PostgresEngine(engines), RedisEngine(engines)
        postgres.start()
        stack = Stack(home, DATABASE_URL=postgres.url(), REDIS_URL=redis.url())
        yield Broken(stack, postgres, redis)
        ending = stack.stop()
        redis.stop()
        postgres.stop()
        forget(engines)
    assert ending.code == 0, ending.output
    assert not ending.left


@pytest.fixture(scope="module")
async def graph(broken: Broken) -> AsyncIterator[Graph]:
    """Its router."""
    graph = Graph(broken.stack.urls["graphql"], broken.stack.urls["websocket"])
    yield graph
    await graph.http.aclose()


@pytest.fixture(scope="module")
async def school(graph: Graph, broken: Broken) -> School:
    """A tenant in it, once all is well."""
    broken.redis.start()
    return await School.open(graph)


async def eventually(ask: Callable[[], object], within: float = SOON) -> float:
    """The seconds until a coroutine function returns something true."""
    began = time.monotonic()
    while True:
        if await ask():  # type: ignore[misc]
            return time.monotonic() - began
        assert time.monotonic() - began < within, f"not within {within} s"
        await asyncio.sleep(0.1)


def assert_silent(answer: Answer) -> None:
    """Nothing of the inside shows in an error."""
    text = json.dumps(answer.body)
    for inside in ("Traceback", "redis", "Redis", "postgres", "asyncpg", "socket", "Connection", "127.0.0.1", "/tmp"):
        assert inside not in text


async def test_redis_may_be_away_at_start(graph: Graph, broken: Broken) -> None:
    token = await graph.token("teacher@demo.example")
    answer = await graph.ask(BOTH, token)
    assert answer.seconds < QUICK
    assert answer.codes == [UNAVAILABLE] * 2
    assert [edge["node"]["presence"] for edge in answer.partial["courses"]["edges"]] == [None, None]
    assert all(
        edge["node"]["title"] and edge["node"]["organization"]["name"] for edge in answer.partial["courses"]["edges"]
    )
    assert_silent(answer)
    broken.redis.start()

    async def works() -> bool:
        return not (await graph.ask(BOTH, token)).codes

    await eventually(works)


async def test_redis_goes_away_and_comes_back(
    graph: Graph, school: School, broken: Broken, record_property: Callable[[str, object], None]
) -> None:
    course, watcher, leaver = await school.course(), await school.add(), await school.add()

    async def is_known() -> bool:
        return (await school.enroll(course["id"], watcher.id))["__typename"] == "Enrollment"

    await eventually(is_known)  # catalog learns of members through Redis, which was away when it started
    async with graph.watch(PRESENCE, watcher.token, courseId=course["id"]) as feed:
        await feed.until(shows(watcher.id))
        broken.redis.kill()
        answer = await graph.ask(COUNT, watcher.token, id=course["id"])
        assert answer.codes == [UNAVAILABLE]
        assert answer.seconds < QUICK
        assert answer.partial == {"course": {"title": course["title"], "presence": None}}
        assert_silent(answer)
        assert (await graph.ask(IDENTITY, watcher.token)).data["viewer"]["organization"]
        assert (await graph.login(watcher.email))["__typename"] == "Tokens"
        later = await school.course()
        assert (await school.enroll(later["id"], watcher.id))["__typename"] == "Enrollment"
        async with graph.watch(PRESENCE, watcher.token, courseId=later["id"]) as refused:
            assert codes_of(await refused.end(within=QUICK)) == [UNAVAILABLE]
        assert (await graph.ask("mutation { logout }", leaver.token)).data == {"logout": True}
        broken.redis.start()
    newcomer = await school.add()

    async def works() -> bool:
        return not (await graph.ask(COUNT, watcher.token, id=course["id"])).codes

    record_property("redis back", round(await eventually(works), 1))
    async with graph.watch(PRESENCE, watcher.token, courseId=course["id"]) as feed:
        async with graph.watch(PRESENCE, newcomer.token, courseId=course["id"]):
            await feed.until(shows(watcher.id, newcomer.id), SOON)
            closed = time.monotonic()
        await feed.until(shows(watcher.id), SOON, closed)

    async def is_out() -> bool:
        return (await graph.ask("{ courses { totalCount } }", leaver.token)).codes == ["UNAUTHENTICATED"]

    await eventually(is_out)


async def test_a_stream_outlives_a_restart_of_redis_or_says_why_not(
    graph: Graph, school: School, broken: Broken
) -> None:
    course, watcher, newcomer = await school.course(), await school.add(), await school.add()
    async with graph.watch(PRESENCE, watcher.token, courseId=course["id"]) as feed:
        await feed.until(shows(watcher.id))
        broken.redis.kill()
        await asyncio.sleep(1)
        broken.redis.start()
        began = time.monotonic()
        async with graph.watch(PRESENCE, newcomer.token, courseId=course["id"]):
            if not feed.has_ended:
                await feed.until(shows(watcher.id, newcomer.id), SOON, began)
        if feed.has_ended:
            assert codes_of(feed.last) == [UNAVAILABLE]


@asynccontextmanager
async def without_postgres(broken: Broken, *, killed: bool) -> AsyncIterator[None]:
    """PostgreSQL is away for as long as this lasts."""
    await asyncio.to_thread(broken.postgres.kill if killed else broken.postgres.stop)
    try:
        yield
    finally:
        await asyncio.to_thread(broken.postgres.start)


@pytest.mark.parametrize("killed", [False, True], ids=["stopped", "killed"])
async def test_postgres_goes_away_and_comes_back(
    graph: Graph, school: School, broken: Broken, killed: bool, record_property: Callable[[str, object], None]
) -> None:
    create = 'mutation { createCourse(input: {title: "Lost", slug: "lost"}) { __typename } }'
    async with without_postgres(broken, killed=killed):
        for query, sent in (
            (CATALOG, school.teacher.token),
            (IDENTITY, school.teacher.token),
            (create, school.teacher.token),
        ):
            answer = await graph.ask(query, sent)
            assert set(answer.codes) == {UNAVAILABLE}
            assert answer.seconds < QUICK
            assert_silent(answer)
        login = 'mutation { login(input: {email: "teacher@demo.example", password: "x"}) { __typename } }'
        answer = await graph.ask(login)
        assert answer.codes == [UNAVAILABLE]
        assert answer.seconds < QUICK

    async def works() -> bool:
        return not [
            *(await graph.ask(CATALOG, school.teacher.token)).codes,
            *(await graph.ask(IDENTITY, school.teacher.token)).codes,
        ]

    record_property(f"postgres {'killed' if killed else 'stopped'}, back", round(await eventually(works), 1))
    found = await graph.ask('{ course(slug: "lost") { id } }', school.teacher.token)
    assert found.data == {"course": None}, "nothing is half done"
    assert (await school.add()).id


async def test_a_frozen_identity_takes_its_own_fields_only(
    graph: Graph, school: School, broken: Broken, record_property: Callable[[str, object], None]
) -> None:
    pid = broken.stack.pids["identity"]
    token = school.teacher.token
    await school.course()
    os.kill(pid, signal.SIGSTOP)
    try:
        waiting = [asyncio.create_task(graph.ask(query, token)) for query in (IDENTITY, BOTH)]
        for _ in range(5):
            answer = await graph.ask(CATALOG, token)
            assert answer.data["courses"]["edges"]
            assert answer.seconds < 1
        of_identity, of_both = await asyncio.gather(*waiting)
        record_property("frozen identity is given up after", round(of_identity.seconds, 1))
        assert of_identity.seconds < 35
        assert of_identity.codes == [UNAVAILABLE]
        assert set(of_both.codes) == {UNAVAILABLE}
        assert_silent(of_both)
    finally:
        os.kill(pid, signal.SIGCONT)

    async def works() -> bool:
        return not (await graph.ask(IDENTITY, token)).codes

    await eventually(works)


async def test_killed_processes_are_missed_and_replaced(
    graph: Graph, school: School, broken: Broken, record_property: Callable[[str, object], None]
) -> None:
    course, watcher, lost = await school.course(), await school.add(), await school.add()
    async with (
        second_line(broken.stack) as line,
        graph.watch(PRESENCE, watcher.token, courseId=course["id"]) as first,
        line.graph.watch(PRESENCE, lost.token, courseId=course["id"]) as second,
    ):
        for feed in (first, second):
            await feed.until(shows(watcher.id, lost.id))
        began = time.monotonic()
        await line.catalog.kill()
        assert codes_of(await second.end(within=QUICK)) == [UNAVAILABLE]
        away = await line.graph.ask(BOTH, watcher.token)
        assert away.codes == [UNAVAILABLE]
        assert away.seconds < 2
        assert (await line.graph.ask(IDENTITY, watcher.token)).data["viewer"]["user"]["displayName"] == watcher.name
        seconds = await first.until(shows(watcher.id), 30, began) - began
        record_property("people of a killed process leave after", round(seconds, 1))
        await line.catalog.start()
        assert (await line.graph.ask(BOTH, watcher.token)).data["courses"]["edges"]
        async with line.graph.watch(PRESENCE, lost.token, courseId=course["id"]):
            await first.until(shows(watcher.id, lost.id), 5, time.monotonic())

        await line.identity.kill()
        assert (await line.graph.ask(CATALOG, watcher.token)).data["courses"]["edges"]
        partly = await line.graph.ask(BOTH, watcher.token)
        assert set(partly.codes) == {UNAVAILABLE}
        assert partly.seconds < 2
        assert_silent(partly)
        await line.identity.start()
        assert (await line.graph.ask(BOTH, watcher.token)).data["courses"]["edges"]
        assert not first.has_ended
