"""Statements on the driver: the same rows as SQLAlchemy's, for each type of column that there is."""

import importlib
import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import ARRAY, Column, bindparam, func, literal, select
from sqlalchemy.types import TypeEngine

from shared import ids
from shared.auth import ANONYMOUS
from shared.postgres import Database, Model
from subgraphs.catalog.models import Course
from tests.shared.conftest import SUBGRAPHS

_MOMENT = datetime(2026, 11, 30, 12, 0, 0, 123456, UTC)
_DOCUMENT = {"a": [1, 2.5, None, "ä\u2028", {"b": True}]}
_VALUES: dict[str, list[Any]] = {
    "Uuid": [ids.new_id()],
    "Text": ["", "ä 🎓 '; --", "\n"],
    "DateTime": [_MOMENT, _MOMENT.astimezone(timezone(timedelta(hours=5, minutes=30)))],
    "Boolean": [True, False],
    "JSONB": [_DOCUMENT, [], "text", 1, False],
    "JSON": [_DOCUMENT, [], "text", 1, False],
    "Numeric": [48.12345678, -0.5, 0],
    "Float": [0.1, -1e300, math.inf],
    "LargeBinary": [b"", b"\x00\xff"],
    "Integer": [0, -(2**31)],
    "BigInteger": [2**62],
}


def _columns() -> Iterator[Column[Any]]:
    def below(model: type[Model]) -> Iterator[type[Model]]:
        for child in model.__subclasses__():
            yield child
            yield from below(child)

    for subgraph in SUBGRAPHS:
        importlib.import_module(f"subgraphs.{subgraph}.models")
    for model in below(Model):
        if hasattr(model, "__table__"):
            yield from model.__table__.columns


_TYPES = {repr(column.type): column.type for column in _columns()}


def _values(kind: TypeEngine[Any]) -> list[Any]:
    if isinstance(kind, ARRAY):
        return [[], _values(kind.item_type)]
    return _VALUES[type(kind).__name__]


@pytest.mark.parametrize("name", _TYPES)
async def test_values_of_each_type_of_column_go_there_and_back_as_with_sqlalchemy(
    database: Database, name: str
) -> None:
    kind = _TYPES[name]
    statement = select(
        bindparam("value", type_=kind).label("value"),
        literal(_values(kind)[0], kind).label("own"),
        literal(None, kind).label("nothing"),
    )
    for value in (*_values(kind), None):
        parameters = {"value": value}
        [found] = await database.reads(ANONYMOUS).rows(statement, parameters)
        async with database._tenant.connect() as connection:
            expected = (await connection.execute(statement, parameters)).one()
        assert found == tuple(expected)
        assert [type(it) for it in found] == [type(it) for it in expected]
        assert found._asdict() == expected._asdict()


async def test_rows_are_tuples_with_the_names_of_their_columns(database: Database) -> None:
    statement = select(
        literal(1).label("count"), literal(2), literal(3).label("class"), func.now(), literal(4).label("n")
    )
    [row] = await database.reads(ANONYMOUS).rows(statement, {})
    one, _, three, *_ = row
    assert (one, three, row.count, row[0], row[-1], row.n, len(row)) == (1, 3, 1, 1, 4, 4, 5)


async def test_lists_in_a_statement_are_its_own(database: Database) -> None:
    own = literal(3)
    statement = select(own.label("own"), bindparam("asked", type_=own.type).label("asked")).where(
        own.in_([1, 2, 3]), bindparam("asked", type_=own.type).not_in([7, 8])
    )
    reads = database.reads(ANONYMOUS)
    for asked, expected in ((5, [(3, 5)]), (7, []), (6, [(3, 6)])):
        assert [tuple(row) for row in await reads.rows(statement, {"asked": asked})] == expected


async def test_columns_of_a_table_are_named_as_with_sqlalchemy(database: Database) -> None:
    statement = select(Course, Course.id.label("lookup"))
    reads = database.reads(ANONYMOUS)
    assert await reads.rows(statement, {}) == []
    async with database._tenant.connect() as connection:
        names = list((await connection.execute(statement)).keys())
    shape = next(iter(database._statements._compiled.values()))._shape
    assert shape
    assert list(shape.row._fields) == names  # type: ignore[attr-defined]
