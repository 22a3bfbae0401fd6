"""What the tests of vectors share: chunks to find, and vectors on an engine of each kind."""

import os
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from alembic.migration import MigrationContext
from alembic.operations import Operations
from pydantic import SecretStr
from sqlalchemy import Connection, text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from shared import ids, migrations
from shared.postgres import Database
from shared.settings import Settings
from shared.stack.running import Engines
from shared.vectors import SimilarQuery, Vector, VectorHit, VectorQuery, Vectors, open_vectors
from shared.vectors.table import create_vector_table
from tests.shared.pinecone import Pinecone, served

SCHEMA = "vectoring"
MODEL = "tests"
DIMENSIONS = 4
NO_DATABASE: Any = None
"""Pinecone needs none."""


def axis(number: int, *more: float) -> list[float]:
    """A direction: along one axis, and from there a little along the first ones."""
    made = [0.0] * DIMENSIONS
    made[number] = 1.0
    for place, value in enumerate(more):
        made[place] += value
    return made


def chunk(organization_id: UUID, **values: Any) -> Vector:
    """A chunk of an item of its own in this organization, published unless said otherwise."""
    usual: dict[str, Any] = {
        "id": ids.new_id(),
        "organization_id": organization_id,
        "item_id": ids.new_id(),
        "course_id": ids.new_id(),
        "is_published": True,
        "version": 1,
        "embedding": axis(0),
    }
    return Vector(**(usual | values))


class Tried:
    """Vectors with one organization's items in them."""

    def __init__(self, vectors: Vectors, organization_id: UUID) -> None:
        self.vectors = vectors
        self.organization_id = organization_id

    async def put(self, *embeddings: Sequence[float], **values: Any) -> Vector:
        """Adds or replaces an item with a chunk for each embedding, at once visible; returns the first chunk."""
        values = {"item_id": ids.new_id(), "course_id": ids.new_id()} | values
        chunks = [chunk(self.organization_id, embedding=embedding, **values) for embedding in embeddings or [axis(0)]]
        await self.vectors.put(chunks)
        await self.vectors.refresh()
        return chunks[0]

    async def ask(self, embedding: Sequence[float] | None = None, **values: Any) -> list[VectorHit]:
        """What is found."""
        query = VectorQuery(embedding=embedding or axis(0), **values)
        return await self.vectors.nearest(self.organization_id, query)

    async def find(self, embedding: Sequence[float] | None = None, **values: Any) -> list[UUID]:
        """The ids of the items that are found, in order."""
        return [hit.item_id for hit in await self.ask(embedding, **values)]

    async def similar(self, *item_ids: UUID, **values: Any) -> dict[UUID, list[UUID]]:
        """The ids of what is similar to each of these items, in order."""
        query = SimilarQuery(item_ids=frozenset(item_ids), **values)
        found = await self.vectors.similar(self.organization_id, query)
        return {item_id: [hit.item_id for hit in hits] for item_id, hits in found.items()}


@asynccontextmanager
async def database(engines: Engines) -> AsyncIterator[Database]:
    """A schema of its own with the table, as a subgraph sees it."""
    passwords = {login: secrets.token_hex(8) for login in migrations.logins(SCHEMA)}
    await migrations._bootstrap(make_url(engines.addresses.database), [SCHEMA], passwords)
    engine = owner(engines)
    async with engine.begin() as connection:
        if not await connection.scalar(text("SELECT to_regclass('item_vector')")):
            await connection.run_sync(migrate)
    await engine.dispose()
    made = Database(SCHEMA, settings(engines.addresses.database, passwords))
    yield made
    await made.close()


@asynccontextmanager
async def postgresql(engines: Engines, dimensions: int = DIMENSIONS, model: str = MODEL) -> AsyncIterator[Vectors]:
    """Vectors in it."""
    async with database(engines) as made:
        vectors = open_vectors(made, model=model, dimensions=dimensions)
        yield vectors
        await vectors.close()


def owner(engines: Engines) -> AsyncEngine:
    """Connections to the schema as the owner."""
    return owner_of(engines.addresses.database)


def owner_of(owner_url: str) -> AsyncEngine:
    """The same, for a database of this address."""
    url = make_url(owner_url).set(drivername="postgresql+asyncpg")
    return create_async_engine(url, connect_args={"server_settings": {"search_path": SCHEMA}})


def migrate(connection: Connection) -> None:
    """Does what a subgraph's migration does."""
    context = MigrationContext.configure(connection, opts={"version_table_schema": SCHEMA})
    with Operations.context(context):
        create_vector_table()
    for login in migrations.logins(SCHEMA):
        connection.execute(text(f"GRANT SELECT, INSERT, UPDATE, DELETE ON item_vector TO {login}"))


def settings(owner_url: str, passwords: dict[str, str]) -> Settings:
    """The settings of a subgraph with these logins."""
    url = make_url(owner_url)
    tenant, system = (
        url.set(username=login, password=password).render_as_string(False) for login, password in passwords.items()
    )
    return Settings.model_validate(
        {
            "DATABASE_URL": tenant,
            "SYSTEM_DATABASE_URL": system,
            "REDIS_URL": "redis://127.0.0.1:9",
            "router_secret": secrets.token_hex(16),
            "jwks_url": "file:///dev/null",
        }
    )


@asynccontextmanager
async def pinecone() -> AsyncIterator[Vectors]:
    """Vectors on a server that follows Pinecone's published API."""
    async with served(DIMENSIONS) as account:
        vectors = opened(account)
        yield vectors
        await vectors.close()


def opened(account: Pinecone, **changes: Any) -> Vectors:
    """Vectors on that server, whose index they look up."""
    settings = {"model": MODEL, "dimensions": DIMENSIONS, "pinecone_api": account.address} | changes
    key = settings.pop("pinecone_api_key", SecretStr(account.key))
    return open_vectors(NO_DATABASE, pinecone_api_key=key, **settings)


@asynccontextmanager
async def real_pinecone() -> AsyncIterator[Vectors]:
    """Vectors in the index of `PINECONE_API_KEY`, which must have 4 dimensions: `PINECONE_HOST`, or by its name."""
    vectors = open_vectors(
        NO_DATABASE,
        model=MODEL,
        dimensions=DIMENSIONS,
        pinecone_api_key=SecretStr(os.environ["PINECONE_API_KEY"]),
        pinecone_host=os.environ.get("PINECONE_HOST"),
        pinecone_index=os.environ.get("PINECONE_INDEX", "lms-content"),
    )
    yield vectors
    await vectors.close()
