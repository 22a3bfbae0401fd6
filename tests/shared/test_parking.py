"""Events that a handler fails on: parked after three tries, and those behind them go on."""

from collections import Counter
from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncSession

from shared import ids
from shared.auth import Viewer
from shared.errors import NotFound, Rejected, Unavailable
from shared.events import Event, Handler, emit
from tests.shared.conftest import eventually, fetch
from tests.shared.wire import Happened, Wire, apply


@pytest.fixture
async def wire(scratch: str, redis_url: str) -> AsyncIterator[Wire]:
    """A wire of the test's own."""
    made = Wire(scratch, redis_url)
    await made.open()
    yield made
    await made.close()


async def test_events_that_fail_again_and_again_are_parked_and_the_others_go_on(wire: Wire) -> None:
    organization, aggregate, tries = ids.new_id(), ids.new_id(), Counter[int]()
    errors = {2: ValueError("poison"), 4: Rejected(NotFound()), 6: "SELECT 1 / 0", 8: "SELECT nonsense"}

    async def fail_on_even(session: AsyncSession, event: Happened) -> None:
        tries[event.number] += 1
        await apply(session, event)  # half done: must not stay
        error = errors.get(event.number)
        if isinstance(error, str):
            await session.execute(text(error))
        elif error:
            raise error

    await wire.emit(organization, aggregate, *range(1, 10))
    wire.relay()
    wire.consumer(Handler("identity", Happened, fail_on_even))
    await wire.arrives({aggregate: [1, 3, 5, 7, 9]}, within=20)
    parked = await wire.parked()
    assert [row["sequence"] for row in parked] == list(errors)
    for row in parked:
        assert (UUID(str(row["organization_id"])), row["type"]) == (organization, "thing.happened")
        assert f'"number": {row["sequence"]}' in row["data"]
        assert tries[row["sequence"]] >= 3
    assert [row["error"].split(":")[0] for row in parked] == [
        "ValueError",
        "Rejected",
        "DBAPIError",
        "ProgrammingError",
    ]
    await wire.emit(organization, aggregate, 10)
    await wire.arrives({aggregate: [1, 3, 5, 7, 9, 10]})
    assert len(await wire.parked()) == len(errors)


async def test_a_handler_that_fails_twice_and_then_does_its_work_parks_nothing(wire: Wire) -> None:
    organization, aggregate, tries = ids.new_id(), ids.new_id(), Counter[int]()

    async def stumble(session: AsyncSession, event: Happened) -> None:
        tries[event.number] += 1
        await apply(session, event)
        if tries[event.number] < 3:
            raise ValueError(event.number)

    await wire.emit(organization, aggregate, 1, 2)
    wire.relay()
    wire.consumer(Handler("identity", Happened, stumble))
    await wire.arrives({aggregate: [1, 2]})
    assert await wire.parked() == []


AWAY: dict[str, list[Exception | str]] = {
    "redis": [RedisConnectionError("Redis is away"), TimeoutError("it does not answer")],
    "search": [Unavailable(), ConnectionRefusedError("the search engine is away"), Unavailable()],
    "pool": [PoolTimeoutError("no connection is free"), PoolTimeoutError("still not")],
    "broken": [OperationalError("…", {}, Exception("the server closed the connection"), connection_invalidated=True)],
    "shut down": ["SELECT pg_terminate_backend(pg_backend_pid())"] * 2,
}


@pytest.mark.parametrize("engine", AWAY)
async def test_an_engine_that_is_away_parks_nothing_however_long(wire: Wire, engine: str) -> None:
    errors = list(AWAY[engine])
    organization, aggregate = ids.new_id(), ids.new_id()

    async def need_an_engine(session: AsyncSession, event: Happened) -> None:
        if event.number == 1 and errors:
            error = errors.pop()
            if isinstance(error, Exception):
                raise error
            await session.execute(text(error))
        await apply(session, event)

    await wire.emit(organization, aggregate, 1, 2)
    wire.relay()
    wire.consumer(Handler("identity", Happened, need_an_engine))
    await wire.arrives({aggregate: [1, 2]}, within=20)
    assert errors == []
    assert await wire.parked() == []


async def test_a_statement_that_takes_too_long_every_time_is_parked(wire: Wire) -> None:
    organization, aggregate, tries = ids.new_id(), ids.new_id(), Counter[int]()

    async def dawdle(session: AsyncSession, event: Happened) -> None:
        tries[event.number] += 1
        await apply(session, event)
        if event.number == 2:
            await session.execute(text("SET LOCAL statement_timeout = 100"))
            await session.execute(text("SELECT pg_sleep(5)"))

    await wire.emit(organization, aggregate, 1, 2, 3)
    wire.relay()
    wire.consumer(Handler("identity", Happened, dawdle))
    await wire.arrives({aggregate: [1, 3]})
    (parked,) = await wire.parked()
    assert (parked["sequence"], tries[2]) == (2, 3)
    assert "statement timeout" in parked["error"]


async def test_an_error_that_the_database_cannot_store_is_parked_all_the_same(wire: Wire) -> None:
    organization, aggregate = ids.new_id(), ids.new_id()

    async def fail(session: AsyncSession, event: Happened) -> None:
        if event.number == 1:
            raise ValueError("\0 \ud800 " + "long" * 10_000)
        await apply(session, event)

    await wire.emit(organization, aggregate, 1, 2)
    wire.relay()
    wire.consumer(Handler("identity", Happened, fail))
    await wire.arrives({aggregate: [2]})
    (parked,) = await wire.parked()
    assert parked["error"].startswith("ValueError: \N{REPLACEMENT CHARACTER} ? long")
    assert len(parked["error"]) == 4_000


async def test_a_payload_that_cannot_be_read_is_parked(wire: Wire) -> None:
    class Different(Event, type="thing.happened"):
        number: str

    organization, aggregate = ids.new_id(), ids.new_id()
    async with wire.source.begin(Viewer(organization_id=organization)) as session:
        await emit(session, Different(id=aggregate, organization_id=organization, number="many"))
    await wire.emit(organization, aggregate, 2)
    wire.relay()
    wire.consumer()
    await wire.arrives({aggregate: [2]})
    (parked,) = await wire.parked()
    assert '"number": "many"' in parked["data"]


async def test_parked_events_are_seen_by_their_own_tenant_only(wire: Wire) -> None:
    async def fail(session: AsyncSession, event: Happened) -> None:
        raise ValueError(event.number)

    organization, aggregate = ids.new_id(), ids.new_id()
    await wire.emit(organization, aggregate, 1)
    await wire.emit(None, aggregate, 2)
    wire.relay()
    wire.consumer(Handler("identity", Happened, fail))
    await eventually(lambda: wire.position(aggregate), 2)
    assert len(await fetch(wire.owner_url, "SELECT 1 FROM catalog.parked_event")) == 2
    for viewer, expected in ((Viewer(organization_id=organization), [1]), (Viewer(organization_id=ids.new_id()), [])):
        async with wire.sink.begin(viewer) as session:
            rows = await session.execute(text("SELECT sequence FROM parked_event ORDER BY id"))
            assert [row.sequence for row in rows] == expected
