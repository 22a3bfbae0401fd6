"""Ai once more: with other settings, and with a database that nobody else uses, for what is about all tenants."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from pydantic import SecretStr
from sqlalchemy.engine import make_url

from shared import ids, migrations
from shared.app import create_app
from shared.stack.running import Engines
from subgraphs.ai.runtime import embed_waiting
from subgraphs.ai.schema import schema
from subgraphs.ai.settings import Settings
from tests.conftest import Subgraph
from tests.shared.conftest import execute
from tests.shared.openai_server import KEY, OpenAIServer


def settings_of(ai: Subgraph) -> Settings:
    """Its own settings."""
    settings = ai.platform.settings
    assert isinstance(settings, Settings)
    return settings


def asking(settings: Settings, server: OpenAIServer | str, **changes: Any) -> Settings:
    """The same, with the model on a server, or at an address, and with little patience."""
    address = server if isinstance(server, str) else server.address
    usual = {"openai_api_key": SecretStr(KEY), "openai_base_url": address}
    patience = {"embedding_seconds": 2.0, "generation_seconds": 2.0}
    return settings.model_copy(update=usual | patience | changes)


@asynccontextmanager
async def process(ai: Subgraph, settings: Settings, *, works: bool = False) -> AsyncIterator[Subgraph]:
    """Ai with these settings; it makes vectors only in a database of its own."""
    app = create_app("ai", schema, settings, work=[embed_waiting] if works else [])
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://subgraph", timeout=30) as client,
    ):
        yield Subgraph(app, client, ai.sign)


@asynccontextmanager
async def own_database(ai: Subgraph, engines: Engines) -> AsyncIterator[Settings]:
    """Its settings with a migrated and empty database."""
    url = make_url(engines.addresses.database).set(database=f"ai_{ids.new_id().hex}")
    owner = url.render_as_string(hide_password=False)
    await asyncio.to_thread(migrations.bootstrap, owner, ["ai"])
    await asyncio.to_thread(migrations.upgrade, "ai", owner)
    tenant, system = (url.set(username=login).render_as_string(False) for login in migrations.logins("ai"))
    changes = {"database_url": SecretStr(tenant), "system_database_url": SecretStr(system)}
    yield settings_of(ai).model_copy(update=changes)
    await execute(engines.addresses.database, f"DROP DATABASE {url.database} WITH (FORCE)")
