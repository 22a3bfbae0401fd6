"""Subscriptions in numbers, and how they end."""

import asyncio
import time
from collections.abc import Callable
from contextlib import AsyncExitStack

import pytest

from tests.graph.clients import PRESENCE, Feed, Graph, Json, codes_of, shows
from tests.graph.school import School
from tests.graph.tokens import Mint

VIEWERS, SOCKETS, STUDENTS = 150, 3, 30
PATIENCE = 30  # seconds, on a machine that is busy with other tests
COUNT = "subscription($courseId: ID!) { coursePresence(courseId: $courseId) { count } }"


@pytest.mark.parametrize("way", ["watch", "watch_sse"])
async def test_a_stream_ends_with_its_token_and_no_other_does(
    graph: Graph, school: School, mint: Mint, way: str
) -> None:
    short, lasting, course = await school.add(), await school.add(), await school.course()
    token = mint.token(short.id, school.id, seconds=3)
    async with graph.watch(PRESENCE, lasting.token, courseId=course["id"]) as other:
        async with getattr(graph, way)(PRESENCE, token, courseId=course["id"]) as feed:
            await feed.until(shows(short.id, lasting.id))
            await other.until(shows(short.id, lasting.id))
            began = time.monotonic()
            assert codes_of(await feed.end(within=5)) == ["UNAUTHENTICATED"]
            assert 1 < time.monotonic() - began < 5
        await other.until(shows(lasting.id), 2, began)
        third = await school.add()
        async with graph.watch(PRESENCE, third.token, courseId=course["id"]):
            await other.until(shows(lasting.id, third.id))
        assert not other.has_ended


@pytest.mark.parametrize("way", ["watch", "watch_sse"])
async def test_an_ended_session_opens_no_stream(graph: Graph, school: School, way: str) -> None:
    person, course = await school.add(), await school.course()
    assert (await graph.ask("mutation { logout }", person.token)).data == {"logout": True}
    await asyncio.sleep(0.2)
    async with getattr(graph, way)(PRESENCE, person.token, courseId=course["id"]) as feed:
        assert codes_of(await feed.end(within=5)) == ["UNAUTHENTICATED"]


async def test_one_stream_of_a_socket_ends_without_the_others(graph: Graph, school: School) -> None:
    person, first, second = await school.add(), await school.course(), await school.course()
    async with (
        graph.over_websocket(person.token) as session,
        graph.watch(PRESENCE, None, session, courseId=first["id"]) as kept,
    ):
        await kept.until(shows(person.id))
        async with graph.watch(PRESENCE, None, session, courseId=second["id"]) as dropped:
            await dropped.until(shows(person.id))
        async with graph.watch(PRESENCE, school.teacher.token, courseId=second["id"]) as of_teacher:
            await of_teacher.until(shows(school.teacher.id))
        async with graph.watch(PRESENCE, school.teacher.token, courseId=first["id"]):
            await kept.until(shows(person.id, school.teacher.id))


async def test_an_archived_course_ends_for_who_may_not_see_it_any_more(graph: Graph, school: School) -> None:
    student, course = await school.add(), await school.course()
    async with graph.watch(PRESENCE, student.token, courseId=course["id"]) as feed:
        await feed.until(shows(student.id))
        archived = await graph.ask(
            "mutation($id: ID!) { archiveCourse(id: $id) { ... on Course { status } } }",
            school.admin.token,
            id=course["id"],
        )
        assert archived.data["archiveCourse"] == {"status": "ARCHIVED"}
        async with graph.watch(PRESENCE, school.teacher.token, courseId=course["id"]) as of_teacher:
            assert codes_of(await feed.end(within=5)) == ["NOT_FOUND"]
            await of_teacher.until(shows(school.teacher.id))


async def test_a_hundred_and_fifty_equal_viewers_and_thirty_others_see_everybody(
    graph: Graph, school: School, record_property: Callable[[str, object], None]
) -> None:
    """Equal viewers share one connection to the subgraph, so they would be the first to meet a limit of it."""
    course, host = await school.course(), await school.add(name="Host")
    students = [await school.add() for _ in range(STUDENTS)]
    async with AsyncExitStack() as open_streams:
        enter = open_streams.enter_async_context
        sessions = [await enter(graph.over_websocket(host.token)) for _ in range(SOCKETS)]
        equal = [graph.watch(COUNT, None, sessions[n % SOCKETS], courseId=course["id"]) for n in range(VIEWERS)]
        counting = [await enter(watch) for watch in equal]
        await all_reach(counting, counts(1))
        began = time.monotonic()
        others = [graph.watch(PRESENCE, student.token, courseId=course["id"]) for student in students]
        naming = [await enter(watch) for watch in others]
        everybody = {host.id, *(student.id for student in students)}
        seen = [await all_reach(counting, counts(1 + STUDENTS)), await all_reach(naming, shows(*everybody))]
        record_property("seconds until 180 saw 30 come", round(max(seen) - began, 2))
        names = {"Host", *(student.name for student in students)}
        for feed in naming:
            assert {user["displayName"] for user in feed.last["data"]["coursePresence"]["users"]} == names
        late = await school.add(name="Late")
        began = time.monotonic()
        async with graph.watch(PRESENCE, late.token, courseId=course["id"]):
            seen = [
                await all_reach(counting, counts(2 + STUDENTS)),
                await all_reach(naming, shows(*everybody, late.id)),
            ]
        record_property("seconds until 180 saw one more", round(max(seen) - began, 2))
    await nobody_is_left(graph, host.token, course["id"])


async def nobody_is_left(graph: Graph, token: str, course_id: str) -> None:
    """Returns once everybody who went is gone, which the subgraph hears a moment after their sockets have closed."""
    query = "query($id: ID!) { course(id: $id) { presence { count } } }"
    async with asyncio.timeout(3):
        while (await graph.ask(query, token, id=course_id)).data["course"]["presence"]["count"]:
            await asyncio.sleep(0.05)


def counts(number: int) -> Callable[[Json], bool]:
    """Whether an event of presence counts so many people."""
    return lambda event: (event.get("data") or {}).get("coursePresence", {}).get("count") == number


async def all_reach(feeds: list[Feed], condition: Callable[[Json], bool]) -> float:
    """When the last of the feeds has met the condition."""
    return max(await asyncio.gather(*(feed.until(condition, PATIENCE) for feed in feeds)))
