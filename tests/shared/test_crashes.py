"""Events that end the process which handles them: parked after a few starts, and innocent ones are not."""

import asyncio
import random
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared import ids, parking
from shared.errors import Unavailable
from shared.events import Handler
from tests.shared.conftest import eventually, fetch
from tests.shared.consuming import CODE, DEADLY, NEEDY, SLOW, Consuming
from tests.shared.wire import Happened, Wire, apply

STARTS = 5


@pytest.fixture
async def wire(scratch: str, redis_url: str) -> AsyncIterator[Wire]:
    """A wire of the test's own, with a relay."""
    made = Wire(scratch, redis_url)
    await made.open()
    made.relay()
    yield made
    await made.close()


@pytest.fixture
async def consuming(wire: Wire, tmp_path: Path) -> AsyncIterator[Consuming]:
    """Processes that consume what comes over the wire."""
    made = Consuming(wire.owner_url, wire.redis_url, tmp_path)
    yield made
    await made.end()


@pytest.fixture
def organization() -> UUID:
    """Whose events these are."""
    return ids.new_id()


@pytest.fixture
def aggregate() -> UUID:
    """What happens to."""
    return ids.new_id()


async def starts(wire: Wire) -> int:
    """How many processes have begun with the event that they are at, and have not come to an end of it."""
    statement = """
        SELECT starts FROM catalog.consumer_start AS begun JOIN catalog.consumer_position AS position
        USING (source, partition) WHERE begun.sequence = position.last + 1
    """
    found = await fetch(wire.owner_url, statement)
    return found[0][0] if found else 0


async def deaths(wire: Wire, consuming: Consuming, aggregate: UUID, last: int) -> int:
    """How many processes end before one comes to the last event of a stream."""
    for count in range(20):
        process = consuming.process if count == 0 and consuming.process else await consuming.start()
        while process.returncode is None:
            if await wire.position(aggregate) == last:
                return count
            await asyncio.sleep(0.05)
        assert process.returncode == CODE, consuming.log
    raise AssertionError("it goes on for ever")


async def test_an_event_that_ends_its_process_is_parked_and_the_others_are_applied_once(
    wire: Wire, consuming: Consuming, organization: UUID, aggregate: UUID
) -> None:
    await consuming.start()
    await wire.emit(organization, aggregate, 0)
    await wire.arrives({aggregate: [0]})
    numbers = list(range(1, 100))
    numbers.insert(50, DEADLY)
    await wire.emit(organization, aggregate, *numbers)
    # One in the middle of a batch, one that has come to it event by event, and those that are counted.
    assert await deaths(wire, consuming, aggregate, 101) == 2 + STARTS
    await wire.arrives({aggregate: list(range(100))})
    (parked,) = await wire.parked()
    assert (parked["sequence"], f'"number": {DEADLY}' in parked["data"]) == (52, True)
    assert parked["error"] == f"EndedProcesses: {STARTS} processes in a row ended while they handled it"
    assert consuming.log.count("consumer.parked") == 1
    await wire.emit(organization, aggregate, 100)
    await wire.arrives({aggregate: list(range(101))})


async def test_two_deadly_events_in_a_row_are_both_parked(
    wire: Wire, consuming: Consuming, organization: UUID, aggregate: UUID
) -> None:
    await wire.emit(organization, aggregate, DEADLY, DEADLY, 1)
    assert await deaths(wire, consuming, aggregate, 3) == 2 * STARTS
    await wire.arrives({aggregate: [1]})
    assert [row["sequence"] for row in await wire.parked()] == [1, 2]


async def test_an_event_that_is_killed_with_its_process_again_and_again_is_applied_in_the_end(
    wire: Wire, consuming: Consuming, organization: UUID, aggregate: UUID
) -> None:
    await wire.emit(organization, aggregate, SLOW, 1)
    for number in range(1, STARTS):
        await consuming.start()
        await eventually(lambda: starts(wire), number)
        await consuming.end()
    await consuming.start()
    await wire.arrives({aggregate: [SLOW, 1]})
    assert await wire.parked() == []


async def test_processes_that_are_killed_at_any_time_lose_nothing_and_park_nothing(
    wire: Wire, consuming: Consuming, organization: UUID
) -> None:
    aggregates = [ids.new_id() for _ in range(4)]
    chance = random.Random(7)

    async def write(aggregate: UUID) -> None:
        for number in range(300):
            await wire.emit(organization, aggregate, number)
            await asyncio.sleep(0.02)

    async def kill() -> None:
        for _ in range(10):
            await consuming.start()
            before = await fetch(wire.owner_url, "SELECT count(*) FROM catalog.applied")
            while await fetch(wire.owner_url, "SELECT count(*) FROM catalog.applied") == before:
                await asyncio.sleep(0.01)
            await asyncio.sleep(chance.random() * 0.2)
            await consuming.end()

    await asyncio.gather(kill(), *(write(aggregate) for aggregate in aggregates))
    await consuming.start()
    await wire.arrives({aggregate: list(range(300)) for aggregate in aggregates}, within=30)
    assert await wire.parked() == []


@pytest.mark.parametrize("away", [False, True], ids=["stopped", "away"])
async def test_neither_orderly_ends_nor_engines_that_are_away_count(
    wire: Wire, organization: UUID, aggregate: UUID, away: bool
) -> None:
    begun = asyncio.Event()

    async def hang(session: AsyncSession, event: Happened) -> None:
        begun.set()
        if away:
            raise Unavailable
        await asyncio.sleep(60)

    await wire.emit(organization, aggregate, 1)
    for _ in range(2 * STARTS):
        begun.clear()
        consumer = wire.consumer(Handler("identity", Happened, hang))
        await begun.wait()
        if away:
            await eventually(lambda: starts(wire), 0)
        await wire.stop(consumer)
        assert await starts(wire) == 0
    wire.consumer()
    await wire.arrives({aggregate: [1]})
    assert await wire.parked() == []


async def test_replicas_that_start_at_once_count_one_after_the_other(
    wire: Wire, organization: UUID, aggregate: UUID
) -> None:
    async def dawdle(session: AsyncSession, event: Happened) -> None:
        await apply(session, event)
        await session.execute(text("SELECT pg_sleep(0.5)"))

    await wire.emit(organization, aggregate, 1)
    for _ in range(STARTS + 3):
        wire.consumer(Handler("identity", Happened, dawdle))
    await eventually(lambda: starts(wire), 1)
    await wire.arrives({aggregate: [1]})
    assert await wire.parked() == []
    assert [row[0] for row in await fetch(wire.owner_url, "SELECT starts FROM catalog.consumer_start")] == [1]


async def test_once_an_event_is_applied_starts_are_not_written_any_more(
    wire: Wire, organization: UUID, aggregate: UUID
) -> None:
    begun = "SELECT sequence FROM catalog.consumer_start"
    wire.consumer()
    await wire.emit(organization, aggregate, 1)
    await wire.arrives({aggregate: [1]})
    await wire.emit(organization, aggregate, *range(2, 50))
    await wire.arrives({aggregate: list(range(1, 50))})
    assert [row[0] for row in await fetch(wire.owner_url, begun)] == [1]


async def test_a_replay_that_ends_its_process_is_not_taken_again_until_it_is_asked_for(
    wire: Wire, consuming: Consuming, organization: UUID, aggregate: UUID
) -> None:
    await wire.emit(organization, aggregate, DEADLY, 1)
    await deaths(wire, consuming, aggregate, 2)

    async def ask() -> None:
        async with wire.sink.system() as session:
            (row,) = await parking.parked(session)
            await parking.ask(session, [row.id])

    for _ in range(2):
        await ask()
        assert consuming.process
        assert await consuming.process.wait() == CODE
        await consuming.start()
    await wire.emit(organization, aggregate, 2)
    await wire.arrives({aggregate: [1, 2]})
    await asyncio.sleep(2)  # two looks
    assert consuming.process
    assert consuming.process.returncode is None
    async with wire.sink.system() as session:
        (row,) = await parking.parked(session)
        assert row.retry_requested_at < row.retry_began_at


async def test_an_interruption_is_told_once_and_so_is_its_end(
    wire: Wire, consuming: Consuming, organization: UUID, aggregate: UUID
) -> None:
    consuming.away.touch()
    await consuming.start()
    await wire.emit(organization, aggregate, 1, NEEDY, 3)
    await wire.arrives({aggregate: [1]})
    await asyncio.sleep(4.5)  # tries after 1, 2 and 4 seconds
    consuming.away.unlink()
    await wire.arrives({aggregate: [1, NEEDY, 3]})
    assert await wire.parked() == []
    assert [consuming.log.count(f"consumer.{word}") for word in ("interrupted", "resumed")] == [1, 1], consuming.log
