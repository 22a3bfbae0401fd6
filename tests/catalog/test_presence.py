"""Presence: `coursePresence` over real sockets, seen by other subscribers, other processes and queries."""

import asyncio
import dataclasses
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from shared import ids
from subgraphs.catalog.presence import presence_key
from tests.catalog.conftest import ARCHIVE, PUBLISH, create_course, students, user_id
from tests.catalog.sockets import Watcher, another_process, connected, params, served, watching
from tests.conftest import Subgraph, Tenant

COUNT = "query($id: ID) { course(id: $id) { presence { count users(first: 2) { id } } } }"


@pytest.fixture
async def url(catalog: Subgraph) -> AsyncIterator[str]:
    """Where catalog listens."""
    async with served(catalog.app) as address:
        yield address


def key_of(tenant: Tenant, course: dict[str, Any]) -> str:
    """The sorted set in Redis."""
    uuid = ids.decode("course", course["id"])
    assert uuid
    return presence_key(tenant.id, uuid)


async def test_joining_and_leaving_reach_another_subscriber_within_a_second(
    catalog: Subgraph, tenant: Tenant, course: dict[str, Any], url: str
) -> None:
    async with watching(catalog, url, tenant.teacher, course["id"]) as first:
        assert (await first.sees(1))["users"] == [{"id": user_id(tenant.teacher)}]
        async with watching(catalog, url, tenant.student, course["id"]) as second:
            both = [{"id": user_id(tenant.teacher)}, {"id": user_id(tenant.student)}]
            assert (await first.sees(2, within=1))["users"] == both
            assert (await second.sees(2))["users"] == both
            assert first.states[-1]["course"] == {"id": course["id"], "title": "A course"}
            answer = await catalog.ask(COUNT, tenant.student, id=course["id"])
            assert answer.data["course"]["presence"] == {"count": 2, "users": both}
        await first.sees(1, within=1)
    answer = await catalog.ask(COUNT, tenant.student, id=course["id"])
    assert answer.data["course"]["presence"] == {"count": 0, "users": []}
    assert not await catalog.platform.redis.exists(key_of(tenant, course)), "nothing is left behind"


async def test_people_come_in_the_order_in_which_they_came_also_after_renewals(
    catalog: Subgraph, tenant: Tenant, course: dict[str, Any], url: str
) -> None:
    people = sorted(students(tenant, 4), key=lambda person: str(person.user_id), reverse=True)
    async with connected(url, params(catalog, tenant.teacher)) as session:
        watcher = Watcher(session, course["id"])
        await watcher.sees(1)
        watchers = []
        for count, person in enumerate(people, start=2):
            entered = watching(catalog, url, person, course["id"])
            watchers.append(entered)
            await entered.__aenter__()
            await watcher.sees(count)
        expected = [{"id": user_id(person)} for person in (tenant.teacher, *people)]
        assert watcher.states[-1]["users"] == expected
        await asyncio.sleep(4.5)  # a beat: all of them are renewed at the same moment
        answer = await catalog.ask(COUNT, tenant.student, id=course["id"])
        assert answer.data["course"]["presence"]["users"] == expected[:2]
        for entered in watchers:
            await entered.__aexit__(None, None, None)
        await watcher.close()


async def test_one_person_on_two_devices_counts_once_until_both_have_left(
    catalog: Subgraph, tenant: Tenant, course: dict[str, Any], url: str
) -> None:
    async with watching(catalog, url, tenant.teacher, course["id"]) as watcher:
        async with watching(catalog, url, tenant.student, course["id"]):
            await watcher.sees(2)
            async with watching(catalog, url, tenant.student, course["id"]) as again:
                await again.sees(2)
                assert await catalog.platform.redis.zcard(key_of(tenant, course)) == 3
            await asyncio.sleep(0.5)
            assert watcher.states[-1]["count"] == 2
        await watcher.sees(1)


async def test_two_courses_over_one_socket_are_two_presences(
    catalog: Subgraph, tenant: Tenant, course: dict[str, Any], url: str
) -> None:
    other = await create_course(catalog, tenant, "another-course")
    async with connected(url, params(catalog, tenant.teacher)) as session:
        first, second = Watcher(session, course["id"]), Watcher(session, other["id"])
        await first.sees(1)
        await second.sees(1)
        await first.close()
        async with watching(catalog, url, tenant.admin, other["id"]):
            await second.sees(2)
        await second.close()


async def test_a_socket_that_breaks_leaves_at_once(
    catalog: Subgraph, tenant: Tenant, course: dict[str, Any], url: str
) -> None:
    async with watching(catalog, url, tenant.teacher, course["id"]) as watcher:
        try:
            async with connected(url, params(catalog, tenant.student)) as session:
                lost = Watcher(session, course["id"])
                await watcher.sees(2)
                transport: Any = session.transport
                transport.adapter.websocket.transport.abort()
                await watcher.sees(1, within=2)
        finally:
            await lost.close()


async def test_a_process_that_died_takes_its_people_with_it(
    catalog: Subgraph, tenant: Tenant, course: dict[str, Any], url: str
) -> None:
    # What a process that was killed leaves behind: a member that nobody renews.
    ghost = f"{tenant.student.user_id}:{'0' * 16}"
    await catalog.platform.redis.zadd(key_of(tenant, course), {ghost: time.time() + 1.5})
    async with watching(catalog, url, tenant.teacher, course["id"]) as watcher:
        await watcher.sees(2)
        await watcher.sees(1, within=30)
        await catalog.platform.redis.zadd(key_of(tenant, course), {ghost: time.time() + 3})
        async with watching(catalog, url, tenant.admin, course["id"]):
            await watcher.sees(3)
            await watcher.sees(2, within=30)


async def test_people_of_another_process_are_seen_and_their_leaving_too(
    catalog: Subgraph, tenant: Tenant, course: dict[str, Any], url: str
) -> None:
    async with (
        another_process(catalog) as app,
        served(app) as there,
        watching(catalog, url, tenant.teacher, course["id"]) as here,
    ):
        await here.sees(1)
        async with watching(catalog, there, tenant.student, course["id"]) as elsewhere:
            await elsewhere.sees(2)
            await here.sees(2, within=1)
        await here.sees(1, within=1)


async def test_presence_is_back_within_a_beat_after_redis_lost_everything(
    catalog: Subgraph, tenant: Tenant, course: dict[str, Any], url: str
) -> None:
    async with (
        watching(catalog, url, tenant.teacher, course["id"]) as watcher,
        watching(catalog, url, tenant.student, course["id"]) as other,
    ):
        await watcher.sees(2)
        await other.sees(2)
        await catalog.platform.redis.delete(key_of(tenant, course))
        async with watching(catalog, url, tenant.admin, course["id"]):
            await watcher.sees(3, within=5)
            await other.sees(3, within=5)
        await watcher.sees(2)


async def test_a_course_that_the_viewer_may_not_see_ends_the_stream_at_once(
    catalog: Subgraph, tenant: Tenant, stranger: Tenant, course: dict[str, Any], url: str
) -> None:
    draft = await create_course(catalog, tenant, "draft")
    for who, id in (
        (stranger.admin, course["id"]),
        (tenant.student, draft["id"]),
        (tenant.admin, ids.encode("course", ids.new_id())),
        (tenant.admin, "nonsense"),
    ):
        async with watching(catalog, url, who, id) as watcher:
            assert await watcher.ends() == ["NOT_FOUND"]
            assert watcher.states == []
    assert await catalog.platform.redis.keys(f"org:{tenant.id}:*") == []
    assert await catalog.platform.redis.keys(f"org:{stranger.id}:*") == []


async def test_what_becomes_of_a_course_reaches_who_subscribes_over_a_socket_that_is_open(
    catalog: Subgraph, tenant: Tenant, url: str
) -> None:
    course = await create_course(catalog, tenant)
    async with connected(url, params(catalog, tenant.student)) as session:
        assert await Watcher(session, course["id"]).ends() == ["NOT_FOUND"]
        await catalog.ask(PUBLISH, tenant.teacher, id=course["id"])
        watcher = Watcher(session, course["id"])
        await watcher.sees(1)
        await catalog.ask(ARCHIVE, tenant.admin, id=course["id"])
        async with watching(catalog, url, tenant.teacher, course["id"]):
            assert await watcher.ends() == ["NOT_FOUND"]
        assert await Watcher(session, course["id"]).ends() == ["NOT_FOUND"]


async def test_a_token_that_expires_in_the_middle_ends_the_stream_and_the_presence(
    catalog: Subgraph, tenant: Tenant, course: dict[str, Any], url: str
) -> None:
    short = dataclasses.replace(tenant.student, expires_at=int(time.time()) + 2)
    async with (
        watching(catalog, url, tenant.teacher, course["id"]) as watcher,
        watching(catalog, url, short, course["id"]) as expiring,
    ):
        await watcher.sees(2)
        assert await expiring.ends() == ["UNAUTHENTICATED"]
        assert time.time() >= short.expires_at
        await watcher.sees(1, within=1)


async def test_a_session_that_ends_in_the_middle_ends_the_stream_and_the_presence(
    catalog: Subgraph, tenant: Tenant, course: dict[str, Any], url: str
) -> None:
    assert tenant.student.session_id
    async with (
        another_process(catalog) as app,
        watching(catalog, url, tenant.teacher, course["id"]) as watcher,
        watching(catalog, url, tenant.student, course["id"]) as ending,
    ):
        await watcher.sees(2)
        await app.state.platform.revocations.end([tenant.student.session_id], tenant.student.expires_at)
        assert await ending.ends(within=2) == ["UNAUTHENTICATED"]
        await watcher.sees(1, within=1)
    assert (await catalog.ask(COUNT, tenant.student, id=course["id"])).codes == ["UNAUTHENTICATED"]
