"""Statements as the driver takes them: compiled once by SQLAlchemy, run without it.

For a statement that is kept, SQLAlchemy's execution costs the process several times what the driver needs. Each says
itself whose rows it sees, for as long as it runs: it needs no transaction around it, whose beginning and end would take
two more round trips.
"""

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import asyncpg
from sqlalchemy import Dialect, Executable
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.types import NULLTYPE, TypeEngine

_REQUIRED: Any = object()
_SCOPED = """SELECT seen.* FROM
(SELECT set_config('app.tenant', ${tenant}, true) AS tenant, set_config('app.user', ${user}, true) AS person) AS scope,
LATERAL (SELECT * FROM (
{statement}
) AS asked WHERE scope.tenant IS NOT NULL AND scope.person IS NOT NULL OFFSET 0) AS seen"""
"""A statement that depends on its scope, so that PostgreSQL has to set that first: `OFFSET 0` keeps it from merging the
two. Were it ever to read a table before, row-level security would find no tenant, and show nothing."""


class Scope(NamedTuple):
    """Whose rows a statement sees: the ids of a tenant and of a person, or nothing."""

    tenant: str
    user: str


class _Place(NamedTuple):
    """What goes to `$n`: the parameter of that name, or else a value of the statement's own."""

    name: str
    value: Any
    processed: Callable[[Any], Any] | None


class _Shape(NamedTuple):
    """What rows look like; `processed` is empty where the driver's values are the values."""

    row: type[tuple[Any, ...]]
    processed: Sequence[Callable[[Any], Any] | None]


class Compiled:
    """The text of a statement, where its parameters go, and what its rows become."""

    def __init__(self, statement: Any, dialect: Dialect, parameters: Mapping[str, Any]) -> None:
        compiled = statement.compile(dialect=dialect)
        state = compiled.construct_expanded_state(dict(parameters))
        self.text: str = state.statement
        number = len(state.positiontup or ())
        self._scoped = _SCOPED.format(tenant=number + 1, user=number + 2, statement=self.text)
        self._places = [_place(name, compiled.binds.get(name), state, dialect) for name in state.positiontup or ()]
        # Not the statement: what is kept by the statement must not keep it alive.
        columns = getattr(statement, "selected_columns", ())
        self._types: list[TypeEngine[Any]] = [column.type for column in columns]
        self._dialect = dialect
        self._shape: _Shape | None = None

    def values(self, parameters: Mapping[str, Any]) -> list[Any]:
        """What the driver takes for `$1`, `$2` and so on; what the statement does not name is left out."""
        values = []
        for name, own, processed in self._places:
            value = parameters.get(name, own)
            if value is _REQUIRED:
                raise InvalidRequestError(f"A value is required for bind parameter {name!r}")
            values.append(processed(value) if processed else value)
        return values

    async def fetch(self, driver: asyncpg.Connection, values: Sequence[Any], scope: Scope) -> list[Any]:
        """The rows that are to be seen, as named tuples."""
        if self._shape is None:
            attributes = (await driver.prepare(self._scoped)).get_attributes()
            self._shape = _shape(attributes, self._types, self._dialect)
        (row, processed), new = self._shape, tuple.__new__
        records = await driver.fetch(self._scoped, *values, *scope)
        if not processed:
            return [new(row, record) for record in records]
        return [
            new(row, [it(value) if it else value for it, value in zip(processed, record, strict=True)])
            for record in records
        ]


class Statements:
    """Compiles each statement once, for as long as somebody keeps it."""

    def __init__(self) -> None:
        self._compiled: WeakKeyDictionary[Executable, Compiled] = WeakKeyDictionary()

    def compiled(self, statement: Executable, dialect: Dialect, parameters: Mapping[str, Any]) -> Compiled:
        """The statement for the driver; the parameters matter only where one is missing."""
        found = self._compiled.get(statement)
        if found is None:
            found = self._compiled[statement] = Compiled(statement, dialect, parameters)
        return found


def _place(name: str, bound: Any, state: Any, dialect: Dialect) -> _Place:
    if bound is None:  # one of a list in the statement, `IN (…)`
        return _Place(name, state.parameters[name], state.processors.get(name))
    value = _REQUIRED if bound.required else bound.effective_value
    return _Place(bound.key, value, bound.type.dialect_impl(dialect).bind_processor(dialect))


def _shape(attributes: Sequence[Any], types: Sequence[TypeEngine[Any]], dialect: Dialect) -> _Shape:
    row: Any = namedtuple("Row", [attribute.name for attribute in attributes], rename=True)  # type: ignore[misc]
    kinds = zip(types or [NULLTYPE] * len(attributes), attributes, strict=True)
    processed = [kind.dialect_impl(dialect).result_processor(dialect, attribute.type.oid) for kind, attribute in kinds]
    return _Shape(row, processed if any(processed) else ())
