"""Brings the databases of all subgraphs to what the code expects, and loads the demo data."""

import hashlib
from pathlib import Path

from shared import migrations
from shared.stack import environment, jobs
from shared.stack.console import Reporter
from shared.stack.environment import Addresses
from shared.stack.project import Project


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


def is_seeded(project: Project, addresses: Addresses) -> bool:
    """Whether this home has loaded the demo data into this database."""
    return _marker(project, addresses).exists()


def forget_seeded(project: Project, addresses: Addresses) -> None:
    """For a database that has just been made anew."""
    _marker(project, addresses).unlink(missing_ok=True)


def _marker(project: Project, addresses: Addresses) -> Path:
    database = hashlib.sha256(addresses.database.encode()).hexdigest()[:12]
    return project.home / f"seeded-{database}"
