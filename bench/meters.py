"""What a request costs the servers: CPU time by process, SQL statements by login, sequential scans by table."""

import asyncio
import re
import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import psutil

from shared.stack.console import Reporter

_RECORD = re.compile(r"^@(\w*)@ *LOG: +(?:statement|execute [^:\n]*): ((?:.*\n)(?:\t.*\n)*)", re.MULTILINE)
_CONTROL = re.compile(r"BEGIN|COMMIT|ROLLBACK|SELECT set_config|SELECT pg_catalog|SHOW|SET |DISCARD|RESET|UNLISTEN")
# What subgraphs ask in the background: their relays and consumers, work that waits for a time, health checks.
_BACKGROUND = re.compile(
    r"SELECT 1$|pg_try_advisory|pg_advisory_unlock|outbox_position|consumer_|parked_event|sequence IS NULL|"
    r"embed_after|scheduled_for|deadline <|outbox\.created_at|idempotency|WITH RECURSIVE typeinfo|current_setting"
)
_FLUSH_SECONDS = 10.5  # an idle session tells its statistics within ten
_QUIET_SECONDS = 5.0
_LARGE = 10_000

Cpu = Mapping[str, float]
"""Seconds of CPU time by the name of a process; `postgres` stands for all its processes."""


class CpuMeter:
    """Reads the CPU time of servers; sessions that have ended meanwhile count with the process that started them."""

    def __init__(self, pids: Mapping[str, int]) -> None:
        self._processes = {name: psutil.Process(pid) for name, pid in pids.items()}

    def read(self) -> dict[str, float]:
        """Seconds since each process began."""
        return {name: _seconds(process) for name, process in self._processes.items()}


def _seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    total = times.user + times.system + times.children_user + times.children_system
    for child in process.children():
        try:
            own = child.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += own.user + own.system
    return total


def spent(before: Cpu, after: Cpu) -> dict[str, float]:
    """The seconds between two readings."""
    return {name: after[name] - before[name] for name in after}


async def settled(owner: asyncpg.Connection, subgraphs: Sequence[str], reporter: Reporter) -> None:
    """Returns once no subgraph has applied an event for five seconds: answers change until then."""
    sums = " + ".join(
        f"(SELECT coalesce(sum(last), 0) + (SELECT count(*) FROM {name}.outbox WHERE sequence IS NULL) * 1000000 "
        f"FROM {name}.consumer_position)"
        for name in subgraphs
    )
    with reporter.step("events"):
        before, last = None, time.monotonic()
        while time.monotonic() - last < _QUIET_SECONDS:
            await asyncio.sleep(0.5)
            if (applied := await owner.fetchval(f"SELECT {sums}")) != before:
                before, last = applied, time.monotonic()


@dataclass(frozen=True)
class Counted:
    """SQL of some requests: what they asked by login, and what went along with it to open and end transactions, that
    of the system logins aside."""

    asked: Mapping[str, int]
    control: int


class SqlMeter:
    """Counts statements in the server's log, which it makes complete while `logging` is asked for."""

    def __init__(self, owner: asyncpg.Connection, log: Path) -> None:
        self._owner, self._log = owner, log

    async def switch(self, *, on: bool) -> None:
        """Makes the server log each statement, or stop it."""
        settings = {"log_statement": "'all'", "log_line_prefix": "'@%u@ '"}
        for name, value in settings.items():
            await self._owner.execute(f"ALTER SYSTEM SET {name} = {value}" if on else f"ALTER SYSTEM RESET {name}")
        await self._owner.execute("SELECT pg_reload_conf()")
        await asyncio.sleep(0.5)

    def place(self) -> int:
        """Where the log ends now."""
        return self._log.stat().st_size

    def since(self, place: int) -> Counted:
        """What has been logged from there on."""
        with self._log.open("rb") as log:
            log.seek(place)
            records = _RECORD.findall(log.read().decode(errors="replace"))
        asked: Counter[str] = Counter()
        control = 0
        for login, text in records:
            if _BACKGROUND.search(text):
                continue
            if _CONTROL.match(text):
                control += not login.endswith("_system")  # whose transactions are mostly those of background work
            else:
                asked[login.removeprefix("lyceum_")] += 1
        return Counted(asked, control)


class ScanMeter:
    """Finds tables that were read from end to end."""

    def __init__(self, owner: asyncpg.Connection) -> None:
        self._owner = owner

    async def read(self) -> dict[str, tuple[int, int]]:
        """Scans and rows read by them, by table, once every session has told of its own."""
        await asyncio.sleep(_FLUSH_SECONDS)
        await self._owner.execute("SELECT pg_stat_clear_snapshot()")
        rows = await self._owner.fetch(
            "SELECT schemaname || '.' || relname AS name, seq_scan, seq_tup_read FROM pg_stat_user_tables"
        )
        return {row["name"]: (row["seq_scan"], row["seq_tup_read"]) for row in rows}

    @staticmethod
    def large(before: Mapping[str, tuple[int, int]], after: Mapping[str, tuple[int, int]]) -> dict[str, int]:
        """Rows per scan, by table, where there were scans of more than 10,000."""
        found: dict[str, int] = defaultdict(int)
        for name, (scans, rows) in after.items():
            scans_before, rows_before = before.get(name, (0, 0))
            if scans > scans_before and rows - rows_before > _LARGE * (scans - scans_before):
                found[name] = (rows - rows_before) // (scans - scans_before)
        return dict(found)
