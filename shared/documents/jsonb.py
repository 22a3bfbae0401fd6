"""Documents as JSONB in the subgraph's own PostgreSQL schema."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Generic, TypeVar
from uuid import UUID

import orjson
from sqlalchemy import ColumnElement, MetaData, Row, Select, cast, delete, func, literal, select, update
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.ext.asyncio import AsyncSession

from shared.auth import Viewer
from shared.connections import Page
from shared.documents.content import check_owned, conditions_of, content_of, document_of, element_of, same_content
from shared.documents.document import SECONDS, Different, Document, Documents
from shared.documents.table import document_table
from shared.postgres import Database

D = TypeVar("D", bound=Document)

_TABLE = document_table(MetaData())
_COLUMNS = _TABLE.c


class JsonbStore:
    """The table `document`; see `shared.documents.table` for how a subgraph gets it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def collection(self, name: str, kind: type[D]) -> Documents[D]:
        """The rows that name this collection."""
        return JsonbDocuments(self._database, name, kind)

    async def ping(self) -> None:
        """Raises when PostgreSQL does not answer."""
        async with asyncio.timeout(SECONDS):
            await self._database.ping()

    async def close(self) -> None:
        """Nothing: the database is the subgraph's."""


class JsonbDocuments(Generic[D]):
    """One collection. Row-level security shows it the tenant's rows alone, and every statement names the tenant too."""

    def __init__(self, database: Database, name: str, kind: type[D]) -> None:
        self._database = database
        self._name = name
        self._kind = kind

    async def get(self, organization_id: UUID, ids: Sequence[UUID]) -> list[D | None]:
        async with self._session(organization_id) as session:
            return await self._get(session, organization_id, ids)

    async def find(self, organization_id: UUID, where: Mapping[str, Any], page: Page) -> list[D]:
        conditions = [self._is(name, value) for name, value in conditions_of(self._kind, where).items()]
        if page.after:
            conditions.append(_COLUMNS.id > page.after)
        statement = self._select(organization_id, *conditions).order_by(_COLUMNS.id).limit(page.first + 1)
        async with self._session(organization_id) as session:
            return [self._document(row) for row in await session.execute(statement)]

    async def insert(self, organization_id: UUID, documents: Sequence[D]) -> None:
        check_owned(organization_id, documents)
        rows = [self._row(document) for document in documents]
        if not rows:
            return
        statement = insert(_TABLE).values(rows).on_conflict_do_nothing().returning(_COLUMNS.id)
        async with self._session(organization_id) as session:
            new = set((await session.execute(statement)).scalars())
            before = [document for document in documents if document.id not in new]
            stored = await self._get(session, organization_id, [document.id for document in before])
            for document, other in zip(before, stored, strict=True):
                if other is None or not same_content(document, other):
                    raise Different(f"{self._name} {document.id}")

    async def replace(self, organization_id: UUID, document: D, version: int) -> bool:
        check_owned(organization_id, [document])
        content = content_of(document)
        values = {"content": content, "indexed": self._indexed(content), "version": version + 1}
        return await self._update(organization_id, document.id, values, _COLUMNS.version == version)

    async def append(self, organization_id: UUID, id: UUID, field: str, value: Any) -> bool:
        element = literal([element_of(self._kind, field, value)], JSONB)
        longer = func.coalesce(_COLUMNS.content[field], cast("[]", JSONB)).op("||")(element)
        content = _COLUMNS.content.op("||")(func.jsonb_build_object(field, longer))
        return await self._update(organization_id, id, {"content": content, "version": _COLUMNS.version + 1})

    async def delete(self, organization_id: UUID, ids: Sequence[UUID]) -> None:
        statement = delete(_TABLE).where(*self._own(organization_id), _COLUMNS.id.in_(ids))
        async with self._session(organization_id) as session:
            await session.execute(statement)

    @asynccontextmanager
    async def _session(self, organization_id: UUID) -> AsyncIterator[AsyncSession]:
        async with asyncio.timeout(SECONDS), self._database.begin(Viewer(organization_id=organization_id)) as session:
            yield session

    async def _get(self, session: AsyncSession, organization_id: UUID, ids: Sequence[UUID]) -> list[D | None]:
        if not ids:
            return []
        rows = await session.execute(self._select(organization_id, _COLUMNS.id.in_(ids)))
        found = {row.id: self._document(row) for row in rows}
        return [found.get(id) for id in ids]

    async def _update(
        self, organization_id: UUID, id: UUID, values: dict[str, Any], *conditions: ColumnElement[bool]
    ) -> bool:
        statement = update(_TABLE).where(*self._own(organization_id), _COLUMNS.id == id, *conditions)
        async with self._session(organization_id) as session:
            return (await session.execute(statement.values(values).returning(_COLUMNS.id))).first() is not None

    def _own(self, organization_id: UUID) -> tuple[ColumnElement[bool], ...]:
        return _COLUMNS.organization_id == organization_id, _COLUMNS.collection == self._name

    def _select(self, organization_id: UUID, *conditions: ColumnElement[bool]) -> Select[Any]:
        return select(_TABLE).where(*self._own(organization_id), *conditions)

    def _is(self, name: str, value: Any) -> ColumnElement[bool]:
        if name == self._kind.indexed:
            return _COLUMNS.indexed == _text(value)
        # A field that is newer than the document counts as null, as it does in MongoDB.
        stored = func.coalesce(_COLUMNS.content[name], cast("null", JSONB))
        return stored == literal(value, JSONB)

    def _indexed(self, content: dict[str, Any]) -> str | None:
        return _text(content[self._kind.indexed]) if self._kind.indexed else None

    def _row(self, document: D) -> dict[str, Any]:
        content = content_of(document)
        own = document.model_dump(include={"organization_id", "id", "version", "created_at"})
        return own | {"collection": self._name, "indexed": self._indexed(content), "content": content}

    def _document(self, row: Row[Any]) -> D:
        return document_of(self._kind, row.organization_id, row.id, row.version, row.created_at, row.content)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()
