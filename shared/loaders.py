"""Batched reads. One SQL statement per entity type and batch.

Every read goes through `Model.visible(viewer)`, so a nested path shows exactly what the root field would.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

from sqlalchemy import Select
from sqlalchemy.orm import InstrumentedAttribute
from strawberry.dataloader import DataLoader

from shared import statements
from shared.cache import restored
from shared.connections import Connection, Page, connection_of
from shared.errors import QueryTooLarge
from shared.statements import Filter

if TYPE_CHECKING:
    from shared.auth import Viewer
    from shared.context import Context
    from shared.graphql import Node

N = TypeVar("N", bound="Node")

_BUDGET = 20_000  # rows that one request may load in one subgraph, and as many that its lists may show


class Loaders:
    """The loaders of one request, made as they are asked for."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._loaders: dict[Any, DataLoader[Any, Any]] = {}
        self._loaded = self._shown = 0

    async def one(self, type_: type[N], uuid: UUID | None) -> N | None:
        """The entity with this id, if the viewer may see it."""
        return None if uuid is None else await self._entities(type_).load(uuid)

    async def all(self, type_: type[N], uuids: Sequence[UUID]) -> list[N | None]:
        """The entities with these ids, in their order."""
        return await self._entities(type_).load_many(uuids)

    async def by(
        self, type_: type[N], column: InstrumentedAttribute[Any], value: Any, *, among: Filter | None = None
    ) -> N | None:
        """The one entity whose column has this value, among those that pass the filter if there is one."""
        load = partial(self._by, type_, column, among)
        return await self._loader(("by", type_, column.key, among), load).load(value)

    async def children(
        self, type_: type[N], column: InstrumentedAttribute[Any], parent: UUID, *, among: Filter | None = None
    ) -> list[N]:
        """All rows of a parent, or those that pass the filter; for lists that are short by their nature. By id."""
        load = partial(self._children, type_, column, among)
        return self._showing(await self._loader(("children", type_, column.key, among), load).load(parent))

    async def page(
        self,
        type_: type[N],
        page: Page,
        *,
        of: tuple[InstrumentedAttribute[Any], UUID] | None = None,
        where: Filter | None = None,
    ) -> Connection[N]:
        """A page of the whole list, or of the children of a parent (`of=(column, id)`)."""
        column, parent = of or (None, None)
        key = (type_, column.key if column is not None else None, page, where)
        nodes = await self._loader(("page", *key), partial(self._pages, type_, column, page, where)).load(parent)
        counts = self._loader(("count", *key[:2], where), partial(self._counts, type_, column, where))
        return connection_of(self._showing(nodes), page, partial(counts.load, parent))

    def add(self, key: Any, load: Callable[[list[Any]], Awaitable[Sequence[Any]]]) -> DataLoader[Any, Any]:
        """A loader of a subgraph's own, for what is not a row."""
        return self._loader(key, load)

    def spend(self, rows: int) -> None:
        """Counts loaded rows against the request's budget; `QueryTooLarge` beyond it."""
        self._loaded += rows
        if self._loaded > _BUDGET:
            raise QueryTooLarge

    def _showing(self, nodes: list[N]) -> list[N]:
        # A list inside itself shows the same few rows again and again: they are loaded once, and yet without end.
        self._shown += len(nodes)
        if self._shown > _BUDGET:
            raise QueryTooLarge
        return nodes

    @property
    def _whose(self) -> Viewer:
        return statements.whose(self._context.viewer)

    def _loader(self, key: Any, load: Callable[[list[Any]], Awaitable[Sequence[Any]]]) -> DataLoader[Any, Any]:
        if key not in self._loaders:
            self._loaders[key] = DataLoader(load)
        return self._loaders[key]

    def _entities(self, type_: type[N]) -> DataLoader[UUID, N | None]:
        return self._loader(("one", type_), partial(self._cached if type_.cache else self._stored, type_))

    async def _stored(self, type_: type[N], uuids: list[UUID]) -> list[N | None]:
        rows = await self._rows(statements.entities(type_, self._whose), keys=uuids)
        found = {row.id: type_.of(row) for row in rows}
        return [found.get(uuid) for uuid in uuids]

    async def _cached(self, type_: type[N], uuids: list[UUID]) -> list[N | None]:
        assert type_.cache
        keys = {uuid: key for uuid in uuids if (key := type_.cache.key(self._context.viewer, uuid))}
        cache = self._context.platform.cache
        cached = dict(zip(keys, await cache.get(list(keys.values())), strict=True))
        found = {uuid: _revived(type_, uuid, values) for uuid, values in cached.items() if values}
        missing = [uuid for uuid in uuids if uuid not in found]
        if missing:
            stored = dict(zip(missing, await self._stored(type_, missing), strict=True))
            fresh = {keys[uuid]: _values(node) for uuid, node in stored.items() if node and uuid in keys}
            await cache.fill(fresh, type_.cache.seconds)
            return [found.get(uuid) or stored.get(uuid) for uuid in uuids]
        return [found.get(uuid) for uuid in uuids]

    async def _by(
        self, type_: type[N], column: InstrumentedAttribute[Any], among: Filter | None, values: list[Any]
    ) -> list[N | None]:
        rows = await self._rows(statements.lookup(type_, column, among, self._whose), keys=values)
        found = {row.lookup: type_.of(row) for row in rows}
        return [found.get(value) for value in values]

    async def _children(
        self, type_: type[N], column: InstrumentedAttribute[Any], among: Filter | None, parents: list[UUID]
    ) -> list[list[N]]:
        children: dict[UUID, list[N]] = defaultdict(list)
        for row in await self._rows(statements.children(type_, column, among, self._whose), keys=parents):
            children[row.parent].append(type_.of(row))
        return [children[parent] for parent in parents]

    async def _pages(
        self,
        type_: type[N],
        column: InstrumentedAttribute[Any] | None,
        page: Page,
        where: Filter | None,
        parents: list[UUID | None],
    ) -> list[list[N]]:
        statement = statements.page(type_, column, page.after is None, where, self._whose)
        asked: dict[str, Any] = {"size": page.first + 1} | ({"after": page.after} if page.after else {})
        if column is None:
            return [[type_.of(row) for row in await self._rows(statement, **asked)]]
        nodes: dict[UUID, list[N]] = defaultdict(list)
        for row in await self._rows(statement, keys=parents, **asked):
            nodes[row.parent].append(type_.of(row))
        return [nodes[parent] for parent in parents if parent is not None]

    async def _counts(
        self,
        type_: type[N],
        column: InstrumentedAttribute[Any] | None,
        where: Filter | None,
        parents: list[UUID | None],
    ) -> list[int]:
        statement = statements.count(type_, column, where, self._whose)
        if column is None:
            return [(await self._rows(statement))[0].total]
        totals = Counter({row.parent: row.total for row in await self._rows(statement, keys=parents)})
        return [totals[parent] for parent in parents if parent is not None]

    async def _rows(self, statement: Select[Any], **parameters: Any) -> Sequence[Any]:
        return await self._context.read(statement, viewer=self._context.viewer.user_id, **parameters)


def _values(node: Node) -> dict[str, Any]:
    return {name: getattr(node, name) for name in node.copied()}


def _revived(type_: type[N], uuid: UUID, values: dict[str, Any]) -> N:
    table = type_.model.__table__.c
    return type_.stub(uuid, **restored(values, {name: table[name].type.python_type for name in type_.copied()}))
