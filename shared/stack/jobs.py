"""Jobs: functions of subgraphs that run to their end, each in a process of its own, with a bar for their progress.

A job is `async def FUNCTION(progress, **options) -> int` in a module that some subgraphs have: it tells `progress` what
is done and the total, and returns its rows. See `job` for the process.
"""

import json
import os
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

from shared.stack import environment
from shared.stack.console import Reporter
from shared.stack.environment import Addresses
from shared.stack.errors import StackError
from shared.stack.processes import Process
from shared.stack.project import Project


def run(
    job: str,
    project: Project,
    addresses: Addresses,
    reporter: Reporter,
    further: Mapping[str, str] | None = None,
    **options: Any,
) -> int:
    """Runs a job (`demo.seed`) in every subgraph that has its module, in the order of the list; returns all rows.

    `further` variables are added to what a subgraph is given.
    """
    module, _, _ = job.partition(".")
    jwks = environment.jwks_url(project, None)
    rows = 0
    for name in project.subgraphs:
        if find_spec(f"subgraphs.{name}.{module}"):
            variables = environment.for_subgraph(name, project, addresses, jwks) | dict(further or {})
            rows += _run_one(name, job, project, variables, reporter, options)
    return rows


def _run_one(
    name: str, job: str, project: Project, variables: dict[str, str], reporter: Reporter, options: dict[str, Any]
) -> int:
    receiver, sender = os.pipe()
    process = Process(
        f"{job} {name}",
        [sys.executable, "-m", "shared.stack.job", name, job, str(sender), json.dumps(options)],
        environment=variables,
        directory=project.root,
        log=project.logs / f"{job}-{name}.log",
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
        raise StackError("\n".join([f"{job} of {name} failed ({process.ending}):", *process.tail()]))
    return rows


def _follow(receiver: int, name: str, reporter: Reporter) -> int | None:
    """Shows the progress until the other end is closed; the rows, None when it never said."""
    rows = None
    with os.fdopen(receiver) as channel, reporter.progress(name) as advance:
        for line in channel:
            report = json.loads(line)
            if "rows" in report:
                rows = int(report["rows"])
            else:
                advance(report["done"], report["total"])
    return rows
