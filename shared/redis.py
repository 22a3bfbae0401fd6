"""The Redis client: waits for a free connection instead of raising, gives up quickly when Redis is away."""

import asyncio
from typing import Any

from pydantic import SecretStr
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from shared.telemetry import tracing


def connect(url: SecretStr) -> Redis:
    """A client for this process. Commands fail within about two seconds while Redis is away, and work again after."""
    pool = BlockingConnectionPool.from_url(
        url.get_secret_value(),
        max_connections=100,
        timeout=2,
        socket_connect_timeout=1,
        socket_timeout=2,
        retry=Retry(NoBackoff(), 1),  # one, for a connection that died while it was idle
        health_check_interval=0,
    )
    pool.connection_class = type("Connection", (_Cancellable, pool.connection_class), {})
    redis = Redis(connection_pool=pool)
    tracing.follow_commands(redis)
    return redis


class _Cancellable(AbstractConnection):
    """Before Python 3.12 `asyncio.wait_for`, which redis-py sends with, now and then returns as if nothing were when
    its task is cancelled. Such a task would go on for ever, and with it whoever waits for its end."""

    async def send_packed_command(self, command: Any, check_health: bool = True) -> None:
        task = asyncio.current_task()
        before = task.cancelling() if task else 0
        await super().send_packed_command(command, check_health)
        if task and task.cancelling() > before:
            await self.disconnect(nowait=True)  # the answer would be taken for the next command's
            raise asyncio.CancelledError
