"""API keys of partners at the router: what they open, what they never open, and how they end."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from shared.stack import ports
from tests.graph.clients import Answer, Graph, codes_of, shows
from tests.graph.operations import MANIFEST, hashed, id_of, named, persisted
from tests.graph.replicas import Replica
from tests.graph.school import School
from tests.graph.stack import Stack

NOBODYS = f"lyceum_{'a' * 43}"
READ = ("read:course",)


@dataclass(frozen=True)
class Key:
    """A key of a school, and its secret."""

    id: str
    secret: str


async def create(graph: Graph, school: School, *scopes: str, **values: Any) -> Key:
    """A new key, which the school's admin makes."""
    input = {"name": "Timetables", "scopes": scopes or READ} | values
    answer = await graph.send(persisted("web", "CreateApiKey", input=input), school.admin.token)
    made = answer.data["createApiKey"]
    assert made["__typename"] == "NewApiKey", made
    return Key(made["apiKey"]["id"], made["secret"])


async def revoke(graph: Graph, school: School, key: Key) -> float:
    """Ends a key, and says when."""
    answer = await graph.send(persisted("web", "RevokeApiKey", id=key.id), school.admin.token)
    assert answer.data["revokeApiKey"]["revokedAt"]
    return time.monotonic()


async def me(graph: Graph, secret: str) -> Answer:
    """What a partner learns of itself."""
    return await graph.send(persisted("partner", "Me"), secret)


@pytest.fixture(scope="module")
async def key(graph: Graph, school: School) -> Key:
    """A key that lasts, and may read courses."""
    return await create(graph, school)


@pytest.fixture(params=["development", "production"])
def either(request: pytest.FixtureRequest, graph: Graph, production: Graph) -> Graph:
    """Both routers: for partners there is no difference."""
    return graph if request.param == "development" else production


async def test_a_partner_sends_its_own_operations(either: Graph, school: School, key: Key) -> None:
    for body in (persisted("partner", "Me"), hashed(id_of("partner", "Me"))):
        answer = await either.send(body, key.secret)
        assert answer.data["viewer"]["organization"]["slug"] == school.slug
        assert answer.data["viewer"]["scopes"] == ["read:course"]


async def test_every_operation_of_partners_is_served(either: Graph, key: Key) -> None:
    for (client, name), operation in MANIFEST.items():
        if client == "partner":
            answer = await either.send({"documentId": operation["id"]}, key.secret)
            assert not any(str(code).startswith("PERSISTED_QUERY") for code in answer.codes), name


@pytest.mark.parametrize("name", [{}, named("web"), named("partner")], ids=["unnamed", "web", "partner"])
async def test_a_partner_sends_nothing_else_whatever_it_calls_itself(
    either: Graph, key: Key, name: dict[str, str]
) -> None:
    refused = {
        "REQUIRED": [{"query": "{ __typename }"}, {"query": MANIFEST["partner", "Me"]["body"]}, {}],
        "NOT_FOUND": [persisted("web", "Me"), persisted("mobile", "Dashboard"), {"documentId": "a" * 64}],
        "MISMATCH": [persisted("partner", "Me") | {"query": "{ __typename }"}],
    }
    for reason, bodies in refused.items():
        for body in bodies:
            answer = await either.send(body, key.secret, headers=name)
            assert (answer.codes, answer.partial) == ([f"PERSISTED_QUERY_{reason}"], None)


async def test_a_refusal_leaves_a_partners_streams_alone(graph: Graph, school: School, key: Key) -> None:
    course = await school.course()
    async with graph.frames() as socket:
        await socket.init(key.secret)
        presence = persisted("partner", "CoursePresence", courseId=course["id"])
        await socket.send(type="subscribe", id="presence", payload=presence)
        assert (await socket.receive())["payload"]["data"]["coursePresence"]["count"] == 1
        for id, payload in (("text", {"query": "{ __typename }"}), ("web", persisted("web", "Me"))):
            await socket.send(type="subscribe", id=id, payload=payload)
            refused = await socket.receive()
            assert (refused["id"], len(codes_of(refused["payload"]))) == (id, 1)
            assert await socket.receive() == {"id": id, "type": "complete"}
        other = persisted("web", "CoursePresence", courseId=course["id"])
        async with graph.watch_sse_of(other, school.teacher.token):
            message = await socket.receive()
            assert (message["id"], message["payload"]["data"]["coursePresence"]["count"]) == ("presence", 2)


async def test_scopes_hold_in_every_subgraph(graph: Graph, school: School, key: Key) -> None:
    input = {"email": "pupil@partner.example", "displayName": "Pupil", "role": "STUDENT"}
    assert (await graph.send(persisted("partner", "AddMember", input=input), key.secret)).codes == ["FORBIDDEN"]
    course, student = await school.course(published=True), await school.add()
    enrol = persisted("partner", "Enroll", input={"courseId": course["id"], "userId": student.id})
    assert (await graph.send(enrol, key.secret)).codes == ["FORBIDDEN"]
    draft = await school.course(published=False)
    seen = (await graph.send(persisted("partner", "Courses", first=100), key.secret)).data["courses"]["edges"]
    assert course["id"] in [edge["node"]["id"] for edge in seen]
    assert draft["id"] not in [edge["node"]["id"] for edge in seen]
    able = await create(graph, school, "read:course", "manage:users")
    member = (await graph.send(persisted("partner", "AddMember", input=input), able.secret)).data["addMember"]
    assert member["__typename"] == "Membership"
    assert (await graph.send(enrol, able.secret)).data["enroll"]["user"]["id"] == student.id


async def test_a_key_opens_its_own_organization_alone(graph: Graph, key: Key) -> None:
    token = await graph.token("teacher@demo.example")
    foreign = (await graph.ask("{ courses { edges { node { id } } } viewer { organization { id } } }", token)).data
    ids = [edge["node"]["id"] for edge in foreign["courses"]["edges"]] + [foreign["viewer"]["organization"]["id"]]
    for id in ids:
        assert (await graph.send(persisted("partner", "Refetch", id=id), key.secret)).data == {"node": None}


async def test_a_key_that_is_not_good_is_refused_like_any_other(graph: Graph, school: School) -> None:
    ended, expired = await create(graph, school), await create(graph, school, expiresAt=soon(1))
    await revoke(graph, school, ended)
    await asyncio.sleep(1)
    known = [await me(graph, secret) for secret in (NOBODYS, ended.secret, expired.secret)]
    odd = [await me(graph, secret) for secret in ("lyceum_", NOBODYS + "a", NOBODYS.upper(), ended.secret.lower())]
    for answer in known + odd:
        assert (answer.status, answer.codes, answer.body) == (401, ["UNAUTHENTICATED"], known[0].body)
    async with graph.frames() as socket:
        await socket.init(ended.secret)
        for id in ("1", "2"):
            await socket.send(type="subscribe", id=id, payload=persisted("partner", "Me"))
            assert codes_of((await socket.receive())["payload"]) == ["UNAUTHENTICATED"]
            assert (await socket.receive())["type"] == "complete"


def soon(seconds: float) -> str:
    """A time to come."""
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


@asynccontextmanager
async def present(graph: Graph, secret: str, course_id: str) -> AsyncIterator[Any]:
    """A partner's stream over a socket of its own; gives what its events end with."""
    async with graph.frames() as socket:
        await socket.init(secret)
        body = persisted("partner", "CoursePresence", courseId=course_id)
        await socket.send(type="subscribe", id="1", payload=body)
        assert (await socket.receive())["payload"]["data"]["coursePresence"]
        yield socket


async def test_a_revoked_key_is_refused_within_two_seconds_and_its_streams_end_within_five(
    graph: Graph, school: School
) -> None:
    key, course, student = await create(graph, school), await school.course(), await school.add()
    assert (await me(graph, key.secret)).data
    watch = persisted("web", "CoursePresence", courseId=course["id"])
    async with graph.watch_sse_of(watch, student.token) as kept, present(graph, key.secret, course["id"]) as socket:
        await kept.until(lambda event: event["data"]["coursePresence"]["count"] == 2)
        began = await revoke(graph, school, key)
        while (answer := await me(graph, key.secret)).status != 401:
            assert time.monotonic() - began < 2, answer.body
        assert time.monotonic() - began < 2
        while not codes_of((message := await socket.receive())["payload"]):
            assert time.monotonic() - began < 5
        assert codes_of(message["payload"]) == ["UNAUTHENTICATED"]
        assert time.monotonic() - began < 5
        await kept.until(shows(student.id), after=began)
        assert not kept.has_ended


async def test_a_stream_ends_with_the_role_of_who_made_its_key(graph: Graph, school: School) -> None:
    colleague, course = await school.add("ADMIN"), await school.course()
    answer = await graph.send(
        persisted("web", "CreateApiKey", input={"name": "Theirs", "scopes": READ}), colleague.token
    )
    secret = answer.data["createApiKey"]["secret"]
    members = "{ viewer { organization { members(first: 100) { edges { node { id user { id } } } } } } }"
    listed = (await graph.ask(members, school.admin.token)).data["viewer"]["organization"]["members"]["edges"]
    [membership] = [edge["node"]["id"] for edge in listed if edge["node"]["user"]["id"] == colleague.id]
    async with present(graph, secret, course["id"]) as socket:
        remove = "mutation($id: ID!) { removeMember(id: $id) { __typename } }"
        assert (await graph.ask(remove, school.admin.token, id=membership)).data
        while not codes_of((message := await socket.receive())["payload"]):
            pass
        assert codes_of(message["payload"]) == ["UNAUTHENTICATED"]
    assert (await me(graph, secret)).status == 401


async def test_a_stream_ends_when_its_key_expires(graph: Graph, school: School) -> None:
    key, course = await create(graph, school, expiresAt=soon(3)), await school.course()
    async with present(graph, key.secret, course["id"]) as socket:
        assert codes_of((await socket.receive(within=8))["payload"]) == ["UNAUTHENTICATED"]
    assert (await me(graph, key.secret)).status == 401


@dataclass
class Exchange:
    """Identity's exchange of keys behind a door that can be closed, and a router that goes through it."""

    graph: Graph
    asked: int = 0
    is_open: bool = True


@pytest.fixture
async def exchange(stack: Stack) -> AsyncIterator[Exchange]:
    """The door, the router, and how often it has knocked."""
    identity = stack.urls["subgraphs"]["identity"] + "/api-keys/token"

    async def passed_on(request: Request) -> Response:
        door.asked += 1
        if not door.is_open:
            return Response(status_code=502)
        async with httpx.AsyncClient(trust_env=False) as client:
            headers = {"x-lyceum-router": request.headers["x-lyceum-router"]}
            answer = await client.post(identity, content=await request.body(), headers=headers)
        return Response(answer.content, answer.status_code, media_type="application/json")

    with ports.reserve() as held:
        port = ports.port_of(held)
    app = Starlette(routes=[Route("/exchange", endpoint=passed_on, methods=["POST"])])
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error"))
    serving = asyncio.create_task(server.serve())
    router = Replica.of(stack, "router", LYCEUM_API_KEYS_URL=f"http://127.0.0.1:{port}/exchange")
    await router.start()
    door = Exchange(Graph(f"http://127.0.0.1:{router.port}/graphql", f"ws://127.0.0.1:{router.port}/graphql"))
    try:
        yield door
    finally:
        await door.graph.http.aclose()
        await router.stop()
        server.should_exit = True
        await serving


async def test_a_key_is_exchanged_once_and_goes_on_while_identity_is_away(
    graph: Graph, school: School, exchange: Exchange
) -> None:
    key, late = await create(graph, school), await create(graph, school)
    answers = await asyncio.gather(*(me(exchange.graph, key.secret) for _ in range(30)))
    assert all(answer.data for answer in answers)
    assert exchange.asked == 1
    answers = await asyncio.gather(*(me(exchange.graph, NOBODYS) for _ in range(30)))
    assert {answer.status for answer in answers} == {401}
    assert exchange.asked == 2
    exchange.is_open = False
    assert (await me(exchange.graph, key.secret)).data
    refused = await me(exchange.graph, late.secret)
    assert (refused.status, refused.codes) == (503, ["SERVICE_UNAVAILABLE"])
    exchange.is_open = True
    assert (await me(exchange.graph, late.secret)).data


async def test_a_token_that_is_half_used_is_exchanged_again_or_serves_to_its_end(
    graph: Graph, school: School, exchange: Exchange
) -> None:
    key = await create(graph, school, expiresAt=soon(4))
    assert (await me(exchange.graph, key.secret)).data
    exchange.is_open = False
    await asyncio.sleep(2.5)
    assert (await me(exchange.graph, key.secret)).data, "identity is away, and the token is still good"
    assert exchange.asked == 2
    await asyncio.sleep(2)
    assert (await me(exchange.graph, key.secret)).status == 503
    exchange.is_open = True
    assert (await me(exchange.graph, key.secret)).status == 401


async def test_no_log_holds_a_secret(stack: Stack, graph: Graph, school: School, key: Key) -> None:
    assert (await me(graph, key.secret)).data
    await me(graph, f"{key.secret}x")
    for path in [*(stack.home / "logs").iterdir(), *stack.home.glob("*.log")]:
        assert key.secret[11:] not in path.read_text(errors="replace"), path
