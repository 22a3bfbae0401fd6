"""Children that die with us: started in a session of their own, logged line by line, stopped by their handle."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from shared.stack import launch
from shared.stack.places import Account

_TAIL_BYTES = 8192


def launcher(account: Account | None = None, death_signal: int = signal.SIGKILL) -> list[str]:
    """What to put before a command, so that it runs as the account and gets the signal when we die (see `launch`)."""
    # The kernel counts the starting thread as the parent, so a thread that may end must not be one.
    lasting = threading.current_thread() is threading.main_thread()
    who = f"{account.uid}:{account.gid}" if account else "-"
    signal_number = str(int(death_signal) if lasting else 0)
    return [sys.executable, "-I", "-S", launch.__file__, str(os.getpid()), signal_number, who]


@dataclass(eq=False)
class Process:
    """One child. Its output goes to `log`, and line by line to `on_line` when given."""

    name: str
    command: Sequence[str | Path]
    environment: Mapping[str, str]
    directory: Path
    log: Path
    on_line: Callable[[str], None] | None = None
    account: Account | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    death_signal: signal.Signals = signal.SIGKILL
    descriptors: Sequence[int] = ()
    _child: subprocess.Popen[bytes] | None = field(default=None, init=False)
    _reader: threading.Thread | None = field(default=None, init=False)

    def start(self) -> None:
        """Starts the child; it outlives us only where the kernel cannot tell it (see `launch`)."""
        self.log.parent.mkdir(mode=0o700, exist_ok=True)
        with self.log.open("wb") as log:
            self._child = subprocess.Popen(
                [*launcher(self.account, self.death_signal), *map(str, self.command)],
                env=dict(self.environment),
                cwd=self.directory,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE if self.on_line else log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=tuple(self.descriptors),
            )
        if self._child.stdout:
            self._reader = threading.Thread(target=self._read, args=(self._child.stdout,), daemon=True)
            self._reader.start()

    def _read(self, output: IO[bytes]) -> None:
        with self.log.open("ab", buffering=0) as log, output:
            for line in output:
                log.write(line)
                if self.on_line:
                    self.on_line(line.decode(errors="replace").rstrip("\r\n"))

    @property
    def pid(self) -> int | None:
        """The child's process id, None before the start."""
        return self._child.pid if self._child else None

    @property
    def is_running(self) -> bool:
        """Whether the child has been started and has not ended."""
        return self._child is not None and self._child.poll() is None

    def wait(self, timeout: float | None = None) -> bool:
        """Waits for the end, at most `timeout` seconds; False when it still runs."""
        if self._child:
            try:
                self._child.wait(timeout)
            except subprocess.TimeoutExpired:
                return False
        return True

    def ask_to_stop(self) -> None:
        """Sends the stop signal; does not wait."""
        if self._child and self.is_running:
            self._child.send_signal(self.stop_signal)

    def stop(self, timeout: float) -> None:
        """Asks the child to stop, and after `timeout` seconds makes it."""
        self.ask_to_stop()
        if not self.wait(timeout):
            self.kill()

    def kill(self) -> None:
        """Ends the child, and what it started in its own session, with SIGKILL."""
        self.strike()
        self.wait()

    def strike(self) -> None:
        """As `kill`, without waiting for the end; takes no lock, so a signal handler may call it."""
        if self._child and self._child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._child.pid, signal.SIGKILL)

    @property
    def ending(self) -> str:
        """How it ended, for people: `exit code 3` or `signal SIGKILL`."""
        code = self._child.returncode if self._child else None
        if code is None:
            return "still running"
        return f"exit code {code}" if code >= 0 else f"signal {signal.Signals(-code).name}"

    def tail(self, lines: int = 20) -> list[str]:
        """The last lines that it wrote."""
        if self._reader and not self.is_running:
            self._reader.join(timeout=1)
        if not self.log.exists():
            return []
        with self.log.open("rb") as log:
            log.seek(max(0, self.log.stat().st_size - _TAIL_BYTES))
            return log.read().decode(errors="replace").splitlines()[-lines:]
