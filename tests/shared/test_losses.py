"""Events when the cable fails: whatever Redis forgets, whoever dies, each effect is had once and in order."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from shared import ids
from shared.events import Handler, partition_of, stream_of
from shared.redis import connect
from shared.relay import head_key
from tests.shared.conftest import eventually, execute, fetch
from tests.shared.wire import Happened, Wire, apply


@pytest.fixture
async def wire(scratch: str, redis_url: str) -> AsyncIterator[Wire]:
    """A wire of the test's own."""
    made = Wire(scratch, redis_url)
    await made.open()
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


async def forget_everything(redis: Redis, stream: str) -> None:
    """Redis comes back empty."""
    await redis.flushdb()


async def forget_the_stream(redis: Redis, stream: str) -> None:
    """Only the events are gone."""
    await redis.delete(stream)


async def forget_the_oldest(redis: Redis, stream: str) -> None:
    """The stream was longer than Redis keeps."""
    await redis.xtrim(stream, maxlen=2, approximate=False)


async def forget_some(redis: Redis, stream: str) -> None:
    """A failover lost what was written last but one."""
    entries = await redis.xrange(stream)
    await redis.xdel(stream, *(entry for entry, _ in entries[len(entries) // 2 : -1]))


@pytest.mark.parametrize("loss", [forget_everything, forget_the_stream, forget_the_oldest, forget_some])
async def test_what_redis_loses_before_it_is_read_is_published_again(
    wire: Wire, organization: UUID, aggregate: UUID, loss: Any
) -> None:
    wire.relay()
    stream = stream_of("identity", partition_of(aggregate))
    await wire.emit(organization, aggregate, *range(10))
    await eventually(lambda: wire.redis.xlen(stream), 10)
    await loss(wire.redis, stream)
    wire.consumer()
    await wire.arrives({aggregate: list(range(10))})


async def test_redis_forgetting_everything_again_and_again_while_events_flow_loses_nothing(
    wire: Wire, organization: UUID
) -> None:
    aggregates = [ids.new_id() for _ in range(5)]
    wire.relay()
    wire.consumer()

    async def forget() -> None:
        for _ in range(6):
            await asyncio.sleep(0.15)
            await wire.redis.flushdb()

    async def write(aggregate: UUID) -> None:
        for number in range(40):
            await wire.emit(organization, aggregate, number)
            await asyncio.sleep(0.02)

    await asyncio.gather(forget(), *(write(aggregate) for aggregate in aggregates))
    await wire.arrives({aggregate: list(range(40)) for aggregate in aggregates}, within=30)
    assert await wire.parked() == []


async def test_a_loss_is_noticed_although_nothing_new_happens(wire: Wire, organization: UUID, aggregate: UUID) -> None:
    relay, consumer = wire.relay(), wire.consumer()
    await wire.emit(organization, aggregate, 1)
    await wire.arrives({aggregate: [1]})
    await wire.stop(consumer)
    await wire.emit(organization, aggregate, 2, 3)
    await eventually(lambda: wire.redis.xlen(stream_of("identity", partition_of(aggregate))), 3)
    await wire.redis.flushdb()
    wire.consumer()
    await wire.arrives({aggregate: [1, 2, 3]})
    assert not relay.done()


async def test_an_event_that_comes_twice_is_applied_once(wire: Wire, organization: UUID, aggregate: UUID) -> None:
    relay, _ = wire.relay(), wire.consumer()
    await wire.emit(organization, aggregate, 1, 2, 3)
    await wire.arrives({aggregate: [1, 2, 3]})
    await wire.stop(relay)
    # The stream starts anew with what has been applied already, as after a replay for another consumer.
    stream = stream_of("identity", partition_of(aggregate))
    entries = await wire.redis.xrange(stream)
    await wire.redis.delete(stream)
    for entry, fields in entries:
        await wire.redis.xadd(stream, fields, id=entry)
    again = wire.consumer()
    await asyncio.sleep(0.3)
    await wire.stop(again)
    await execute(wire.owner_url, "UPDATE identity.outbox_position SET last = last")
    wire.relay()
    await wire.emit(organization, aggregate, 4)
    await wire.arrives({aggregate: [1, 2, 3, 4]})


class ForgetfulRedis(Redis):
    """A client whose connection breaks after the server has done what it was told: nobody hears of it."""

    broken = 0

    def pipeline(self, *args: Any, **options: Any) -> Any:
        """A pipeline that is executed, and then raises, twice."""
        pipeline = super().pipeline(*args, **options)
        execute = pipeline.execute

        async def executed_unheard(*args: Any, **options: Any) -> Any:
            result = await execute(*args, **options)
            if self.broken < 2:
                self.broken += 1
                raise RedisConnectionError("the answer never came")
            return result

        pipeline.execute = executed_unheard
        return pipeline


async def test_a_relay_that_does_not_hear_that_it_has_published_starts_over_without_doubles(
    wire: Wire, organization: UUID, aggregate: UUID
) -> None:
    plain = connect(SecretStr(wire.redis_url))
    forgetful = ForgetfulRedis(connection_pool=plain.connection_pool)
    wire.relay(forgetful)
    wire.consumer()
    for number in range(5):
        await wire.emit(organization, aggregate, number)
        await asyncio.sleep(0.1)
    await wire.arrives({aggregate: list(range(5))})
    assert forgetful.broken == 2
    await plain.aclose()


async def test_relays_that_die_and_start_again_lose_nothing(wire: Wire, organization: UUID) -> None:
    aggregates = [ids.new_id() for _ in range(4)]
    wire.consumer()

    async def die_and_start() -> None:
        for pause in (0.05, 0.2, 0.13, 0.31, 0.08):
            relay = wire.relay()
            await asyncio.sleep(pause)
            await wire.stop(relay)

    async def write(aggregate: UUID) -> None:
        for number in range(30):
            await wire.emit(organization, aggregate, number)

    await asyncio.gather(die_and_start(), *(write(aggregate) for aggregate in aggregates))
    wire.relay()
    await wire.arrives({aggregate: list(range(30)) for aggregate in aggregates})


async def test_of_two_relays_one_leads_and_the_other_takes_over(
    wire: Wire, organization: UUID, aggregate: UUID
) -> None:
    first = wire.relay()
    await eventually(lambda: wire.redis.exists(head_key("identity", 0)), 1)
    second = wire.relay()
    wire.consumer()
    await asyncio.gather(*(wire.emit(organization, ids.new_id(), number) for number in range(20)))
    await wire.emit(organization, aggregate, 1)
    lock = """
        SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database
        WHERE locktype = 'advisory' AND granted AND classid = 19545 AND datname = current_database()
    """
    assert (await fetch(wire.owner_url, lock))[0][0] == 1
    await wire.stop(first)
    await wire.emit(organization, aggregate, 2)
    await eventually(lambda: wire.position(aggregate), await _highest(wire, aggregate))
    assert (await wire.applied())[aggregate] == [1, 2]
    assert not second.done()


async def _highest(wire: Wire, aggregate: UUID) -> int:
    statement = "SELECT count(*) FROM identity.outbox WHERE partition = $1"
    return (await fetch(wire.owner_url, statement, partition_of(aggregate)))[0][0]


async def test_a_relay_leads_again_soon_after_redis_was_away_however_busy_its_database(
    wire: Wire, organization: UUID, aggregate: UUID
) -> None:
    class Away(Redis):
        """A client that cannot reach the server for a while."""

        away = False

        async def execute_command(self, *args: Any, **options: Any) -> Any:
            if self.away:
                raise RedisConnectionError("away")
            return await super().execute_command(*args, **options)

    plain = connect(SecretStr(wire.redis_url))
    redis = Away(connection_pool=plain.connection_pool)

    async def sign_in() -> None:
        async with wire.source.system() as session:
            await session.execute(text("SELECT pg_sleep(0.2)"))

    await asyncio.gather(*(sign_in() for _ in range(8)))  # as many connections wait in the pool
    wire.relay(redis)
    wire.consumer()
    await wire.emit(organization, aggregate, 1)
    await wire.arrives({aggregate: [1]})
    redis.away = True
    await asyncio.sleep(1.5)
    redis.away = False
    await wire.emit(organization, aggregate, 2)
    await wire.arrives({aggregate: [1, 2]}, within=4)
    await plain.aclose()


async def test_two_consumers_of_a_subgraph_share_the_work_and_apply_each_event_once(
    wire: Wire, organization: UUID
) -> None:
    aggregates = [ids.new_id() for _ in range(8)]
    wire.relay()
    for _ in range(2):
        wire.consumer()

    async def write(aggregate: UUID) -> None:
        for number in range(25):
            await wire.emit(organization, aggregate, number)

    await asyncio.gather(*(write(aggregate) for aggregate in aggregates))
    await wire.arrives({aggregate: list(range(25)) for aggregate in aggregates})


async def test_a_consumer_that_waits_long_for_another_parks_nothing_and_repeats_nothing(
    wire: Wire, organization: UUID, aggregate: UUID
) -> None:
    async def dawdle(session: AsyncSession, event: Happened) -> None:
        await apply(session, event)
        await session.execute(text("SELECT pg_sleep(2.3)"))  # longer than anybody waits for a lock

    await wire.emit(organization, aggregate, 1, 2)
    wire.relay()
    for _ in range(2):
        wire.consumer(Handler("identity", Happened, dawdle))
    await wire.arrives({aggregate: [1, 2]}, within=30)
    assert await wire.parked() == []
    assert await wire.position(aggregate) == 2


async def test_a_new_consumer_of_an_old_stream_begins_with_what_is_kept(
    wire: Wire, organization: UUID, aggregate: UUID
) -> None:
    await wire.emit(organization, aggregate, *range(6))
    wire.relay()
    stream = stream_of("identity", partition_of(aggregate))
    await eventually(lambda: wire.redis.xlen(stream), 6)
    await execute(
        wire.owner_url,
        "UPDATE identity.outbox SET created_at = now() - interval '8 days' WHERE sequence <= 4",
    )
    await eventually(lambda: wire.redis.get(head_key("identity", partition_of(aggregate))), b"5:6")
    await wire.redis.delete(stream)
    wire.consumer()
    await wire.arrives({aggregate: [4, 5]})
    await wire.emit(organization, aggregate, 6)
    await wire.arrives({aggregate: [4, 5, 6]})
