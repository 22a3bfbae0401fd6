"""Content with a database and a Redis that nobody else uses, for tests of what is about all tenants or one process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pydantic import SecretStr
from sqlalchemy.engine import make_url

from shared import ids, migrations
from shared.redis import connect
from shared.stack.running import Engines
from subgraphs.content.runtime import settings_of
from subgraphs.content.settings import Settings
from tests.conftest import Subgraph
from tests.shared.conftest import execute

_REDIS = 15  # the number of the logical database


@asynccontextmanager
async def apart(content: Subgraph, engines: Engines) -> AsyncIterator[Settings]:
    """Content's settings with a migrated and empty database, and with an empty Redis."""
    url = make_url(engines.addresses.database).set(database=f"content_{ids.new_id().hex}")
    owner = url.render_as_string(hide_password=False)
    await asyncio.to_thread(migrations.bootstrap, owner, ["content"])
    await asyncio.to_thread(migrations.upgrade, "content", owner)
    tenant, system = (url.set(username=login).render_as_string(False) for login in migrations.logins("content"))
    changes = {
        "database_url": SecretStr(tenant),
        "system_database_url": SecretStr(system),
        "redis_url": SecretStr(f"{engines.addresses.redis}?db={_REDIS}"),
    }
    redis = connect(changes["redis_url"])
    await redis.flushdb()
    yield settings_of(content.platform).model_copy(update=changes)
    await redis.flushdb()
    await redis.aclose()
    await execute(engines.addresses.database, f"DROP DATABASE {url.database} WITH (FORCE)")
