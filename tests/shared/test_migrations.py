"""Migrations: what they make is what the models say, and they lead back and forth."""

import asyncio
from typing import Any

import asyncpg
import pytest
from alembic import command
from alembic.util.exc import CommandError
from sqlalchemy.engine import make_url

from shared import migrations
from shared.stack.project import Project
from shared.stack.running import Engines
from tests.shared.conftest import execute, fetch

_SHAPE = """
SELECT table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable FROM information_schema.columns
WHERE table_schema = $1
UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = $1
UNION ALL SELECT c.conrelid::regclass || ' ' || c.conname || ' ' || pg_get_constraintdef(c.oid)
FROM pg_constraint c JOIN pg_namespace n ON n.oid = c.connamespace WHERE n.nspname = $1
UNION ALL SELECT tablename || ' ' || policyname || ' ' || roles::text || coalesce(qual, '') || coalesce(with_check, '')
FROM pg_policies WHERE schemaname = $1
UNION ALL SELECT grantee || ' ' || table_name || ' ' || privilege_type FROM information_schema.role_table_grants
WHERE table_schema = $1
ORDER BY 1
"""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each subgraph of the list."""
    if "subgraph" in metafunc.fixturenames:
        metafunc.parametrize("subgraph", Project.load().subgraphs)


async def shape(owner_url: str, subgraph: str) -> list[str]:
    """All that makes up a schema."""
    return [row[0] for row in await fetch(owner_url, _SHAPE, subgraph)]


async def test_the_models_are_what_the_database_has(engines: Engines, subgraph: str) -> None:
    await asyncio.to_thread(command.check, migrations.config(subgraph, engines.addresses.database))


async def test_a_table_that_no_model_knows_would_be_noticed(scratch: str) -> None:
    await execute(scratch, "CREATE TABLE catalog.forgotten (id int)")
    with pytest.raises(CommandError, match="forgotten"):
        await asyncio.to_thread(command.check, migrations.config("catalog", scratch))


async def test_migrations_lead_down_to_nothing_and_up_again_to_the_same(engines: Engines, subgraph: str) -> None:
    name = f"there_and_back_{subgraph}"
    url = make_url(engines.addresses.database).set(database=name).render_as_string(hide_password=False)
    await asyncio.to_thread(migrations.bootstrap, url, [subgraph])
    await asyncio.to_thread(migrations.upgrade, subgraph, url)
    made = await shape(url, subgraph)
    await asyncio.to_thread(command.downgrade, migrations.config(subgraph, url), "base")
    left = await fetch(url, "SELECT relname FROM pg_class WHERE relnamespace = $1::regnamespace::oid", subgraph)
    assert {row[0] for row in left} <= {"alembic_version", "alembic_version_pkc"}
    await asyncio.to_thread(migrations.upgrade, subgraph, url)
    assert await shape(url, subgraph) == made
    await execute(engines.addresses.database, f"DROP DATABASE {name}")


async def test_upgrading_twice_changes_nothing(scratch: str, subgraph: str) -> None:
    before = await shape(scratch, subgraph)
    for _ in range(2):
        await asyncio.to_thread(migrations.bootstrap, scratch, [subgraph])
        await asyncio.to_thread(migrations.upgrade, subgraph, scratch)
    assert await shape(scratch, subgraph) == before


@pytest.mark.parametrize("name", ["Catalog", "a-b", "1a", "", "catalog; DROP SCHEMA catalog"])
async def test_a_name_that_could_be_sql_is_no_subgraph(scratch: str, name: str) -> None:
    with pytest.raises(ValueError, match="name is lower case"):
        await asyncio.to_thread(migrations.bootstrap, scratch, [name])


async def test_a_migration_that_cannot_get_its_lock_gives_up_and_leaves_nothing(scratch: str) -> None:
    async def shapes() -> Any:
        return await shape(scratch, "catalog"), await fetch(scratch, "SELECT * FROM catalog.alembic_version")

    before = await shapes()
    reader = await asyncpg.connect(make_url(scratch).set(drivername="postgresql").render_as_string())
    transaction = reader.transaction()
    await transaction.start()
    await reader.execute("SELECT 1 FROM catalog.course")
    with pytest.raises(Exception, match="lock timeout"):
        await asyncio.to_thread(command.downgrade, migrations.config("catalog", scratch), "catalog@base")
    await transaction.rollback()
    await reader.close()
    assert await shapes() == before
