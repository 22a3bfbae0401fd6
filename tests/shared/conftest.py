"""What tests of the platform begin with: a database and a Redis of the test's own, on the engines that all share."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from pydantic import SecretStr
from redis.asyncio import Redis
from sqlalchemy.engine import make_url

from shared import migrations
from shared.postgres import Database
from shared.redis import connect
from shared.settings import Settings
from shared.stack.engines import PostgresEngine, RedisEngine
from shared.stack.project import Project
from shared.stack.running import Engines
from shared.telemetry import set_up_logs

SUBGRAPHS = Project.load().subgraphs

_TEMPLATE = "scratch_template"
_numbers = itertools.count()


def settings_for(subgraph: str, database: str, redis: str) -> Settings:
    """The settings of a subgraph on these engines; `database` is the owner's address."""
    url = make_url(database)
    logins = migrations.logins(subgraph)
    tenant, system = (url.set(username=login).render_as_string(hide_password=False) for login in logins)
    return Settings(
        DATABASE_URL=SecretStr(tenant),
        SYSTEM_DATABASE_URL=SecretStr(system),
        REDIS_URL=SecretStr(redis),
        router_secret=SecretStr("the secret of a router"),
        jwks_url="file:///nowhere/jwks.json",
    )


async def execute(owner_url: str, *statements: str) -> None:
    """Runs statements as the owner, whom nothing binds."""
    connection = await asyncpg.connect(make_url(owner_url).set(drivername="postgresql").render_as_string())
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


async def fetch(owner_url: str, statement: str, *values: Any) -> list[Any]:
    """Rows as the owner sees them."""
    connection = await asyncpg.connect(make_url(owner_url).set(drivername="postgresql").render_as_string())
    try:
        return list(await connection.fetch(statement, *values))
    finally:
        await connection.close()


async def eventually(check: Callable[[], Awaitable[Any]], expected: Any = True, within: float = 10) -> None:
    """Waits until the check answers as expected."""
    found: Any = None
    try:
        async with asyncio.timeout(within):
            while (found := await check()) != expected:
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"not within {within} s: {found!r} instead of {expected!r}") from None


@pytest.fixture(scope="session", autouse=True)
def logs() -> None:
    """Logs as a subgraph writes them: the usual ones print every variable of every frame, which takes seconds."""
    set_up_logs("tests", "console")


@pytest.fixture(scope="session")
def template(engines: Engines) -> str:
    """The owner's address of a migrated database that nobody uses, to copy others from."""
    url = make_url(engines.addresses.database).set(database=_TEMPLATE).render_as_string(hide_password=False)
    migrations.bootstrap(url, SUBGRAPHS)
    for subgraph in SUBGRAPHS:
        migrations.upgrade(subgraph, url)
    return url


@pytest.fixture
async def scratch(engines: Engines, template: str) -> AsyncIterator[str]:
    """The owner's address of a migrated and empty database of the test's own."""
    name = f"scratch_{next(_numbers)}"
    await execute(engines.addresses.database, f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE} STRATEGY FILE_COPY")
    yield make_url(template).set(database=name).render_as_string(hide_password=False)
    await execute(engines.addresses.database, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def redis_url(engines: Engines) -> AsyncIterator[str]:
    """The address of an empty logical database of the test's own."""
    url = f"{engines.addresses.redis}?db={1 + next(_numbers) % 15}"
    client = connect(SecretStr(url))
    await client.flushdb()
    yield url
    await client.flushdb()
    await client.aclose()


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    """A client of that Redis."""
    client = connect(SecretStr(redis_url))
    yield client
    await client.aclose()


@pytest.fixture
async def database(scratch: str, redis_url: str) -> AsyncIterator[Database]:
    """Catalog's logins at that database."""
    made = Database("catalog", settings_for("catalog", scratch, redis_url))
    yield made
    await made.close()


@pytest.fixture(scope="module")
def own_engines(tmp_path_factory: pytest.TempPathFactory, project: Project) -> Iterator[tuple[str, Any, Any]]:
    """Engines that a test may stop and kill: the owner's address, PostgreSQL and Redis."""
    home: Path = tmp_path_factory.mktemp("own")
    postgres, redis = PostgresEngine(home), RedisEngine(home)
    for engine in (postgres, redis):
        engine.launch()
    for engine in (postgres, redis):
        engine.wait()
    migrations.bootstrap(postgres.url(), SUBGRAPHS)
    for subgraph in SUBGRAPHS:
        migrations.upgrade(subgraph, postgres.url())
    yield postgres.url(), postgres, redis
    for engine in (redis, postgres):
        engine.remove()
