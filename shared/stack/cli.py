"""The `lyceum` command. Each part imports what only it needs, so that a subgraph that serves stays small."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from shared.stack.console import Reporter
from shared.stack.errors import StackError
from shared.stack.project import Project


class SeedSize(StrEnum):
    """How much data `lyceum seed` loads."""

    S = "s"
    M = "m"


app = typer.Typer(
    help="Runs the Lyceum graph on this machine.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
)

events = typer.Typer(help="Events that handlers failed on, and their replay.", no_args_is_help=True)
app.add_typer(events, name="events")

_OnlySubgraph = Annotated[str | None, typer.Option("--subgraph", help="Only those of this subgraph.")]


@contextmanager
def _failures_shown(reporter: Reporter) -> Iterator[None]:
    try:
        yield
    except StackError as error:
        reporter.fail(str(error))
        raise typer.Exit(1) from None


@app.command()
def up(
    seed: Annotated[bool, typer.Option(help="Load the demo data, once per database.")] = True,
    quiet: Annotated[bool, typer.Option("--quiet", help="Show no steps and no logs.")] = False,
) -> None:
    """Start everything, show its logs, and stop everything on Ctrl-C or when a part of it dies."""
    from shared.stack.stack import Stack  # noqa: PLC0415

    reporter = Reporter(quiet=quiet)
    with _failures_shown(reporter):
        code = Stack(Project.load(), reporter, seed=seed).run()
    raise typer.Exit(code)


@app.command()
def serve(
    name: str,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on.")] = 8000,
    fd: Annotated[int | None, typer.Option(help="The descriptor of a bound socket to listen on instead.")] = None,
) -> None:
    """Run one subgraph, configured by its environment."""
    from shared.stack.serve import serve as run  # noqa: PLC0415

    with _failures_shown(Reporter()):
        project = Project.load()
        if name not in project.subgraphs:
            raise StackError(f"There is no subgraph {name!r}; there are {', '.join(project.subgraphs)}.")
    run(name, host, port, fd)


@app.command()
def router() -> None:
    """Run the router, configured by its environment; the process becomes it."""
    import os  # noqa: PLC0415

    from shared.stack.programs import node  # noqa: PLC0415

    with _failures_shown(Reporter()):
        project, program = Project.load(), node()
    os.chdir(project.router)
    os.execv(program, [str(program), "server.ts"])  # noqa: S606


@app.command()
def migrate() -> None:
    """Bring the databases of all subgraphs up to date, in the running stack or with engines of its own."""
    from shared.stack import databases, running  # noqa: PLC0415

    reporter = Reporter()
    with _failures_shown(reporter):
        project = Project.load()
        with running.engines_for(project) as addresses, reporter.step("migrate"):
            databases.migrate(project, addresses)


@app.command()
def seed(
    size: Annotated[
        SeedSize,
        typer.Option(
            help="`s` is the demo data; `m` adds 50 tenants: 200,000 people, 2,000 courses, 1,000,000 enrolments."
        ),
    ] = SeedSize.S,
) -> None:
    """Load the demo data, in the running stack or with engines of its own; what is there already is kept.

    The larger set is for measuring. It takes minutes, 4 GB, and databases that are empty.
    """
    from shared.stack import databases, running  # noqa: PLC0415

    reporter = Reporter()
    with _failures_shown(reporter):
        project = Project.load()
        with running.engines_for(project) as addresses:
            with reporter.step("migrate"):
                databases.migrate(project, addresses)
            load = databases.seed if size == SeedSize.S else databases.seed_volume
            with reporter.step("seed") as step:
                step.note = f"{load(project, addresses, reporter):,} rows"


@app.command()
def administrator(
    email: Annotated[str, typer.Argument(help="What the login is called.")],
    password: Annotated[
        str,
        typer.Option(
            envvar="LYCEUM_ADMINISTRATOR_PASSWORD",
            prompt=True,
            hide_input=True,
            confirmation_prompt=True,
            help="12 to 128 characters. Ask for it, or use the variable: other people see the arguments of a process.",
        ),
    ],
) -> None:
    """Make a login of the platform, which makes organizations: an installation without demo data has none."""
    import os  # noqa: PLC0415

    from shared.stack import jobs, running  # noqa: PLC0415

    reporter = Reporter()
    os.environ["LYCEUM_ADMINISTRATOR_PASSWORD"] = password
    with _failures_shown(reporter):
        project = Project.load()
        with running.engines_for(project) as addresses:
            made = jobs.run("administrator.create", project, addresses, reporter, email=email)
    reporter.say(f"{email} made" if made else f"{email} is there already; nothing was changed")


@app.command()
def secrets(
    file: Annotated[Path, typer.Option(help="Where they are written to.")] = Path(".env"),
) -> None:
    """Make the secrets of an installation: what the file has stays, what it lacks is added."""
    from shared.stack import env_file  # noqa: PLC0415

    reporter = Reporter()
    with _failures_shown(reporter):
        added = env_file.complete(file, Project.load().subgraphs)
    reporter.say(f"{file}: {len(added)} secrets added" if added else f"{file} has every secret already")


@app.command()
def reindex(
    from_start: Annotated[
        bool, typer.Option("--from-start", help="Begin anew where an interrupted run would go on.")
    ] = False,
) -> None:
    """Fill the search index and the vectors from what is stored; newer entries stay.

    In the running stack or with engines of its own. The index is made where it is missing. An interrupted run goes on
    where it was, that of the index for a day.
    """
    from shared.stack import databases, jobs, running  # noqa: PLC0415

    reporter = Reporter()
    with _failures_shown(reporter):
        project = Project.load()
        with running.engines_for(project) as addresses:
            with reporter.step("migrate"):
                databases.migrate(project, addresses)
            with reporter.step("reindex") as step:
                rows = jobs.run("reindex.reindex", project, addresses, reporter, from_start=from_start)
                step.note = f"{rows} items"


@app.command()
def revision(
    name: str, message: Annotated[str, typer.Argument(help="What changes, as a sentence without its full stop.")]
) -> None:
    """Write the migration that brings a subgraph's database to what its models.py says."""
    from shared import migrations  # noqa: PLC0415
    from shared.stack import databases, running  # noqa: PLC0415

    reporter = Reporter()
    with _failures_shown(reporter):
        project = Project.load()
        if name not in project.subgraphs:
            raise StackError(f"There is no subgraph {name!r}; there are {', '.join(project.subgraphs)}.")
        with running.engines_for(project) as addresses:
            databases.migrate(project, addresses)
            path = migrations.revise(name, addresses.database, message)
    reporter.say(f"{path.relative_to(project.root)} written; a new table needs isolate() in it")


@app.command()
def schema(
    check: Annotated[bool, typer.Option("--check", help="Change nothing; fail when a file is not current.")] = False,
) -> None:
    """Print every subgraph's schema, compose the supergraph and the public schema, and list persisted operations."""
    from shared.stack import composition  # noqa: PLC0415

    reporter = Reporter()
    with _failures_shown(reporter):
        project = Project.load()
        if check:
            _refuse_stale(project)
            return
        for path in composition.export_schemas(project):
            reporter.say(f"{path.relative_to(project.root)} updated")


@app.command()
def check() -> None:
    """Hold what clients rely on: current files, valid operations, and nothing broken since the last release."""
    from shared.stack import composition  # noqa: PLC0415

    with _failures_shown(Reporter()):
        project = Project.load()
        _refuse_stale(project)
        composition.check_compatibility(project)


@app.command()
def release() -> None:
    """Make the public schema and the persisted operations of now those of the last release."""
    from shared.stack import composition  # noqa: PLC0415

    reporter = Reporter()
    with _failures_shown(reporter):
        project = Project.load()
        _refuse_stale(project)
        for path in composition.release(project):
            reporter.say(f"{path.relative_to(project.root)} updated")


def _refuse_stale(project: Project) -> None:
    from shared.stack import composition  # noqa: PLC0415

    if stale := composition.stale_schemas(project):
        names = (f"{path.relative_to(project.root)}" for path in stale)
        raise StackError("\n".join(["These files are not what the code says; run `make schema`:", *names]))


@events.command("parked")
def list_parked(
    subgraph: _OnlySubgraph = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per line, with the events' data.")] = False,
) -> None:
    """List the parked events of all subgraphs, of the running stack or with engines of its own."""
    from shared.stack import parked, running  # noqa: PLC0415

    reporter = Reporter()
    with _failures_shown(reporter):
        project = Project.load()
        with running.engines_for(project) as addresses:
            found = parked.find(project, addresses, subgraph)
        parked.show(found, reporter, as_json=as_json)


@events.command("replay")
def replay_parked(
    ids: Annotated[list[int] | None, typer.Argument(metavar="ID", help="Ids that `parked` lists.")] = None,
    subgraph: _OnlySubgraph = None,
    everything: Annotated[bool, typer.Option("--all", help="Replay whatever is parked.")] = False,
) -> None:
    """Ask the subgraphs that run to apply parked events again, and tell what came of it within a few seconds.

    A replayed event comes after younger events of what it is about. Ends with 0 when all were applied.
    """
    from shared.stack import parked, running  # noqa: PLC0415

    reporter = Reporter()
    with _failures_shown(reporter):
        project = Project.load()
        with running.engines_for(project) as addresses:
            found = parked.find(project, addresses, subgraph)
            chosen = parked.choose(found, ids or [], everything=everything)
            are_applied = parked.replay(project, addresses, chosen, reporter)
    raise typer.Exit(0 if are_applied else 1)


if __name__ == "__main__":
    app()
