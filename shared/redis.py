"""The Redis client: waits for a free connection instead of raising, gives up quickly when Redis is away."""

from pydantic import SecretStr
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff


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
    return Redis(connection_pool=pool)
