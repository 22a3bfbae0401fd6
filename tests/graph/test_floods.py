"""Sockets and subscriptions: how many one address and one person may have, and that a refusal harms no other."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
import websockets

from tests.graph.clients import PRESENCE, Frames, Graph, codes_of
from tests.graph.replicas import Replica
from tests.graph.school import School
from tests.graph.stack import Stack

SOCKETS, SUBSCRIPTIONS = 4, 3
TOO_MANY = "TOO_MANY_SUBSCRIPTIONS"


@pytest.fixture(scope="module")
async def narrow(stack: Stack) -> AsyncIterator[Graph]:
    """A router that takes few of both."""
    limits = {"LYCEUM_SOCKETS": str(SOCKETS), "LYCEUM_SUBSCRIPTIONS": str(SUBSCRIPTIONS), "LYCEUM_PROXIES": "1"}
    async with Replica.of(stack, "router", **limits).running() as graph:
        yield graph


@pytest.fixture(scope="module")
async def usual(stack: Stack) -> AsyncIterator[Graph]:
    """A router with the limits that it has when nobody sets them."""
    async with Replica.of(stack, "router", LYCEUM_SUBSCRIPTIONS="").running() as graph:
        yield graph


def at(number: int) -> dict[str, dict[str, str]]:
    """The options of a socket that comes from this address."""
    return {"additional_headers": {"x-forwarded-for": f"192.0.2.{number}"}}


async def refused(socket: Frames, id: str) -> list[str | None]:
    """The codes of the operation's refusal."""
    message = await socket.receive()
    assert message["id"] == id
    if message["type"] == "next":
        assert (await socket.receive())["type"] == "complete"
        return codes_of(message["payload"])
    return codes_of({"errors": message["payload"]})


async def test_one_address_has_so_many_sockets_and_another_is_not_affected(narrow: Graph) -> None:
    async with AsyncExitStack() as open:
        sockets = [await open.enter_async_context(narrow.frames(**at(1))) for _ in range(SOCKETS)]
        for _ in range(5):
            with pytest.raises(websockets.InvalidStatus) as error:
                await open.enter_async_context(narrow.frames(**at(1)))
            assert error.value.response.status_code == 429
        other = await open.enter_async_context(narrow.frames(**at(2)))
        for socket in (*sockets, other):
            assert (await socket.init())["type"] == "connection_ack"
    for _ in range(SOCKETS * 2):  # those that were closed count no longer
        async with narrow.frames(**at(1)) as socket:
            assert (await socket.init())["type"] == "connection_ack"


async def test_one_person_has_so_many_subscriptions_on_all_sockets_and_streams(narrow: Graph, school: School) -> None:
    course, person, other = await school.course(), await school.add(), await school.add()
    for somebody in (person, other):
        await school.enroll(course["id"], somebody.id)
    async with narrow.frames(**at(3)) as first, narrow.frames(**at(4)) as second, narrow.frames(**at(5)) as others:
        for socket, whose in ((first, person), (second, person), (others, other)):
            await socket.init(whose.token)
        await first.subscribe(PRESENCE, id="1", courseId=course["id"])
        assert (await first.receive())["id"] == "1"
        async with narrow.watch_sse(PRESENCE, person.token, courseId=course["id"]) as feed:
            await feed.until(lambda event: event.get("data") is not None)
            await second.subscribe(PRESENCE, id="2", courseId=course["id"])
            assert (await second.receive())["id"] == "2"
            for id in ("3", "4"):
                await second.subscribe(PRESENCE, id=id, courseId=course["id"])
                assert await refused(second, id) == [TOO_MANY]
            await others.subscribe(PRESENCE, id="5", courseId=course["id"])
            while (message := await second.receive())["payload"]["data"]["coursePresence"]["count"] < 2:
                pass
            assert message["id"] == "2"
        await first.send(type="complete", id="1")
        await second.subscribe("{ viewer { scopes } }", id="6")
        while (await second.receive())["id"] != "6":
            pass


async def test_what_has_ended_counts_no_longer(narrow: Graph, school: School) -> None:
    course, person = await school.course(), await school.add()
    await school.enroll(course["id"], person.id)
    async with narrow.frames(**at(6)) as socket:
        await socket.init(person.token)
        for number in range(SUBSCRIPTIONS * 2):  # refused by the subgraph, or ended by the client
            await socket.subscribe(PRESENCE, id=f"nothing {number}", courseId="nothing")
            assert await refused(socket, f"nothing {number}") == ["NOT_FOUND"]
        for number in range(SUBSCRIPTIONS * 2):
            await socket.subscribe(PRESENCE, id=f"{number}", courseId=course["id"])
            assert (await socket.receive())["type"] == "next"
            await socket.send(type="complete", id=f"{number}")
    for _ in range(SUBSCRIPTIONS * 2):  # or gone with its socket
        async with narrow.frames(**at(7)) as socket:
            await socket.init(person.token)
            await socket.subscribe(PRESENCE, courseId=course["id"])
            assert (await socket.receive())["type"] == "next"


async def test_a_flood_of_operations_on_one_socket_ends_with_its_socket_alone(usual: Graph, school: School) -> None:
    course = await school.course()
    async with usual.frames() as flood, usual.frames() as calm:
        for socket in (flood, calm):
            await socket.init(school.teacher.token)
        await calm.subscribe(PRESENCE, id="calm", courseId=course["id"])
        assert (await calm.receive())["type"] == "next"
        for number in range(200):
            await flood.subscribe(PRESENCE, id=f"{number}", courseId=course["id"])
        codes: list[str | None] = []
        open_: set[str] = set()
        while len(codes) + len(open_) < 200:
            message = await flood.receive(within=20)
            if message["type"] == "next" and message["payload"].get("data"):
                open_.add(message["id"])
            elif message["type"] != "complete":
                payload = message["payload"]
                codes += codes_of({"errors": payload} if message["type"] == "error" else payload)
        assert len(open_) == 49  # of fifty, one is the calm one's
        assert set(codes) == {TOO_MANY}
        await calm.subscribe("{ viewer { scopes } }", id="ask")
        while (await calm.receive())["id"] != "ask":
            pass
