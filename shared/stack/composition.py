"""The supergraph: composed from the subgraphs' schemas, which are printed from their code."""

import importlib
import subprocess
import tempfile
from pathlib import Path

from shared.stack import environment
from shared.stack.errors import StackError
from shared.stack.processes import launcher
from shared.stack.programs import node
from shared.stack.project import SUBGRAPH_LIST, Project


def compose(project: Project, supergraph: Path, schema: Path, ports: dict[str, int] | None = None) -> None:
    """Writes the supergraph and the public schema; StackError with the composer's words when it refuses."""
    paths = {"config": project.root / SUBGRAPH_LIST, "supergraph": supergraph, "schema": schema}
    options = [part for name, path in paths.items() for part in (f"--{name}", str(path))]
    done = subprocess.run(
        [*launcher(), str(node()), "compose.mjs", *options],
        cwd=project.router,
        env=environment.for_composition(ports),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise StackError(f"The subgraphs do not compose:\n{done.stdout}{done.stderr}".rstrip())


def export_schemas(project: Project) -> list[Path]:
    """Brings the committed schemas up to date with the code; returns the files that changed."""
    changed = []
    for path, text in _printed(project).items():
        if _read(path) != text:
            path.write_text(text)
            changed.append(path)
    committed = _committed(project)
    before = [_read(path) for path in committed]
    compose(project, *committed)
    return changed + [path for path, old in zip(committed, before, strict=True) if _read(path) != old]


def stale_schemas(project: Project) -> list[Path]:
    """The committed schemas that are not what the code says; changes nothing."""
    stale = [path for path, text in _printed(project).items() if _read(path) != text]
    if stale:
        return stale
    with tempfile.TemporaryDirectory() as directory:
        committed = _committed(project)
        fresh = Path(directory) / "supergraph.graphql", Path(directory) / "schema.graphql"
        compose(project, *fresh)
        return [path for path, new in zip(committed, fresh, strict=True) if _read(path) != _read(new)]


def _committed(project: Project) -> tuple[Path, Path]:
    return project.router / "supergraph.graphql", project.router / "schema.graphql"


def _printed(project: Project) -> dict[Path, str]:
    return {project.root / "subgraphs" / name / "schema.graphql": f"{_schema(name)}\n" for name in project.subgraphs}


def _schema(name: str) -> str:
    module = importlib.import_module(f"subgraphs.{name}.schema")
    return str(module.schema.as_str())


def _read(path: Path) -> str | None:
    return path.read_text() if path.exists() else None
