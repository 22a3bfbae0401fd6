"""PostgreSQL and Redis as children of this process: unix sockets only, all they write below the home.

Every engine can be taken away and brought back on the same address: `start`, `stop` and `kill` may be called in any
order and any number of times. Start them from the main thread, so that they cannot outlive the process (see `launch`).
"""

import atexit
import os
import signal
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from shared.stack.errors import StackError
from shared.stack.locks import Lock
from shared.stack.places import Account, Place, open_home, unprivileged_account
from shared.stack.postgres_installation import PostgresInstallation
from shared.stack.processes import Process
from shared.stack.programs import redis_server

_POLL_SECONDS = 0.02


def is_ephemeral() -> bool:
    """Whether the engines may trade durability for speed, and need not outlive us (`LYCEUM_EPHEMERAL=1`, for tests)."""
    return os.environ.get("LYCEUM_EPHEMERAL") == "1"


class Engine(ABC):
    """What the two engines share: a place, a lock, one child, and waiting until it answers."""

    name: str

    def __init__(self, home: Path) -> None:
        open_home(home)
        self._home = home.resolve()
        self._account = self._choose_account()
        self._place = Place(self._home, self.name, self._account)
        self._sockets = Place(self._home, "sockets", unprivileged_account(self._home), for_sockets=True)
        self._lock = Lock(self._home / f"{self.name}.lock", f"{self.name} in {self._home}")
        self._process: Process | None = None

    def _choose_account(self) -> Account | None:
        return None

    @property
    def process(self) -> Process | None:
        """The running child, if any."""
        return self._process if self._process and self._process.is_running else None

    @property
    def data(self) -> Path:
        """The directory of the engine's files."""
        return self._place.open() / "data"

    @property
    def description(self) -> str:
        """The name, and where the files are when that is not the home."""
        return f"{self.name} in {self._place.open()}" if self._place.is_elsewhere else self.name

    @property
    def log(self) -> Path:
        """The file with the engine's output since its last start."""
        return self._home / "logs" / f"{self.name}.log"

    def start(self, timeout: float = 30) -> None:
        """Starts the engine and waits until it answers, at most `timeout` seconds; StackError otherwise."""
        self.launch()
        self.wait(timeout)

    def launch(self) -> None:
        """Starts the engine without waiting for it."""
        if self.process:
            return
        self._lock.acquire()
        if is_ephemeral():
            atexit.register(self._leave_nothing_outside)
        self._clear_leftovers()
        self._prepare()
        self._spawn()

    def wait(self, timeout: float = 30) -> None:
        """Waits until the launched engine answers, at most `timeout` seconds; StackError otherwise."""
        deadline = time.monotonic() + timeout
        while not self._answers():
            if time.monotonic() > deadline:
                self._fail(f"did not answer within {timeout:.0f} s")
            if not self.process and not self._may_retry():
                self._fail(f"ended with {self._process.ending}" if self._process else "was not launched")
            time.sleep(_POLL_SECONDS)

    def stop(self, timeout: float = 10) -> None:
        """Stops the engine in order; after `timeout` seconds by force. What was committed is kept."""
        if self._process:
            self._process.stop(timeout)
        self._lock.release()

    def kill(self) -> None:
        """Ends the engine as a crash would; the next start recovers."""
        for process in self._family():
            with suppress(psutil.NoSuchProcess):
                process.kill()
        if self._process:
            self._process.wait()
        self._lock.release()

    def remove(self) -> None:
        """Stops the engine and deletes its data; for tests that are done with a home."""
        self.stop()
        self._place.remove()
        self._sockets.remove()

    def _leave_nothing_outside(self) -> None:
        """A temporary home is deleted by whoever made it, who does not know about our places outside it."""
        self.stop()
        for place in (self._place, self._sockets):
            if place.is_elsewhere:
                place.remove()

    @property
    @abstractmethod
    def program(self) -> str:
        """The name of the program's processes."""

    @abstractmethod
    def _prepare(self) -> None:
        """Makes what must be there before the program starts."""

    @abstractmethod
    def _command(self) -> list[str | Path]:
        """The program and its options."""

    @abstractmethod
    def _answers(self) -> bool:
        """Whether our child takes connections."""

    def _may_retry(self) -> bool:
        return False

    def _spawn(self, stop_signal: signal.Signals = signal.SIGTERM) -> None:
        self._process = Process(
            self.name,
            self._command(),
            environment={"LC_ALL": "C", "TZ": "UTC", "PATH": os.defpath},
            directory=Path("/"),
            log=self.log,
            account=self._account,
            stop_signal=stop_signal,
            death_signal=stop_signal,
        )
        self._process.start()

    def _family(self) -> list[psutil.Process]:
        if not self.process:
            return []
        parent = psutil.Process(self.process.pid)
        return [parent, *parent.children(recursive=True)]

    def _clear_leftovers(self) -> None:
        """Ends what a crashed run left behind: we hold the lock, so our program in our data directory is orphaned."""
        leftovers = list(self._running_in_data())
        for process in leftovers:
            with suppress(psutil.NoSuchProcess):
                process.terminate()
        _, stubborn = psutil.wait_procs(leftovers, timeout=10)
        for process in stubborn:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(stubborn, timeout=5)

    def _running_in_data(self) -> Iterator[psutil.Process]:
        data = str(self.data)
        for process in psutil.process_iter(["name", "cwd"]):
            if process.info["cwd"] == data and process.info["name"] == self.program:
                yield process

    def _fail(self, what: str) -> None:
        lines = "\n".join(self._process.tail() if self._process else [])
        self.kill()
        raise StackError(f"{self.name} {what}. Its log is {self.log}:\n{lines}")


class PostgresEngine(Engine):
    """PostgreSQL; every role is trusted on its socket, and only our account (and root) can reach the socket."""

    name = "postgres"

    @property
    def program(self) -> str:
        """The name that its processes have."""
        return "postgres"

    def _choose_account(self) -> Account | None:
        return unprivileged_account(self._home)

    def url(self, role: str = "postgres", database: str = "lyceum") -> str:
        """The address for this role, whether or not the engine runs: `postgresql://ROLE@/DATABASE?host=DIRECTORY`."""
        return f"postgresql://{role}@/{database}?host={self._sockets.open()}"

    @property
    def was_created(self) -> bool:
        """Whether the last start made a new, empty cluster."""
        return self._created

    _created = False

    def _prepare(self) -> None:
        self._installation = PostgresInstallation.usable_by(self._account, self._place.open())
        self._created = not self.data.exists()
        if self._created:
            self._installation.initialize(self.data, self._account, sync=not is_ephemeral())
        # Nothing runs in there (see `_clear_leftovers`), but the number may by now be some other process's.
        (self.data / "postmaster.pid").unlink(missing_ok=True)

    def _command(self) -> list[str | Path]:
        durable = "off" if is_ephemeral() else "on"
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self._sockets.open()),
            "unix_socket_permissions": "0700",
            "max_connections": "300",
            "shared_buffers": "128MB",
            "fsync": durable,
            "full_page_writes": durable,
            "synchronous_commit": "on",
            "timezone": "UTC",
            "log_timezone": "UTC",
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [self._installation.program("postgres"), "-D", self.data, *options]

    def _spawn(self, stop_signal: signal.Signals = signal.SIGINT) -> None:
        super()._spawn(stop_signal)  # SIGINT is PostgreSQL's fast shutdown: sessions end, everything is written

    def _answers(self) -> bool:
        """The postmaster writes its process id first and its state eighth."""
        try:
            lines = (self.data / "postmaster.pid").read_text().split("\n")
        except FileNotFoundError:
            return False
        return self.process is not None and lines[0] == str(self.process.pid) and lines[7:8] == ["ready   "]

    def _may_retry(self) -> bool:
        """Sessions of a killed postmaster need a moment to notice; until then a new one refuses to start."""
        if self._process and any("pre-existing shared memory" in line for line in self._process.tail()):
            self._spawn()
            return True
        return False


class RedisEngine(Engine):
    """Redis with an append-only file, flushed every second."""

    name = "redis"

    @property
    def program(self) -> str:
        """Redis, or Valkey which speaks the same."""
        return redis_server().name

    def url(self) -> str:
        """The address, whether or not the engine runs: `unix://SOCKET`."""
        return f"unix://{self._socket}"

    @property
    def _socket(self) -> Path:
        return self._sockets.open() / "redis.sock"

    def _prepare(self) -> None:
        self.data.mkdir(mode=0o700, exist_ok=True)

    def _command(self) -> list[str | Path]:
        options = {
            "port": "0",
            "unixsocket": str(self._socket),
            "unixsocketperm": "700",
            "dir": str(self.data),
            "appendonly": "yes",
            "appendfsync": "no" if is_ephemeral() else "everysec",
            "save": "",
        }
        return [redis_server(), *(part for name, value in options.items() for part in (f"--{name}", value))]

    def _answers(self) -> bool:
        if not self.process:
            return False
        client = redis.Redis(unix_socket_path=str(self._socket), socket_timeout=1, retry=Retry(NoBackoff(), 0))
        try:
            return bool(client.ping())
        except (redis.ConnectionError, redis.TimeoutError):
            return False
        finally:
            client.close()
