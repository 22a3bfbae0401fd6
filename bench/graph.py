"""What an operation costs beside a hand-written endpoint for the same answer: `make bench`.

`Dashboard`, `CoursePage`, `Gradebook` and `Login` of the contract go through the router, straight to a subgraph where
one suffices, and to the floor (`bench.floor`), in turns, so that whatever else the machine does meets all of them.
First each answer is compared with the floor's. Clients run in a process of their own, whose CPU time does not count;
that of servers at rest is subtracted. Everything shares one machine: compare ratios, not figures.
"""

import argparse
import asyncio
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import psutil

from bench.cases import ALONE, OPERATIONS, Case, Target, cases
from bench.meters import Counted, CpuMeter, ScanMeter, SqlMeter, settled, spent
from shared.stack.console import Reporter
from shared.stack.keys import router_secret, signing_keys
from shared.stack.ports import port_of, reserve
from tests.graph.stack import ROOT, Stack, forget
from tests.graph.tokens import Mint

KEPT = ROOT / ".lyceum-bench"
"""The home of the big set, which a second run finds again."""

_SETTINGS = {"LYCEUM_EPHEMERAL": "", "LYCEUM_RATE_LIMIT": "1000000000", "LYCEUM_LOG_FORMAT": "json"}
_ROUNDS = 5
_COUNTED = 5  # requests whose statements are counted
_VOLATILE = ("accessToken", "refreshToken", "expiresAt")


@dataclass
class Measured:
    """One operation at one target."""

    taken: list[float] = field(default_factory=list)
    seconds: float = 0.0
    cpu: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    sql: Counted | None = None

    def row(self) -> dict[str, Any]:
        """Milliseconds, requests a second, statements."""
        count, ordered = len(self.taken), sorted(self.taken)
        assert self.sql
        by_process = {name: round(1000 * seconds / count, 3) for name, seconds in self.cpu.items() if seconds > 0}
        return {
            "requests": count,
            "cpu_ms": round(sum(by_process.values()), 2),
            "cpu_ms_without_postgres": round(sum(by_process.values()) - by_process.get("postgres", 0.0), 2),
            "p50_ms": round(statistics.median(ordered), 1),
            "p95_ms": round(ordered[min(count - 1, int(count * 0.95))], 1),
            "per_second": round(count / self.seconds, 1),
            "sql": round(sum(self.sql.asked.values()) / _COUNTED, 1),
            "sql_with_transactions": round((sum(self.sql.asked.values()) + self.sql.control) / _COUNTED, 1),
            "sql_by_login": {name: round(count / _COUNTED, 1) for name, count in self.sql.asked.items()},
            "cpu_ms_by_process": dict(sorted(by_process.items(), key=lambda pair: -pair[1])),
        }


class Clients:
    """The process with the clients."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "bench.load"]
        self._process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    async def run(self, requests: Sequence[Mapping[str, Any]], clients: int, seconds: float) -> dict[str, Any]:
        """What `bench.load` has measured."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps({"requests": requests, "clients": clients, "seconds": seconds}) + "\n")
        self._process.stdin.flush()
        found: dict[str, Any] = json.loads(await asyncio.to_thread(self._process.stdout.readline))
        if found["bad"]:
            raise SystemExit("\n".join(["The load met refusals:", *found["bad"]]))
        return found

    def stop(self) -> None:
        """Ends it."""
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(10)


@contextmanager
def stack_of(size: str, reporter: Reporter) -> Iterator[Stack]:
    """A running stack with this set: the demo data in a home of the moment, the big one in a kept home."""
    if size == "demo":
        with tempfile.TemporaryDirectory() as home, _running(Path(home), reporter) as stack:
            yield stack
            forget(Path(home))
        return
    home = KEPT / size
    if not (home / "complete").exists():
        if home.exists():
            forget(home)
            shutil.rmtree(home)
        environment = os.environ | _SETTINGS | {"LYCEUM_HOME": str(home)}
        command = [sys.executable, "-m", "shared.stack.cli", "seed", "--size", size]
        subprocess.run(command, cwd=ROOT, env=environment, stdout=sys.stderr, check=True)
        (home / "complete").touch()
    with _running(home, reporter) as stack:
        yield stack


@contextmanager
def _running(home: Path, reporter: Reporter) -> Iterator[Stack]:
    with reporter.step("start") as step:
        stack = Stack(home, **_SETTINGS)
        step.note = str(home)
    try:
        yield stack
    finally:
        stack.stop()


@asynccontextmanager
async def floor_of(stack: Stack) -> Any:
    """The floor on the engines of the stack: its target and its process id."""
    held = reserve()
    port = port_of(held)
    held.close()
    environment = os.environ | {
        "DATABASE_URL": stack.urls["database"],
        "REDIS_URL": stack.urls["redis"],
        "LYCEUM_SIGNING_KEYS_FILE": str(signing_keys(stack.home)),
        "LYCEUM_PUBLIC_URL": stack.urls["subgraphs"]["credentials"],
    }
    process = subprocess.Popen([sys.executable, "-m", "bench.floor", str(port)], cwd=ROOT, env=environment)
    url = f"http://127.0.0.1:{port}"
    try:
        async with httpx.AsyncClient(trust_env=False) as client:
            for _ in range(300):
                try:
                    await client.get(url)
                    break
                except httpx.TransportError:
                    await asyncio.sleep(0.1)
        yield Target("floor", url, {}, by_path=True), process.pid
    finally:
        process.terminate()
        process.wait(10)


class Bench:
    """One run on one stack."""

    def __init__(self, stack: Stack, options: argparse.Namespace, reporter: Reporter) -> None:
        self._stack, self._options, self._reporter = stack, options, reporter
        self._found: dict[tuple[str, str], Measured] = defaultdict(Measured)
        self._scans: dict[str, dict[str, int]] = {}

    async def run(self, size: str) -> dict[str, Any]:
        """All of it, as JSON."""
        owner = await asyncpg.connect(self._stack.urls["database"])
        clients = Clients()
        try:
            async with floor_of(self._stack) as (floor, pid):
                self._targets = self._targets_of(floor)
                self._cases = await cases(owner, Mint(self._stack.home), size)
                self._cpu = CpuMeter(self._pids() | {"floor": pid})
                await settled(owner, list(self._stack.urls["subgraphs"]), self._reporter)
                await self._compare()
                await self._warm(clients)
                await self._count(owner)
                await self._measure(clients)
        finally:
            clients.stop()
            await owner.close()
        return {"size": size, "operations": self._rows(), "sequential_scans": self._scans}

    def _targets_of(self, floor: Target) -> dict[str, list[Target]]:
        """Where each operation goes, the floor first."""
        urls, secret = self._stack.urls, {"x-lyceum-router": router_secret(self._stack.home)}
        router = Target("router", urls["graphql"], {})
        found = {operation: [floor, router] for operation in self._options.operations}
        for operation in found.keys() & ALONE.keys():
            name = ALONE[operation]
            found[operation].append(Target(name, f"{urls['subgraphs'][name]}/graphql", secret))
        return found

    def _pids(self) -> dict[str, int]:
        engines = {
            child.name(): child.pid
            for child in psutil.Process(self._stack.process.pid).children()
            if child.pid not in self._stack.pids.values()
        }
        served = {name: pid for name, pid in self._stack.pids.items() if name != "lyceum"}
        return served | {"redis" if "postgres" not in name else "postgres": pid for name, pid in engines.items()}

    async def _compare(self) -> None:
        """Refuses to measure answers that are not the same."""
        with self._reporter.step("compare") as step:
            compared = 0
            async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
                for operation, targets in self._targets.items():
                    for case in self._cases[operation]:
                        answers = [await _answer(client, target.request(operation, case)) for target in targets]
                        for target, answer in zip(targets, answers, strict=True):
                            if answer != answers[0]:
                                raise SystemExit(_difference(operation, case, target.name, answers[0], answer))
                        compared += 1
            step.note = f"{compared} requests answered alike"

    async def _warm(self, clients: Clients) -> None:
        """Everything compiled, cached and connected, and the events of signing in gone."""
        with self._reporter.step("warm up"):
            for operation, target in self._pairs():
                await clients.run(self._requests(operation, target), self._options.clients, 2)

    async def _count(self, owner: asyncpg.Connection) -> None:
        """Statements of single requests, and scans of each operation through the router."""
        sql, scans = SqlMeter(owner, self._stack.home / "logs" / "postgres.log"), ScanMeter(owner)
        with self._reporter.step("statements and scans"):
            before = await scans.read()
            for operation, targets in self._targets.items():
                await sql.switch(on=True)
                async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
                    for target in targets[::-1]:
                        place = sql.place()
                        for request in self._requests(operation, target)[:_COUNTED]:
                            await _answer(client, request)
                        self._found[operation, target.name].sql = sql.since(place)
                await sql.switch(on=False)
                after = await scans.read()
                self._scans[operation], before = scans.large(before, after), after

    async def _measure(self, clients: Clients) -> None:
        rest = await self._at_rest()
        each = self._options.seconds / _ROUNDS
        with self._reporter.step("measure") as step:
            step.note = f"{_ROUNDS} rounds of {each:g} s, {self._options.clients} clients"
            for number in range(_ROUNDS):
                pairs = list(self._pairs())
                for operation, target in pairs if number % 2 else pairs[::-1]:
                    before = self._cpu.read()
                    found = await clients.run(self._requests(operation, target), self._options.clients, each)
                    measured = self._found[operation, target.name]
                    measured.taken += found["taken"]
                    measured.seconds += found["seconds"]
                    for name, seconds in spent(before, self._cpu.read()).items():
                        measured.cpu[name] += seconds - rest[name] * found["seconds"]

    async def _at_rest(self) -> dict[str, float]:
        """Seconds of CPU time a second while nobody asks anything."""
        with self._reporter.step("rest") as step:
            await asyncio.sleep(3)
            before, began = self._cpu.read(), time.perf_counter()
            await asyncio.sleep(5)
            took = time.perf_counter() - began
            found = {name: seconds / took for name, seconds in spent(before, self._cpu.read()).items()}
            step.note = f"{100 * sum(found.values()):.1f} % of a core"
        return found

    def _pairs(self) -> Iterator[tuple[str, Target]]:
        for operation, targets in self._targets.items():
            for target in targets:
                yield operation, target

    def _requests(self, operation: str, target: Target) -> list[dict[str, Any]]:
        return [target.request(operation, case) for case in self._cases[operation]]

    def _rows(self) -> dict[str, Any]:
        rows: dict[str, Any] = {}
        for operation, targets in self._targets.items():
            own = {target.name: self._found[operation, target.name].row() for target in targets}
            for row in own.values():
                row["cpu_over_floor"] = round(row["cpu_ms"] / own["floor"]["cpu_ms"], 2)
            rows[operation] = own
        return rows


async def _answer(client: httpx.AsyncClient, request: Mapping[str, Any]) -> Any:
    answer = await client.post(request["url"], content=request["body"], headers=request["headers"])
    body = answer.json()
    if answer.status_code != 200 or "errors" in body:
        raise SystemExit(f"{request['url']} answered {answer.status_code}: {answer.text[:500]}")
    tokens = (body["data"].get("login") or {}) if isinstance(body["data"], dict) else {}
    for name in _VOLATILE:
        if name in tokens:
            tokens[name] = type(tokens[name]).__name__
    return body["data"]


def _difference(operation: str, case: Case, name: str, floor: Any, other: Any) -> str:
    lines = [f"{operation} of {name} is not what the floor answers, for {dict(case.variables)}:"]
    return "\n".join([*lines, f"floor  {json.dumps(floor)[:3000]}", f"{name}  {json.dumps(other)[:3000]}"])


def show(found: Sequence[Mapping[str, Any]], reporter: Reporter) -> None:
    """The tables for people."""
    names = (
        "set",
        "operation",
        "through",
        "CPU ms",
        "no PG",
        "over floor",
        "p50 ms",
        "p95 ms",
        "req/s",
        "SQL",
        "all SQL",
    )
    keys = ("cpu_ms", "cpu_ms_without_postgres", "cpu_over_floor", "p50_ms", "p95_ms", "per_second", "sql")
    rows, shares = [], []
    for run in found:
        for operation, targets in run["operations"].items():
            for target, row in targets.items():
                shown = [str(row[key]) for key in (*keys, "sql_with_transactions")]
                rows.append([run["size"], operation, target, *shown])
                parts = "  ".join(f"{name} {ms:.2f}" for name, ms in row["cpu_ms_by_process"].items())
                shares.append([run["size"], operation, target, parts])
    reporter.table(names, rows)
    reporter.say("")
    reporter.table(("set", "operation", "through", "CPU ms by process"), shares)
    for run in found:
        for operation, tables in run["sequential_scans"].items():
            for table, count in tables.items():
                reporter.say(f"{run['size']}: {operation} scans {table} from end to end, {count:,} rows")


def growth(found: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, float]]:
    """By operation and target, p95 on the last set over that on the first. The floor's says how much of it is the
    machine's, which may have been busier, and the data's."""
    if len(found) < 2:
        return {}
    first, last = found[0]["operations"], found[-1]["operations"]
    return {
        operation: {name: round(last[operation][name]["p95_ms"] / row["p95_ms"], 2) for name, row in targets.items()}
        for operation, targets in first.items()
    }


def main() -> None:
    """Measures the sets one after the other, and prints tables, or JSON alone."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", nargs="+", choices=("demo", "m"), default=["demo", "m"], help="which sets")
    parser.add_argument("--operations", nargs="+", choices=OPERATIONS, default=list(OPERATIONS))
    parser.add_argument("--seconds", type=float, default=15, help="of load per operation and target")
    parser.add_argument("--clients", type=int, default=4, help="requests under way at any time")
    parser.add_argument("--json", action="store_true", help="print JSON only")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # or the stack would stay
    reporter, found = Reporter(quiet=options.json), []
    for size in options.size:
        with stack_of(size, reporter) as stack:
            found.append(asyncio.run(Bench(stack, options, reporter).run(size)))
    if options.json:
        print(json.dumps({"sets": found, "p95_growth": growth(found)}))
        return
    show(found, reporter)
    for operation, ratios in growth(found).items():
        by_target = ", ".join(f"{name} {ratio}" for name, ratio in ratios.items())
        reporter.say(f"{operation}: p95 on {options.size[-1]} over p95 on {options.size[0]}: {by_target}")


if __name__ == "__main__":
    main()
