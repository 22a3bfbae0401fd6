"""How commands and tests find a stack that runs: one lock per home, and `stack.json` while everything is up."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from shared.stack.engines import Engine, PostgresEngine, RedisEngine
from shared.stack.environment import Addresses
from shared.stack.errors import StackError
from shared.stack.keys import write_private
from shared.stack.locks import Lock
from shared.stack.places import open_home
from shared.stack.project import Project


class Engines:
    """The engines that a project needs from us: those without an address in the environment."""

    def __init__(self, project: Project) -> None:
        self._database = os.environ.get("DATABASE_URL")
        self._redis = os.environ.get("REDIS_URL")
        self.postgres = None if self._database else PostgresEngine(project.home)
        self.redis = None if self._redis else RedisEngine(project.home)

    @property
    def embedded(self) -> list[Engine]:
        """Those that we run."""
        return [engine for engine in (self.postgres, self.redis) if engine]

    @property
    def addresses(self) -> Addresses:
        """Where all of them answer."""
        return Addresses(
            database=self._database or (self.postgres.url() if self.postgres else ""),
            redis=self._redis or (self.redis.url() if self.redis else ""),
            database_is_external=self.postgres is None,
        )

    def start(self) -> None:
        """Starts them side by side and waits until each answers."""
        for engine in self.embedded:
            engine.launch()
        for engine in self.embedded:
            engine.wait()

    def stop(self) -> None:
        """Stops them, the database last."""
        for engine in reversed(self.embedded):
            engine.stop()


def home_lock(project: Project) -> Lock:
    """The lock that whoever runs engines on this home holds."""
    open_home(project.home)
    return Lock(project.home / "lock", f"Lyceum in {project.home}")


def write_running(home: Path, content: dict[str, Any]) -> None:
    """Tells others that the stack is up, and where."""
    write_private(home / "stack.json", content)


def forget_running(home: Path) -> None:
    """Takes that back."""
    (home / "stack.json").unlink(missing_ok=True)


def read_running(home: Path) -> dict[str, Any] | None:
    """What the running stack of this home wrote (`urls`, `pids`), None when none is up."""
    path = home / "stack.json"
    lock = Lock(home / "lock", "")
    if not path.exists():
        return None
    try:
        lock.acquire()
    except StackError:
        content: dict[str, Any] = json.loads(path.read_text())
        return content
    path.unlink(missing_ok=True)
    lock.release()
    return None


@contextmanager
def engines_for(project: Project) -> Iterator[Addresses]:
    """The engines of the running stack, or our own for as long as this lasts."""
    engines = Engines(project)
    if read_running(project.home):
        yield engines.addresses
        return
    lock = home_lock(project)
    lock.acquire()
    try:
        engines.start()
        yield engines.addresses
    finally:
        engines.stop()
        lock.release()
