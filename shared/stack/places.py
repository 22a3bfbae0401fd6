"""Directories that an engine can live in: open to the account it runs as, and short enough for unix sockets.

Usually such a directory is simply inside the home. Where that cannot be (root's project is closed to the account
PostgreSQL needs, or the path is too long for a socket), the home holds a link to a private temporary directory.
"""

import os
import pwd
import re
import shutil
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from shared.stack.errors import StackError

_LONGEST_SOCKET_DIRECTORY = 85
_PARENTS = ("/var/tmp", tempfile.gettempdir(), "/tmp")  # noqa: S108  # the first survives a reboot
_PLAIN = re.compile(r"[\w./+-]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Account:
    """An account of the operating system."""

    uid: int
    gid: int

    def may(self, path: Path, *, read: bool = False, search: bool = False) -> bool:
        """Whether the modes of this path let the account read it, or walk through it."""
        status = path.stat()
        wanted = (stat.S_IROTH if read else 0) | (stat.S_IXOTH if search else 0)
        if status.st_uid == self.uid:
            wanted <<= 6
        elif status.st_gid == self.gid:
            wanted <<= 3
        return status.st_mode & wanted == wanted

    def reaches(self, path: Path) -> bool:
        """Whether the account may walk through every parent of this path."""
        return all(self.may(parent, search=True) for parent in path.resolve().parents)


def open_home(home: Path) -> None:
    """Makes the home: private to us, except that root's lets the account of PostgreSQL walk through."""
    try:
        home.mkdir(parents=True, exist_ok=True)
        home.chmod(0o711 if os.geteuid() == 0 else 0o700)
    except OSError as error:
        raise StackError(f"Cannot keep anything in {home} ({error.strerror}); set LYCEUM_HOME to another.") from error


def unprivileged_account(home: Path) -> Account | None:
    """The account for a program that refuses to be root: None for our own, otherwise the home's owner or nobody."""
    if os.geteuid() != 0:
        return None
    owner = home.stat()
    if owner.st_uid != 0:
        return Account(owner.st_uid, owner.st_gid)
    nobody = pwd.getpwnam("nobody")
    return Account(nobody.pw_uid, nobody.pw_gid)


class Place:
    """The directory `name` of the home, or the temporary one it links to; only its account may enter (and root)."""

    def __init__(self, home: Path, name: str, account: Account | None, *, for_sockets: bool = False) -> None:
        self._link = home / name
        self._account = account
        self._for_sockets = for_sockets

    @property
    def is_elsewhere(self) -> bool:
        """Whether it had to be made outside the home."""
        return self._link.is_symlink()

    def open(self) -> Path:
        """The directory's real path; made when missing."""
        if self.is_elsewhere and not self._is_ours(self._link.resolve()):
            self._link.unlink()
        if self.is_elsewhere:
            return self._link.resolve()
        if self._suits(self._link):
            self._link.mkdir(exist_ok=True)
            return self._give(self._link)
        elsewhere = self._give(self._make_elsewhere())
        self._link.symlink_to(elsewhere)
        return elsewhere

    def remove(self) -> None:
        """Deletes the directory with all it holds; a later `open` makes a new one."""
        if self._link.exists():
            shutil.rmtree(self._link.resolve())
        self._link.unlink(missing_ok=True)

    def _suits(self, directory: Path) -> bool:
        if self._account and not self._account.reaches(directory):
            return False
        path = str(directory)
        return not self._for_sockets or (
            len(os.fsencode(path)) <= _LONGEST_SOCKET_DIRECTORY and _PLAIN.fullmatch(path) is not None
        )

    def _make_elsewhere(self) -> Path:
        if self._link.is_dir():
            raise StackError(
                f"{self._link} was made where it can no longer be used (the project moved, or runs as another "
                "account). Move the project back, or delete that directory to start afresh."
            )
        for parent in _PARENTS:
            if os.access(parent, os.W_OK) and self._suits(Path(parent) / "lyceum-12345678"):
                return Path(tempfile.mkdtemp(prefix="lyceum-", dir=parent))
        raise StackError("Found no temporary directory that PostgreSQL's account can enter; set LYCEUM_HOME.")

    def _is_ours(self, directory: Path) -> bool:
        """A temporary directory may be cleaned away, and its name then taken by somebody else."""
        owner = self._account.uid if self._account else os.geteuid()
        return directory.is_dir() and directory.stat().st_uid == owner

    def _give(self, directory: Path) -> Path:
        directory.chmod(0o700)
        if self._account:
            try:
                os.chown(directory, self._account.uid, self._account.gid)
            except OSError as error:
                raise StackError(
                    "PostgreSQL refuses to run as root, and this machine lets root act for no other account. "
                    "Run as another account, or set DATABASE_URL to a server."
                ) from error
        return directory.resolve()
