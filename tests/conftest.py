"""Real engines for all tests: PostgreSQL and Redis of this test process, migrated, and each subgraph in process.

Tests isolate themselves by their tenant: each makes an organization of its own, so none needs an empty database and
all may run in any order and at once.
"""

import dataclasses
import importlib
import os
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import event
from starlette.applications import Starlette

from shared import ids
from shared.auth import SCOPES, Role, Viewer
from shared.context import Platform
from shared.stack import databases, environment, keys
from shared.stack.project import Project
from shared.stack.running import Engines

_COUNTING: ContextVar[tuple[int, ...]] = ContextVar("_COUNTING", default=())


@dataclasses.dataclass(frozen=True)
class Answer:
    """What a subgraph answered, and the SQL statements it took."""

    status: int
    body: dict[str, Any]
    statements: list[str]

    @property
    def asked(self) -> list[str]:
        """The statements without those that begin sessions."""
        return [statement for statement in self.statements if statement != "BEGIN"]

    @property
    def data(self) -> Any:
        """The data of an answer without errors."""
        assert self.status == 200, self.body
        assert "errors" not in self.body, self.body["errors"]
        return self.body["data"]

    @property
    def codes(self) -> list[str]:
        """The codes of the errors."""
        return [error["extensions"]["code"] for error in self.body.get("errors", [])]


@dataclasses.dataclass(frozen=True)
class Subgraph:
    """One subgraph in this process, asked as the router would ask it."""

    app: Starlette
    client: httpx.AsyncClient
    sign: Any

    @property
    def platform(self) -> Platform:
        """Its engines."""
        return self.app.state.platform

    async def ask(
        self, query: str, viewer: Viewer | None = None, *, headers: dict[str, str] | None = None, **variables: Any
    ) -> Answer:
        """Sends an operation as this viewer."""
        sent = {"x-lyceum-router": os.environ["LYCEUM_ROUTER_SECRET"]}
        if viewer is not None:
            sent["authorization"] = f"Bearer {self.sign(viewer)}"
        with self.counted() as statements:
            body = {"query": query, "variables": variables}
            response = await self.client.post("/graphql", json=body, headers=sent | (headers or {}))
        return Answer(response.status_code, response.json(), statements)

    async def entities(self, viewer: Viewer | None, selection: str, *representations: dict[str, Any]) -> Answer:
        """Resolves entities as the router would."""
        query = f"query($r: [_Any!]!) {{ _entities(representations: $r) {{ {selection} }} }}"
        return await self.ask(query, viewer, r=list(representations))

    @contextmanager
    def counted(self) -> Iterator[list[str]]:
        """The SQL statements that what is awaited meanwhile executes, on both logins: the BEGIN of each transaction,
        which says whose rows it sees, and what is in it, but for the end.

        Those of the background work, and of other requests at the same time, are not among them.
        """
        statements: list[str] = []
        outer = _COUNTING.get()
        counting = _COUNTING.set((*outer, id(statements)))

        def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            if id(statements) in _COUNTING.get():
                statements.append(statement)

        def note_begin(_connection: Any) -> None:
            note(None, None, "BEGIN")

        database = self.platform.database
        engines = [database._tenant.sync_engine, database._system.sync_engine]
        for engine in engines:
            event.listen(engine, "before_cursor_execute", note)
            event.listen(engine, "begin", note_begin)
        try:
            yield statements
        finally:
            _COUNTING.reset(counting)
            for engine in engines:
                event.remove(engine, "before_cursor_execute", note)
                event.remove(engine, "begin", note_begin)


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """This project with a home of its own."""
    os.environ.update(LYCEUM_EPHEMERAL="1", LYCEUM_HOME=str(tmp_path_factory.mktemp("home")), LYCEUM_PORT="0")
    return Project.load()


@pytest.fixture(scope="session")
def engines(project: Project) -> Iterator[Engines]:
    """PostgreSQL and Redis, migrated and empty."""
    engines = Engines(project)
    engines.start()
    databases.migrate(project, engines.addresses)
    yield engines
    engines.stop()


@asynccontextmanager
async def running(name: str, project: Project, engines: Engines) -> AsyncIterator[Subgraph]:
    """A subgraph in this process, with its background work."""
    jwks = keys.public_keys(project.home).as_uri()
    os.environ.update(environment.for_subgraph(name, project, engines.addresses, jwks))
    app = importlib.import_module(f"subgraphs.{name}.app").app
    signing = importlib.import_module("subgraphs.identity.keys")
    settings = app.state.platform.settings
    signer = signing.SigningKeys(keys.signing_keys(project.home).read_text(), settings.issuer, settings.audience)
    transport = httpx.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://subgraph", timeout=30) as client,
    ):
        yield Subgraph(app, client, signer.sign)


@pytest.fixture(scope="session")
async def identity(project: Project, engines: Engines) -> AsyncIterator[Subgraph]:
    """Identity."""
    async with running("identity", project, engines) as subgraph:
        yield subgraph


@pytest.fixture(scope="session")
async def catalog(project: Project, engines: Engines) -> AsyncIterator[Subgraph]:
    """Catalog."""
    async with running("catalog", project, engines) as subgraph:
        yield subgraph


@pytest.fixture(scope="session")
async def content(project: Project, engines: Engines) -> AsyncIterator[Subgraph]:
    """Content."""
    async with running("content", project, engines) as subgraph:
        yield subgraph


@pytest.fixture(scope="session")
async def assessment(project: Project, engines: Engines) -> AsyncIterator[Subgraph]:
    """Assessment."""
    async with running("assessment", project, engines) as subgraph:
        yield subgraph


@pytest.fixture(scope="session")
async def credentials(project: Project, engines: Engines) -> AsyncIterator[Subgraph]:
    """Credentials."""
    async with running("credentials", project, engines) as subgraph:
        yield subgraph


@pytest.fixture(scope="session")
async def ai(project: Project, engines: Engines) -> AsyncIterator[Subgraph]:
    """Ai."""
    async with running("ai", project, engines) as subgraph:
        yield subgraph


def viewer(role: Role, organization_id: UUID | None = None, user_id: UUID | None = None, **changes: Any) -> Viewer:
    """Somebody with a role; an organization and a person of their own unless given."""
    made = Viewer(
        user_id=user_id or ids.new_id(),
        session_id=ids.new_id(),
        organization_id=organization_id,
        role=role,
        scopes=SCOPES[role],
        expires_at=int(time.time()) + 600,
    )
    return dataclasses.replace(made, **changes)


@dataclasses.dataclass(frozen=True)
class Tenant:
    """An organization, with somebody of each role."""

    id: UUID
    admin: Viewer
    teacher: Viewer
    student: Viewer

    @classmethod
    def new(cls) -> "Tenant":
        """People who have tokens; whether they have rows is up to the test."""
        id = ids.new_id()
        return cls(id, *(viewer(role, id) for role in (Role.ADMIN, Role.TEACHER, Role.STUDENT)))

    @property
    def people(self) -> Sequence[Viewer]:
        """Everybody."""
        return (self.admin, self.teacher, self.student)


@pytest.fixture
def tenant() -> Tenant:
    """An organization of the test's own."""
    return Tenant.new()


@pytest.fixture
def stranger() -> Tenant:
    """Another organization, which must learn nothing of the first."""
    return Tenant.new()


@pytest.fixture
def root() -> Viewer:
    """The platform's own login."""
    return viewer(Role.SUPER_ADMIN)
