"""Faults: what a resolver raises that nobody expected reaches the log, and nothing of it the client."""

import json
from collections.abc import AsyncGenerator, Callable
from enum import StrEnum
from typing import Annotated, Any

import asyncpg
import pytest
import redis.exceptions
import sqlalchemy.exc
import strawberry
from graphql import GraphQLError

from shared.context import Context
from shared.errors import (
    BadInput,
    Error,
    Forbidden,
    InvalidInput,
    NotFound,
    QueryTooLarge,
    Refusal,
    Rejected,
    SlugTaken,
    Unauthenticated,
    Unavailable,
)
from shared.graphql import Schema
from tests.conftest import Subgraph

SECRET = "postgres://user:password@host/database"


class StateError(Exception):
    """A driver's error with its state."""

    def __init__(self, state: str) -> None:
        super().__init__(SECRET)
        self.sqlstate = state


def database_error(state: str) -> Exception:
    """What SQLAlchemy makes of it."""
    return sqlalchemy.exc.DBAPIError(f"SELECT '{SECRET}'", {"secret": SECRET}, StateError(state))


RAISED: dict[str, Callable[[], BaseException]] = {
    "runtime": lambda: RuntimeError(SECRET),
    "key": lambda: KeyError(SECRET),
    "assertion": lambda: AssertionError(SECRET),
    "group": lambda: ExceptionGroup(SECRET, [ValueError(SECRET)]),
    "stop": lambda: StopIteration(SECRET),
    "value": lambda: ValueError(SECRET),
    "integrity": lambda: database_error("23505"),
    "privilege": lambda: database_error("42501"),
    "syntax": lambda: database_error("42601"),
    "wrapped": lambda: GraphQLError(SECRET, original_error=RuntimeError(SECRET)),
    "wrapped twice": lambda: GraphQLError(SECRET, original_error=GraphQLError(SECRET, original_error=KeyError(SECRET))),
    "rejected elsewhere": lambda: Rejected(SlugTaken(slug=SECRET)),
}

AWAY: dict[str, Callable[[], BaseException]] = {
    "os": lambda: OSError(SECRET),
    "refused": lambda: ConnectionRefusedError(SECRET),
    "time": lambda: TimeoutError(SECRET),
    "redis": lambda: redis.exceptions.ConnectionError(SECRET),
    "redis time": lambda: redis.exceptions.TimeoutError(SECRET),
    "pool": lambda: sqlalchemy.exc.TimeoutError(SECRET),
    "asyncpg": lambda: asyncpg.InterfaceError(SECRET),
    "invalidated": lambda: sqlalchemy.exc.DBAPIError(SECRET, {}, StateError(""), connection_invalidated=True),
    **{f"state {state}": lambda state=state: database_error(state)  # type: ignore[misc]
       for state in ("08006", "53300", "57P01", "57014", "55P03")},
}  # fmt: skip

REFUSED: dict[str, Callable[[], Refusal]] = {
    "UNAUTHENTICATED": Unauthenticated,
    "FORBIDDEN": Forbidden,
    "BAD_USER_INPUT": BadInput,
    "QUERY_TOO_LARGE": QueryTooLarge,
    "SERVICE_UNAVAILABLE": Unavailable,
}

ALL: dict[str, Callable[[], BaseException]] = {**RAISED, **AWAY, **REFUSED}


class Colour(StrEnum):
    """One value."""

    RED = "RED"


strawberry.enum(Colour)


@strawberry.type
class Leaf:
    value: str = "fine"

    @strawberry.field
    def fail(self, kind: str) -> str | None:
        raise ALL[kind]()

    @strawberry.field
    async def fail_hard(self, kind: str) -> str:
        raise ALL[kind]()

    @strawberry.field
    def wrong_colour(self) -> Colour | None:
        return SECRET  # type: ignore[return-value]

    @strawberry.field
    def wrong_number(self) -> int | None:
        return SECRET  # type: ignore[return-value]

    @strawberry.field
    def nothing(self) -> str:
        return None  # type: ignore[return-value]


@strawberry.type
class Made:
    leaf: Leaf


@strawberry.type
class Odd(Error):
    code: str = "ODD"
    message: str = "This is odd."


MakeResult = Annotated[Made | NotFound | Odd | InvalidInput, strawberry.union("MakeResult")]
InnerResult = Annotated[Made | NotFound, strawberry.union("InnerResult")]


@strawberry.type
class Query:
    @strawberry.field
    def leaf(self) -> Leaf:
        return Leaf()

    @strawberry.field
    def leaves(self) -> list[Leaf | None]:
        return [Leaf(), Leaf()]

    @strawberry.field
    def wrong_union(self) -> MakeResult | None:
        return SECRET  # type: ignore[return-value]

    @strawberry.field
    def found(self, kind: str) -> InnerResult | None:
        raise Rejected({"odd": Odd(), "none": NotFound()}[kind])


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def make(self, kind: str) -> MakeResult:
        if kind in ALL:
            raise ALL[kind]()
        raise Rejected({"odd": Odd(), "none": NotFound(), "input": InvalidInput.at("input", "x", message="No.")}[kind])


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def ticks(self, kind: str) -> AsyncGenerator[Leaf, None]:
        yield Leaf()
        raise ALL[kind]()

    @strawberry.subscription
    async def never(self, kind: str) -> AsyncGenerator[Leaf, None]:
        raise ALL[kind]()
        yield Leaf()


schema = Schema(Query, Mutation, Subscription)

Ask = Callable[..., Any]


@pytest.fixture
def ask(catalog: Subgraph) -> Ask:
    """Executes an operation; what the client would read of the answer."""

    async def execute(query: str, **variables: Any) -> dict[str, Any]:
        result = await schema.execute(query, variable_values=variables, context_value=Context(catalog.platform))
        errors = [error.formatted for error in result.errors or []]
        answer = {"data": result.data} | ({"errors": errors} if errors else {})
        assert SECRET not in json.dumps(answer)
        assert "password" not in json.dumps(answer)
        return json.loads(json.dumps(answer))

    return execute


def told(answer: dict[str, Any]) -> list[tuple[str, str, list[Any]]]:
    """Code, message and path of the errors."""
    return [
        (error["extensions"]["code"], error["message"], error.get("path", [])) for error in answer.get("errors", [])
    ]


INTERNAL = ("INTERNAL_SERVER_ERROR", "Something went wrong on our side.")


@pytest.mark.parametrize("kind", RAISED)
@pytest.mark.parametrize("field", ["fail", "failHard"])
async def test_a_fault_is_masked_at_its_path_and_the_rest_is_answered(ask: Ask, kind: str, field: str) -> None:
    answer = await ask(f"query($kind: String!) {{ leaves {{ value bad: {field}(kind: $kind) }} }}", kind=kind)
    assert told(answer) == [(*INTERNAL, ["leaves", index, "bad"]) for index in (0, 1)]
    leaf = {"value": "fine", "bad": None} if field == "fail" else None
    assert answer["data"] == {"leaves": [leaf, leaf]}


@pytest.mark.parametrize("kind", AWAY)
async def test_an_engine_that_is_away_is_told_as_such_and_no_more(ask: Ask, kind: str) -> None:
    answer = await ask("query($kind: String!) { leaf { value fail(kind: $kind) } }", kind=kind)
    assert told(answer) == [("SERVICE_UNAVAILABLE", Unavailable.default, ["leaf", "fail"])]
    assert answer["data"] == {"leaf": {"value": "fine", "fail": None}}


@pytest.mark.parametrize("kind", REFUSED)
async def test_a_refusal_is_told_in_its_own_words(ask: Ask, kind: str) -> None:
    answer = await ask("query($kind: String!) { leaf { fail(kind: $kind) } }", kind=kind)
    message: Any = REFUSED[kind]().message
    assert told(answer) == [(kind, message, ["leaf", "fail"])]


@pytest.mark.parametrize("state", ["22001", "22003", "22021"])
async def test_a_value_that_cannot_be_stored_is_the_clients(ask: Ask, state: str) -> None:
    ALL["value " + state] = lambda: database_error(state)
    answer = await ask("query($kind: String!) { leaf { fail(kind: $kind) } }", kind="value " + state)
    assert told(answer) == [("BAD_USER_INPUT", BadInput.default, ["leaf", "fail"])]


@pytest.mark.parametrize("field", ["wrongColour", "wrongNumber", "nothing"])
async def test_a_value_of_the_wrong_type_is_masked(ask: Ask, field: str) -> None:
    answer = await ask(f"{{ leaves {{ {field} }} }}")
    assert told(answer) == [(*INTERNAL, ["leaves", index, field]) for index in (0, 1)]


async def test_what_no_union_names_is_masked(ask: Ask) -> None:
    assert told(await ask("{ wrongUnion { __typename } }")) == [(*INTERNAL, ["wrongUnion"])]
    refused = await ask('{ found(kind: "odd") { __typename } }')
    assert told(refused) == [(*INTERNAL, ["found"])]
    assert (await ask('{ found(kind: "none") { __typename } }'))["data"] == {"found": {"__typename": "NotFound"}}


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("none", {"__typename": "NotFound", "code": "NOT_FOUND"}),
        ("odd", {"__typename": "Odd", "code": "ODD"}),
        ("input", {"__typename": "InvalidInput", "code": "INVALID_INPUT", "fields": [{"path": ["input", "x"]}]}),
    ],
)
async def test_a_rejection_becomes_the_member_of_the_union(ask: Ask, kind: str, expected: dict[str, Any]) -> None:
    query = (
        "mutation($kind: String!) { make(kind: $kind) "
        "{ __typename ... on Error { code } ... on InvalidInput { fields { path } } } }"
    )
    assert await ask(query, kind=kind) == {"data": {"make": expected}}


@pytest.mark.parametrize("kind", RAISED)
async def test_a_fault_of_a_mutation_is_masked(ask: Ask, kind: str) -> None:
    answer = await ask("mutation($kind: String!) { make(kind: $kind) { __typename } }", kind=kind)
    assert told(answer) == [(*INTERNAL, ["make"])]
    assert answer["data"] is None


@pytest.mark.parametrize("query", ["{ nonsense }", "{", "{ leaf { fail } }", "query($a: Int!) { leaf { value } }"])
async def test_what_the_client_did_wrong_is_told(ask: Ask, query: str) -> None:
    answer = await ask(query)
    assert answer["data"] is None
    for error in answer["errors"]:
        assert error["message"] != INTERNAL[1]


async def test_an_argument_that_turns_out_null_while_executing_is_told(ask: Ask) -> None:
    answer = await ask('query($kind: String = "runtime") { leaf { fail(kind: $kind) } }', kind=None)
    assert answer["data"] == {"leaf": {"fail": None}}
    assert "kind" in answer["errors"][0]["message"]


@pytest.mark.parametrize("kind", ["runtime", "integrity", "redis", "FORBIDDEN"])
@pytest.mark.parametrize(("field", "before"), [("ticks", 1), ("never", 0)])
async def test_a_stream_that_fails_ends_with_as_little(catalog: Subgraph, kind: str, field: str, before: int) -> None:
    query = f"subscription($kind: String!) {{ {field}(kind: $kind) {{ value }} }}"
    context = Context(catalog.platform)
    read: list[dict[str, Any]] = []
    async for result in await schema.stream(query, variable_values={"kind": kind}, context_value=context):
        errors = [error.formatted for error in getattr(result, "errors", None) or []]
        read.append({"data": getattr(result, "data", None), "errors": errors})
    assert SECRET not in json.dumps(read)
    assert [event["data"] for event in read[:before]] == [{field: {"value": "fine"}}] * before
    codes = [error["extensions"]["code"] for event in read for error in event["errors"]]
    expected = {"redis": "SERVICE_UNAVAILABLE", "FORBIDDEN": "FORBIDDEN"}.get(kind, "INTERNAL_SERVER_ERROR")
    assert codes == [expected]
