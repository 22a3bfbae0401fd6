"""Planned selection sets answer what graphql-core's own executor answers, to the byte."""

import asyncio
import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Annotated, Any

import orjson
import pytest
import strawberry
from graphql import (
    DocumentNode,
    GraphQLObjectType,
    get_named_type,
    is_leaf_type,
    is_object_type,
    is_union_type,
    parse,
    validate,
)
from graphql.execution import execute
from strawberry.execution import optimized_is_awaitable
from strawberry.scalars import JSON
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from shared import execution, ids
from shared.auth import Viewer, requires
from shared.execution import Executor

_WORLDS, _TOGETHER = 24, 6
_DOCUMENTS = 12  # per world


@strawberry.enum
class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Asked(dict[str, Any]):
    """A context with somebody who may read courses."""

    viewer = Viewer(user_id=ids.new_id(), scopes=frozenset({"read:course"}))


class Odd(Exception):
    pass


@strawberry.interface
class Thing:
    id: strawberry.ID
    label: str | None

    @strawberry.field
    def shout(self) -> str:
        return str(self.label).upper()


@strawberry.type
class Leaf(Thing):
    colour: Colour
    weight: float
    count: int | None
    fresh: bool
    picked: datetime | None
    extra: JSON
    words: list[str]
    maybe: list[int | None] | None

    @strawberry.field
    async def slow(self, info: strawberry.Info, turns: int = 1) -> str | None:
        for _ in range(turns):
            await asyncio.sleep(0)
        return _told(info, self.label)

    @strawberry.field
    def told(self, info: strawberry.Info) -> str:
        return f"{info.field_name} {'.'.join(map(str, info._raw_info.path.as_list()))} {info.context['viewer']}"


@strawberry.type
class Branch(Thing):
    leaf: Leaf | None
    sure: Leaf
    leaves: list[Leaf]
    perhaps: list[Leaf | None] | None
    things: list[Thing]
    matrix: list[list[Leaf]]

    @strawberry.field
    def below(self, first: int | None = 2, colour: Colour | None = None) -> "list[Branch]":
        if colour is Colour.RED:
            raise Odd("red")
        return self.kept[:first]

    @strawberry.field
    async def later(self) -> "Branch | None":
        await asyncio.sleep(0)
        return self.kept[0] if self.kept else None

    @strawberry.field
    async def surely(self) -> "Branch":
        await asyncio.sleep(0)
        return self.kept[0] if self.kept else None  # type: ignore[return-value]  # an error, on purpose

    @strawberry.field
    async def any(self) -> "list[Annotated[Leaf | Branch, strawberry.union('Any')]] | None":
        return [*self.leaves, *self.kept]

    @strawberry.field(extensions=[requires("read:course")])
    async def guarded(self, info: strawberry.Info, first: int = 1) -> "list[Branch] | None":
        return self.kept[:first] if info.context.viewer else None

    @strawberry.field(extensions=[requires("write:course")])
    def refused(self) -> str | None:
        return self.label

    @strawberry.field
    def failing(self) -> str:
        raise Odd("no such luck")

    @strawberry.field
    async def failing_later(self) -> str | None:
        await asyncio.sleep(0)
        raise Odd("later")

    kept: "strawberry.Private[list[Branch]]"


def _told(info: strawberry.Info, label: str | None) -> str | None:
    return None if label is None else f"{label} at {info.path.key}"


@strawberry.type
class Query:
    @strawberry.field
    def root(self, info: strawberry.Info) -> Branch:
        return info.context["root"]

    @strawberry.field
    async def thing(self, info: strawberry.Info, leaf: bool) -> Thing | None:
        root: Branch = info.context["root"]
        return root.sure if leaf else root


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def grow(self, info: strawberry.Info, by: int) -> Branch:
        info.context["grown"] = info.context.get("grown", 0) + by
        return Branch(**vars(info.context["root"]) | {"label": str(info.context["grown"])})


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def growing(self, info: strawberry.Info) -> AsyncIterator[Branch]:
        for number in range(3):
            yield Branch(**vars(info.context["root"]) | {"label": str(number)})


schema = strawberry.Schema(Query, Mutation, Subscription, types=[Leaf, Branch], execution_context_class=Executor)
CORE = schema._schema
DECLARED = {"yes": "$yes: Boolean! = true", "first": "$first: Int", "colour": "$colour: Colour"}
VARIABLES: list[dict[str, Any]] = [{}, {"first": 1, "colour": "BLUE"}, {"first": 0, "colour": "RED", "yes": False}]


class World:
    """Objects at random: most are as declared, some hold what graphql-core has to object to or to convert."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self.root = self._branch(3)

    def _either(self, usual: Any, *odd: Any) -> Any:
        return usual if self._random.random() < 0.93 else self._random.choice(odd)

    def _leaf(self) -> Any:
        draw = self._random
        return Leaf(
            id=strawberry.ID(self._either(f"leaf_{draw.randrange(9)}", 7, None)),
            label=self._either("a leaf", None, 5, True, Odd("label")),
            colour=self._either(draw.choice([*Colour]), "red", "RED", None, ["red"]),
            weight=self._either(draw.random(), 3, float("nan"), "2.5", None),
            count=self._either(draw.randrange(9), None, 2**40, 1.0, "7", "seven", True),
            fresh=self._either(draw.random() < 0.5, 0, "yes", None),
            picked=self._either(datetime(2026, 1, 2, tzinfo=UTC) + timedelta(hours=draw.randrange(99)), None, "when"),
            extra=self._either({"a": [1, {"b": None}]}, [], "text", 0),
            words=self._either(["some", "words"], ("in", "a", "tuple"), [None], [], "text", None, ["a", 1]),
            maybe=self._either([1, None, 3], None, [2**31], ["4"]),
        )

    def _branch(self, depth: int) -> Any:
        draw = self._random
        kept = [self._branch(depth - 1) for _ in range(draw.randrange(3))] if depth else []
        leaves = [self._leaf() for _ in range(draw.randrange(4))]
        leaf = self._leaf()
        return Branch(
            id=strawberry.ID(f"branch_{draw.randrange(9)}"),
            label=self._either("a branch", None),
            leaf=self._either(leaf, None, Odd("leaf"), "no leaf"),
            sure=self._either(leaf, leaf, None, 5),
            leaves=self._either(leaves, tuple(leaves), [*leaves, None], [Odd("item"), *leaves], 7),
            perhaps=self._either([*leaves, None], None, [Odd("item"), *leaves], ["odd"]),
            things=[*leaves, *kept],
            matrix=self._either([leaves, leaves[:1]], [leaves, None], []),
            kept=kept,
        )


class Author:
    """Writes documents at random, by the schema."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._fragments: list[str] = []

    def document(self, root: str = "Query", kind: str = "query") -> str:
        """An operation, its variables and its fragments."""
        self._fragments = []
        body = self._selections(CORE.get_type(root), 5)
        if self._random.random() < 0.2:
            body += " sometimes: __typename @include(if: $yes)"
        parts = [body, *self._fragments]
        declared = [text for name, text in DECLARED.items() if any(f"${name}" in part for part in parts)]
        variables = f"({', '.join(declared)})" if declared else ""
        return " ".join([f"{kind} Some{variables} {{ {body} }}", *self._fragments])

    def _selections(self, type_: Any, depth: int) -> str:
        if is_union_type(type_) or not is_object_type(type_):
            return self._abstract(type_, depth)
        fields = [name for name in type_.fields if depth > 1 or is_leaf_type(get_named_type(type_.fields[name].type))]
        if not fields:
            return "__typename"
        chosen = self._random.choices([*fields, "__typename"], k=self._random.randint(1, 6))
        return " ".join(self._part(type_, name, number, depth) for number, name in enumerate(chosen))

    def _abstract(self, type_: Any, depth: int) -> str:
        possible = self._random.sample(list(CORE.get_possible_types(type_)), k=self._random.randint(1, 2))
        return " ".join(["__typename", *(f"... on {it.name} {{ {self._selections(it, depth)} }}" for it in possible)])

    def _part(self, type_: GraphQLObjectType, name: str, number: int, depth: int) -> str:
        if name == "__typename":
            return name
        field = type_.fields[name]
        named = get_named_type(field.type)
        below = "" if is_leaf_type(named) else f" {{ {self._selections(named, depth - 1)} }}"
        # The same name with other arguments or another selection would conflict, unless it has another alias.
        text = f"{name}_{depth}_{number}_{len(self._fragments)}: {name}{self._arguments(name)}{below}"
        if self._random.random() < 0.15:
            self._fragments.append(f"fragment F{len(self._fragments)} on {type_.name} {{ {text} }}")
            return f"...F{len(self._fragments) - 1}"
        return f"... {{ {text} }}" if self._random.random() < 0.1 else text

    def _arguments(self, name: str) -> str:
        some = {
            "below": ["", "(first: 1)", "(first: $first)", "(colour: RED)", "(first: null, colour: $colour)"],
            "guarded": ["", "(first: 2)", "(first: $first)"],
            "slow": ["", "(turns: 0)", "(turns: 2)"],
            "thing": ["(leaf: true)", "(leaf: false)"],
            "grow": ["(by: 2)"],
        }
        return self._random.choice(some.get(name, [""]))


async def answered(executor: type, document: DocumentNode, root: Any, variables: dict[str, Any]) -> bytes:
    """What an executor makes of a document, as bytes: data, and errors with their places in their order."""
    result = execute(
        CORE,
        document,
        context_value=Asked(root=root, viewer="ada"),
        variable_values=variables,
        is_awaitable=optimized_is_awaitable,
        executor_class=executor,
        operation_extensions={},
    )
    found = await result if optimized_is_awaitable(result) else result
    return orjson.dumps(
        {"data": found.data, "errors": [error.formatted for error in found.errors or ()]},
        default=repr,
        option=orjson.OPT_NON_STR_KEYS,
    )


# Where a list fails, graphql-core leaves some of its coroutines behind.
@pytest.mark.filterwarnings("ignore:coroutine:RuntimeWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("start", range(0, _WORLDS, _TOGETHER))
async def test_documents_at_random_are_answered_alike(start: int) -> None:
    compared, with_errors = 0, 0
    for seed in range(start, start + _TOGETHER):
        root = World(seed).root
        author = Author(seed)
        for number in range(_DOCUMENTS):
            text = author.document(*(("Mutation", "mutation") if number % 6 == 5 else ("Query", "query")))
            document = parse(text)
            assert not validate(CORE, document), text
            for variables in VARIABLES:  # the second and the third time with a plan that is there already
                expected = await answered(StrawberryGraphQLCoreExecutionContext, document, root, variables)
                assert await answered(Executor, document, root, variables) == expected, text
                compared += 1
                with_errors += b'"errors":[]' not in expected
    assert compared == _TOGETHER * _DOCUMENTS * len(VARIABLES)
    assert 0.2 < with_errors / compared < 0.9


def planned(document: DocumentNode) -> bool:
    """Whether selections of the document's operation are kept."""
    plan = execution._plans.get((id(CORE), id(document.definitions[0])))
    return plan is not None and bool(plan.selections)


async def test_a_document_is_planned_once_and_one_with_directives_never() -> None:
    root = World(1).root
    plain, conditional = (
        parse("{ root { id } }"),
        parse("query($yes: Boolean = true) { root { id @include(if: $yes) } }"),
    )
    for document in (plain, conditional):
        await answered(Executor, document, root, {})
    assert planned(plain)
    assert not planned(conditional)


async def test_plans_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(execution, "_KEPT", 3)
    monkeypatch.setattr(execution, "_plans", {})
    root, documents = World(1).root, [parse("{ root { id } }") for _ in range(5)]
    for document in documents:
        await answered(Executor, document, root, {})
    assert [planned(document) for document in documents] == [False, False, True, True, True]


async def test_a_mutation_runs_its_fields_one_after_the_other() -> None:
    context = {"root": World(1).root}
    result = await schema.execute(
        "mutation { a: grow(by: 1) { label } b: grow(by: 2) { label } }", context_value=context
    )
    assert result.data == {"a": {"label": "1"}, "b": {"label": "3"}}


async def test_each_event_of_a_subscription_is_read_anew() -> None:
    events = await schema.subscribe(
        "subscription { growing { label told: __typename } }", context_value={"root": World(1).root}
    )
    assert [event.data["growing"]["label"] async for event in events] == ["0", "1", "2"]  # type: ignore[union-attr]
