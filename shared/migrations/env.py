"""Alembic's environment: one subgraph's schema of the owner's database, in one transaction."""

import asyncio

from alembic import context
from sqlalchemy import Connection, text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from shared.migrations import metadata_of

_OTHERS = ("alembic_version", "pgqueuer")
"""How tables begin that belong to libraries, which our models do not know."""

_subgraph: str = context.config.attributes["subgraph"]


def _migrate(connection: Connection) -> None:
    connection.execute(text(f"SET search_path TO {_subgraph}"))
    # A migration that cannot get its lock gives up instead of making every request queue behind it.
    connection.execute(text("SET lock_timeout TO '5s'"))
    connection.commit()
    connection.dialect.default_schema_name = _subgraph
    context.configure(
        connection=connection,
        target_metadata=metadata_of(_subgraph),
        version_table_schema=_subgraph,
        include_name=lambda name, kind, _: kind != "table" or not (name or "").startswith(_OTHERS),
        compare_server_default=True,
    )
    with context.begin_transaction():
        context.run_migrations()


async def _run() -> None:
    url = make_url(context.config.attributes["url"]).set(drivername="postgresql+asyncpg")
    engine = create_async_engine(url, poolclass=NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(_migrate)
    await engine.dispose()


asyncio.run(_run())
