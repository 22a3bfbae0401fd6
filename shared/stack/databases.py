"""Brings the databases of all subgraphs to what the code expects, and loads the demo data."""

import hashlib
import json
import os
import sys
from importlib.util import find_spec
from pathlib import Path

from shared import migrations
from shared.stack import environment
from shared.stack.console import Reporter
from shared.stack.environment import Addresses
from shared.stack.errors import StackError
from shared.stack.processes import Process
from shared.stack.project import Project


def migrate(project: Project, addresses: Addresses) -> None:
    """Makes the database, roles and schemas where missing, and upgrades each subgraph; runs any number of times."""
    migrations.bootstrap(addresses.database, list(project.subgraphs), environment.passwords(project, addresses))
    for name in project.subgraphs:
        migrations.upgrade(name, addresses.database)


def seed(project: Project, addresses: Addresses, reporter: Reporter) -> int:
    """Loads the demo data of every subgraph that has some, in the order of the list; returns the rows made."""
    jwks = environment.jwks_url(project, None)
    rows = 0
    for name in project.subgraphs:
        if find_spec(f"subgraphs.{name}.demo"):
            rows += _seed_one(name, project, environment.for_subgraph(name, project, addresses, jwks), reporter)
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


def _seed_one(name: str, project: Project, variables: dict[str, str], reporter: Reporter) -> int:
    receiver, sender = os.pipe()
    process = Process(
        f"seed {name}",
        [sys.executable, "-m", "shared.stack.seed", name, str(sender)],
        environment=variables,
        directory=project.root,
        log=project.logs / f"seed-{name}.log",
        on_line=reporter.line_writer(name),
        descriptors=[sender],
    )
    try:
        process.start()
        os.close(sender)
        rows = _follow(receiver, name, reporter)
        process.wait()
    finally:
        process.kill()
    if rows is None:
        raise StackError("\n".join([f"The demo data of {name} failed ({process.ending}):", *process.tail()]))
    return rows


def _follow(receiver: int, name: str, reporter: Reporter) -> int | None:
    """Shows the progress until the other end is closed; the rows made, None when it never said."""
    rows = None
    with os.fdopen(receiver) as channel, reporter.progress(name) as advance:
        for line in channel:
            report = json.loads(line)
            if "rows" in report:
                rows = int(report["rows"])
            else:
                advance(report["done"], report["total"])
    return rows
