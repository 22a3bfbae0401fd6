"""Requests a minute: counted in Redis for all routers together, by address or by organization, on sockets too."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import count

import pytest

from shared.stack import ports
from tests.graph.clients import PRESENCE, Answer, Graph, codes_of
from tests.graph.replicas import Replica
from tests.graph.school import School
from tests.graph.stack import Stack

LIMIT = 8
ASK = "{ viewer { scopes } }"
LIMITED = "RATE_LIMITED"

_addresses = count(1)


def somewhere() -> dict[str, str]:
    """The header by which our own proxy names an address that no other test has."""
    number = next(_addresses)
    return {"x-forwarded-for": f"203.0.{113 + number // 200}.{number % 200}"}


@pytest.fixture(scope="module")
async def routers(stack: Stack, school: School) -> AsyncIterator[Sequence[Graph]]:
    """Two routers with one limit, behind a proxy; the organization `school` has one of its own."""
    settings = {
        "LYCEUM_RATE_LIMIT": str(LIMIT),
        "LYCEUM_RATE_LIMITS": f"{school.id}={LIMIT * 3}",
        "LYCEUM_PROXIES": "1",
    }
    async with AsyncExitStack() as running:
        replicas = [Replica.of(stack, "router", **settings) for _ in range(2)]
        yield [await running.enter_async_context(replica.running()) for replica in replicas]


@asynccontextmanager
async def router_with(stack: Stack, **settings: str) -> AsyncIterator[tuple[Graph, Replica]]:
    """A router of its own."""
    replica = Replica.of(stack, "router", LYCEUM_RATE_LIMIT=str(LIMIT), **settings)
    replica.log = replica.log.with_name(f"router-{replica.port}.log")
    async with replica.running() as graph:
        yield graph, replica


async def test_one_minute_takes_so_many_requests_and_says_when_to_come_back(routers: Sequence[Graph]) -> None:
    here = somewhere()
    for _ in range(LIMIT):
        assert (await routers[0].ask(ASK, headers=here)).data == {"viewer": None}
    response = await routers[0].http.post(routers[0].url, json={"query": ASK}, headers=here)
    assert response.status_code == 429
    assert codes_of(response.json()) == [LIMITED]
    assert 1 <= int(response.headers["retry-after"]) <= 60
    assert response.json()["errors"][0]["extensions"]["retryAfter"] == int(response.headers["retry-after"])
    assert (await routers[0].ask(ASK, headers=somewhere())).data == {"viewer": None}


async def test_two_routers_never_both_take_the_last_request(routers: Sequence[Graph]) -> None:
    here = somewhere()
    answers: list[Answer] = await asyncio.gather(*(routers[n % 2].ask(ASK, headers=here) for n in range(LIMIT * 5)))
    assert sorted(answer.status for answer in answers) == [200] * LIMIT + [429] * LIMIT * 4


async def test_an_address_that_the_client_writes_itself_counts_for_nothing(routers: Sequence[Graph]) -> None:
    here = somewhere()["x-forwarded-for"]
    statuses = [
        (await routers[0].ask(ASK, headers={"x-forwarded-for": f"198.51.100.{number}, {here}"})).status
        for number in range(LIMIT + 1)
    ]
    assert statuses == [200] * LIMIT + [429]


async def test_a_network_of_ipv6_is_one_client(routers: Sequence[Graph]) -> None:
    """Whoever has one address of it has 2^64."""
    network = f"2001:db8:0:{next(_addresses)}"
    own = [f"{network}:{number}::1" for number in range(1, LIMIT + 1)] + [f"{network}::ffff"]
    statuses = [(await routers[0].ask(ASK, headers={"x-forwarded-for": address})).status for address in own]
    assert statuses == [200] * LIMIT + [429]
    other = {"x-forwarded-for": f"2001:db8:1:{next(_addresses)}::1"}
    assert (await routers[0].ask(ASK, headers=other)).status == 200


async def test_a_bad_token_a_bad_document_and_a_refused_operation_count_too(routers: Sequence[Graph]) -> None:
    here = somewhere()
    for _ in range(LIMIT // 4):
        assert (await routers[0].ask(ASK, "nonsense", headers=here)).codes == ["UNAUTHENTICATED"]
        assert (await routers[0].ask("{", headers=here)).codes == ["GRAPHQL_PARSE_FAILED"]
        assert (await routers[0].ask("{ nothing }", headers=here)).codes == ["GRAPHQL_VALIDATION_FAILED"]
        assert (await routers[0].ask(f"{{ {'__typename ' * 30} }}", headers=here)).codes == ["QUERY_TOO_LARGE"]
    assert (await routers[0].ask(ASK, headers=here)).codes == [LIMITED]


async def test_codes_of_credentials_cannot_be_tried_without_end(routers: Sequence[Graph]) -> None:
    here = somewhere()
    query = "query($code: String!) { verifyCredential(code: $code) { valid } }"
    answers = [await routers[n % 2].ask(query, headers=here, code=f"GUESS{n}") for n in range(LIMIT + 3)]
    assert [answer.status for answer in answers] == [200] * LIMIT + [429] * 3


async def test_operations_on_a_socket_count_and_those_that_are_open_go_on(
    routers: Sequence[Graph], graph: Graph
) -> None:
    teacher = await graph.token("teacher@demo.example")
    courses = "{ courses(first: 1) { edges { node { id } } } }"
    course = (await graph.ask(courses, teacher)).data["courses"]["edges"][0]["node"]["id"]
    async with routers[1].frames(additional_headers=somewhere()) as socket:
        await socket.init(teacher)
        await socket.subscribe(PRESENCE, id="watch", courseId=course)
        assert (await socket.receive())["id"] == "watch"
        kinds: list[str | None] = []
        while len(kinds) < LIMIT + 2:
            await socket.subscribe(ASK, id=f"ask {len(kinds)}")
            while (message := await socket.receive())["id"] == "watch":
                pass
            payload = message["payload"]
            errors = payload if message["type"] == "error" else payload.get("errors")
            kinds.append(codes_of({"errors": errors})[0] if errors else None)
            if message["type"] == "next":
                assert (await socket.receive())["type"] == "complete"
        assert kinds == [None] * (LIMIT - 1) + [LIMITED] * 3
        async with graph.watch(PRESENCE, await graph.token("admin@demo.example"), courseId=course):
            news = await socket.receive()
        assert (news["id"], news["type"]) == ("watch", "next")


async def test_an_organization_with_a_limit_of_its_own_has_it_at_any_address(
    routers: Sequence[Graph], school: School
) -> None:
    answers = [
        await routers[n % 2].ask(ASK, (school.teacher, school.admin)[n % 2].token, headers=somewhere())
        for n in range(LIMIT * 3 + 1)
    ]
    assert [answer.status for answer in answers] == [200] * LIMIT * 3 + [429]
    assert (await routers[0].ask(ASK, headers=somewhere())).status == 200


async def test_without_redis_everybody_is_served_and_the_log_says_so_once(stack: Stack) -> None:
    async with router_with(stack, LYCEUM_REDIS_URL=f"unix://{stack.home}/nowhere.sock") as (graph, replica):
        for _ in range(LIMIT * 2):
            assert (await graph.ask(ASK)).data == {"viewer": None}
        assert replica.log.read_text().count("requests are not counted") == 1


async def test_a_redis_that_never_answers_costs_one_request_a_moment(stack: Stack) -> None:
    with ports.reserve() as held:
        held.listen()
        url = f"redis://127.0.0.1:{ports.port_of(held)}"
        async with router_with(stack, LYCEUM_REDIS_URL=url) as (graph, replica):
            answers = [await graph.ask(ASK) for _ in range(LIMIT * 2)]
            assert all(answer.data == {"viewer": None} for answer in answers)
            assert sum(answer.seconds > 0.2 for answer in answers) <= 2
            assert replica.log.read_text().count("requests are not counted") == 1


async def test_a_limit_without_a_redis_is_refused_at_the_start(stack: Stack) -> None:
    replica = Replica.of(stack, "router", LYCEUM_RATE_LIMIT="100", LYCEUM_REDIS_URL="")
    replica.log = replica.log.with_name("router-without-redis.log")
    with pytest.raises(AssertionError, match="LYCEUM_REDIS_URL is not set"):
        await replica.start()


async def test_in_production_too_many_texts_are_too_many_requests(stack: Stack) -> None:
    here = somewhere()
    async with router_with(stack, LYCEUM_ENVIRONMENT="production", LYCEUM_PROXIES="1") as (graph, _):
        answers = [await graph.ask(ASK, headers=here) for _ in range(LIMIT + 1)]
    assert [answer.codes for answer in answers] == [["PERSISTED_QUERY_REQUIRED"]] * LIMIT + [[LIMITED]]
    assert answers[-1].status == 429
