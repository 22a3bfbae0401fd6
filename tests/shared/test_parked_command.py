"""`lyceum events`: what an operator sees of parked events, and what comes of asking for a replay."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncSession

from shared import ids
from shared.events import Handler
from tests.graph.stack import ROOT, clean_environment
from tests.shared.conftest import SUBGRAPHS, execute, fetch
from tests.shared.test_replays import park
from tests.shared.wire import Happened, Wire


@dataclass(frozen=True)
class Ran:
    """How the command ended."""

    code: int
    output: str

    @property
    def lines(self) -> list[list[str]]:
        """The words of each line."""
        return [line.split() for line in self.output.splitlines()]


@pytest.fixture
async def wire(scratch: str, redis_url: str) -> AsyncIterator[Wire]:
    """A wire of the test's own, with a relay."""
    made = Wire(scratch, redis_url)
    await made.open()
    made.relay()
    yield made
    await made.close()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The home of the command."""
    return tmp_path / "home"


@pytest.fixture
def organization() -> UUID:
    """Whose events these are."""
    return ids.new_id()


@pytest.fixture
def aggregate() -> UUID:
    """What happens to."""
    return ids.new_id()


async def lyceum(wire: Wire, home: Path, *arguments: str, **variables: str) -> Ran:
    """Runs the command on the engines of the wire."""
    environment = {"DATABASE_URL": wire.owner_url, "REDIS_URL": wire.redis_url} | variables
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "shared.stack.cli", "events", *arguments),
        cwd=ROOT,
        env=clean_environment(home, **environment),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    assert process.returncode is not None
    return Ran(process.returncode, output.decode())


async def identity_parks(wire: Wire) -> None:
    """Identity parks an event too, with the same id as catalog's first, and an error that plays with the terminal."""
    await execute(
        wire.owner_url,
        "INSERT INTO identity.parked_event (source, partition, sequence, type, data, error) "
        "VALUES ('identity', 0, 1, 'user.created', '{}', E'Trouble: \\x1b[2J gone\\nand more')",
    )


async def test_parked_events_are_listed(wire: Wire, home: Path, organization: UUID, aggregate: UUID) -> None:
    empty = await lyceum(wire, home, "parked")
    assert (empty.code, empty.output) == (0, "No events are parked.\n")
    assert await lyceum(wire, home, "parked", "--json") == Ran(0, "")
    (first,) = await park(wire, organization, aggregate, 1)
    await identity_parks(wire)
    tenant = ids.encode("organization", organization)

    table = await lyceum(wire, home, "parked")
    assert table.code == 0
    header, *rows = table.lines
    assert header == ["id", "subgraph", "source", "type", "organization", "parked", "trace", "id", "error"]
    assert [row[:5] for row in rows] == [
        ["1", "identity", "identity", "user.created", "-"],
        [str(first), "catalog", "identity", "thing.happened", tenant],
    ]
    assert rows[1][7:] == ["-", "ValueError:", "broken"]
    assert "\x1b" not in table.output
    assert "and more" not in table.output

    lines = await lyceum(wire, home, "parked", "--json", "--subgraph", "catalog")
    (found,) = [json.loads(line) for line in lines.output.splitlines()]
    assert (found["id"], found["subgraph"], found["error"]) == (first, "catalog", "ValueError: broken")
    assert (found["data"]["id"], found["data"]["number"]) == (str(aggregate), 1)
    assert (found["organizationId"], found["replayRequestedAt"]) == (str(organization), None)


async def test_a_replay_tells_what_came_of_it(wire: Wire, home: Path, organization: UUID, aggregate: UUID) -> None:
    async def fail_on_two(session: AsyncSession, event: Happened) -> None:
        if event.number == 2:
            raise KeyError("still broken")

    parked = await park(wire, organization, aggregate, 1, 2, 3)
    wire.replays(Handler("identity", Happened, fail_on_two))
    one = await lyceum(wire, home, "replay", str(parked[0]))
    assert one == Ran(0, f"catalog {parked[0]} thing.happened: applied\n")
    rest = await lyceum(wire, home, "replay", "--all")
    assert rest.code == 1
    assert rest.output.splitlines() == [
        f"catalog {parked[1]} thing.happened: failed with KeyError: 'still broken'",
        f"catalog {parked[2]} thing.happened: applied",
    ]


async def test_what_no_consumer_takes_is_told_and_stays_asked_for(
    wire: Wire, home: Path, organization: UUID, aggregate: UUID
) -> None:
    (id,) = await park(wire, organization, aggregate, 1)
    asked = await lyceum(wire, home, "replay", str(id))
    assert asked.code == 1
    assert "no consumer has taken it yet; it is replayed once catalog runs" in asked.output
    wire.replays()
    await wire.arrives({aggregate: [1]})


async def test_an_id_that_is_unknown_or_several_is_refused_and_nothing_is_asked_for(
    wire: Wire, home: Path, organization: UUID, aggregate: UUID
) -> None:
    (id,) = await park(wire, organization, aggregate, 1)
    await identity_parks(wire)
    refusals = {
        ("replay", str(id), "77", "78"): "No parked event has the id 77, 78",
        ("replay", str(id)): f"Several subgraphs have a parked event with the id {id}",
        ("replay", "77", "--subgraph", "identity"): "No parked event has the id 77",
        ("replay",): "say --all",
        ("replay", str(id), "--all"): "say --all",
        ("parked", "--subgraph", "nothing"): "There is no subgraph 'nothing'; there are identity, catalog",
    }
    for arguments, expected in refusals.items():
        refused = await lyceum(wire, home, *arguments)
        assert refused.code == 1, refused.output
        assert expected in refused.output
        assert "Traceback" not in refused.output
    for schema in SUBGRAPHS:
        ((asked,),) = await fetch(wire.owner_url, f"SELECT count(retry_requested_at) FROM {schema}.parked_event")
        assert asked == 0


async def test_a_database_that_is_not_ready_or_not_there_is_told(wire: Wire, home: Path) -> None:
    url = make_url(wire.owner_url)
    empty = url.set(database="never_made").render_as_string(hide_password=False)
    gone = url.update_query_dict({"host": str(home)}).render_as_string(hide_password=False)
    for address, expected in ((empty, "`lyceum migrate` makes it so"), (gone, "does not answer")):
        refused = await lyceum(wire, home, "parked", DATABASE_URL=address)
        assert (refused.code, expected in refused.output) == (1, True), refused.output
        assert "Traceback" not in refused.output
    await execute(wire.owner_url, "ALTER TABLE catalog.parked_event DROP COLUMN retry_began_at")
    refused = await lyceum(wire, home, "parked")
    assert (refused.code, "The database of catalog" in refused.output) == (1, True), refused.output


async def test_without_a_stack_it_runs_engines_of_its_own(wire: Wire, home: Path) -> None:
    ran = await lyceum(wire, home, "parked", DATABASE_URL="", REDIS_URL="")
    assert (ran.code, "`lyceum migrate` makes it so" in ran.output) == (1, True), ran.output
