"""Requests that no honest client sends: too large, too deep, of another content type, or of another protocol."""

import asyncio
import json
import time
from typing import Any

import pytest
import websockets

from tests.graph.clients import PASSWORD, PRESENCE, PROTOCOL, Graph, codes_of
from tests.graph.school import CREATE_COURSE, School
from tests.graph.stack import Stack

TYPENAME = "{ __typename }"


def nested(depth: int) -> str:
    """A path of this depth, from person to membership and back."""
    path = "id"
    for level in range(depth - 3, 0, -1):
        path = f"{'memberships' if level % 2 else 'user'} {{ {path} }}"
    return path


@pytest.mark.parametrize(
    "wrap", ["{{ viewer {{ user {{ {} }} }} }}", "{{ ...All }} fragment All on Query {{ viewer {{ user {{ {} }} }} }}"]
)
async def test_depth_is_limited(graph: Graph, school: School, wrap: str) -> None:
    allowed = await graph.ask(wrap.format(nested(12)), school.teacher.token)
    assert allowed.data["viewer"]["user"]
    refused = await graph.ask(wrap.format(nested(13)), school.teacher.token)
    assert "depth" in refused.body["errors"][0]["message"]
    assert refused.partial is None


@pytest.mark.parametrize(
    "query",
    [
        "{" + " ".join(f"a{number}: __typename" for number in range(400)) + "}",
        "{" + "__typename " * 1_001 + "}",
        "{ __typename " + "@include(if: true) " * 300 + "}",
        "query(" + " ".join(f"$v{number}: Int" for number in range(400)) + ") { __typename }",
    ],
    ids=["aliases", "doubles", "directives", "variables"],
)
async def test_tokens_are_limited(graph: Graph, query: str) -> None:
    answer = await graph.ask(query)
    assert answer.partial is None
    assert "limit" in answer.body["errors"][0]["message"]
    assert answer.seconds < 2


async def test_a_circle_of_fragments_is_refused(graph: Graph) -> None:
    answer = await graph.ask("{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }")
    assert answer.partial is None
    assert answer.body["errors"]
    assert answer.seconds < 2


async def test_a_wide_operation_is_answered_in_time_or_refused(graph: Graph, school: School) -> None:
    course = await school.course()
    for student in [await school.add() for _ in range(3)]:
        await school.enroll(course["id"], student.id)
    page = "enrollments(first: 100) { edges { node { course { id } } } }"
    middle = f"enrollments(first: 100) {{ edges {{ node {{ user {{ {page} }} }} }} }}"
    wide = f"{{ courses(first: 100) {{ edges {{ node {{ {middle} }} }} }} }}"
    answer = await graph.ask(wide, school.teacher.token)
    assert answer.seconds < 5
    assert not answer.codes or set(answer.codes) == {"QUERY_TOO_LARGE"}


async def test_a_body_of_megabytes_is_refused(graph: Graph) -> None:
    for body in (
        {"query": TYPENAME, "variables": {"x": "a" * 5_000_000}},
        {"query": f"# {'a' * 1_000_000}\n{TYPENAME}"},
    ):
        answer = await graph.send(body)
        assert answer.status == 413
        assert answer.codes == ["REQUEST_ENTITY_TOO_LARGE"]
    chunks = (b"a" * 65_536 for _ in range(80))

    async def stream() -> Any:
        for chunk in chunks:
            yield chunk

    response = await graph.http.post(graph.url, content=stream(), headers={"content-type": "application/json"})
    assert response.status_code in (411, 413)


async def test_an_array_of_operations_is_refused(graph: Graph) -> None:
    for number in (1, 10):
        answer = await graph.send([{"query": TYPENAME}] * number)
        assert answer.status == 400
        assert answer.body["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


async def test_which_operation_must_be_clear(graph: Graph) -> None:
    answer = await graph.ask("query A { __typename } query B { __typename }")
    assert answer.status == 400
    assert answer.partial is None
    named = await graph.send({"query": "query A { __typename } query B { viewer { scopes } }", "operationName": "B"})
    assert named.data == {"viewer": None}


def forms(query: str) -> dict[str, dict[str, Any]]:
    """Requests that the form of another site can send without being asked, and their like."""
    body = json.dumps({"query": query})
    return {
        "urlencoded": {"data": {"query": query}},
        "text/plain": {"content": body, "headers": {"content-type": "text/plain"}},
        "text/plain with parameters": {"content": body, "headers": {"content-type": "text/plain; application/json"}},
        "multipart": {"files": {"operations": (None, body), "map": (None, "{}")}},
        "multipart of one": {"files": {"query": (None, query)}},
        "without a type": {"content": body},
    }


@pytest.mark.parametrize("form", forms(""))
async def test_the_form_of_another_site_changes_nothing(graph: Graph, school: School, form: str) -> None:
    person = await school.add()
    guess = f'mutation {{ login(input: {{email: "{person.email}", password: "{PASSWORD}"}}) {{ __typename }} }}'
    for query in (TYPENAME, guess):
        response = await graph.http.post(graph.url, **forms(query)[form])
        assert response.status_code in (400, 403, 415)
        assert "data" not in response.json()


async def test_a_mutation_needs_a_post(graph: Graph, school: School) -> None:
    slug = "made-by-get"
    query = f'mutation {{ createCourse(input: {{title: "By GET", slug: "{slug}"}}) {{ __typename }} }}'
    headers = {"authorization": f"Bearer {school.teacher.token}"}
    for sent, status in (({}, 403), (headers, 405), (headers | {"accept": "text/html"}, 405)):
        response = await graph.http.get(graph.url, params={"query": query}, headers=sent)
        assert response.status_code in (status, 200) if "accept" in sent else response.status_code == status
    for method in ("PUT", "PATCH", "DELETE"):
        response = await graph.http.request(method, graph.url, json={"query": query}, headers=headers)
        assert response.status_code in (404, 405)
    found = await graph.ask("query($s: String) { course(slug: $s) { id } }", school.teacher.token, s=slug)
    assert found.data == {"course": None}


async def test_a_query_by_get_needs_a_header_that_forms_cannot_send(graph: Graph) -> None:
    params = {"query": "{ viewer { scopes } }"}
    assert (await graph.http.get(graph.url, params=params)).status_code == 403
    allowed = await graph.http.get(graph.url, params=params, headers={"x-requested-with": "test"})
    assert allowed.json()["data"] == {"viewer": None}


@pytest.mark.parametrize("content", [b"", b"{", b"null", b"7", b'"text"', b"\xff\xfe", b"[]", b"{}", b'{"query": 7}'])
async def test_a_body_that_is_no_operation_is_the_clients_fault(graph: Graph, content: bytes) -> None:
    response = await graph.http.post(graph.url, content=content, headers={"content-type": "application/json"})
    assert response.status_code in (200, 400, 415)
    assert response.json()["errors"]
    assert "data" not in response.json()


@pytest.mark.parametrize("protocol", ["graphql-ws", "mqtt", None])
async def test_other_protocols_are_not_spoken(graph: Graph, protocol: str | None) -> None:
    """Among them the legacy `graphql-ws`, whose messages differ."""
    try:
        async with graph.frames(protocol) as socket:
            code, _ = await socket.closed()
            assert code in (1002, 4406)
            assert socket.socket.subprotocol != "graphql-ws"
    except (websockets.InvalidHandshake, websockets.NegotiationError):
        pass


async def test_a_socket_that_breaks_the_protocol_is_closed(graph: Graph, school: School) -> None:
    token = school.teacher.token
    async with graph.frames() as before_init:
        await before_init.subscribe(PRESENCE, courseId="x")
        assert (await before_init.closed())[0] == 4401
    async with graph.frames() as twice:
        await twice.init(token)
        await twice.send(type="connection_init")
        assert (await twice.closed())[0] == 4429
    async with graph.frames() as same_id:
        course = await school.course()
        await same_id.init(token)
        for _ in range(2):
            await same_id.subscribe(PRESENCE, courseId=course["id"])
        assert (await same_id.closed())[0] == 4409
    async with graph.frames() as nonsense:
        await nonsense.init(token)
        await nonsense.socket.send("nonsense")
        assert (await nonsense.closed())[0] == 4400
    async with graph.frames() as large:
        await large.init(token)
        await large.subscribe(f"# {'a' * 70_000}\n{PRESENCE}", courseId="x")
        assert (await large.closed())[0] == 1009


async def test_a_socket_that_says_nothing_is_closed(graph: Graph) -> None:
    began = time.monotonic()
    async with graph.frames() as silent:
        assert (await silent.closed())[0] == 4408
    assert time.monotonic() - began < 8


async def test_limits_hold_on_a_socket_too(graph: Graph, school: School) -> None:
    person = await school.add()
    guesses = " ".join(
        f'a{n}: login(input: {{email: "{person.email}", password: "guess"}}) {{ __typename }}' for n in range(40)
    )
    async with graph.frames() as socket:
        await socket.init()
        deep = f'subscription {{ coursePresence(courseId: "x") {{ users {{ {nested(13)} }} }} }}'
        for query in (f"mutation {{ {guesses} }}", "{ " + "__typename " * 1_001 + "}", deep):
            await socket.subscribe(query, id=str(hash(query)))
            message = await socket.receive()
            errors = message["payload"] if message["type"] == "error" else message["payload"].get("errors")
            assert errors, message
            if message["type"] == "next":
                await socket.receive()
    assert (await graph.login(person.email))["__typename"] == "Tokens"


@pytest.mark.parametrize(
    "query",
    [
        "{ _service { sdl } }",
        '{ _entities(representations: [{__typename: "User"}]) { __typename } }',
        "{ courses { edges { node { nodeId } } } }",
    ],
)
async def test_what_subgraphs_say_to_the_router_is_not_public(graph: Graph, school: School, query: str) -> None:
    answer = await graph.ask(query, school.admin.token)
    assert answer.codes == ["GRAPHQL_VALIDATION_FAILED"]
    assert answer.partial is None


@pytest.mark.parametrize("secret", [None, "", "guessed", "Bearer"])
async def test_a_subgraph_answers_the_router_only(
    graph: Graph, stack: Stack, school: School, secret: str | None
) -> None:
    headers = {"authorization": f"Bearer {school.admin.token}"} | (
        {"x-lyceum-router": secret} if secret is not None else {}
    )
    for url in stack.urls["subgraphs"].values():
        for query in (TYPENAME, "{ _service { sdl } }", "{ viewer { user { email } } }"):
            response = await graph.http.post(f"{url}/graphql", json={"query": query}, headers=headers)
            assert response.status_code == 403
            assert "{" not in response.text
        assert (await graph.http.get(f"{url}/graphql", headers=headers)).status_code in (403, 405)
        at = url.replace("http", "ws")
        async with websockets.connect(f"{at}/graphql", subprotocols=[websockets.Subprotocol(PROTOCOL)]) as socket:
            await socket.send(json.dumps({"type": "connection_init", "payload": headers}))
            with pytest.raises(websockets.ConnectionClosed):
                await asyncio.wait_for(socket.recv(), 5)
            assert socket.close_code in (4401, 4403)


async def test_errors_tell_nothing_of_the_inside(graph: Graph, stack: Stack, school: School) -> None:
    answers = [
        await graph.ask(CREATE_COURSE, school.teacher.token, input={"title": "x" * 300, "slug": "X"}),
        await graph.ask('{ courses(after: "AAAAAAAAAAAAAAAAAAAAAA") { totalCount } }', school.teacher.token),
        await graph.ask("{ course(id: 7) { id } }", school.teacher.token),
        await graph.ask("{ user(id: {}) { id } }", school.teacher.token),
    ]
    text = json.dumps([answer.body for answer in answers])
    assert not [code for answer in answers for code in codes_of(answer.body) if code == "INTERNAL_SERVER_ERROR"]
    ports = [url.rsplit(":", 1)[1] for url in stack.urls["subgraphs"].values()]
    for inside in ("Traceback", "sqlalchemy", "asyncpg", "SELECT", str(stack.home), "node_modules", *ports):
        assert inside not in text
