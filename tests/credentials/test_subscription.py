"""`badgeProgress` over real sockets: the state at once, each change within a second, one's own alone, and cheaply."""

import asyncio
import dataclasses
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event as sql_event

from shared import ids
from tests.catalog.sockets import connected, params, served
from tests.conftest import Subgraph, Tenant
from tests.credentials.conftest import (
    REVOKE,
    apply,
    badge_uuid,
    create,
    earn,
    graded,
    item_done,
    items,
    new_course,
    progress,
    students,
    user_id,
    whole,
)
from tests.credentials.sockets import ProgressWatcher, watching


@pytest.fixture
async def url(credentials: Subgraph) -> AsyncIterator[str]:
    """Where credentials listens."""
    async with served(credentials.app) as address:
        yield address


async def test_the_state_comes_at_once_and_each_change_within_a_second(
    credentials: Subgraph, tenant: Tenant, badge: dict[str, Any], course_id: UUID, assessment_id: UUID, url: str
) -> None:
    who = tenant.student
    async with watching(credentials, url, who, badge["id"]) as watcher:
        first = await watcher.reaches(0)
        assert (first["award"], first["user"]) == (None, {"id": user_id(who)})
        assert first["badge"] == {"id": badge["id"], "name": "Stargazer"}
        assert [it["value"] for it in first["criteria"]] == [0, 0]
        for event, ratio in (
            (item_done(who, course_id), 0.25),
            (item_done(who, course_id), 0.5),
            (graded(who, course_id, assessment_id, 0.35), 0.75),
            (graded(who, course_id, assessment_id, 0.9), 1),
        ):
            await apply(credentials, tenant, event)
            await watcher.reaches(ratio, within=1)
        last = watcher.states[-1]
        assert last["award"]["status"] == "VALID"
        assert [it["met"] for it in last["criteria"]] == [True, True]
        assert last["updatedAt"] > first["updatedAt"]
        assert last["criteria"] == [
            {"met": it["met"], "value": it["value"], "criterion": {"kind": it["criterion"]["kind"]}}
            for it in (await progress(credentials, who, badge))["criteria"]
        ]
    assert [state["ratio"] for state in watcher.states] == [0, 0.25, 0.5, 0.75, 1]


async def test_who_comes_later_sees_where_they_are(
    credentials: Subgraph, tenant: Tenant, badge: dict[str, Any], url: str
) -> None:
    award = await earn(credentials, tenant, tenant.student, badge)
    async with watching(credentials, url, tenant.student, badge["id"]) as watcher:
        assert (await watcher.reaches(1))["award"]["id"] == award["id"]


async def test_what_changes_nothing_is_not_told(
    credentials: Subgraph, tenant: Tenant, badge: dict[str, Any], course_id: UUID, url: str
) -> None:
    done = item_done(tenant.student, course_id)
    (other,) = students(tenant, 1)
    elsewhere = await new_course(credentials, tenant)
    async with watching(credentials, url, tenant.student, badge["id"]) as watcher:
        await watcher.reaches(0)
        await apply(credentials, tenant, done)
        await watcher.reaches(0.25)
        await apply(credentials, tenant, done, item_done(other, course_id), item_done(tenant.student, elsewhere))
        organization_id, badge_id, who = tenant.id, badge_uuid(badge), tenant.student.user_id
        await credentials.platform.live.publish(f"org:{organization_id}:badge:{badge_id}:user:{who}")
        await asyncio.sleep(0.6)
        assert len(watcher.states) == 2


async def test_a_revocation_is_told(credentials: Subgraph, tenant: Tenant, badge: dict[str, Any], url: str) -> None:
    award = await earn(credentials, tenant, tenant.student, badge)
    async with watching(credentials, url, tenant.student, badge["id"]) as watcher:
        await watcher.reaches(1)
        await credentials.ask(REVOKE, tenant.admin, id=award["id"], reason="Copied")
        await watcher.shows(lambda state: state["award"]["status"] == "REVOKED", within=1)


async def test_a_new_badge_is_watched_while_it_is_counted(
    credentials: Subgraph, tenant: Tenant, course_id: UUID, url: str
) -> None:
    await apply(credentials, tenant, item_done(tenant.student, course_id))
    badge = await create(credentials, tenant.teacher, items(course_id, 2))
    async with watching(credentials, url, tenant.student, badge["id"]) as watcher:
        await watcher.reaches(0.5)


async def test_each_sees_their_own_way_over_a_socket_that_is_shared_too(
    credentials: Subgraph, tenant: Tenant, badge: dict[str, Any], course_id: UUID, url: str
) -> None:
    other_badge = await create(credentials, tenant.teacher, whole(course_id))
    async with (
        connected(url, params(credentials, tenant.student)) as session,
        watching(credentials, url, tenant.teacher, badge["id"]) as teacher,
    ):
        first, second = (ProgressWatcher(session, it["id"]) for it in (badge, other_badge))
        await first.reaches(0)
        await second.reaches(0)
        await teacher.reaches(0)
        await apply(credentials, tenant, item_done(tenant.student, course_id))
        assert (await first.reaches(0.25))["badge"]["id"] == badge["id"]
        await asyncio.sleep(0.3)
        assert len(second.states) == len(teacher.states) == 1
        await first.close()
        await second.close()


async def test_a_badge_that_one_may_not_see_ends_the_stream_at_once(
    credentials: Subgraph, tenant: Tenant, stranger: Tenant, badge: dict[str, Any], course_id: UUID, url: str
) -> None:
    draft = ids.encode("course", await new_course(credentials, tenant, is_open=False))
    hidden = await create(credentials, tenant.teacher, whole(course_id), courseId=draft)
    for who, id in (
        (stranger.admin, badge["id"]),
        (stranger.student, badge["id"]),
        (tenant.student, hidden["id"]),
        (tenant.admin, ids.encode("badge", ids.new_id())),
        (tenant.admin, ids.encode("course", course_id)),
        (tenant.admin, "nonsense"),
    ):
        async with watching(credentials, url, who, id) as watcher:
            assert await watcher.ends() == ["NOT_FOUND"]
            assert watcher.states == []


async def test_the_platforms_login_and_anonymous_callers_watch_nothing(
    credentials: Subgraph, root: Any, badge: dict[str, Any], url: str
) -> None:
    for who, code in ((root, "NOT_FOUND"), (None, "UNAUTHENTICATED")):
        async with watching(credentials, url, who, badge["id"]) as watcher:
            assert await watcher.ends() == [code]


async def test_a_token_that_expires_ends_the_stream(
    credentials: Subgraph, tenant: Tenant, badge: dict[str, Any], url: str
) -> None:
    short = dataclasses.replace(tenant.student, expires_at=int(time.time()) + 2)
    async with watching(credentials, url, short, badge["id"]) as watcher:
        await watcher.reaches(0)
        assert await watcher.ends() == ["UNAUTHENTICATED"]


async def test_a_session_that_ends_ends_the_stream(
    credentials: Subgraph, tenant: Tenant, badge: dict[str, Any], url: str
) -> None:
    assert tenant.student.session_id
    async with watching(credentials, url, tenant.student, badge["id"]) as watcher:
        await watcher.reaches(0)
        await credentials.platform.revocations.end([tenant.student.session_id], tenant.student.expires_at)
        assert await watcher.ends(within=2) == ["UNAUTHENTICATED"]


async def statements_of(credentials: Subgraph) -> Any:
    """All statements of the process from here on, whoever executes them."""

    noted: list[str] = []
    engine = credentials.platform.database._tenant.sync_engine

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        noted.append(statement)

    sql_event.listen(engine, "before_cursor_execute", note)
    return noted, lambda: sql_event.remove(engine, "before_cursor_execute", note)


async def test_an_event_costs_one_read_for_its_one_subscriber_however_many_there_are(
    credentials: Subgraph, tenant: Tenant, badge: dict[str, Any], course_id: UUID, url: str
) -> None:
    people = students(tenant, 40)
    async with AsyncExitStack() as stack:
        watchers = [await stack.enter_async_context(watching(credentials, url, who, badge["id"])) for who in people]
        await asyncio.gather(*(watcher.reaches(0, within=20) for watcher in watchers))
        noted, stop = await statements_of(credentials)
        await apply(credentials, tenant, *(item_done(who, course_id) for who in people[:10]))
        await asyncio.gather(*(watcher.reaches(0.25, within=10) for watcher in watchers[:10]))
        await asyncio.sleep(0.5)
        stop()
        reads = [it for it in noted if "FROM badge LEFT OUTER JOIN progress" in it]
        assert len(reads) == 10, "one read for each of ten events, none for the thirty others"
        assert not [it for it in noted if it.startswith("SELECT criterion.") and "progress" not in it]
        assert not [it for it in noted if it.startswith("SELECT award.")]
        assert [len(watcher.states) for watcher in watchers] == [2] * 10 + [1] * 30
