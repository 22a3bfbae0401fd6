"""The Redis client: commands wait for a free connection, and a task that is cancelled ends."""

import asyncio

from redis.asyncio import Redis


async def test_more_commands_at_once_than_connections_wait_their_turn(redis: Redis) -> None:
    await asyncio.gather(*(redis.incr("counter") for _ in range(1_000)))
    assert await redis.get("counter") == b"1000"


async def test_a_task_ends_when_it_is_cancelled_whatever_it_is_doing(redis: Redis) -> None:
    async def work() -> None:
        while True:
            await redis.ping()

    async def cancel_after(steps: int) -> None:
        task = asyncio.create_task(work())
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        done, _ = await asyncio.wait({task}, timeout=1)
        assert done, f"still going on, cancelled after {steps} steps of the loop"

    for steps in range(100):
        await cancel_after(steps)
    assert await redis.ping() is True
    assert await redis.echo("the right answer") == b"the right answer"
