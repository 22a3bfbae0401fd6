"""What the tests of search share: items to find, and a search on a real engine of each kind."""

import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from alembic.migration import MigrationContext
from alembic.operations import Operations
from pydantic import SecretStr
from sqlalchemy import Connection, text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from shared import ids, migrations
from shared.postgres import Database
from shared.search import Search, SearchDocument, SearchQuery, SearchResult, open_search
from shared.search.table import create_search_table
from shared.settings import Settings
from shared.stack.running import Engines

SCHEMA = "searching"

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def item(organization_id: UUID, **values: Any) -> SearchDocument:
    """An item of this organization, published unless said otherwise."""
    usual: dict[str, Any] = {
        "id": ids.new_id(),
        "organization_id": organization_id,
        "course_id": ids.new_id(),
        "content_type": "TEXT",
        "title": "A page",
        "text": "Nothing much.",
        "difficulty": "BEGINNER",
        "is_published": True,
        "version": 1,
        "created_at": NOW,
        "updated_at": NOW,
    }
    return SearchDocument(**(usual | values))


class Tried:
    """A search with one organization's items in it."""

    def __init__(self, search: Search, organization_id: UUID) -> None:
        self.search = search
        self.organization_id = organization_id

    async def put(self, **values: Any) -> SearchDocument:
        """Adds one more item, at once visible."""
        made = item(self.organization_id, **values)
        await self.search.put([made])
        await self.search.refresh()
        return made

    async def ask(self, text: str, **values: Any) -> SearchResult:
        """What is found."""
        return await self.search.find(self.organization_id, SearchQuery(text=text, **values))

    async def find(self, text: str, **values: Any) -> list[UUID]:
        """The ids of what is found, in order."""
        return [hit.id for hit in (await self.ask(text, **values)).hits]


@asynccontextmanager
async def postgresql(engines: Engines) -> AsyncIterator[Search]:
    """A search in a schema of its own, as a subgraph sees it."""
    passwords = {login: secrets.token_hex(8) for login in migrations.logins(SCHEMA)}
    await _make(engines.addresses.database, passwords)
    database = Database(SCHEMA, _settings(engines, passwords))
    search = open_search(None, database)
    yield search
    await search.close()
    await database.close()


@asynccontextmanager
async def elasticsearch() -> AsyncIterator[Search]:
    """A search on the cluster of `ELASTICSEARCH_URL`."""
    address = SecretStr(os.environ["ELASTICSEARCH_URL"])
    search = open_search(address, None)  # type: ignore[arg-type]  # it takes no PostgreSQL then
    yield search
    await search.close()


async def _make(owner_url: str, passwords: dict[str, str]) -> None:
    await migrations._bootstrap(make_url(owner_url), [SCHEMA], passwords)
    url = make_url(owner_url).set(drivername="postgresql+asyncpg")
    engine = create_async_engine(url, connect_args={"server_settings": {"search_path": SCHEMA}})
    async with engine.begin() as connection:
        if not await connection.scalar(text("SELECT to_regclass('search_document')")):
            await connection.run_sync(_migrate)
    await engine.dispose()


def _migrate(connection: Connection) -> None:
    """Does what a subgraph's migration does."""
    context = MigrationContext.configure(connection, opts={"version_table_schema": SCHEMA})
    with Operations.context(context):
        create_search_table()
    for login in migrations.logins(SCHEMA):
        connection.execute(text(f"GRANT SELECT, INSERT, UPDATE, DELETE ON search_document TO {login}"))


def _settings(engines: Engines, passwords: dict[str, str]) -> Settings:
    owner = make_url(engines.addresses.database)
    tenant, system = (
        owner.set(username=login, password=password).render_as_string(False) for login, password in passwords.items()
    )
    return Settings.model_validate(
        {
            "DATABASE_URL": tenant,
            "SYSTEM_DATABASE_URL": system,
            "REDIS_URL": engines.addresses.redis,
            "router_secret": secrets.token_hex(16),
            "jwks_url": "file:///dev/null",
        }
    )
