"""Documents in MongoDB, through Beanie."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from beanie import Document as BeanieDocument
from beanie import init_beanie
from beanie.odm.queries.find import FindMany, FindOne
from pydantic import BaseModel, SecretStr
from pymongo import ASCENDING, AsyncMongoClient, IndexModel
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import BulkWriteError, ConnectionFailure, DocumentTooLarge, PyMongoError
from pymongo.results import UpdateResult

from shared.connections import Page
from shared.documents.content import check_owned, conditions_of, content_of, document_of, element_of, same_content
from shared.documents.document import SECONDS, Different, Document, Documents
from shared.errors import BadInput

D = TypeVar("D", bound=Document)

_DUPLICATE_KEY = 11_000
_TOO_LARGE = (10_334, 17_419)  # what was sent, and what an append would make of it


class MongoStore:
    """A MongoDB database per subgraph, `lyceum_<subgraph>`, with a MongoDB collection per collection."""

    def __init__(self, subgraph: str, url: SecretStr) -> None:
        self._client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(
            url.get_secret_value(),
            uuidRepresentation="standard",
            tz_aware=True,
            w="majority",  # what a row points at must outlive the loss of a server
            connectTimeoutMS=2000,
            serverSelectionTimeoutMS=2000,
            appname=f"lyceum-{subgraph}",
        )
        self._database = self._client[f"lyceum_{subgraph}"]

    def collection(self, name: str, kind: type[D]) -> Documents[D]:
        """The MongoDB collection of this name; its indexes are made at the first use."""
        return MongoDocuments(self._database, name, kind)

    async def ping(self) -> None:
        """Raises when MongoDB does not answer."""
        async with _answering():
            await self._client.admin.command("ping")

    async def close(self) -> None:
        """Ends the connections."""
        await self._client.close()


class Record(BaseModel):
    """How a document is stored. Its own id is not MongoDB's `_id`: that would be taken for all tenants at once."""

    organization_id: UUID
    document_id: UUID
    version: int
    created_at: datetime
    content: dict[str, Any]


def _record(collection: str, indexed: str | None) -> type[Any]:
    """A Beanie class per collection and store, since Beanie ties a class, and those above it, to one database."""
    keys = [IndexModel([("organization_id", ASCENDING), ("document_id", ASCENDING)], unique=True)]
    if indexed:
        fields = ("organization_id", f"content.{indexed}", "document_id")
        keys.append(IndexModel([(field, ASCENDING) for field in fields]))

    class Stored(Record, BeanieDocument):
        class Settings:
            name = collection
            indexes = keys

    return Stored


class MongoDocuments(Generic[D]):
    """One collection. Every query is made by `_one` or `_many`, which begin it with the tenant."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]], name: str, kind: type[D]) -> None:
        self._database = database
        self._name = name
        self._kind = kind
        self._record = _record(name, kind.indexed)
        self._is_ready = False
        self._opening = asyncio.Lock()

    async def get(self, organization_id: UUID, ids: Sequence[UUID]) -> list[D | None]:
        async with self._opened():
            return await self._get(organization_id, ids)

    async def find(self, organization_id: UUID, where: Mapping[str, Any], page: Page) -> list[D]:
        conditions = {f"content.{name}": value for name, value in conditions_of(self._kind, where).items()}
        if page.after:
            conditions["document_id"] = {"$gt": page.after}
        async with self._opened():
            query = self._many(organization_id, conditions).sort("+document_id").limit(page.first + 1)
            return [self._document(record) for record in await query.to_list()]

    async def insert(self, organization_id: UUID, documents: Sequence[D]) -> None:
        check_owned(organization_id, documents)
        contents = [content_of(document) for document in documents]
        async with self._opened():
            taken = await self._insert([self._stored(*pair) for pair in zip(documents, contents, strict=True)])
            before = [documents[index] for index in taken]
            stored = await self._get(organization_id, [document.id for document in before])
        for document, other in zip(before, stored, strict=True):
            if other is None or not same_content(document, other):
                raise Different(f"{self._name} {document.id}")

    async def replace(self, organization_id: UUID, document: D, version: int) -> bool:
        check_owned(organization_id, [document])
        change = {"$set": {"content": content_of(document), "version": version + 1}}
        return await self._update(organization_id, {"document_id": document.id, "version": version}, change)

    async def append(self, organization_id: UUID, id: UUID, field: str, value: Any) -> bool:
        change = {"$push": {f"content.{field}": element_of(self._kind, field, value)}, "$inc": {"version": 1}}
        return await self._update(organization_id, {"document_id": id}, change)

    async def delete(self, organization_id: UUID, ids: Sequence[UUID]) -> None:
        async with self._opened():
            await self._many(organization_id, {"document_id": {"$in": list(ids)}}).delete()

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[None]:
        async with _answering():
            if not self._is_ready:
                await self._open()
            yield

    async def _open(self) -> None:
        """Makes the indexes, at the first use: the subgraph may have started before MongoDB did."""
        async with self._opening:
            if not self._is_ready:
                await init_beanie(database=self._database, document_models=[self._record])
                self._is_ready = True

    def _one(self, organization_id: UUID, conditions: Mapping[str, Any]) -> FindOne[Any]:
        return self._record.find_one({"organization_id": organization_id, **conditions})

    def _many(self, organization_id: UUID, conditions: Mapping[str, Any]) -> FindMany[Any]:
        return self._record.find({"organization_id": organization_id, **conditions})

    async def _get(self, organization_id: UUID, ids: Sequence[UUID]) -> list[D | None]:
        if not ids:
            return []
        records = await self._many(organization_id, {"document_id": {"$in": list(ids)}}).to_list()
        found = {record.document_id: self._document(record) for record in records}
        return [found.get(id) for id in ids]

    async def _insert(self, records: list[Record]) -> list[int]:
        """Stores what is new; the places of those whose ids are taken."""
        if not records:
            return []
        try:
            await self._record.insert_many(records, ordered=False)
        except BulkWriteError as error:
            problems = error.details["writeErrors"]
            if any(problem["code"] != _DUPLICATE_KEY for problem in problems):
                raise
            return [problem["index"] for problem in problems]
        return []

    async def _update(self, organization_id: UUID, conditions: Mapping[str, Any], change: dict[str, Any]) -> bool:
        async with self._opened():
            result = await self._one(organization_id, conditions).update(change)
        return isinstance(result, UpdateResult) and result.matched_count == 1

    def _stored(self, document: D, content: dict[str, Any]) -> Record:
        return self._record(
            organization_id=document.organization_id,
            document_id=document.id,
            version=document.version,
            created_at=document.created_at,
            content=content,
        )

    def _document(self, record: Record) -> D:
        return document_of(
            self._kind, record.organization_id, record.document_id, record.version, record.created_at, record.content
        )


@asynccontextmanager
async def _answering() -> AsyncIterator[None]:
    """Turns an engine that is away into `ConnectionError`, by which the rest of the platform knows one.

    What fits the limit as JSON may still be too large as BSON, many small numbers above all: `BadInput`.
    """
    try:
        async with asyncio.timeout(SECONDS):
            yield
    except PyMongoError as error:
        if isinstance(error, ConnectionFailure) or error.timeout:
            raise ConnectionError(f"MongoDB is away: {type(error).__name__}") from error
        if isinstance(error, DocumentTooLarge) or getattr(error, "code", None) in _TOO_LARGE:
            raise BadInput("The document is too large.") from error
        raise
