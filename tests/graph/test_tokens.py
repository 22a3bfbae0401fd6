"""Access tokens that nobody may accept: over HTTP, over Server-Sent Events and over graphql-ws."""

import asyncio

import pytest

from shared.auth import Role
from tests.graph.clients import PRESENCE, Graph, bearer, codes_of, shows
from tests.graph.school import School
from tests.graph.tokens import Mint

LIFE = 5  # seconds
FORGERIES = (
    "expired",
    "unsigned",
    "without its signature",
    "HS256 with the public key",
    "HS256 with the public key as PEM",
    "signed with another key",
    "with its own key in the header",
    "changed after signing",
    "an unknown key id",
    "no key id",
    "for another audience",
    "of another issuer",
    "of the type JWT",
    "of the type rt+jwt",
    "without a type",
    "without an end",
    "without a session",
    "with a critical header",
    "of an odd subject",
    "no token at all",
)


async def test_a_token_of_the_right_key_is_good(graph: Graph, school: School, mint: Mint) -> None:
    token = mint.token(school.teacher.id, school.id, Role.TEACHER)
    answer = await graph.ask("{ viewer { user { displayName } } }", token)
    assert answer.data["viewer"]["user"]["displayName"] == school.teacher.name
    assert tuple(mint.forgeries(mint.claims(school.teacher.id, school.id))) == FORGERIES


async def test_a_token_that_was_good_is_refused_by_the_router_once_it_has_expired(
    graph: Graph, school: School, mint: Mint
) -> None:
    """Whatever it remembers of the signature; subgraphs would refuse it too, but with status 200."""
    token = mint.token(school.teacher.id, school.id, Role.TEACHER, seconds=LIFE)
    assert (await graph.ask("{ viewer { scopes } }", token)).data["viewer"]
    await asyncio.sleep(LIFE)
    late = await graph.ask("{ viewer { scopes } }", token)
    assert (late.status, late.codes) == (401, ["UNAUTHENTICATED"])


@pytest.mark.parametrize("fault", FORGERIES)
async def test_a_bad_token_is_refused_on_every_way_in(graph: Graph, school: School, mint: Mint, fault: str) -> None:
    course = await school.course()
    token = mint.forgeries(mint.claims(school.teacher.id, school.id, Role.TEACHER))[fault]
    answer = await graph.ask("{ courses { totalCount } viewer { scopes } }", token)
    assert set(answer.codes) == {"UNAUTHENTICATED"}
    assert not any((answer.partial or {}).values())
    for watch in (graph.watch, graph.watch_sse):
        async with watch(PRESENCE, token, courseId=course["id"]) as feed:
            last = await feed.end(within=5)
            assert set(codes_of(last)) == {"UNAUTHENTICATED"}
            assert not any((last.get("data") or {}).values())
    present = await graph.ask(
        "query($id: ID!) { course(id: $id) { presence { count } } }", school.teacher.token, id=course["id"]
    )
    assert present.data["course"]["presence"]["count"] == 0


@pytest.mark.parametrize("header", ["Basic dGVhY2hlcjpwYXNz", "Bearer", "Bearer a b", "token"])
async def test_another_scheme_is_refused(graph: Graph, school: School, header: str) -> None:
    answer = await graph.ask("{ viewer { scopes } }", headers={"authorization": header})
    assert answer.codes == ["UNAUTHENTICATED"]
    async with graph.frames() as socket:
        await socket.init(authorization=header)
        await socket.subscribe(PRESENCE, courseId="x")
        message = await socket.receive()
        assert codes_of(
            {"errors": message["payload"] if message["type"] == "error" else message["payload"]["errors"]}
        ) == ["UNAUTHENTICATED"]


async def test_a_refused_operation_leaves_the_socket_open(graph: Graph, school: School) -> None:
    course = await school.course()
    async with graph.over_websocket(school.teacher.token) as session:
        async with graph.watch(PRESENCE, None, session, courseId="nonsense") as refused:
            assert codes_of(await refused.end(within=5)) == ["NOT_FOUND"]
        async with graph.watch(PRESENCE, None, session, courseId=course["id"]) as feed:
            await feed.until(shows(school.teacher.id))


SPOOFS = {
    "x-lyceum-router": "guessed",
    "x-user-id": "root",
    "x-organization-id": "demo",
    "x-forwarded-user": "root",
    "x-hasura-role": "admin",
}


@pytest.mark.parametrize("name", SPOOFS)
async def test_a_header_makes_nobody_of_anybody(graph: Graph, school: School, name: str) -> None:
    headers = {name: SPOOFS[name]}
    assert (await graph.ask("{ viewer { scopes } }", headers=headers)).data == {"viewer": None}
    query = "{ viewer { user { id } scopes } }"
    student = await school.add()
    plain, spoofed = await graph.ask(query, student.token), await graph.ask(query, student.token, headers=headers)
    assert plain.data == spoofed.data
    async with graph.frames(additional_headers=headers) as socket:
        await socket.init(**headers)
        await socket.subscribe(PRESENCE, courseId="x")
        message = await socket.receive()
        assert "UNAUTHENTICATED" in str(message)


async def test_extensions_of_a_client_have_no_effect(graph: Graph, mint: Mint, school: School) -> None:
    claims = mint.claims(school.admin.id, school.id, Role.ADMIN)
    extensions = {"jwt": {"payload": claims, "token": {"value": "x"}}, "hmac-signature": "x", "headers": bearer("x")}
    body = {"query": "{ viewer { scopes } }", "extensions": extensions}
    assert (await graph.send(body)).data == {"viewer": None}


async def test_the_cookie_of_another_site_carries_nobody(graph: Graph, school: School) -> None:
    headers = {"cookie": f"authorization=Bearer {school.teacher.token}; access_token={school.teacher.token}"}
    assert (await graph.ask("{ viewer { scopes } }", headers=headers)).data == {"viewer": None}
    for place in ("token", "access_token"):
        answer = await graph.http.post(
            graph.url, params={place: school.teacher.token}, json={"query": "{ viewer { scopes } }"}
        )
        assert answer.json()["data"] == {"viewer": None}
