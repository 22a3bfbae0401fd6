"""What a stack is made from: the project's root, the home of everything it writes, the subgraphs, the router's port."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

import yaml

from shared.stack.errors import StackError

SUBGRAPH_LIST = "supergraph.yaml"
_DEFAULT_PORT = 4000


@dataclass(frozen=True, slots=True)
class Project:
    """One project on this machine and one home for its stack."""

    root: Path
    home: Path
    subgraphs: tuple[str, ...]
    port: int
    """The router's port; 0 for any free one."""

    @classmethod
    def load(cls) -> "Project":
        """The project around the current directory, with `LYCEUM_HOME` and `LYCEUM_PORT`; StackError when wrong."""
        root = _find_root()
        home = Path(os.environ.get("LYCEUM_HOME") or root / ".lyceum").absolute()
        if str(root) not in sys.path:
            sys.path.insert(0, str(root))
        return cls(root, home, _subgraphs(root), _port())

    @property
    def router(self) -> Path:
        """The directory of the router."""
        return self.root / "router"

    @property
    def schema(self) -> Path:
        """The public schema, as it is committed."""
        return self.router / "schema.graphql"

    @property
    def manifest(self) -> Path:
        """The persisted operations, as they are committed."""
        return self.router / "persisted-query-manifest.json"

    @property
    def releases(self) -> Path:
        """The directory with the public schema and the manifest of the last release."""
        return self.router / "releases"

    @property
    def supergraph(self) -> Path:
        """Where the supergraph that this stack's router runs is composed to."""
        return self.home / "supergraph.graphql"

    @property
    def logs(self) -> Path:
        """The directory with one log per process, from its last start."""
        return self.home / "logs"


def _find_root() -> Path:
    here = Path.cwd()
    for directory in (here, *here.parents, *Path(__file__).resolve().parents):
        if (directory / SUBGRAPH_LIST).is_file():
            return directory
    raise StackError(f"Found no {SUBGRAPH_LIST} here or above; run this inside the project.")


def _subgraphs(root: Path) -> tuple[str, ...]:
    listed = yaml.safe_load((root / SUBGRAPH_LIST).read_text())
    names = (listed or {}).get("subgraphs") or {}
    if not isinstance(names, dict) or not names:
        raise StackError(f"{root / SUBGRAPH_LIST} lists no subgraphs.")
    return tuple(names)


def _port() -> int:
    value = os.environ.get("LYCEUM_PORT") or str(_DEFAULT_PORT)
    if not value.isdigit() or int(value) > 65535:
        raise StackError(f"LYCEUM_PORT is {value!r}; it must be a port number, or 0 for any free one.")
    return int(value)
