"""Turns itself into another program that cannot outlive the process that started it.

Run as a file, because it must work before anything of the project can be imported:
`python -I -S launch.py PARENT_PID DEATH_SIGNAL UID:GID|- COMMAND…`. The process id stays the same all the way, and the
signal is delivered by the kernel when the thread that started it ends, however it ends (Linux only; 0 for never).
"""

import contextlib
import ctypes
import os
import sys

_PR_SET_PDEATHSIG = 1


def become_account(account: str) -> None:
    """Gives up every privilege for those of `UID:GID`."""
    uid, gid = (int(part) for part in account.split(":"))
    with contextlib.suppress(PermissionError):
        os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)


def die_with(parent: int, death_signal: int) -> None:
    """Asks the kernel for `death_signal` when the parent dies; exits at once if that has happened already."""
    if not death_signal or not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit(1)


def main(parent: str, death_signal: str, account: str, *command: str) -> None:
    """Becomes `command`; a new account comes first, because changing it clears the death signal."""
    if account != "-":
        become_account(account)
    die_with(int(parent), int(death_signal))
    os.execv(command[0], command)  # noqa: S606


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except OSError as error:
        sys.exit(f"{sys.argv[4]}: {error}")
