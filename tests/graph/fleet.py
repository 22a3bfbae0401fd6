"""Engines, subgraphs and a router as processes of a test, each of which it may kill and start again."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from shared.stack import composition, databases, environment, ports
from shared.stack.console import Reporter
from shared.stack.engines import RedisEngine
from shared.stack.project import Project
from shared.stack.running import Engines
from tests.graph.clients import Graph
from tests.graph.replicas import Replica
from tests.graph.stack import ROOT, forget


class Fleet:
    """The whole graph, one process each."""

    def __init__(self, home: Path) -> None:
        self.project = Project(ROOT, home, Project.load().subgraphs, 0)
        self.engines = Engines(self.project)
        self.replicas: dict[str, Replica] = {}
        self.graph: Graph

    @classmethod
    @asynccontextmanager
    async def running(cls, home: Path) -> AsyncIterator["Fleet"]:
        """Starts everything on engines of its own, with the demo data, and kills it at the end."""
        fleet = cls(home)
        try:
            await fleet._start()
            yield fleet
        finally:
            await asyncio.gather(*(replica.kill() for replica in fleet.replicas.values()))
            await asyncio.to_thread(fleet.engines.stop)
            forget(home)

    async def crash(self, name: str) -> None:
        """Kills a process as `kill -9` does."""
        if name == "redis":
            await asyncio.to_thread(self._redis.kill)
        else:
            await self.replicas[name].kill()

    async def revive(self, name: str) -> None:
        """Starts it again and waits until it is ready; Redis has forgotten everything."""
        if name == "redis":
            await asyncio.to_thread(self._redis.start)
        else:
            await self.replicas[name].start()

    @property
    def _redis(self) -> RedisEngine:
        assert self.engines.redis
        return self.engines.redis

    async def _start(self) -> None:
        await asyncio.to_thread(self.engines.start)
        await asyncio.to_thread(databases.migrate, self.project, self.engines.addresses)
        await asyncio.to_thread(databases.seed, self.project, self.engines.addresses, Reporter(quiet=True))
        chosen = {name: _free_port() for name in (*self.project.subgraphs, "router")}
        supergraph = self.project.supergraph
        own = {name: port for name, port in chosen.items() if name != "router"}
        await asyncio.to_thread(
            composition.compose, self.project, supergraph, supergraph.parent / "schema.graphql", own
        )
        jwks = environment.jwks_url(self.project, chosen["identity"])
        self.replicas = {name: self._replica(name, port, jwks) for name, port in chosen.items()}
        await asyncio.gather(*(replica.start() for replica in self.replicas.values()))
        port = chosen["router"]
        self.graph = Graph(f"http://127.0.0.1:{port}/graphql", f"ws://127.0.0.1:{port}/graphql")

    def _replica(self, name: str, port: int, jwks: str) -> Replica:
        variables = (
            environment.for_router(self.project, self.engines.addresses, port, jwks)
            if name == "router"
            else environment.for_subgraph(name, self.project, self.engines.addresses, jwks, port)
        )
        return Replica(name, variables, port, self.project.home / f"{name}.log")


def _free_port() -> int:
    with ports.reserve() as held:
        return ports.port_of(held)
