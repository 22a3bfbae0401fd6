"""Reads on the driver: what they answer, what they share, and that nothing of one viewer reaches another."""

import asyncio
import gc
import random
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from sqlalchemy import Executable, bindparam, select, text
from sqlalchemy.exc import InvalidRequestError, SQLAlchemyError

from shared import ids
from shared.auth import ANONYMOUS, Role, Viewer
from shared.context import Context
from shared.errors import BadInput, Unavailable
from shared.graphql import refusal_of
from shared.postgres import Database
from shared.reading import Reads
from shared.telemetry.failures import told
from shared.telemetry.opentelemetry import Telemetry
from subgraphs.catalog.models import Course
from tests.conftest import Subgraph, Tenant, viewer
from tests.shared.conftest import eventually, execute, fetch
from tests.shared.test_database import write

ONE, TWO = text("SELECT 1 AS one"), text("SELECT 2 AS two")
SLOW = text("SELECT 1 AS one, pg_sleep(1)")
BAD = text("SELECT 1 / (:number - :number)").bindparams(bindparam("number", 1))
BACKEND = text("SELECT pg_backend_pid() AS pid, current_setting('app.tenant') AS tenant")
TENANTS = select(Course.organization_id)
SECRET = "a secret"


@pytest.fixture
async def database(database: Database) -> AsyncIterator[Database]:
    """A database of the test's own; all connections are back in the end."""
    yield database
    await at_rest(database)


async def at_rest(database: Database) -> None:
    """Returns once the pools have all connections back, which takes them no more than a moment."""
    async with asyncio.timeout(2):
        while database._tenant.pool.checkedout() or database._system.pool.checkedout():  # type: ignore[attr-defined]
            await asyncio.sleep(0.01)


async def under_way(scratch: str) -> None:
    """Returns once PostgreSQL is busy with the slow statement."""
    busy = (
        "SELECT 1 FROM pg_stat_activity "
        "WHERE state = 'active' AND strpos(query, $1) > 0 AND datname = current_database()"
    )
    await eventually(lambda: _any(scratch, busy))


async def _any(scratch: str, statement: str) -> bool:
    return bool(await fetch(scratch, statement, SLOW.text))


def somebody() -> Viewer:
    """Of an organization of their own."""
    return viewer(Role.ADMIN, ids.new_id())


async def read(reads: Reads, statement: Executable, **parameters: Any) -> list[Any]:
    """The rows, as plain tuples."""
    return [tuple(row) for row in await reads.rows(statement, parameters)]


async def test_reads_at_once_share_a_connection(database: Database) -> None:
    reads = database.reads(somebody())
    first, second = await asyncio.gather(read(reads, BACKEND), read(reads, BACKEND))
    assert first == second


async def test_reads_need_no_transaction(catalog: Subgraph, tenant: Tenant) -> None:
    context = Context(catalog.platform, tenant.teacher)
    with catalog.counted() as statements:
        found = await asyncio.gather(context.read(ONE), context.read(TWO))
    assert [[tuple(row) for row in rows] for rows in found] == [[(1,)], [(2,)]]
    assert statements == [ONE.text, TWO.text]


async def test_no_connection_is_kept_while_a_request_waits_for_something_else(database: Database) -> None:
    reads = database.reads(somebody())
    assert await read(reads, ONE) == [(1,)]
    await at_rest(database)
    assert await read(reads, TWO) == [(2,)]


async def test_an_error_is_for_its_own_caller_and_the_others_go_on(catalog: Subgraph, tenant: Tenant) -> None:
    context = Context(catalog.platform, tenant.teacher)
    with catalog.counted() as statements:
        asked = (context.read(ONE), context.read(BAD), context.read(TWO))
        one, bad, two = await asyncio.gather(*asked, return_exceptions=True)
    assert (len(one), len(two)) == (1, 1)  # type: ignore[arg-type]
    assert isinstance(refusal_of(bad), BadInput)  # type: ignore[arg-type]
    assert [it for it in statements if "/" not in it] == [ONE.text, TWO.text]


@pytest.mark.parametrize(
    ("state", "refusal"),
    [
        ("57014", Unavailable),  # the statement's time is over
        ("55P03", Unavailable),  # a lock's
        ("53200", Unavailable),
        ("57P01", Unavailable),
        ("08006", Unavailable),
        ("22003", BadInput),
        ("P0001", type(None)),
        ("42703", type(None)),
    ],
)
async def test_errors_mean_what_they_mean_in_a_session(
    database: Database, scratch: str, state: str, refusal: type
) -> None:
    who = somebody()
    raising = f"BEGIN RAISE EXCEPTION 'No.' USING ERRCODE = '{state}'; END"
    await execute(scratch, f"CREATE FUNCTION catalog.raising() RETURNS int LANGUAGE plpgsql AS $$ {raising} $$")
    statement = text("SELECT catalog.raising()")
    with pytest.raises(SQLAlchemyError) as in_session:
        async with database.begin(who) as session:
            await session.execute(statement)
    with pytest.raises(SQLAlchemyError) as alone:
        await read(database.reads(who), statement)
    assert isinstance(refusal_of(alone.value), refusal)
    assert isinstance(refusal_of(in_session.value), refusal)


async def test_errors_do_not_tell_the_values_of_a_statement(database: Database) -> None:
    for statement in (text("SELECT cast(:secret AS text)::int"), text("SELECT cast(:secret AS int)")):
        with pytest.raises(SQLAlchemyError) as caught:
            await read(database.reads(somebody()), statement, secret=SECRET)
        assert SECRET not in told((type(caught.value), caught.value, None))
        assert not caught.value.params  # type: ignore[attr-defined]


async def test_nothing_is_written(database: Database) -> None:
    deleting = "DELETE FROM course RETURNING id"
    for statement, reason in (
        (deleting, "syntax error"),
        (f"WITH gone AS ({deleting}) SELECT * FROM gone", "must be at the top level"),
        (f"SELECT 1) AS a) AS b; {deleting}; --", "syntax error"),
    ):
        with pytest.raises(SQLAlchemyError, match=reason):
            await read(database.reads(somebody()), text(statement))


async def test_parameters_may_be_superfluous_but_not_missing(database: Database) -> None:
    reads = database.reads(somebody())
    statement = text("SELECT cast(:number AS int) AS number")
    for number in (1, None):
        assert await read(reads, statement, number=number, viewer=ids.new_id()) == [(number,)]
    with pytest.raises(InvalidRequestError, match="number"):
        await read(reads, statement)
    with pytest.raises(InvalidRequestError, match="other"):
        await read(reads, text("SELECT cast(:other AS int)"))


async def test_a_value_that_cannot_be_sent_is_an_error_of_its_own_caller(database: Database) -> None:
    reads = database.reads(somebody())
    statement = text("SELECT cast(:number AS int) AS number")
    asked = (read(reads, statement, number="no number"), read(reads, statement, number=1))
    bad, good = await asyncio.gather(*asked, return_exceptions=True)
    assert isinstance(bad, SQLAlchemyError)
    assert good == [(1,)]


async def test_whoever_stops_waiting_stops_nobody_else(database: Database, scratch: str) -> None:
    reads = database.reads(somebody())
    running, waiting, other = (asyncio.create_task(read(reads, it)) for it in (SLOW, ONE, TWO))
    await under_way(scratch)
    running.cancel()
    waiting.cancel()
    assert await other == [(2,)]
    assert running.cancelled()
    assert waiting.cancelled()
    assert await read(reads, ONE) == [(1,)]


async def test_a_task_that_is_cancelled_leaves_no_transaction_behind(database: Database, scratch: str) -> None:
    reads = database.reads(somebody())
    asked = [asyncio.create_task(read(reads, it)) for it in (SLOW, ONE)]
    await under_way(scratch)
    [task] = database._running
    task.cancel()
    await asyncio.wait(asked, timeout=2)
    assert [it.cancelled() for it in asked] == [True, True]
    await at_rest(database)
    assert await read(reads, BACKEND)
    assert await read(database.reads(ANONYMOUS), TENANTS) == []


async def test_what_runs_is_answered_before_the_end(database: Database, scratch: str) -> None:
    asked = asyncio.create_task(read(database.reads(somebody()), SLOW))
    await under_way(scratch)
    await database.close()
    assert (await asked)[0][0] == 1


async def test_viewers_at_once_do_not_see_each_others_rows(database: Database) -> None:
    people = [somebody() for _ in range(8)]
    for person in people:
        await write(database, person)
    nobody = (ANONYMOUS, viewer(Role.STUDENT), viewer(Role.SUPER_ADMIN), somebody())
    shared = {who: database.reads(who) for who in (*people, *nobody)}
    choice = random.Random(4)  # any order will do, the same each time

    async def look(who: Viewer) -> None:
        reads = choice.choice((shared[who], database.reads(who)))
        for _ in range(choice.randrange(12)):
            await asyncio.sleep(0)
        found = await asyncio.gather(read(reads, TENANTS), read(reads, BAD), return_exceptions=True)
        assert found[0] == ([(who.organization_id,)] if who in people else [])
        assert {tenant for _, tenant in await read(reads, BACKEND)} == {str(who.organization_id or "")}

    await asyncio.gather(*(look(choice.choice(list(shared))) for _ in range(400)))


async def test_a_context_whose_viewer_changes_reads_as_the_new_one(catalog: Subgraph) -> None:
    one, other = somebody(), somebody()
    for who in (one, other):
        await write(catalog.platform.database, who)
    context = Context(catalog.platform, one)
    first = asyncio.create_task(context.read(TENANTS))
    await asyncio.sleep(0)
    context.viewer = other
    found = [*await asyncio.gather(first, context.read(TENANTS))]
    assert [[row.organization_id for row in rows] for rows in found] == [[one.organization_id], [other.organization_id]]


async def test_connections_that_the_server_has_closed_are_replaced_unseen(database: Database, scratch: str) -> None:
    pool = [database.reads(somebody()) for _ in range(5)]
    await asyncio.gather(*(read(reads, SLOW) for reads in pool))
    await at_rest(database)
    await execute(scratch, _HANG_UP)
    await asyncio.sleep(0.1)
    assert await asyncio.gather(*(read(reads, ONE) for reads in pool)) == [[(1,)]] * 5


async def test_a_connection_that_breaks_under_a_read_is_unavailable_for_it_alone(
    database: Database, scratch: str
) -> None:
    reads = database.reads(somebody())
    asked = [asyncio.create_task(read(reads, statement)) for statement in (SLOW, ONE)]
    await under_way(scratch)
    await execute(scratch, _HANG_UP)
    broken, other = await asyncio.gather(*asked, return_exceptions=True)
    assert isinstance(refusal_of(broken), Unavailable)  # type: ignore[arg-type]
    assert other == [(1,)]


_HANG_UP = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE datname = current_database() AND usename = 'lyceum_catalog'"
)


async def test_what_nobody_keeps_is_not_kept_compiled(database: Database) -> None:
    reads = database.reads(somebody())
    for number in range(20):
        assert await read(reads, select(Course.id).where(Course.title.in_(["a", str(number)]))) == []
    assert await read(reads, TENANTS) == []
    gc.collect()
    assert len(database._statements._compiled) == 1


async def test_each_read_is_a_span_below_that_of_its_caller(database: Database) -> None:
    told, exporter = Telemetry("catalog"), InMemorySpanExporter()
    told._tracers.add_span_processor(SimpleSpanProcessor(exporter))
    told.follow_statements(database._tenant, "catalog")
    reads = database.reads(somebody())

    async def caller(name: str, statement: Executable) -> None:
        with suppress(SQLAlchemyError), told.span(name, "server", None, {}, None):
            await read(reads, statement)

    await asyncio.gather(caller("one", ONE), caller("bad", BAD), caller("two", TWO))
    await at_rest(database)
    told.shut_down()
    spans = {span.context.span_id: span for span in exporter.get_finished_spans()}
    found = {
        spans[span.parent.span_id].name: (span.attributes["db.query.text"], span.attributes.get("error.type"))
        for span in spans.values()
        if span.parent
    }
    bad, error = found.pop("bad")
    assert (bad.startswith("SELECT 1 /"), error) == (True, "DivisionByZeroError")
    assert found == {"one": (ONE.text, None), "two": (TWO.text, None)}
