"""The whole graph, up and down: what `lyceum up` runs."""

import os
import queue
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Mapping
from functools import partial
from types import FrameType

from shared.stack import composition, databases, environment, health, running
from shared.stack.console import Reporter
from shared.stack.errors import StackError
from shared.stack.ports import HOST, port_of, reserve
from shared.stack.processes import Process
from shared.stack.programs import node
from shared.stack.project import Project

_ROUTER = "router"
_START_SECONDS = 60.0
_STOP_SECONDS = 8.0
_POLL_SECONDS = 0.05
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stack:
    """Engines, subgraphs and router of one project; `run` starts them, watches them and stops them."""

    def __init__(self, project: Project, reporter: Reporter, *, seed: bool = True) -> None:
        self._project = project
        self._reporter = reporter
        self._seed = seed
        self._began = time.monotonic()
        self._lock = running.home_lock(project)
        self._engines = running.Engines(project)
        self._processes: dict[str, Process] = {}
        self._ended: queue.Queue[Process] = queue.Queue()
        self._stopping = False

    def run(self) -> int:
        """Runs until a signal (0) or a failure (1); either way everything is stopped. Main thread only."""
        self._lock.acquire()
        for number in _SIGNALS:
            signal.signal(number, self._on_signal)
        try:
            self._start()
            raise _death(self._ended.get())
        except KeyboardInterrupt:
            return 0
        except StackError as error:
            self._reporter.fail(str(error))
            return 1
        finally:
            self._stop()

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        """The first one stops everything in order; a second one does not wait for anybody."""
        if self._stopping:
            for process in self._processes.values():
                process.strike()
        else:
            self._stopping = True
            raise KeyboardInterrupt

    def _start(self) -> None:
        with self._reporter.step("environment") as step:
            step.note = str(self._project.home)
            router = reserve(self._project.port)
            sockets = {name: reserve() for name in self._project.subgraphs}
        ports = {name: port_of(held) for name, held in sockets.items()}
        jwks = environment.jwks_url(self._project, ports.get("identity"))
        self._start_engines()
        self._prepare_databases()
        with self._reporter.step("compose"):
            composition.compose(self._project, self._project.supergraph, self._project.home / "schema.graphql", ports)
        with self._reporter.step("subgraphs") as step:
            step.note = ", ".join(ports)
            for name, held in sockets.items():
                self._start_subgraph(name, held, jwks)
            self._start_router(router, jwks)  # it needs no subgraph to start, and takes as long
            self._wait_for({name: partial(health.subgraph_is_ready, port) for name, port in ports.items()})
        with self._reporter.step(_ROUTER) as step:
            step.note = f"port {self._port}"
            self._wait_for({_ROUTER: partial(health.router_is_ready, self._port)})
        self._announce(ports)

    def _start_engines(self) -> None:
        with self._reporter.step("engines") as step:
            self._engines.start()
            step.note = ", ".join(engine.description for engine in self._engines.embedded) or "external"
        for engine in self._engines.embedded:
            if engine.process:
                self._watch(engine.process)

    def _prepare_databases(self) -> None:
        addresses = self._engines.addresses
        with self._reporter.step("migrate"):
            databases.migrate(self._project, addresses)
        if self._engines.postgres and self._engines.postgres.was_created:
            databases.forget_seeded(self._project, addresses)
        if self._seed and not databases.is_seeded(self._project, addresses):
            with self._reporter.step("seed") as step:
                step.note = f"{databases.seed(self._project, addresses, self._reporter)} rows"

    def _start_subgraph(self, name: str, held: socket.socket, jwks: str) -> None:
        process = Process(
            name,
            [sys.executable, "-m", "shared.stack.cli", "serve", name, "--fd", str(held.fileno())],
            environment=environment.for_subgraph(name, self._project, self._engines.addresses, jwks, port_of(held)),
            directory=self._project.root,
            log=self._project.logs / f"{name}.log",
            on_line=self._reporter.line_writer(name),
            descriptors=[held.fileno()],
        )
        process.start()
        held.close()
        self._watch(process)

    def _start_router(self, held: socket.socket, jwks: str) -> None:
        self._port = port_of(held)
        held.close()  # held until now, so that nobody else was given the port
        process = Process(
            _ROUTER,
            [node(), "server.ts"],
            environment=environment.for_router(self._project, self._engines.addresses, self._port, jwks),
            directory=self._project.router,
            log=self._project.logs / f"{_ROUTER}.log",
            on_line=self._reporter.line_writer(_ROUTER),
        )
        process.start()
        self._watch(process)

    def _watch(self, process: Process) -> None:
        """From now on its end, wanted or not, shows up in the queue."""
        self._processes[process.name] = process

        def wait() -> None:
            process.wait()
            self._ended.put(process)

        threading.Thread(target=wait, daemon=True).start()

    def _wait_for(self, waiting: dict[str, Callable[[], bool]]) -> None:
        """Until all of them are ready; StackError when any process dies or the time is over."""
        deadline = time.monotonic() + _START_SECONDS
        while waiting := {name: is_ready for name, is_ready in waiting.items() if not is_ready()}:
            if time.monotonic() > deadline:
                raise _silence(self._processes[next(iter(waiting))])
            try:
                raise _death(self._ended.get(timeout=_POLL_SECONDS))
            except queue.Empty:
                continue

    def _announce(self, ports: Mapping[str, int]) -> None:
        addresses = self._engines.addresses
        graphql, websocket = f"http://{HOST}:{self._port}/graphql", f"ws://{HOST}:{self._port}/graphql"
        urls = {
            "graphql": graphql,
            "websocket": websocket,
            "router": f"http://{HOST}:{self._port}",
            "database": addresses.database,
            "redis": addresses.redis,
            "subgraphs": {name: f"http://{HOST}:{port}" for name, port in ports.items()},
        }
        pids = {"lyceum": os.getpid()} | {name: process.pid for name, process in self._processes.items()}
        running.write_running(self._project.home, {"urls": urls, "pids": pids})
        self._reporter.ready(graphql, websocket, time.monotonic() - self._began)

    def _stop(self) -> None:
        """Router, subgraphs, engines: each only after those that need it; what does not stop in time is killed."""
        self._stopping = True
        running.forget_running(self._project.home)
        if self._processes:
            self._reporter.say("Stopping …")
        router = self._processes.get(_ROUTER)
        if router:
            router.stop(_STOP_SECONDS)
        subgraphs = [self._processes[name] for name in self._project.subgraphs if name in self._processes]
        for process in subgraphs:
            process.ask_to_stop()
        deadline = time.monotonic() + _STOP_SECONDS
        for process in subgraphs:
            process.stop(max(0.0, deadline - time.monotonic()))
        self._engines.stop()
        self._lock.release()


def _death(process: Process) -> StackError:
    return StackError("\n".join([f"{process.name} died ({process.ending}). Its last lines:", *process.tail()]))


def _silence(process: Process) -> StackError:
    what = f"{process.name} was not ready after {_START_SECONDS:.0f} s. Its last lines:"
    return StackError("\n".join([what, *process.tail()]))
