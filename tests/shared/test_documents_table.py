"""The table of documents: what the migration makes is what the models say, and PostgreSQL finds by index in it."""

from collections.abc import AsyncIterator

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, MetaData, text

from shared.connections import Page
from shared.documents import open_store
from shared.documents.table import document_table
from shared.postgres import Database
from shared.stack.running import Engines
from tests.conftest import Tenant
from tests.shared import documents as examples
from tests.shared.documents import PageVersion


@pytest.fixture(scope="module")
async def database(engines: Engines) -> AsyncIterator[Database]:
    """A schema with the table."""
    async with examples.database(engines) as made:
        yield made


def _differences(connection: Connection) -> list[object]:
    metadata = MetaData()
    document_table(metadata)
    connection.dialect.default_schema_name = examples.SCHEMA
    context = MigrationContext.configure(connection, opts={"compare_server_default": True})
    return compare_metadata(context, metadata)


@pytest.mark.usefixtures("database")
async def test_autogenerate_has_nothing_to_add(engines: Engines) -> None:
    engine = examples.owner(engines)
    async with engine.connect() as connection:
        assert await connection.run_sync(_differences) == []
    await engine.dispose()


async def test_row_level_security_holds_without_any_condition(
    database: Database, tenant: Tenant, stranger: Tenant
) -> None:
    pages = open_store(examples.SCHEMA, None, database).collection("page", PageVersion)
    await pages.insert(tenant.id, [PageVersion(organization_id=tenant.id)])
    count = text("SELECT count(*) FROM document")
    async with database.begin(tenant.student) as session:
        assert await session.scalar(count) == 1
    async with database.begin(stranger.admin) as session:
        assert await session.scalar(count) == 0
    async with database.system() as session:
        assert await session.scalar(count) == 0


async def test_the_indexed_field_is_looked_up_in_the_index(database: Database, tenant: Tenant) -> None:
    pages = open_store(examples.SCHEMA, None, database).collection("page", PageVersion)
    documents = [PageVersion(organization_id=tenant.id) for _ in range(2_000)]
    await pages.insert(tenant.id, documents)
    assert await pages.find(tenant.id, {"page_id": documents[7].page_id}, Page(1)) == [documents[7]]
    query = text("""
        EXPLAIN SELECT * FROM document
        WHERE organization_id = :tenant AND collection = 'page' AND indexed = :value AND id > :after
        ORDER BY id LIMIT 11
    """)
    values = {"tenant": tenant.id, "value": str(documents[7].page_id), "after": documents[0].id}
    async with database.begin(tenant.student) as session:
        plan = "\n".join((await session.execute(query, values)).scalars())
    assert "Index Scan using document_indexed" in plan
    condition = next(line for line in plan.splitlines() if "Index Cond" in line)
    assert "organization_id" in condition
    assert "indexed" in condition
