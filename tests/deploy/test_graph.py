"""The graph as compose.yaml starts it, with its commands and its environment, but on this machine's own engines.

What cannot be had here is left out: MongoDB, Elasticsearch and the collector (their embedded twins do their work), and
the containers themselves. Hosts are replaced by the addresses that the processes really have.
"""

import asyncio
import re
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import psutil
import pytest
from redis.asyncio import Redis
from redis.exceptions import AuthenticationError

from shared.stack import composition, ports
from shared.stack.engines import PostgresEngine
from shared.stack.programs import redis_server
from shared.stack.project import Project
from tests.deploy.manifests import ROOT, SUBGRAPHS, services
from tests.graph.clients import PASSWORD as DEMO_PASSWORD
from tests.graph.clients import Graph
from tests.graph.operations import WEB, persisted
from tests.graph.stack import forget

pytestmark = pytest.mark.xdist_group("deploy")

PROCESSES = (*SUBGRAPHS, "router")
LEFT_OUT = {"MONGODB_URL", "ELASTICSEARCH_URL", "OTEL_EXPORTER_OTLP_ENDPOINT"}
EMAIL, PASSWORD = "me@learn.example", "correct horse battery staple"


@dataclass
class Deployment:
    """The services of compose.yaml, each at an address of this machine."""

    home: Path
    database: str
    ports: dict[str, int]
    processes: dict[str, asyncio.subprocess.Process]

    def here(self, text: str) -> str:
        """A value of compose.yaml with the addresses of this machine."""
        text = re.sub(r"@postgres:5432/lyceum$", f"@/lyceum?{self.database.partition('?')[2]}", text)
        text = text.replace("@redis:6379/", f"@127.0.0.1:{self.ports['redis']}/")
        return re.sub(r"\b(\w+):8000\b", lambda match: f"127.0.0.1:{self.ports[match[1]]}", text)

    def environment(self, name: str) -> dict[str, str]:
        """What the service would be told, and nothing of ours but where programs and homes are."""
        given = {key: self.here(value) for key, value in services()[name]["environment"].items() if key not in LEFT_OUT}
        if "LYCEUM_PORT" in given:
            given["LYCEUM_PORT"] = str(self.ports[name])
        own = {"LYCEUM_HOME": str(self.home / name), "LYCEUM_SUPERGRAPH": str(self.home / "supergraph.graphql")}
        return {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin"} | own | given

    def command(self, name: str, arguments: list[str] | None = None) -> list[str]:
        """The entry point of the image with the service's command, or with other arguments."""
        entry = re.search(r"^ENTRYPOINT (\[.*\])$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
        assert entry
        words = [*re.findall(r'"([^"]+)"', entry[1]), *(arguments or services()[name]["command"])]
        return [str(self.ports[name]) if word == "8000" else word for word in words]

    async def start(self, name: str, arguments: list[str] | None = None) -> asyncio.subprocess.Process:
        """Starts a service, or runs its image with other arguments."""
        with (self.home / f"{name}.log").open("ab") as log:
            return await asyncio.create_subprocess_exec(
                *self.command(name, arguments), cwd=ROOT, env=self.environment(name), stdout=log, stderr=log
            )

    async def run(self, name: str, *arguments: str, **variables: str) -> tuple[int | None, str]:
        """Runs a service to its end: its code and what it said."""
        process = await asyncio.create_subprocess_exec(
            *self.command(name, list(arguments) or None),
            cwd=ROOT,
            env=self.environment(name) | variables,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await process.communicate()
        return process.returncode, output.decode()

    async def is_healthy(self, name: str) -> bool:
        """What the health check of the service says."""
        kind, *command = services()[name]["healthcheck"]["test"]
        assert kind == "CMD"
        port = str(self.ports[name])
        words = [port if word in ("8000", "4000") else word for word in command]
        process = await asyncio.create_subprocess_exec(*words, cwd=ROOT, env={"PATH": self.environment(name)["PATH"]})
        return await process.wait() == 0

    async def become_healthy(self, name: str) -> None:
        """Waits until the health check of a service that was started says yes."""
        async with asyncio.timeout(180):
            while not await self.is_healthy(name):
                assert self.processes[name].returncode is None, (self.home / f"{name}.log").read_text()
                await asyncio.sleep(1)

    async def start_redis(self) -> None:
        """The service's own command and password, with the server that we have, on a port and a folder of ours."""
        programs, data = self.home / "programs", self.home / "redis"
        programs.mkdir()
        data.mkdir()
        (programs / "redis-server").symlink_to(redis_server())
        service = services()["redis"]
        shell, option, script = service["command"]
        script = script.replace("dir /data\n", f"dir {data}\nport {self.ports['redis']}\nbind 127.0.0.1\n")
        environment = {"PATH": f"{programs}:/usr/bin:/bin"} | service["environment"]
        with (self.home / "redis.log").open("ab") as log:
            self.processes["redis"] = await asyncio.create_subprocess_exec(
                shell, option, script, env=environment, stdout=log, stderr=log
            )

    async def up(self) -> None:
        """In the order of `depends_on`: Redis, the job, the subgraphs, the router."""
        await self.start_redis()
        code, output = await self.run("migrate")
        assert code == 0, output
        code, output = await self.run("migrate", "seed")
        assert code == 0, output
        composed = (self.home / "supergraph.graphql", self.home / "schema.graphql")
        own = {name: self.ports[name] for name in SUBGRAPHS}
        await asyncio.to_thread(composition.compose, Project.load(), *composed, own)
        for group in (SUBGRAPHS, ("router",)):
            for name in group:
                self.processes[name] = await self.start(name)
            await asyncio.gather(*(self.become_healthy(name) for name in group))


def free_port() -> int:
    """A port that nobody listens on."""
    with ports.reserve() as held:
        return ports.port_of(held)


async def make_owner(postgres: PostgresEngine) -> None:
    """The owner that the job's DATABASE_URL names. It is no superuser, as nobody is one of a managed PostgreSQL; the
    extension, which there any owner may make, is made for it."""
    server = await asyncpg.connect(postgres.url(database="postgres"))
    await server.execute("CREATE ROLE lyceum LOGIN CREATEDB CREATEROLE")
    await server.execute("CREATE DATABASE lyceum OWNER lyceum")
    await server.close()
    database = await asyncpg.connect(postgres.url())
    await database.execute("CREATE SCHEMA extensions AUTHORIZATION lyceum; CREATE EXTENSION vector SCHEMA extensions")
    await database.close()


@pytest.fixture(scope="module")
async def deployment(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Deployment]:
    """Everything up; killed at the end, whatever happened."""
    home = tmp_path_factory.mktemp("deployment")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LYCEUM_EPHEMERAL", "1")
        postgres = PostgresEngine(home)
    deployment = Deployment(home, postgres.url(), {name: free_port() for name in (*PROCESSES, "migrate", "redis")}, {})
    try:
        await asyncio.to_thread(postgres.start)
        await make_owner(postgres)
        await deployment.up()
        yield deployment
    finally:
        for process in deployment.processes.values():
            if process.returncode is None:
                process.kill()
                await process.wait()
        await asyncio.to_thread(postgres.stop)
        forget(home)


@pytest.fixture(scope="module")
async def graph(deployment: Deployment) -> AsyncIterator[Graph]:
    """Its router."""
    port = deployment.ports["router"]
    graph = Graph(f"http://127.0.0.1:{port}/graphql", f"ws://127.0.0.1:{port}/graphql")
    yield graph
    await graph.http.aclose()


async def send(graph: Graph, name: str, token: str | None = None, **variables: Any) -> Any:
    """What an operation of our web client answers; in production nothing else may be sent."""
    return (await graph.send(persisted("web", name, **variables), token, headers=WEB)).data


async def login(graph: Graph, email: str, password: str) -> Any:
    """What the login answers."""
    return (await send(graph, "Login", input={"email": email, "password": password}))["login"]


async def test_one_query_reaches_the_six_subgraphs(graph: Graph) -> None:
    token = (await login(graph, "student@demo.example", DEMO_PASSWORD))["accessToken"]
    user = (await send(graph, "Dashboard", token))["viewer"]["user"]
    enrollments = [edge["node"] for edge in user["enrollments"]["edges"]]
    assert {it["course"]["organization"]["name"] for it in enrollments} == {"Northlight Lyceum"}
    assert any(it["grade"] is not None for it in enrollments)
    assert any(it["badgeProgress"] for it in enrollments)
    assert user["recommendations"][0]["item"]["title"]


async def test_it_is_in_production(graph: Graph) -> None:
    answer = await graph.ask("{ __schema { types { name } } }")
    assert answer.codes == ["PERSISTED_QUERY_REQUIRED"]
    page = await graph.http.get(graph.url, headers={"accept": "text/html"})
    assert "graphiql" not in page.text.lower()


async def test_the_operators_login_is_made_by_the_jobs_service(deployment: Deployment, graph: Graph) -> None:
    variable = {"LYCEUM_ADMINISTRATOR_PASSWORD": PASSWORD}
    code, output = await deployment.run("migrate", "administrator", EMAIL, **variable)
    assert code == 0, output
    assert (await login(graph, EMAIL, PASSWORD))["__typename"] == "Tokens"


async def test_what_anybody_may_check_is_where_the_proxy_sends_them(deployment: Deployment) -> None:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{deployment.ports['credentials']}") as client:
        document: Any = (await client.get("/organizations/demo/did.json")).json()
        assert document["id"] == "did:web:learn.example:organizations:demo"
        assert (await client.get("/verify/unknown")).status_code == 404


async def test_probes_of_kubernetes_are_answered(deployment: Deployment) -> None:
    async with httpx.AsyncClient() as client:
        for name in SUBGRAPHS:
            for path in ("/health", "/ready"):
                assert (await client.get(f"http://127.0.0.1:{deployment.ports[name]}{path}")).status_code == 200
        for path in ("/readiness", "/healthcheck"):
            assert (await client.get(f"http://127.0.0.1:{deployment.ports['router']}{path}")).status_code == 200


async def test_redis_asks_for_its_password(deployment: Deployment) -> None:
    address = f"redis://127.0.0.1:{deployment.ports['redis']}"
    async with Redis.from_url(address) as stranger:
        with pytest.raises(AuthenticationError):
            await stranger.ping()
    async with Redis.from_url(deployment.environment("catalog")["REDIS_URL"]) as redis:
        assert (await redis.config_get("maxmemory-policy"))["maxmemory-policy"] == "noeviction"
        assert (await redis.config_get("appendonly"))["appendonly"] == "yes"


async def test_a_subgraph_with_a_wrong_address_never_becomes_healthy(deployment: Deployment) -> None:
    port = free_port()
    wrong = deployment.environment("catalog") | {"REDIS_URL": f"redis://127.0.0.1:{free_port()}"}
    command = [
        str(port) if word == str(deployment.ports["catalog"]) else word for word in deployment.command("catalog")
    ]
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=wrong, stdout=asyncio.subprocess.DEVNULL)
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client, asyncio.timeout(60):
            while True:
                try:
                    assert (await client.get("/health")).json()["status"] == "degraded"
                    break
                except httpx.ConnectError:
                    await asyncio.sleep(0.1)
            assert (await client.get("/ready")).status_code == 503
    finally:
        process.kill()
        await process.wait()


async def test_everything_stops_when_it_is_told_to(deployment: Deployment) -> None:
    grace = {name: int(services()[name]["stop_grace_period"].removesuffix("s")) for name in (*PROCESSES, "redis")}
    for name, process in reversed(deployment.processes.items()):
        children = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(grace[name]):
            assert await process.wait() in (0, -signal.SIGTERM), name
        assert not [child for child in children if child.is_running()], name
