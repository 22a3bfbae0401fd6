"""More processes before the engines of a stack: what a test may kill without `lyceum up` ending everything."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from shared.stack import composition, health, ports
from shared.stack.programs import node
from shared.stack.project import Project
from tests.graph.clients import Graph
from tests.graph.stack import ROOT, Stack


@dataclass
class Replica:
    """One process with the environment that the stack gave its own, on a port of its own."""

    name: str
    environment: dict[str, str]
    port: int
    log: Path
    process: asyncio.subprocess.Process | None = None

    @classmethod
    def of(cls, stack: Stack, name: str, **variables: str) -> "Replica":
        """A replica of a process of the stack, not started yet."""
        environment = psutil.Process(stack.pids[name]).environ()
        with ports.reserve() as held:
            port = ports.port_of(held)
        return cls(name, environment | variables, port, stack.home / f"replica-{name}.log")

    async def start(self) -> None:
        """Starts it and waits until it is ready."""
        is_router = self.name == "router"
        serve = (sys.executable, "-m", "shared.stack.cli", "serve", self.name, "--port", str(self.port))
        command = (node(), "server.ts") if is_router else serve
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                *command,
                cwd=ROOT / "router" if is_router else ROOT,
                env=self.environment | ({"LYCEUM_PORT": str(self.port)} if is_router else {}),
                stdout=log,
                stderr=log,
            )
        is_ready = health.router_is_ready if is_router else health.subgraph_is_ready
        async with asyncio.timeout(30):
            while not await asyncio.to_thread(is_ready, self.port):
                assert self.process.returncode is None, self.log.read_text()
                await asyncio.sleep(0.05)

    async def stop(self) -> None:
        """Ends it as an operator would; it has to end well."""
        assert self.process
        self.process.terminate()
        assert await self.process.wait() == 0

    @property
    def graph(self) -> Graph:
        """The graph behind this router."""
        return Graph(f"http://127.0.0.1:{self.port}/graphql", f"ws://127.0.0.1:{self.port}/graphql")

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Graph]:
        """Runs this router until the end of the block."""
        graph = self.graph
        try:
            await self.start()
            yield graph
        finally:
            await graph.http.aclose()
            await self.kill()

    async def kill(self) -> None:
        """Ends it as a crash would."""
        if self.process and self.process.returncode is None:
            self.process.kill()
            await self.process.wait()


@dataclass(frozen=True)
class Line:
    """A whole second line: replicas of both subgraphs, and a router before them."""

    identity: Replica
    catalog: Replica
    router: Replica
    graph: Graph


@asynccontextmanager
async def second_line(stack: Stack) -> AsyncIterator[Line]:
    """Runs a second line before the engines of the stack."""
    identity, catalog = Replica.of(stack, "identity"), Replica.of(stack, "catalog")
    supergraph = stack.home / "second" / "supergraph.graphql"
    supergraph.parent.mkdir(exist_ok=True)
    project = Project(ROOT, stack.home, ("identity", "catalog"), 0)
    own = {"identity": identity.port, "catalog": catalog.port}
    composition.compose(project, supergraph, supergraph.parent / "schema.graphql", own)
    router = Replica.of(stack, "router", LYCEUM_SUPERGRAPH=os.fspath(supergraph))
    graph = router.graph
    replicas = (identity, catalog, router)
    try:
        await asyncio.gather(*(replica.start() for replica in replicas))
        yield Line(*replicas, graph)
    finally:
        await graph.http.aclose()
        await asyncio.gather(*(replica.kill() for replica in replicas))
