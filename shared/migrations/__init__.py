"""Alembic, once for all: one environment; the platform's versions here, each subgraph's in its own folder.

Every subgraph has a PostgreSQL schema of its name with its own version table, and two logins: `lyceum_<name>`, bound by
row-level security to one tenant per transaction, and `lyceum_<name>_system` for the few paths across tenants.
"""

import asyncio
import importlib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import asyncpg
from alembic import command
from alembic.config import Config
from sqlalchemy import MetaData
from sqlalchemy.engine import URL, make_url

from shared import tables

_HERE = Path(__file__).parent
_FORMATTED = {
    "hooks": "ruff",
    "ruff.type": "module",
    "ruff.module": "ruff",
    "ruff.options": "format --quiet REVISION_SCRIPT_FILENAME",
}
"""What happens to a migration once it is written, so that it passes the checks as it is."""

_NAME = re.compile(r"^[a-z][a-z0-9_]*$")


def logins(subgraph: str) -> tuple[str, str]:
    """The names of a subgraph's tenant-bound login and of its system login."""
    return f"lyceum_{subgraph}", f"lyceum_{subgraph}_system"


def bootstrap(owner_url: str, subgraphs: Sequence[str], passwords: Mapping[str, str] | None = None) -> None:
    """Makes the database, and each subgraph's schema and logins, where they are missing.

    `passwords` by login name are set where given; an embedded server trusts its socket and needs none.
    """
    asyncio.run(_bootstrap(make_url(owner_url), subgraphs, passwords or {}))


def upgrade(subgraph: str, owner_url: str) -> None:
    """Brings a subgraph's schema to its newest version, and grants its logins what they need."""
    command.upgrade(config(subgraph, owner_url), "heads")
    asyncio.run(_grant(make_url(owner_url), subgraph))


def revise(subgraph: str, owner_url: str, message: str) -> Path:
    """Writes the migration that brings the database to what `models.py` says; returns its file."""
    upgrade(subgraph, owner_url)
    folder = _versions(subgraph)
    before = set(folder.glob("*.py"))
    command.revision(
        config(subgraph, owner_url),
        message,
        autogenerate=True,
        head=f"{subgraph}@head" if before else "base",
        branch_label=None if before else subgraph,
        rev_id=f"{subgraph}_{len(before) + 1:04}",
        version_path=str(folder),
    )
    return next(iter(set(folder.glob("*.py")) - before))


def config(subgraph: str, owner_url: str) -> Config:
    """Alembic's configuration for one subgraph."""
    options = Config()
    options.set_main_option("script_location", str(_HERE))
    options.set_main_option("version_locations", f"{_HERE / 'versions'}:{_versions(subgraph)}")
    options.set_main_option("path_separator", ":")
    options.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    for name, value in _FORMATTED.items():
        options.set_section_option("post_write_hooks", name, value)
    options.attributes.update(subgraph=subgraph, url=owner_url)
    return options


def metadata_of(subgraph: str) -> list[MetaData]:
    """The tables a subgraph's schema should have: the platform's and its own."""
    return [tables.metadata, importlib.import_module(f"subgraphs.{subgraph}.models").Base.metadata]


def _versions(subgraph: str) -> Path:
    package = importlib.import_module(f"subgraphs.{subgraph}")
    assert package.__file__
    return Path(package.__file__).parent / "migrations"


async def _bootstrap(url: URL, subgraphs: Sequence[str], passwords: Mapping[str, str]) -> None:
    await _create_database(url)
    connection = await _connect(url)
    try:
        await connection.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")
        for subgraph in subgraphs:
            if not _NAME.match(subgraph):
                raise ValueError(f"A subgraph's name is lower case letters, digits and _: {subgraph!r}")
            await connection.execute(f"CREATE SCHEMA IF NOT EXISTS {subgraph}")
            for login in logins(subgraph):
                await _create_login(connection, login, passwords.get(login))
                await connection.execute(f"GRANT USAGE ON SCHEMA {subgraph} TO {login}")
    finally:
        await connection.close()


async def _create_database(url: URL) -> None:
    connection = await _connect(url.set(database="postgres"))
    try:
        if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", url.database):
            await connection.execute(f"CREATE DATABASE \"{url.database}\" TEMPLATE template0 ENCODING 'UTF8'")
    finally:
        await connection.close()


async def _create_login(connection: asyncpg.Connection, login: str, password: str | None) -> None:
    if not await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", login):
        await connection.execute(f"CREATE ROLE {login} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS")
    if password is not None:
        quoted = await connection.fetchval("SELECT quote_literal($1::text)", password)
        await connection.execute(f"ALTER ROLE {login} PASSWORD {quoted}")


async def _grant(url: URL, subgraph: str) -> None:
    connection = await _connect(url)
    try:
        for login in logins(subgraph):
            await connection.execute(f"""
                GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {subgraph} TO {login};
                GRANT USAGE ON ALL SEQUENCES IN SCHEMA {subgraph} TO {login};
                REVOKE ALL ON {subgraph}.alembic_version FROM {login};
                REVOKE UPDATE, DELETE ON {subgraph}.audit FROM {login};
            """)
    finally:
        await connection.close()


async def _connect(url: URL) -> asyncpg.Connection:
    plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
    return await asyncpg.connect(plain, timeout=10)
