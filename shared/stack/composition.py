"""The supergraph: composed from the subgraphs' schemas, which are printed from their code. And what clients rely on."""

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
    _run(project, "compose.mjs", paths, "The subgraphs do not compose", environment.for_composition(ports))


def write_manifest(project: Project, schema: Path, manifest: Path) -> None:
    """Writes the manifest of persisted operations; StackError when one of them does not fit the public schema."""
    paths = {
        "schema": schema,
        "operations": project.router / "operations",
        "released": project.releases / project.manifest.name,
        "manifest": manifest,
    }
    _run(project, "operations.mjs", paths, "These persisted operations cannot be served")


def check_compatibility(project: Project) -> None:
    """StackError when the public schema takes away what the last release promised, and had not deprecated."""
    released = project.releases / project.schema.name
    paths = {"released": released, "schema": project.schema}
    _run(project, "compatibility.mjs", paths, "The public schema breaks clients of the last release")


def export_schemas(project: Project) -> list[Path]:
    """Brings the committed schemas and the manifest up to date with the code; returns the files that changed."""
    changed = []
    for path, text in _printed(project).items():
        if _read(path) != text:
            path.write_text(text)
            changed.append(path)
    committed = _committed(project)
    before = [_read(path) for path in committed]
    _write(project, *committed)
    return changed + [path for path, old in zip(committed, before, strict=True) if _read(path) != old]


def stale_schemas(project: Project) -> list[Path]:
    """The committed schemas, and the manifest, that are not what the code says; changes nothing."""
    stale = [path for path, text in _printed(project).items() if _read(path) != text]
    if stale:
        return stale
    committed = _committed(project)
    with tempfile.TemporaryDirectory() as directory:
        fresh = [Path(directory) / path.name for path in committed]
        _write(project, *fresh)
        return [path for path, new in zip(committed, fresh, strict=True) if _read(path) != _read(new)]


def release(project: Project) -> list[Path]:
    """Makes the committed public schema and manifest those of the last release; returns the files that changed.

    StackError when they break the release before; whoever means to break it deletes its schema first.
    """
    if (project.releases / project.schema.name).exists():
        check_compatibility(project)
    project.releases.mkdir(exist_ok=True)
    copies = {project.releases / path.name: path.read_text() for path in (project.schema, project.manifest)}
    changed = [path for path, text in copies.items() if _read(path) != text]
    for path in changed:
        path.write_text(copies[path])
    return changed


def _run(
    project: Project, script: str, paths: dict[str, Path], failure: str, env: dict[str, str] | None = None
) -> None:
    options = [part for name, path in paths.items() for part in (f"--{name}", str(path))]
    done = subprocess.run(
        [*launcher(), str(node()), script, *options],
        cwd=project.router,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise StackError(f"{failure}:\n{done.stdout}{done.stderr}".rstrip())


def _write(project: Project, supergraph: Path, schema: Path, manifest: Path) -> None:
    compose(project, supergraph, schema)
    write_manifest(project, schema, manifest)


def _committed(project: Project) -> tuple[Path, Path, Path]:
    return project.router / "supergraph.graphql", project.schema, project.manifest


def _printed(project: Project) -> dict[Path, str]:
    return {project.root / "subgraphs" / name / "schema.graphql": f"{_schema(name)}\n" for name in project.subgraphs}


def _schema(name: str) -> str:
    module = importlib.import_module(f"subgraphs.{name}.schema")
    return str(module.schema.as_str())


def _read(path: Path) -> str | None:
    return path.read_text() if path.exists() else None
