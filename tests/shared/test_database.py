"""The database: who a session is for, what runs after its commit, and what leaks from one to the next (nothing)."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from shared import ids
from shared.auth import ANONYMOUS, Role, Viewer
from shared.postgres import Database, after_commit
from tests.conftest import viewer
from tests.shared.conftest import fetch

_INSERT = text(
    "INSERT INTO course (organization_id, id, slug, title, description, status) "
    "VALUES (:organization, :id, 'a-slug', 'A title', '', 'DRAFT')"
)


async def write(database: Database, who: Viewer, organization: Any = None) -> None:
    """One row."""
    async with database.begin(who) as session:
        await session.execute(_INSERT, {"organization": organization or who.organization_id, "id": ids.new_id()})


async def seen(database: Database, who: Viewer) -> int:
    """How many rows the session of a viewer shows."""
    async with database.begin(who) as session:
        found = await session.scalar(text("SELECT count(*) FROM course"))
    assert found is not None
    return found


async def test_a_session_shows_the_rows_of_its_viewers_organization_only(database: Database) -> None:
    one, other = viewer(Role.ADMIN, ids.new_id()), viewer(Role.ADMIN, ids.new_id())
    await write(database, one)
    assert await seen(database, one) == 1
    for nobody in (other, ANONYMOUS, viewer(Role.STUDENT), viewer(Role.SUPER_ADMIN)):
        assert await seen(database, nobody) == 0
    async with database.system() as session:
        assert await session.scalar(text("SELECT count(*) FROM course")) == 0, "catalog gave that login no policy here"


async def test_without_a_viewer_nothing_can_be_written(database: Database, scratch: str) -> None:
    for nobody in (ANONYMOUS, viewer(Role.STUDENT), viewer(Role.SUPER_ADMIN)):
        with pytest.raises(DBAPIError, match="row-level security"):
            await write(database, nobody, ids.new_id())
    assert await fetch(scratch, "SELECT 1 FROM catalog.course") == []


async def test_the_tenant_does_not_outlive_its_transaction_on_a_pooled_connection(database: Database) -> None:
    who = viewer(Role.ADMIN, ids.new_id())
    await write(database, who)
    setting = text("SELECT current_setting('app.tenant', true) AS tenant, pg_backend_pid() AS backend")

    async def look() -> Any:
        # Past `begin`, as whoever forgets it would: on each of the connections that have served the tenant.
        async with database._tenant.connect() as connection:
            found = (await connection.execute(setting)).one()
            await asyncio.sleep(0.05)
            assert await connection.scalar(text("SELECT count(*) FROM course")) == 0
            return found

    async def use(end: Callable[[], Any]) -> int:
        backend = 0
        with suppress(ZeroDivisionError):
            async with database.begin(who) as session:
                backend = await session.scalar(text("SELECT pg_backend_pid()")) or 0
                await asyncio.sleep(0.05)
                end()
        return backend

    used = set(await asyncio.gather(*(use(lambda: None) for _ in range(5)), *(use(lambda: 1 // 0) for _ in range(5))))
    assert len(used) == 10
    found = await asyncio.gather(*(look() for _ in range(10)))
    assert {row.backend for row in found} == used
    assert {row.tenant for row in found} == {""}


async def test_sessions_at_once_do_not_see_each_others_tenant(database: Database) -> None:
    people = [viewer(Role.ADMIN, ids.new_id()) for _ in range(40)]
    await asyncio.gather(*(write(database, person) for person in people))

    async def own(person: Viewer) -> Any:
        async with database.begin(person) as session:
            await asyncio.sleep(0)
            return (await session.execute(text("SELECT organization_id FROM course"))).scalars().all()

    found = await asyncio.gather(*(own(person) for person in people * 3))
    assert found == [[person.organization_id] for person in people * 3]


async def test_an_effect_after_the_commit_runs_once_it_is_visible_to_others(database: Database, scratch: str) -> None:
    who, visible = viewer(Role.ADMIN, ids.new_id()), []

    async def effect() -> None:
        visible.append(await seen(database, who))

    async with database.begin(who) as session:
        after_commit(session, effect)
        await session.execute(_INSERT, {"organization": who.organization_id, "id": ids.new_id()})
        assert visible == []
    assert visible == [1]


async def test_an_effect_after_the_commit_does_not_run_without_one(database: Database, scratch: str) -> None:
    who, ran = viewer(Role.ADMIN, ids.new_id()), []

    async def effect() -> None:
        ran.append(1)

    with suppress(ZeroDivisionError):
        async with database.begin(who) as session:
            after_commit(session, effect)
            raise ZeroDivisionError
    with suppress(DBAPIError):  # refused at the commit itself
        async with database.begin(who) as session:
            await session.execute(text("SET CONSTRAINTS ALL DEFERRED"))
            after_commit(session, effect)
            await session.execute(_INSERT, {"organization": ids.new_id(), "id": ids.new_id()})
    assert ran == []
    assert await fetch(scratch, "SELECT 1 FROM catalog.course") == []


@pytest.mark.parametrize("error", [RedisConnectionError("away"), TimeoutError(), ConnectionRefusedError()])
async def test_redis_being_away_after_the_commit_takes_nothing_back_and_stops_no_other_effect(
    database: Database, error: Exception
) -> None:
    who, ran = viewer(Role.ADMIN, ids.new_id()), []

    async def fail() -> None:
        raise error

    async def effect() -> None:
        ran.append(1)

    async with database.begin(who) as session:
        after_commit(session, fail)
        after_commit(session, effect)
        await session.execute(_INSERT, {"organization": who.organization_id, "id": ids.new_id()})
    assert ran == [1]
    assert await seen(database, who) == 1


async def test_a_statement_and_a_lock_have_their_time(database: Database) -> None:
    who = viewer(Role.ADMIN, ids.new_id())
    async with database.begin(who) as session:
        settings = text(
            "SELECT current_setting('statement_timeout'), current_setting('lock_timeout'), "
            "current_setting('idle_in_transaction_session_timeout'), current_setting('search_path')"
        )
        assert tuple((await session.execute(settings)).one()) == ("5s", "2s", "10s", "catalog")


async def test_errors_do_not_tell_the_values_of_a_statement(database: Database) -> None:
    who = viewer(Role.ADMIN, ids.new_id())
    with pytest.raises(DBAPIError) as caught:
        async with database.begin(who) as session:
            await session.execute(text("SELECT cast(:secret AS text)::int"), {"secret": "a secret"})
    assert "a secret" not in str(caught.value.statement)
    assert "[SQL parameters hidden" in str(caught.value)
