"""The tree shows the architecture, and this holds it: who may import whom, which files there are, how long they get."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SUBGRAPHS = sorted(path.parent.name for path in ROOT.glob("subgraphs/*/app.py"))
LONGEST = 400

# What a module of a subgraph may import of its own subgraph. Whatever is not named here must not exist: a new file
# name is a new idea about what a subgraph is made of, and belongs in all of them.
MAY_IMPORT = {
    "app": {"schema", "settings", "consumers", "gauges", "jobs", "presence", "routes", "runtime"},
    "schema": {"queries", "mutations", "subscriptions", "types", "limits"},
    "queries": {"types", "models", "filters", "loaders", "finding"},
    "mutations": {"types", "models", "inputs", "services", "media", "runtime"},
    "subscriptions": {"types", "models", "loaders", "presence"},
    "types": {"types", "models", "documents", "errors", "filters", "inputs", "loaders", "presence", "runtime"},
    "routes": {"routes", "models", "loaders", "services", "runtime"},
    "loaders": {"models", "documents", "runtime", "recommending"},
    "finding": {"types", "loaders", "runtime", "services"},
    "services": {
        "services",
        "models",
        "documents",
        "inputs",
        "errors",
        "events",
        "grading",
        "settings",
        "keys",
        "passwords",
    },
    "media": {"services", "models", "inputs"},
    "consumers": {"models", "events", "services", "search", "runtime"},
    "search": {"models", "documents"},
    "reindex": {"documents", "search", "runtime", "settings", "models", "services"},
    "administrator": {"inputs", "models", "events", "passwords", "settings"},
    "runtime": {"services", "models", "documents", "settings", "keys"},
    "demo": {
        "demo_data",
        "consumers",
        "grading",
        "models",
        "documents",
        "events",
        "runtime",
        "services",
        "settings",
        "passwords",
    },
    "jobs": {"models", "runtime", "services"},
    "gauges": {"models"},
    "volume": {"demo_data", "models", "documents", "runtime", "search", "services", "settings", "passwords"},
    "grading": {"models", "documents"},
    "recommending": set(),
    "documents": {"models"},
    "filters": {"models"},
    "inputs": {"models"},
    "models": {"models"},
    "errors": set(),
    "events": set(),
    "settings": set(),
    "presence": set(),
    "keys": set(),
    "passwords": set(),
    "limits": set(),
    "demo_data": {"demo_data"},
    "migrations": set(),
}


def imports(path: Path) -> Iterator[str]:
    """The dotted names of what a file imports."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def modules(subgraph: str) -> Iterator[tuple[str, Path]]:
    """The modules of a subgraph; a package counts as the module of its name."""
    folder = ROOT / "subgraphs" / subgraph
    for path in sorted(folder.rglob("*.py")):
        name = path.relative_to(folder).parts[0].removesuffix(".py")
        if name != "__init__":
            yield name, path


@pytest.mark.parametrize("subgraph", SUBGRAPHS)
def test_a_subgraph_has_the_files_that_every_subgraph_may_have(subgraph: str) -> None:
    assert {name for name, _ in modules(subgraph)} <= MAY_IMPORT.keys()


@pytest.mark.parametrize("subgraph", SUBGRAPHS)
def test_imports_go_one_way(subgraph: str) -> None:
    package = f"subgraphs.{subgraph}."
    wrong = {
        (name, imported)
        for name, path in modules(subgraph)
        for full in imports(path)
        if full.startswith(package)
        for imported in [full.removeprefix(package).split(".")[0]]
        if imported in MAY_IMPORT and imported not in MAY_IMPORT[name]
    }
    assert not wrong


@pytest.mark.parametrize("subgraph", SUBGRAPHS)
def test_subgraphs_meet_only_in_the_supergraph(subgraph: str) -> None:
    others = tuple(f"subgraphs.{name}" for name in SUBGRAPHS if name != subgraph)
    wrong = {(path.name, full) for _, path in modules(subgraph) for full in imports(path) if full.startswith(others)}
    assert not wrong


def test_the_platform_imports_no_subgraph() -> None:
    wrong = {
        (path.name, full)
        for path in ROOT.glob("shared/**/*.py")
        for full in imports(path)
        if full.startswith("subgraphs")
    }
    assert not wrong


def test_services_never_see_a_resolver() -> None:
    paths = [*ROOT.glob("subgraphs/*/services.py"), *ROOT.glob("subgraphs/*/services/*.py")]
    wrong = {
        (path.name, full) for path in paths for full in imports(path) if full.startswith(("strawberry", "graphql"))
    }
    assert not wrong


def test_files_stay_short() -> None:
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text().splitlines())
        for folder in ("shared", "subgraphs", "tests")
        for path in (ROOT / folder).rglob("*.py")
    }
    assert {path: length for path, length in lengths.items() if length > LONGEST} == {}
