"""`lyceum up` as a user runs it: a process of its own, found through `stack.json`, stopped by a signal."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).parents[2]

_START_SECONDS = 90
_STOP_SECONDS = 30


def clean_environment(home: Path, **variables: str) -> dict[str, str]:
    """What a fresh shell would give, and a home of the test's own; nothing of this test process's settings."""
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "TMPDIR")}
    ours = {"LYCEUM_HOME": str(home), "LYCEUM_PORT": "0", "LYCEUM_EPHEMERAL": "1"}
    ours |= {"LYCEUM_RATE_LIMIT": "1000000", "LYCEUM_SUBSCRIPTIONS": "1000"}
    return kept | ours | variables


@dataclass(frozen=True)
class Ending:
    """How a stack ended: its exit code, its last words, and what it left running."""

    code: int
    output: str
    left: Sequence[psutil.Process]


class Stack:
    """A stack that runs from the moment it is made until `stop` or `wait`."""

    def __init__(self, home: Path, *options: str, **variables: str) -> None:
        home.mkdir(parents=True, exist_ok=True)
        self.home = home
        self._output = home / "up.log"
        with self._output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "shared.stack.cli", "up", *options],
                cwd=ROOT,
                env=clean_environment(home, **variables),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        content = self._wait_until_ready()
        self.urls: dict[str, Any] = content["urls"]
        self.pids: dict[str, int] = content["pids"]
        self._family = [psutil.Process(pid) for pid in self.pids.values()]
        self._family += [child for process in self._family for child in process.children(recursive=True)]

    @property
    def output(self) -> str:
        """What it has written so far."""
        return self._output.read_text(errors="replace")

    def _wait_until_ready(self) -> dict[str, Any]:
        """A `stack.json` that an earlier, killed stack left does not name this process."""
        deadline = time.monotonic() + _START_SECONDS
        path = self.home / "stack.json"
        while self.process.poll() is None and time.monotonic() < deadline:
            if path.exists():
                content: dict[str, Any] = json.loads(path.read_text())
                if content["pids"]["lyceum"] == self.process.pid:
                    return content
            time.sleep(0.05)
        self.process.kill()
        raise AssertionError(f"The stack did not start:\n{self.output}")

    def stop(self, number: signal.Signals = signal.SIGTERM) -> Ending:
        """Sends the signal, and says how the stack ended."""
        self.process.send_signal(number)
        return self.wait()

    def wait(self) -> Ending:
        """Waits until the stack has ended, and for a moment longer until everything else has."""
        try:
            code = self.process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        _, left = psutil.wait_procs(self._family, timeout=3)
        return Ending(code, self.output, [process for process in left if process.is_running()])


def forget(home: Path) -> None:
    """Deletes what the engines of a home had to keep outside it (root's home is closed to PostgreSQL)."""
    for link in home.iterdir():
        if link.is_symlink():
            shutil.rmtree(link.resolve(), ignore_errors=True)


def run_up(home: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Runs `lyceum up` to its end, for when it is expected to refuse."""
    return run(home, "up", **variables)


def run(home: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Runs a command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "shared.stack.cli", *arguments],
        cwd=ROOT,
        env=clean_environment(home, **variables),
        capture_output=True,
        text=True,
        timeout=_STOP_SECONDS,
        check=False,
    )
