"""What operators see of parked events, and how they have them replayed. Subgraphs that run do it; see `shared.parking`.

Both go through each subgraph's system login, the only one that sees the rows of all tenants.
"""

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC
from typing import Any

import asyncpg
import orjson
from pydantic import SecretStr
from sqlalchemy.exc import SQLAlchemyError

from shared import ids, parking
from shared.postgres import Database
from shared.settings import Settings
from shared.stack import environment
from shared.stack.console import Reporter
from shared.stack.environment import Addresses
from shared.stack.errors import StackError
from shared.stack.project import Project

_PATIENCE = 5.0  # seconds without news after which the command tells what it knows
_POLL = 0.2  # seconds
_COLUMNS = ("id", "subgraph", "source", "type", "organization", "parked", "trace id", "error")

# No such database, login, table or column.
_NOT_MIGRATED = ("3D000", "28000", "42P01", "42703")


@dataclass(frozen=True, slots=True)
class Parked:
    """A row of a subgraph's `parked_event`; its id is unique within the subgraph only."""

    subgraph: str
    row: Any


def find(project: Project, addresses: Addresses, subgraph: str | None = None) -> list[Parked]:
    """The parked events of all subgraphs, or of one; StackError when it does not exist or a database is not ready."""
    if subgraph is not None and subgraph not in project.subgraphs:
        raise StackError(f"There is no subgraph {subgraph!r}; there are {', '.join(project.subgraphs)}.")
    names = project.subgraphs if subgraph is None else (subgraph,)
    return asyncio.run(_find(project, addresses, names))


def choose(found: Sequence[Parked], wanted: Sequence[int], *, everything: bool) -> list[Parked]:
    """Those with the wanted ids, or all; StackError when an id is unknown or stands for events of several subgraphs."""
    if everything == bool(wanted):
        raise StackError("Name the ids of parked events, or say --all; `lyceum events parked` lists them.")
    if everything:
        return list(found)
    counted = Counter(parked.row.id for parked in found)
    if unknown := [id for id in wanted if not counted[id]]:
        raise StackError(f"No parked event has the id {_listed(unknown)}; `lyceum events parked` lists them.")
    if several := [id for id in wanted if counted[id] > 1]:
        raise StackError(f"Several subgraphs have a parked event with the id {_listed(several)}; say --subgraph NAME.")
    return [parked for parked in found if parked.row.id in wanted]


def show(found: Sequence[Parked], reporter: Reporter, *, as_json: bool) -> None:
    """A table with a line per event, or a line of JSON per event with its data."""
    if as_json:
        for parked in found:
            reporter.say(orjson.dumps(_as_json(parked)).decode())
    elif found:
        reporter.table(_COLUMNS, [_as_line(parked) for parked in found])
    else:
        reporter.say("No events are parked.")


def replay(project: Project, addresses: Addresses, chosen: Sequence[Parked], reporter: Reporter) -> bool:
    """Asks for the replay of these and tells what came of each; whether all were applied."""
    by_subgraph: dict[str, list[int]] = defaultdict(list)
    for parked in chosen:
        by_subgraph[parked.subgraph].append(parked.row.id)
    left = asyncio.run(_replay(project, addresses, by_subgraph))
    for parked in chosen:
        row = left.get((parked.subgraph, parked.row.id))
        reporter.say(f"{parked.subgraph} {parked.row.id} {parked.row.type}: {_outcome(parked.subgraph, row)}")
    if not chosen:
        reporter.say("No events are parked.")
    return not left


def _outcome(subgraph: str, row: Any) -> str:
    if row is None:
        return "applied"
    if row.retry_requested_at is None:
        return f"failed with {_one_line(row.error)}"
    if row.retry_began_at is None:
        return f"no consumer has taken it yet; it is replayed once {subgraph} runs"
    return "taken, and not ended yet; ask again if it stays so, for its process may have ended"


async def _find(project: Project, addresses: Addresses, names: Iterable[str]) -> list[Parked]:
    found: list[Parked] = []
    for name in names:
        async with _database(name, project, addresses) as database, database.system() as session:
            found += [Parked(name, row) for row in await parking.parked(session)]
    return found


async def _replay(
    project: Project, addresses: Addresses, chosen: Mapping[str, Sequence[int]]
) -> dict[tuple[str, int], Any]:
    """The rows that are left once nothing more happens, by subgraph and id."""
    outcomes = await asyncio.gather(*(_replay_of(name, project, addresses, chosen[name]) for name in chosen))
    return {(name, row.id): row for name, rows in zip(chosen, outcomes, strict=True) for row in rows}


async def _replay_of(name: str, project: Project, addresses: Addresses, wanted: Sequence[int]) -> list[Any]:
    async with _database(name, project, addresses) as database:
        async with database.system() as session:
            await parking.ask(session, wanted)
        pending, left, news = len(wanted) + 1, list[Any](), time.monotonic()
        while pending and time.monotonic() - news < _PATIENCE:
            async with database.system() as session:
                left = await parking.parked(session, wanted)
            before, pending = pending, sum(row.retry_requested_at is not None for row in left)
            news = time.monotonic() if pending < before else news
            await asyncio.sleep(_POLL if pending else 0)
        return left


@asynccontextmanager
async def _database(name: str, project: Project, addresses: Addresses) -> AsyncIterator[Database]:
    variables = environment.for_subgraph(name, project, addresses, environment.jwks_url(project, None))
    settings = Settings(
        DATABASE_URL=SecretStr(variables["DATABASE_URL"]),
        SYSTEM_DATABASE_URL=SecretStr(variables["SYSTEM_DATABASE_URL"]),
        REDIS_URL=SecretStr(variables["REDIS_URL"]),
        router_secret=SecretStr(variables["LYCEUM_ROUTER_SECRET"]),
        jwks_url=variables["LYCEUM_JWKS_URL"],
    )
    database = Database(name, settings)
    try:
        yield database
    except (SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
        raise StackError(_refusal(name, error)) from error
    finally:
        await database.close()


def _refusal(name: str, error: Exception) -> str:
    cause = getattr(error, "orig", None) or error
    if getattr(cause, "sqlstate", None) in _NOT_MIGRATED:
        return f"The database of {name} is not what this version needs; `lyceum migrate` makes it so."
    return f"The database of {name} does not answer:\n{_one_line(str(cause))}"


def _as_json(parked: Parked) -> dict[str, Any]:
    row = parked.row
    return {
        "id": row.id,
        "subgraph": parked.subgraph,
        "source": row.source,
        "partition": row.partition,
        "sequence": row.sequence,
        "type": row.type,
        "organizationId": str(row.organization_id) if row.organization_id else None,
        "parkedAt": row.created_at,
        "error": row.error,
        "traceId": row.trace_id,
        "replayRequestedAt": row.retry_requested_at,
        "replayBeganAt": row.retry_began_at,
        "data": row.data,
    }


def _as_line(parked: Parked) -> tuple[str, ...]:
    row = parked.row
    organization = ids.encode("organization", row.organization_id) if row.organization_id else "-"
    when = row.created_at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    return (
        str(row.id),
        parked.subgraph,
        row.source,
        row.type,
        organization,
        when,
        row.trace_id or "-",
        _one_line(row.error),
    )


def _one_line(text: str) -> str:
    """The first line without control characters, which could do anything to a terminal."""
    first = text.splitlines()[0] if text else ""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in first)


def _listed(numbers: Iterable[int]) -> str:
    return ", ".join(str(number) for number in numbers)
