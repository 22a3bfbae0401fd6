"""Which operations each client class may send: in production its own persisted ones, in development anything."""

import hashlib
from typing import Any

import pytest
from graphql import parse, print_ast

from tests.graph.clients import Graph, Json, bearer, codes_of
from tests.graph.operations import MANIFEST, WEB, hashed, id_of, named, persisted
from tests.graph.school import School
from tests.graph.test_contract import documents

REQUIRED, NOT_FOUND, MISMATCH = (f"PERSISTED_QUERY_{reason}" for reason in ("REQUIRED", "NOT_FOUND", "MISMATCH"))
TEXT = "{ __typename }"
UNKNOWN = "a" * 64
CLASSES = ["web", "mobile", "desktop"]
OTHERS = [None, "", "partner", "WEB", "web/2", "kiosk", "__proto__"]


def text(client: str, name: str) -> str:
    """The document of a persisted operation."""
    return str(MANIFEST[client, name]["body"])


def test_the_web_has_every_operation_of_the_contract() -> None:
    assert {name: print_ast(parse(document)) for name, document in documents.items()}.items() <= {
        name: operation["body"] for (client, name), operation in MANIFEST.items() if client == "web"
    }.items()


@pytest.mark.parametrize("client", CLASSES)
async def test_a_class_sends_its_own_operations_by_either_id(production: Graph, school: School, client: str) -> None:
    for body in (persisted(client, "Me"), hashed(id_of(client, "Me")), persisted(client, "Me") | {"query": ""}):
        answer = await production.send(body, school.teacher.token, headers=named(client))
        assert answer.data["viewer"]["user"]["displayName"] == school.teacher.name
    also = persisted(client, "Me") | {"query": text(client, "Me"), "operationName": "Me"}
    assert (await production.send(also, school.teacher.token, headers=named(client))).data


async def test_every_operation_of_the_manifest_is_served(production: Graph) -> None:
    for (client, name), operation in MANIFEST.items():
        if client != "partner":
            body = {"documentId": operation["id"], "operationName": name}
            answer = await production.send(body, headers=named(client))
            assert not {REQUIRED, NOT_FOUND, MISMATCH} & set(answer.codes), (client, name)
            assert "expected" not in str(answer.body).lower(), (client, name)  # nor is it too deep or too long


async def test_a_query_may_be_a_get_and_a_mutation_not(production: Graph, school: School) -> None:
    headers = {"accept": "application/json"} | bearer(school.teacher.token) | WEB
    address = f"{production.url}?documentId={id_of('web', 'Search')}&variables=%7B%22query%22%3A%22star%22%7D"
    response = await production.http.get(address, headers=headers)
    assert response.json()["data"]["search"]["totalCount"] == 0
    logout = await production.http.get(f"{production.url}?documentId={id_of('web', 'Logout')}", headers=headers)
    assert logout.status_code == 405
    refused = await production.http.get(f"{production.url}?query=%7B__typename%7D", headers=headers)
    assert codes_of(refused.json()) == [REQUIRED]


REFUSED: list[tuple[str, Json, str, int]] = [
    ("text", {"query": TEXT}, REQUIRED, 400),
    ("the text of its own operation", {"query": text("mobile", "Me")}, REQUIRED, 400),
    ("nothing", {}, REQUIRED, 400),
    ("an unknown id", {"documentId": UNKNOWN}, NOT_FOUND, 404),
    ("an unknown hash", hashed(UNKNOWN), NOT_FOUND, 404),
    ("another class's id", persisted("web", "CreateCourse"), NOT_FOUND, 404),
    ("a partner's id", persisted("partner", "Me"), NOT_FOUND, 404),
    ("no id at all", {"documentId": 5}, NOT_FOUND, 404),
    ("a known id with other text", persisted("mobile", "Me") | {"query": TEXT}, MISMATCH, 400),
    ("a known hash with other text", hashed(id_of("mobile", "Me")) | {"query": TEXT}, MISMATCH, 400),
    ("a new text with its hash", hashed(hashlib.sha256(TEXT.encode()).hexdigest()) | {"query": TEXT}, NOT_FOUND, 404),
]


@pytest.mark.parametrize(("body", "code", "status"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
async def test_anything_else_is_refused(production: Graph, school: School, body: Json, code: str, status: int) -> None:
    answer = await production.send(body, school.teacher.token, headers=named("mobile"))
    assert (answer.status, answer.codes, answer.partial) == (status, [code], None)


@pytest.mark.parametrize("name", OTHERS)
async def test_who_is_of_no_class_sends_nothing(production: Graph, school: School, name: str | None) -> None:
    headers = {"graphql-client-name": name} if name is not None else {}
    for body, code in (
        (persisted("web", "Me"), NOT_FOUND),
        (persisted("partner", "Me"), NOT_FOUND),
        ({"query": TEXT}, REQUIRED),
    ):
        assert (await production.send(body, school.teacher.token, headers=headers)).codes == [code]


async def test_a_bad_token_is_what_the_client_is_told_of(production: Graph) -> None:
    answer = await production.send({"query": TEXT}, "nonsense", headers=WEB)
    assert (answer.status, answer.codes) == (401, ["UNAUTHENTICATED"])
    answer = await production.send({"documentId": UNKNOWN}, "nonsense", headers=WEB)
    assert (answer.status, answer.codes) == (401, ["UNAUTHENTICATED"])


async def outcome(socket: Any, id: str, payload: Json) -> list[str | None]:
    """The codes that an operation on a socket ends with; events of other operations may come in between."""
    await socket.send(type="subscribe", id=id, payload=payload)
    codes: list[str | None] = []
    while True:
        message = await socket.receive()
        if message.get("id") == id:
            if message["type"] == "complete":
                return codes
            codes += codes_of(message["payload"])


async def test_a_refusal_leaves_the_other_operations_of_a_socket_alone(production: Graph, school: School) -> None:
    course, person = await school.course(), await school.add()
    async with production.frames() as socket:
        assert (await socket.init(person.token, **named("mobile")))["type"] == "connection_ack"
        presence = persisted("mobile", "CoursePresence", courseId=course["id"])
        await socket.send(type="subscribe", id="presence", payload=presence)
        assert (await socket.receive())["payload"]["data"]["coursePresence"]["count"] == 1
        for number, (_, body, code, _) in enumerate(REFUSED):
            assert await outcome(socket, f"bare-{number}", body) == [code]
            assert await outcome(socket, f"{number}", {"query": ""} | body) == [code]
        assert await outcome(socket, "good", persisted("mobile", "Me")) == []
        assert await outcome(socket, "hashed", {"query": ""} | hashed(id_of("mobile", "Me"))) == []
        web = persisted("web", "CoursePresence", courseId=course["id"])
        async with production.watch_sse_of(web, school.teacher.token, headers=WEB):
            message = await socket.receive()
            assert message["id"] == "presence"
            assert message["payload"]["data"]["coursePresence"]["count"] == 2


async def test_a_bad_token_ends_its_own_operations_and_not_the_socket(production: Graph) -> None:
    async with production.frames() as socket:
        await socket.init("nonsense", **named("web"))
        for id in ("1", "2"):
            assert await outcome(socket, id, persisted("web", "Me")) == ["UNAUTHENTICATED"]


async def test_development_allows_anything(graph: Graph, school: School) -> None:
    for headers in ({}, WEB, named("kiosk"), named("partner")):
        for body in ({"query": TEXT}, persisted("web", "Me"), persisted("partner", "Me"), persisted("mobile", "Me")):
            assert (await graph.send(body, school.teacher.token, headers=headers)).data
    new = hashed(hashlib.sha256(TEXT.encode()).hexdigest())
    assert (await graph.send(new | {"query": TEXT})).data == {"__typename": "Query"}
    assert (await graph.send(new)).codes == [NOT_FOUND], "nothing is learnt from a request"
    assert (await graph.send(persisted("web", "Me") | {"query": TEXT})).codes == [MISMATCH]
