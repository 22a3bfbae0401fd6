"""The statements that loaders run, built once for all requests: building one takes longer than running it.

What differs from request to request are parameters: the keys, the page, and `VIEWER`, which stands for the viewer's id
in conditions. What a viewer's scopes change about a condition makes a statement of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Protocol, TypeVar
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Integer, Select, Uuid, any_, bindparam, func, select, true
from sqlalchemy.orm import InstrumentedAttribute

from shared.auth import Role, Viewer

if TYPE_CHECKING:
    from shared.graphql import Node
    from shared.postgres import Model

VIEWER: Any = bindparam("viewer", type_=Uuid)
"""The id of whoever asks, in a statement that is kept."""

_KEPT = 500
_SOME_ORGANIZATION = UUID(int=0)


class Filter(Protocol):
    """Further conditions of a list; hashable, so that equal lists share a batch and a statement."""

    def conditions(self) -> Sequence[ColumnElement[bool]]:
        """What a row must satisfy."""

    def __hash__(self) -> int: ...


Build = TypeVar("Build", bound=Callable[..., Any])


def kept(build: Build) -> Build:
    """Decorates what builds a statement: the same arguments give the same statement."""
    return lru_cache(_KEPT)(build)  # type: ignore[return-value]  # the caller need not know


def whose(viewer: Viewer) -> Viewer:
    """The same for all viewers with these rights: conditions that are made for it hold for each of them."""
    return _whose(viewer.role, viewer.scopes, viewer.organization_id is None)


@cache
def _whose(role: Role | None, scopes: frozenset[str], is_nowhere: bool) -> Viewer:
    return Viewer(VIEWER, None, None if is_nowhere else _SOME_ORGANIZATION, role, scopes)


def among(column: ColumnElement[Any] | InstrumentedAttribute[Any], name: str = "keys") -> ColumnElement[bool]:
    """That the column is one of the parameter's values; unlike a list of them, it is one statement for any number."""
    return column == any_(bindparam(name, type_=ARRAY(column.type)))


@kept
def entities(type_: type[Node], viewer: Viewer) -> Select[Any]:
    """Rows by their ids, `keys`."""
    return _select(type_, viewer).where(among(type_.model.id))


@kept
def lookup(type_: type[Node], column: InstrumentedAttribute[Any], where: Filter | None, viewer: Viewer) -> Select[Any]:
    """Rows by a column, `keys`, whose value is their `lookup`."""
    return _narrowed(_select(type_, viewer, column.label("lookup")).where(among(column)), where)


@kept
def children(
    type_: type[Node], column: InstrumentedAttribute[Any], where: Filter | None, viewer: Viewer
) -> Select[Any]:
    """All rows of each parent in `keys`, by id."""
    statement = _select(type_, viewer, column.label("parent")).where(among(column)).order_by(type_.model.id)
    return _narrowed(statement, where)


@kept
def page(
    type_: type[Node], column: InstrumentedAttribute[Any] | None, is_first: bool, where: Filter | None, viewer: Viewer
) -> Select[Any]:
    """Up to `size` rows after the row `after`, of the whole list or, with a column, of each parent in `keys`."""
    statement = (
        _narrowed(_select(type_, viewer), where).order_by(type_.model.id).limit(bindparam("size", type_=Integer))
    )
    if not is_first:
        statement = statement.where(type_.model.id > bindparam("after", type_=Uuid))
    return statement if column is None else _per_parent(statement, column)


@kept
def count(
    type_: type[Node], column: InstrumentedAttribute[Any] | None, where: Filter | None, viewer: Viewer
) -> Select[Any]:
    """How many rows there are in all, or, with a column, of each parent in `keys`: their `total`."""
    counted = select(func.count().label("total")).select_from(type_.model).where(type_.model.visible(viewer))
    statement = _narrowed(counted, where)
    if column is None:
        return statement
    return statement.add_columns(column.label("parent")).where(among(column)).group_by(column)


def _select(type_: type[Node], viewer: Viewer, *further: Any) -> Select[Any]:
    model: type[Model] = type_.model
    return select(*columns_of(model, ("id", *type_.copied())), *further).where(model.visible(viewer))


def columns_of(model: type[Model], names: Iterable[str] | None = None) -> list[Any]:
    """Columns named as the attributes of the model, for whoever takes a row for an object; all of them by default."""
    names = model.__mapper__.column_attrs.keys() if names is None else names
    return [getattr(model, name).label(name) for name in names]


def _narrowed(statement: Select[Any], where: Filter | None) -> Select[Any]:
    return statement.where(*where.conditions()) if where is not None else statement


def _per_parent(statement: Select[Any], column: InstrumentedAttribute[Any]) -> Any:
    """The statement once per parent, in one: a lateral join, so that each parent's page is an index range."""
    keys = bindparam("keys", type_=ARRAY(Uuid))
    asked = func.unnest(keys).table_valued("parent", name="asked").render_derived()
    rows = statement.where(column == asked.c.parent).correlate(asked).lateral("children")
    return select(asked.c.parent, rows).join_from(asked, rows, true()).order_by(rows.c.id)
