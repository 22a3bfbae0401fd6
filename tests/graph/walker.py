"""Walking the public schema: every query it allows down to a depth, and every id that the answers hold."""

import itertools
import re
from collections.abc import Iterable, Iterator
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    get_named_type,
    is_leaf_type,
    is_required_argument,
    is_required_input_field,
    parse,
    print_ast,
)

from tests.graph.clients import Graph

_DEPTH, _TOKENS = 6, 900  # what the router's limits leave room for
_ID = re.compile(r"[a-z][a-z_]*_[0-7][0-9a-hjkmnp-tv-z]{25}")

# One value for each kind of input that passes validation, so that what refuses a call is the id alone.
_VALUES = {
    "email": "someone@walker.example",
    "slug": "walked",
    "phone": "+351 210 000 000",
    "password": "walked-2026-walked",
}


class Walker:
    """Makes operations from a schema."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self.schema = schema

    def selection(self, type_: Any, depth: int, above: tuple[str, ...] = ()) -> str:
        """Everything below a type that needs no argument; the way back up to a type above is not taken."""
        if isinstance(type_, GraphQLInterfaceType) or depth == 0:
            return "__typename id" if "id" in getattr(type_, "fields", {}) else "__typename"
        if not isinstance(type_, GraphQLObjectType):
            return "__typename " + " ".join(
                f"... on {member.name} {{ {self.selection(member, depth - 1, above)} }}"
                for member in getattr(type_, "types", ())
            )
        parts = ["__typename"]
        for name, field in type_.fields.items():
            below = get_named_type(field.type)
            if any(is_required_argument(argument) for argument in field.args.values()):
                continue
            if is_leaf_type(below):
                parts.append(name)
            elif below.name not in above:
                page = "(first: 100)" if "first" in field.args else ""
                inner = self.selection(below, depth - 1, (*above, type_.name))
                parts.append(f"{name}{page} {{ {inner} }}")
        return " ".join(parts)

    def roots(self) -> Iterator[str]:
        """A query for each root field that needs no id, with as much below it as the router takes."""
        assert self.schema.query_type
        for name, field in self.schema.query_type.fields.items():
            if field.args.keys() & {"id", "query", "code"}:
                continue
            page = "(first: 100)" if "first" in field.args else ""
            type_ = get_named_type(field.type)
            queries = (f"{{ {name}{page} {{ {self.selection(type_, depth)} }} }}" for depth in range(_DEPTH, 0, -1))
            yield next(query for query in queries if tokens_of(query) <= _TOKENS)

    def taking_ids(self, root: GraphQLObjectType | None) -> Iterator[tuple[str, tuple[str, ...]]]:
        """The fields of a root type that take an id, with the path to each: an argument, or a field of an input."""
        for name, field in root.fields.items() if root else ():
            for argument, definition in field.args.items():
                for path in self._ids_in(definition.type, (argument,)):
                    yield name, path

    def _ids_in(self, type_: Any, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        named = get_named_type(type_)
        if named.name == "ID":
            yield path
        elif isinstance(named, GraphQLInputObjectType):
            for name, field in named.fields.items():
                yield from self._ids_in(field.type, (*path, name))

    def call(self, root: GraphQLObjectType, name: str, path: tuple[str, ...], id: str, own: dict[str, str]) -> str:
        """A call of a root field with this id at the path, and valid values wherever else one is required."""
        field = root.fields[name]
        arguments = []
        for argument, definition in field.args.items():
            if argument == path[0]:
                arguments.append(f"{argument}: {self._value(definition.type, argument, path[1:], id, own)}")
            elif is_required_argument(definition):
                arguments.append(f"{argument}: {self._value(definition.type, argument, None, id, own)}")
        below = get_named_type(field.type)
        inner = "" if is_leaf_type(below) else f" {{ {self.shallow(below)} }}"
        return f"{name}({', '.join(arguments)}){inner}"

    def shallow(self, type_: Any) -> str:
        """Enough of an answer to see whether it is one."""
        if isinstance(type_, (GraphQLObjectType, GraphQLInterfaceType)):
            return " ".join(["__typename", *(name for name in ("id", "totalCount") if name in type_.fields)])
        members = (f"... on {member.name} {{ {self.shallow(member)} }}" for member in type_.types)
        return f"__typename {' '.join(members)}"

    def _value(self, type_: Any, name: str, path: tuple[str, ...] | None, id: str, own: dict[str, str]) -> str:
        if isinstance(type_, GraphQLNonNull):
            return self._value(type_.of_type, name, path, id, own)
        if isinstance(type_, GraphQLList):
            return f"[{self._value(type_.of_type, name, path, id, own)}]"
        if isinstance(type_, GraphQLInputObjectType):
            return self._object(type_, path, id, own)
        if type_.name == "ID":
            return f'"{id if path == () else own.get(name, own["id"])}"'
        if isinstance(type_, GraphQLEnumType):
            return next(iter(type_.values))
        assert isinstance(type_, GraphQLScalarType)
        known = next((value for part, value in _VALUES.items() if part in name.lower()), "Walked here")
        return {"Int": "1", "Float": "1.5", "Boolean": "true"}.get(type_.name, f'"{known}"')

    def _object(self, type_: GraphQLInputObjectType, path: tuple[str, ...] | None, id: str, own: dict[str, str]) -> str:
        fields = []
        for name, field in type_.fields.items():
            at = bool(path) and path[0] == name  # type: ignore[index]
            if at or is_required_input_field(field) or name in ("name", "title", "value", "role"):
                fields.append(f"{name}: {self._value(field.type, name, path[1:] if at and path else None, id, own)}")
        return f"{{{', '.join(fields)}}}"


def ids_in(content: Any) -> set[str]:
    """Every public id anywhere in an answer."""
    if isinstance(content, dict):
        return set().union(*map(ids_in, content.values())) if content else set()
    if isinstance(content, list):
        return set().union(*map(ids_in, content)) if content else set()
    return {content} if isinstance(content, str) and _ID.fullmatch(content) else set()


def tokens_of(query: str) -> int:
    """About how many lexical tokens a document has."""
    return len(re.findall(r'"[^"]*"|\.\.\.|\w+|[^\s\w,]', print_ast(parse(query))))


async def answers_of(graph: Graph, token: str | None, queries: Iterable[str]) -> list[Any]:
    """What somebody is told, fields they may not see left out."""
    return [(await graph.ask(query, token)).partial for query in queries]


def batched(calls: Iterable[str], size: int) -> Iterator[str]:
    """Calls as aliases of one operation, so many at a time."""
    numbered = enumerate(calls)
    while part := list(itertools.islice(numbered, size)):
        yield " ".join(f"a{number}: {call}" for number, call in part)
