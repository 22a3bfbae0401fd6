"""Events from the transaction that causes them to their effect elsewhere: exactly once and in order."""

import asyncio
import random
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import suppress
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared import ids
from shared.auth import Viewer
from shared.events import Event, Handler, emit, emit_all, partition_of, stream_of
from shared.tables import PARTITIONS
from tests.shared.conftest import eventually, fetch
from tests.shared.wire import Happened, Wire, apply


@pytest.fixture
async def wire(scratch: str, redis_url: str) -> AsyncIterator[Wire]:
    """A wire of the test's own."""
    made = Wire(scratch, redis_url)
    await made.open()
    yield made
    await made.close()


def aggregate_on(partition: int) -> UUID:
    """The id of something whose events go through this stream."""
    while partition_of(made := ids.new_id()) != partition:
        pass
    return made


async def test_many_writers_on_few_aggregates_have_each_effect_once_and_in_order(wire: Wire) -> None:
    organization, aggregates = ids.new_id(), [ids.new_id() for _ in range(10)]
    wire.relay()
    wire.consumer()
    locks: dict[UUID, asyncio.Lock] = defaultdict(asyncio.Lock)
    committed: dict[UUID, list[int]] = defaultdict(list)
    chance = random.Random(4)

    async def write(writer: int) -> None:
        for number in range(50):
            aggregate = chance.choice(aggregates)
            # Transactions on one aggregate queue at the lock that `emit` takes; here too, to know their order.
            async with locks[aggregate]:
                await wire.emit(organization, aggregate, writer * 50 + number)
                committed[aggregate].append(writer * 50 + number)

    await asyncio.gather(*(write(writer) for writer in range(20)))
    await wire.arrives(committed, within=30)


async def test_events_of_one_aggregate_are_numbered_in_the_order_of_their_commits(wire: Wire) -> None:
    organization, aggregate = ids.new_id(), ids.new_id()
    order: list[int] = []

    async def write(number: int) -> None:
        async with wire.source.begin(Viewer(organization_id=organization)) as session:
            await emit(session, Happened(id=aggregate, organization_id=organization, number=number))
            order.append(number)  # nobody else gets here before this transaction ends
            await asyncio.sleep(0.005)

    await asyncio.gather(*(write(number) for number in range(15)))
    wire.relay()
    wire.consumer()
    await wire.arrives({aggregate: order})


async def test_what_is_rolled_back_never_happened(wire: Wire) -> None:
    organization, aggregate = ids.new_id(), ids.new_id()
    wire.relay()
    wire.consumer()
    await wire.emit(organization, aggregate, 1)
    with suppress(ZeroDivisionError):
        async with wire.source.begin(Viewer(organization_id=organization)) as session:
            await emit(session, Happened(id=aggregate, organization_id=organization, number=2))
            raise ZeroDivisionError
    await wire.emit(organization, aggregate, 3)
    await wire.arrives({aggregate: [1, 3]})
    assert len(await fetch(wire.owner_url, "SELECT 1 FROM identity.outbox")) == 2
    assert len(await fetch(wire.owner_url, "SELECT 1 FROM identity.audit")) == 2, "nor does the audit tell of it"
    assert [row[0] for row in await fetch(wire.owner_url, "SELECT last FROM identity.outbox_position")] == [2]


class Joined(Event, type="thing.joined", stream="group_id"):
    """Something of which the order within a group matters."""

    group_id: UUID


async def test_events_of_several_aggregates_keep_their_order_on_a_stream_they_share(wire: Wire) -> None:
    organization, group = ids.new_id(), ids.new_id()
    joined = [Joined(id=ids.new_id(), organization_id=organization, group_id=group) for _ in range(20)]
    for event in joined:
        async with wire.source.begin(Viewer(organization_id=organization)) as session:
            await emit(session, event)
    wire.relay()
    stream = stream_of("identity", partition_of(group))
    await eventually(lambda: wire.redis.xlen(stream), len(joined))
    entries = await wire.redis.xrange(stream)
    assert [Joined.model_validate_json(fields[b"data"]) for _, fields in entries] == joined


async def test_the_relay_gives_numbers_without_gaps_and_the_stream_carries_them(wire: Wire) -> None:
    aggregates = [aggregate_on(partition) for partition in range(PARTITIONS)]
    for number in range(3):
        for aggregate in aggregates:
            await wire.emit(None, aggregate, number)
    wire.relay()

    async def lengths() -> list[int]:
        return [await wire.redis.xlen(stream_of("identity", partition)) for partition in range(PARTITIONS)]

    await eventually(lengths, [3] * PARTITIONS)
    for partition, aggregate in enumerate(aggregates):
        entries = await wire.redis.xrange(stream_of("identity", partition))
        assert [entry for entry, _ in entries] == [b"1-0", b"2-0", b"3-0"]
        statement = "SELECT sequence FROM identity.outbox WHERE aggregate_id = $1 ORDER BY id"
        assert [row[0] for row in await fetch(wire.owner_url, statement, aggregate)] == [1, 2, 3]
        fields = entries[0][1]
        assert (fields[b"type"], fields[b"organizationId"]) == (b"thing.happened", b"")
        assert Happened.model_validate_json(fields[b"data"]) == Happened(id=aggregate, organization_id=None, number=0)


async def test_the_organization_of_the_event_is_the_tenant_of_its_effect(wire: Wire) -> None:
    seen: dict[int, tuple[str, str]] = {}

    async def look(session: AsyncSession, event: Happened) -> None:
        setting = "SELECT current_setting('app.tenant', true), current_setting('app.user', true)"
        tenant, user = (await session.execute(text(setting))).one()
        seen[event.number] = (tenant, user)
        if event.organization_id:
            await apply(session, event)

    one, other, aggregate = ids.new_id(), ids.new_id(), ids.new_id()
    for number, organization in enumerate((one, other, None, one)):
        await wire.emit(organization, aggregate, number)
    wire.relay()
    wire.consumer(Handler("identity", Happened, look))
    await wire.arrives({aggregate: [0, 1, 3]})
    assert seen == {0: (str(one), ""), 1: (str(other), ""), 2: ("", ""), 3: (str(one), "")}
    rows = await fetch(wire.owner_url, "SELECT organization_id FROM catalog.applied ORDER BY place")
    assert [UUID(str(row[0])) for row in rows] == [one, other, one]


async def test_a_handler_cannot_write_into_another_tenant(wire: Wire) -> None:
    foreign, aggregate = ids.new_id(), ids.new_id()

    async def misplace(session: AsyncSession, event: Happened) -> None:
        await apply(session, event.model_copy(update={"organization_id": foreign}))

    await wire.emit(ids.new_id(), aggregate, 1)
    wire.relay()
    wire.consumer(Handler("identity", Happened, misplace))
    await eventually(lambda: wire.position(aggregate), 1)
    assert await wire.applied() == {}
    assert "row-level security" in (await wire.parked())[0]["error"]


async def test_several_handlers_of_an_event_commit_together_and_other_events_pass_by(wire: Wire) -> None:
    class Unheard(Event, type="thing.unheard"):
        pass

    organization, aggregate = ids.new_id(), ids.new_id()
    async with wire.source.begin(Viewer(organization_id=organization)) as session:
        await emit(session, Unheard(id=aggregate, organization_id=organization))
        await emit(session, Happened(id=aggregate, organization_id=organization, number=1))
    wire.relay()
    wire.consumer(Handler("identity", Happened, apply), Handler("identity", Happened, apply))
    await wire.arrives({aggregate: [1, 1]})
    assert await wire.position(aggregate) == 2
    assert await wire.parked() == []


class Called(Event, type="thing.called", unaudited=("name",)):
    name: str
    color: str


class CalledAgain(Called, type="thing.called.again"):
    pass


async def test_what_is_unaudited_travels_and_is_not_in_the_audit_trail(wire: Wire, scratch: str) -> None:
    organization = ids.new_id()
    events = [kind(id=ids.new_id(), organization_id=organization, name="Ada", color="red")
              for kind in (Called, CalledAgain)]  # fmt: skip
    async with wire.source.begin(Viewer(organization_id=organization)) as session:
        await emit_all(session, events)
    statement = "SELECT data->>'name' AS name FROM identity.outbox WHERE organization_id = $1"
    assert [row["name"] for row in await fetch(scratch, statement, organization)] == ["Ada", "Ada"]
    statement = "SELECT details FROM identity.audit WHERE organization_id = $1"
    assert [row["details"] for row in await fetch(scratch, statement, organization)] == ['{"color": "red"}'] * 2


async def test_many_events_of_one_transaction_arrive_like_as_many_one_by_one(wire: Wire) -> None:
    organization, aggregates = ids.new_id(), [ids.new_id() for _ in range(5)]
    wire.relay()
    wire.consumer()
    events = [Happened(id=it, organization_id=organization, number=n) for n in range(20) for it in aggregates]
    async with wire.source.begin(Viewer(organization_id=organization)) as session:
        await emit_all(session, events)
    await wire.arrives({it: list(range(20)) for it in aggregates})
