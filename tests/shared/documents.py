"""What the tests of documents share: two collections' classes, and a store on a real engine of each kind."""

import asyncio
import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import ClassVar
from uuid import UUID

from alembic.migration import MigrationContext
from alembic.operations import Operations
from pydantic import BaseModel, Field, SecretStr
from pymongo import AsyncMongoClient
from sqlalchemy import Connection, text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from shared import ids, migrations
from shared.documents import Document, Store, open_store
from shared.documents.table import create_document_table
from shared.postgres import Database
from shared.settings import Settings
from shared.stack.running import Engines

SCHEMA = "documents"


class Block(BaseModel):
    """A part of a page."""

    kind: str
    words: int


class PageVersion(Document):
    """A document with a bit of everything, looked up by the page it is a version of."""

    indexed: ClassVar[str | None] = "page_id"

    page_id: UUID = Field(default_factory=ids.new_id)
    title: str = "A page"
    is_public: bool = False
    likes: int = 0
    note: str | None = None
    blocks: list[Block] = Field(default_factory=list)
    marks: list[int] = Field(default_factory=list)
    details: dict[str, object] = Field(default_factory=dict)


def owner(engines: Engines) -> AsyncEngine:
    """The owner of the schema that the tests keep documents in."""
    url = make_url(engines.addresses.database).set(drivername="postgresql+asyncpg")
    return create_async_engine(url, connect_args={"server_settings": {"search_path": SCHEMA}})


def settings(engines: Engines) -> Settings:
    """Settings whose logins may use that schema, which is made if it is missing."""
    passwords = {login: secrets.token_hex(8) for login in migrations.logins(SCHEMA)}
    migrations.bootstrap(engines.addresses.database, [SCHEMA], passwords)
    return settings_for(
        *(
            make_url(engines.addresses.database).set(username=login, password=password).render_as_string(False)
            for login, password in passwords.items()
        )
    )


def settings_for(url: str, system_url: str | None = None) -> Settings:
    """Settings for a database at this address."""
    return Settings.model_validate(
        {
            "DATABASE_URL": url,
            "SYSTEM_DATABASE_URL": system_url or url,
            "REDIS_URL": "redis://127.0.0.1:1",  # documents do without
            "router_secret": secrets.token_hex(16),
            "jwks_url": "file:///dev/null",
        }
    )


def migrate(connection: Connection) -> None:
    """Does what a subgraph's migration does."""
    context = MigrationContext.configure(connection, opts={"version_table_schema": SCHEMA})
    with Operations.context(context):
        create_document_table()
    for login in migrations.logins(SCHEMA):
        connection.execute(text(f"GRANT SELECT, INSERT, UPDATE, DELETE ON document TO {login}"))


@asynccontextmanager
async def database(engines: Engines) -> AsyncIterator[Database]:
    """That schema as a subgraph sees it, with the table."""
    made = Database(SCHEMA, await asyncio.to_thread(settings, engines))  # it runs a loop of its own
    engine = owner(engines)
    async with engine.begin() as connection:
        if not await connection.scalar(text("SELECT to_regclass('document')")):
            await connection.run_sync(migrate)
    await engine.dispose()
    yield made
    await made.close()


@asynccontextmanager
async def mongo() -> AsyncIterator[Store]:
    """A MongoDB database of our own on the server of `MONGODB_URL`."""
    subgraph = f"documents_{secrets.token_hex(6)}"
    url = os.environ["MONGODB_URL"]
    store = open_store(subgraph, SecretStr(url), None)  # type: ignore[arg-type]  # it takes no PostgreSQL then
    yield store
    await store.close()
    async with AsyncMongoClient(url) as client:
        await client.drop_database(f"lyceum_{subgraph}")
