"""Replays of parked events: applied once, in the event's own tenant, by whichever replica takes them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared import ids, parking
from shared.auth import Viewer
from shared.events import Event, Handler
from tests.shared.conftest import SUBGRAPHS, eventually, fetch
from tests.shared.wire import Happened, Wire, apply


@pytest.fixture
async def wire(scratch: str, redis_url: str) -> AsyncIterator[Wire]:
    """A wire of the test's own, with a relay."""
    made = Wire(scratch, redis_url)
    await made.open()
    made.relay()
    yield made
    await made.close()


@pytest.fixture
def organization() -> UUID:
    """Whose events these are."""
    return ids.new_id()


@pytest.fixture
def aggregate() -> UUID:
    """What happens to."""
    return ids.new_id()


async def fail(session: AsyncSession, event: Happened) -> None:
    """What handlers do until somebody repairs them."""
    raise ValueError("broken")


async def park(wire: Wire, organization: UUID | None, aggregate: UUID, *numbers: int) -> list[int]:
    """The ids of these events once they are parked."""
    await wire.emit(organization, aggregate, *numbers)
    consumer = wire.consumer(Handler("identity", Happened, fail))
    await eventually(lambda: wire.position(aggregate), numbers[-1], within=60)
    await wire.stop(consumer)
    return [row.id for row in await left(wire)]


async def left(wire: Wire) -> list[Any]:
    """The parked events, as an operator sees them."""
    async with wire.sink.system() as session:
        return await parking.parked(session)


async def ask(wire: Wire, ids: Sequence[int]) -> None:
    """Asks for their replay."""
    async with wire.sink.system() as session:
        await parking.ask(session, ids)


def errors(wire: Wire) -> Callable[[], Awaitable[list[str]]]:
    """The errors of the parked events that nobody asks for, or has asked for and been answered."""

    async def found() -> list[str]:
        return [row.error for row in await left(wire) if not row.retry_requested_at and not row.retry_began_at]

    return found


async def test_a_replayed_event_is_applied_and_no_longer_parked(
    wire: Wire, organization: UUID, aggregate: UUID
) -> None:
    first, _ = await park(wire, organization, aggregate, 1, 2)
    wire.replays()
    await asyncio.sleep(1.5)
    assert len(await left(wire)) == 2, "nobody has asked"
    await ask(wire, [first, 10_000])
    await wire.arrives({aggregate: [1]}, within=3)
    assert [row.sequence for row in await left(wire)] == [2]
    assert await wire.position(aggregate) == 2


async def test_a_replay_acts_for_the_tenant_and_in_the_trace_of_the_event(
    wire: Wire, organization: UUID, aggregate: UUID
) -> None:
    seen: list[tuple[str, Any]] = []

    async def look(session: AsyncSession, event: Happened) -> None:
        tenant = await session.scalar(text("SELECT current_setting('app.tenant')"))
        seen.append((tenant, session.info["origin"].trace_id))

    for number, owner in enumerate((organization, ids.new_id(), None), 1):
        await park(wire, owner, aggregate, number)
    parked = await left(wire)
    async with wire.sink.system() as session:
        await session.execute(text("UPDATE parked_event SET trace_id = 'trace-' || id"))
    wire.replays(Handler("identity", Happened, look))
    await ask(wire, [row.id for row in parked])
    await eventually(lambda: left(wire), [])
    assert seen == [(str(row.organization_id or ""), f"trace-{row.id}") for row in parked]
    assert len(seen) == 3


async def test_a_replay_cannot_write_into_another_tenant(wire: Wire, organization: UUID, aggregate: UUID) -> None:
    async def misplace(session: AsyncSession, event: Happened) -> None:
        await apply(session, event.model_copy(update={"organization_id": ids.new_id()}))

    (id,) = await park(wire, organization, aggregate, 1)
    wire.replays(Handler("identity", Happened, misplace))
    await ask(wire, [id])
    await eventually(lambda: _mentions(wire, "row-level security"))
    assert await wire.applied() == {}


async def _mentions(wire: Wire, words: str) -> bool:
    return words in (await errors(wire)() or [""])[0]


async def test_a_replay_that_fails_keeps_the_event_with_the_new_error_and_is_not_tried_again(
    wire: Wire, organization: UUID, aggregate: UUID
) -> None:
    tries = []

    async def fail_otherwise(session: AsyncSession, event: Happened) -> None:
        tries.append(event.number)
        await apply(session, event)  # half done: must not stay
        raise KeyError(f"still broken \0 {len(tries)}")

    (id,) = await park(wire, organization, aggregate, 1)
    assert await errors(wire)() == ["ValueError: broken"]
    wire.replays(Handler("identity", Happened, fail_otherwise))
    for number in (1, 2):
        await ask(wire, [id])
        await eventually(errors(wire), [f"KeyError: 'still broken \\x00 {number}'"])
        await asyncio.sleep(1.5)
        assert len(tries) == number
    assert await wire.applied() == {}


async def test_what_nobody_takes_any_more_stays_parked(wire: Wire, organization: UUID, aggregate: UUID) -> None:
    class Renamed(Event, type="thing.renamed"):
        pass

    (id,) = await park(wire, organization, aggregate, 1)
    wire.replays(Handler("identity", Renamed, fail), Handler("elsewhere", Happened, apply))
    await ask(wire, [id])
    await eventually(errors(wire), ["LookupError: Nothing here takes thing.happened of identity any more."])


async def test_two_replicas_replay_each_event_once(wire: Wire, organization: UUID, aggregate: UUID) -> None:
    numbers = list(range(1, 13))
    parked = await park(wire, organization, aggregate, *numbers)
    assert len(parked) == len(numbers)
    for _ in range(2):
        wire.replays()
        wire.consumer()
    for _ in range(3):
        await ask(wire, parked)
    await eventually(lambda: left(wire), [])
    await asyncio.sleep(1.5)
    assert sorted((await wire.applied())[aggregate]) == numbers


async def test_asking_again_while_it_is_applied_applies_it_once(
    wire: Wire, organization: UUID, aggregate: UUID
) -> None:
    begun = asyncio.Event()

    async def dawdle(session: AsyncSession, event: Happened) -> None:
        await apply(session, event)
        begun.set()
        await session.execute(text("SELECT pg_sleep(1)"))

    (id,) = await park(wire, organization, aggregate, 1)
    for _ in range(2):
        wire.replays(Handler("identity", Happened, dawdle))
    await ask(wire, [id])
    await begun.wait()
    await ask(wire, [id])  # waits until it is applied
    await asyncio.sleep(3)
    assert await wire.applied() == {aggregate: [1]}
    assert await left(wire) == []


async def test_an_engine_that_is_away_fails_the_replay_and_not_what_replays(
    wire: Wire, organization: UUID, aggregate: UUID
) -> None:
    answers: list[Exception] = [ConnectionRefusedError("away")]

    async def need_an_engine(session: AsyncSession, event: Happened) -> None:
        if answers:
            raise answers.pop()
        await apply(session, event)

    (id,) = await park(wire, organization, aggregate, 1)
    wire.replays(Handler("identity", Happened, need_an_engine))
    await ask(wire, [id])
    await eventually(errors(wire), ["ConnectionRefusedError: away"])
    await ask(wire, [id])
    await wire.arrives({aggregate: [1]})


async def test_a_tenant_reaches_no_parked_event_of_another(wire: Wire, organization: UUID, aggregate: UUID) -> None:
    (id,) = await park(wire, organization, aggregate, 1)
    statements = (
        "SELECT id FROM parked_event",
        "UPDATE parked_event SET retry_requested_at = now(), error = '' RETURNING id",
        "UPDATE parked_event SET organization_id = NULL RETURNING id",
        "DELETE FROM parked_event RETURNING id",
    )
    for stranger in (Viewer(organization_id=ids.new_id()), Viewer()):
        for statement in statements:
            async with wire.sink.begin(stranger) as session:
                assert list(await session.execute(text(statement))) == []
    (row,) = await left(wire)
    assert (row.id, row.organization_id, row.error) == (id, organization, "ValueError: broken")
    assert row.retry_requested_at is None


async def test_marked_rows_are_found_by_their_index(wire: Wire) -> None:
    statement = "SELECT indexdef FROM pg_indexes WHERE schemaname = $1 AND indexname = 'parked_event_retry'"
    for subgraph in SUBGRAPHS:
        ((definition,),) = await fetch(wire.owner_url, statement, subgraph)
        assert "WHERE (retry_requested_at IS NOT NULL)" in definition
