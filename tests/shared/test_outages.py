"""Engines that are away: at the start, and while a subgraph serves. What needs them says so; then all is well again."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import text
from starlette.applications import Starlette

from shared import ids
from shared.app import create_app
from shared.events import stream_of
from shared.stack import keys
from shared.stack.engines import PostgresEngine, RedisEngine
from subgraphs.catalog import consumers as catalog_consumers
from subgraphs.catalog.presence import keep_presence
from subgraphs.catalog.schema import schema as catalog_schema
from subgraphs.identity.keys import SigningKeys
from subgraphs.identity.schema import schema as identity_schema
from subgraphs.identity.settings import Settings as IdentitySettings
from tests.catalog.conftest import CREATE, ENROLL, PUBLISH
from tests.conftest import Answer, Subgraph, Tenant
from tests.shared.conftest import eventually, execute, fetch, settings_for

pytestmark = pytest.mark.xdist_group("outages")

SECRET = "the secret of a router"
COURSE = "query($id: ID) { course(id: $id) { title presence { count } } }"
NAME = "... on Organization { name }"


class Engines:
    """The engines, taken away and brought back."""

    def __init__(self, url: str, postgres: PostgresEngine, redis: RedisEngine) -> None:
        self.url, self.postgres, self.redis = url, postgres, redis

    def settings(self, subgraph: str) -> Any:
        """A subgraph's settings on them."""
        return settings_for(subgraph, self.url, self.redis.url())


@pytest.fixture
def engines_of_ours(own_engines: Any) -> Any:
    """Engines that run when the test begins, and again when it has ended."""
    engines = Engines(*own_engines)
    yield engines
    engines.postgres.start()
    engines.redis.start()


@pytest.fixture
def signer(tmp_path: Path, engines_of_ours: Engines) -> SigningKeys:
    """Who signs tokens."""
    settings = engines_of_ours.settings("catalog")
    return SigningKeys(keys.signing_keys(tmp_path).read_text(), settings.issuer, settings.audience)


@asynccontextmanager
async def running(app: Starlette, signer: SigningKeys, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Subgraph]:
    """A subgraph on these engines."""
    monkeypatch.setenv("LYCEUM_ROUTER_SECRET", SECRET)
    transport = httpx.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://subgraph", timeout=30) as client,
    ):
        yield Subgraph(app, client, signer.sign)


@pytest.fixture
def our_catalog(engines_of_ours: Engines, signer: SigningKeys, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Starts a catalog of the test's own."""
    app = create_app(
        "catalog",
        catalog_schema,
        engines_of_ours.settings("catalog"),
        keys=signer,
        handlers=catalog_consumers.handlers,
        work=[keep_presence],
    )
    return running(app, signer, monkeypatch)


@pytest.fixture
def our_identity(engines_of_ours: Engines, signer: SigningKeys, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Starts an identity of the test's own."""
    common = engines_of_ours.settings("identity")
    settings = IdentitySettings(
        DATABASE_URL=common.database_url,
        SYSTEM_DATABASE_URL=common.system_database_url,
        REDIS_URL=common.redis_url,
        router_secret=SecretStr(SECRET),
        jwks_url=common.jwks_url,
        signing_keys_file=keys.signing_keys(tmp_path),
    )
    return running(create_app("identity", identity_schema, settings, keys=signer), signer, monkeypatch)


async def timed(asked: Any, within: float = 6) -> Answer:
    """The answer, which must not take long."""
    started = time.monotonic()
    answer: Answer = await asked
    assert time.monotonic() - started < within
    return answer


async def new_course(catalog: Subgraph, tenant: Tenant) -> str:
    """The id of an open course."""
    made = await catalog.ask(CREATE, tenant.teacher, input={"title": "A course", "slug": "a-course"})
    id: str = made.data["createCourse"]["id"]
    await catalog.ask(PUBLISH, tenant.teacher, id=id)
    return id


async def health(subgraph: Subgraph) -> Any:
    """What the process says of itself."""
    response = await subgraph.client.get("/health")
    assert response.status_code == 200
    return response.json()


async def test_a_subgraph_starts_without_its_engines_and_serves_once_they_are_there(
    our_catalog: Any, engines_of_ours: Engines, tenant: Tenant
) -> None:
    engines_of_ours.redis.kill()
    engines_of_ours.postgres.kill()
    async with our_catalog as catalog:
        answer = await timed(catalog.ask("{ courses { totalCount } }", tenant.teacher))
        assert (answer.status, answer.codes) == (200, ["SERVICE_UNAVAILABLE"])
        assert await health(catalog) == {
            "status": "degraded",
            "subgraph": "catalog",
            "engines": {"postgres": "away", "redis": "away"},
        }
        assert (await catalog.client.get("/ready")).status_code == 503
        await asyncio.sleep(1)
        engines_of_ours.postgres.start()
        engines_of_ours.redis.start()
        id = await new_course(catalog, tenant)
        assert (await catalog.ask(COURSE, tenant.student, id=id)).data["course"]["presence"] == {"count": 0}
        assert (await health(catalog))["status"] == "ok"
        assert (await catalog.client.get("/ready")).json() == await health(catalog)
        # The background work has begun too: the relay publishes what has happened.
        await eventually(lambda: _published(catalog, tenant), 2)


async def test_without_redis_reads_and_writes_go_on_and_only_what_lives_there_is_unavailable(
    our_catalog: Any, engines_of_ours: Engines, tenant: Tenant
) -> None:
    async with our_catalog as catalog:
        id = await new_course(catalog, tenant)
        engines_of_ours.redis.kill()
        answer = await timed(catalog.ask(COURSE, tenant.student, id=id))
        assert answer.codes == ["SERVICE_UNAVAILABLE"]
        assert answer.body["errors"][0]["path"] == ["course", "presence"]
        assert answer.body["data"] == {"course": {"title": "A course", "presence": None}}
        made = await timed(catalog.ask(ENROLL, tenant.student, input={"courseId": id}))
        assert made.data["enroll"]["status"] == "ACTIVE"
        assert (await health(catalog))["engines"] == {"postgres": "ok", "redis": "away"}
        engines_of_ours.redis.start()
        again = await catalog.ask(COURSE, tenant.student, id=id)
        assert again.data == {"course": {"title": "A course", "presence": {"count": 0}}}
        await eventually(lambda: _published(catalog, tenant), 3)


async def test_without_redis_what_is_cached_is_read_from_the_database(
    our_identity: Any, engines_of_ours: Engines, tenant: Tenant
) -> None:
    async with our_identity as identity:
        representation = await _organization(engines_of_ours, tenant.id)

        async def name() -> Answer:
            return await timed(identity.entities(tenant.student, NAME, representation))

        first, cached = await name(), await name()
        assert first.data == cached.data == {"_entities": [{"name": "A school"}]}
        assert (len(first.statements), len(cached.statements)) == (1, 0)
        engines_of_ours.redis.kill()
        away = await name()
        assert (away.data, len(away.statements)) == (first.data, 1)
        engines_of_ours.redis.start()
        await identity.platform.redis.flushdb()
        assert [len((await name()).statements) for _ in range(2)] == [1, 0], "and cached again"


async def test_without_postgresql_what_is_cached_still_answers(
    our_identity: Any, engines_of_ours: Engines, tenant: Tenant
) -> None:
    async with our_identity as identity:
        representation = await _organization(engines_of_ours, tenant.id)
        first = await identity.entities(tenant.student, NAME, representation)
        engines_of_ours.postgres.kill()
        assert (await identity.entities(tenant.student, NAME, representation)).data == first.data
        engines_of_ours.postgres.start()


@pytest.mark.parametrize("ending", ["stop", "kill"])
async def test_without_postgresql_its_fields_are_unavailable_soon_and_well_again_without_a_restart(
    our_catalog: Any, engines_of_ours: Engines, tenant: Tenant, ending: str
) -> None:
    async with our_catalog as catalog:
        id = await new_course(catalog, tenant)
        await asyncio.gather(*(catalog.ask(COURSE, tenant.teacher, id=id) for _ in range(20)))  # connections are open
        getattr(engines_of_ours.postgres, ending)()
        answers = await asyncio.gather(
            *(timed(catalog.ask(COURSE, tenant.teacher, id=id)) for _ in range(30)),
            *(timed(catalog.ask(ENROLL, tenant.student, input={"courseId": id})) for _ in range(10)),
        )
        assert {(answer.status, *answer.codes) for answer in answers} == {(200, "SERVICE_UNAVAILABLE")}
        assert not any(word in str(answer.body) for answer in answers for word in ("asyncpg", "sqlalchemy", "socket"))
        assert (await health(catalog))["engines"] == {"postgres": "away", "redis": "ok"}
        engines_of_ours.postgres.start()
        again = await asyncio.gather(*(catalog.ask(COURSE, tenant.teacher, id=id) for _ in range(30)))
        assert [answer.data["course"]["title"] for answer in again] == ["A course"] * 30
        assert (
            await fetch(engines_of_ours.url, "SELECT 1 FROM catalog.enrollment WHERE organization_id = $1", tenant.id)
            == []
        )
        made = await catalog.ask(ENROLL, tenant.student, input={"courseId": id})
        assert made.data["enroll"]["status"] == "ACTIVE"
        await eventually(lambda: _published(catalog, tenant), 3)


async def test_a_mutation_that_postgresql_dies_under_is_whole_or_not_at_all(
    our_catalog: Any, engines_of_ours: Engines, tenant: Tenant
) -> None:
    async with our_catalog as catalog:
        writing = [
            asyncio.create_task(
                catalog.ask(CREATE, tenant.teacher, input={"title": "A course", "slug": f"course-{number}"})
            )
            for number in range(20)
        ]
        await asyncio.sleep(0.05)
        engines_of_ours.postgres.kill()
        answers = await asyncio.gather(*writing)
        engines_of_ours.postgres.start()
    acknowledged = [answer for answer in answers if "errors" not in answer.body]
    assert {code for answer in answers for code in answer.codes} <= {"SERVICE_UNAVAILABLE"}
    made, told = [
        await fetch(engines_of_ours.url, statement, tenant.id)
        for statement in (
            "SELECT id FROM catalog.course WHERE organization_id = $1 ORDER BY 1",
            "SELECT aggregate_id FROM catalog.outbox WHERE organization_id = $1 ORDER BY 1",
        )
    ]
    assert [row[0] for row in made] == [row[0] for row in told], "each course has its event"
    assert {ids.decode("course", answer.data["createCourse"]["id"]) for answer in acknowledged} <= {
        UUID(str(row[0])) for row in made
    }


async def _organization(engines: Engines, id: UUID) -> dict[str, str]:
    await execute(
        engines.url,
        "INSERT INTO identity.organization (id, name, slug, description, contact_email, contact_phone, address, plan, "
        f"is_active) VALUES ('{id}', 'A school', '{id}', '', 'a@b.example', '', '', 'FREE', true)",
    )
    return {"__typename": "Organization", "id": ids.encode("organization", id)}


async def _published(catalog: Subgraph, tenant: Tenant) -> int:
    """How many of a tenant's events are on their streams."""
    async with catalog.platform.database.begin(tenant.admin) as session:
        events = (
            await session.execute(text("SELECT partition, sequence FROM outbox WHERE sequence IS NOT NULL"))
        ).all()
    places = [(stream_of("catalog", event.partition), f"{event.sequence}-0") for event in events]
    return sum([len(await catalog.platform.redis.xrange(stream, entry, entry)) for stream, entry in places])
