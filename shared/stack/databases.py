"""Brings the databases of all subgraphs to what the code expects, and loads the demo data or the big data set."""

import asyncio
import hashlib
from pathlib import Path

import asyncpg
from sqlalchemy.engine import make_url

from shared import migrations
from shared.stack import environment, jobs
from shared.stack.console import Reporter
from shared.stack.environment import Addresses
from shared.stack.errors import StackError
from shared.stack.project import Project
from shared.volume.copying import OWNER_URL


def migrate(project: Project, addresses: Addresses) -> None:
    """Makes the database, roles and schemas where missing, and upgrades each subgraph; runs any number of times."""
    migrations.bootstrap(addresses.database, list(project.subgraphs), environment.passwords(project, addresses))
    for name in project.subgraphs:
        migrations.upgrade(name, addresses.database)


def seed(project: Project, addresses: Addresses, reporter: Reporter) -> int:
    """Loads the demo data of every subgraph that has some, in the order of the list; returns the rows made."""
    rows = jobs.run("demo.seed", project, addresses, reporter)
    _marker(project, addresses).touch()
    return rows


def seed_volume(project: Project, addresses: Addresses, reporter: Reporter) -> int:
    """Loads the big data set (`shared.volume`) beside the demo data into empty databases; returns the rows made.

    Raises StackError where there is anything, and where the owner is not allowed to write past the policies.
    """
    if filled := asyncio.run(_filled(project, addresses)):
        raise StackError(
            "\n".join(
                [
                    "The big data set goes into empty databases only. There are rows in:",
                    *filled,
                    "Name another home (LYCEUM_HOME) or another database (DATABASE_URL).",
                ]
            )
        )
    rows = seed(project, addresses, reporter)
    return rows + jobs.run("volume.seed", project, addresses, reporter, {OWNER_URL: addresses.database})


def is_seeded(project: Project, addresses: Addresses) -> bool:
    """Whether this home has loaded the demo data into this database."""
    return _marker(project, addresses).exists()


def forget_seeded(project: Project, addresses: Addresses) -> None:
    """For a database that has just been made anew."""
    _marker(project, addresses).unlink(missing_ok=True)


def _marker(project: Project, addresses: Addresses) -> Path:
    database = hashlib.sha256(addresses.database.encode()).hexdigest()[:12]
    return project.home / f"seeded-{database}"


async def _filled(project: Project, addresses: Addresses) -> list[str]:
    """The subgraphs' own tables that have rows."""
    url = make_url(addresses.database).set(drivername="postgresql")
    connection = await asyncpg.connect(url.render_as_string(hide_password=False), timeout=10)
    try:
        if not await connection.fetchval("SELECT rolsuper FROM pg_roles WHERE rolname = current_user"):
            raise StackError("The big data set is written past row-level security: DATABASE_URL must be a superuser's.")
        names = [
            f'{name}."{table.name}"'
            for name in project.subgraphs
            for metadata in migrations.metadata_of(name)[1:]
            for table in metadata.sorted_tables
        ]
        return [name for name in names if await connection.fetchval(f"SELECT EXISTS (SELECT FROM {name})")]  # noqa: S608
    finally:
        await connection.close()
