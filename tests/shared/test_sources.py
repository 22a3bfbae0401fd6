"""A subgraph that consumes from several sources, itself among them: each source is consumed on its own."""

from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from shared import ids
from shared.app import create_app
from shared.auth import Viewer
from shared.context import Platform
from shared.errors import Unavailable
from shared.events import Event, Handler, emit
from subgraphs.catalog.schema import schema
from tests.shared.conftest import eventually, settings_for
from tests.shared.wire import Happened, Wire, apply


class Indexed(Event, type="thing.indexed"):
    """Something that only catalog does."""


@pytest.fixture
async def wire(scratch: str, redis_url: str) -> AsyncIterator[Wire]:
    """Identity's end of a wire, of whose other end catalog is an application."""
    made = Wire(scratch, redis_url)
    await made.open()
    made.relay()
    yield made
    await made.close()


async def test_while_what_one_source_needs_is_away_the_events_of_others_go_on(wire: Wire) -> None:
    engine = {"away": True}
    indexed: dict[UUID, int] = defaultdict(int)

    async def index(session: AsyncSession, event: Indexed) -> None:
        if engine["away"]:
            raise Unavailable
        indexed[event.id] += 1

    def handlers(_: Platform) -> Sequence[Handler]:
        return [Handler("catalog", Indexed, index), Handler("identity", Happened, apply)]

    organization, mine, theirs = ids.new_id(), ids.new_id(), ids.new_id()
    settings = settings_for("catalog", wire.owner_url, wire.redis_url)
    app = create_app("catalog", schema, settings, handlers=handlers)
    async with app.router.lifespan_context(app):
        async with wire.sink.begin(Viewer(organization_id=organization)) as session:
            await emit(session, Indexed(id=mine, organization_id=organization))
        for number in range(5):
            await wire.emit(organization, theirs, number)
            await wire.arrives({theirs: list(range(number + 1))}, within=5)
        assert indexed == {}
        engine["away"] = False

        async def found() -> dict[UUID, int]:
            return indexed

        await eventually(found, {mine: 1}, within=15)
    assert await wire.parked() == []
