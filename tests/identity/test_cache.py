"""The cache of organizations and branches: the brief's keys and lifetime, and never an old value after a write."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from tests.conftest import Subgraph
from tests.identity.conftest import Person, School, eventually, reads, rows

READ = "query($id: ID!) { node(id: $id) { ... on Organization { name } ... on Branch { name } } }"
RENAME = {
    what: f"mutation($id: ID!, $name: String) {{ {field}(input: {{id: $id, name: $name}}) {{ __typename }} }}"
    for what, field in (("organization", "updateOrganization"), ("branch", "updateBranch"))
}
CLOSE = "mutation($id: ID!) { deleteOrganization(id: $id) { __typename } }"

both = pytest.mark.parametrize("what", ["organization", "branch"])


def id_of(school: School, what: str) -> str:
    """The id of the school or of its branch."""
    return school.id if what == "organization" else school.branch_id


def key_of(school: School, what: str) -> str:
    """The brief's key."""
    return f"org:{school.uuid}" if what == "organization" else f"org:{school.uuid}:branch:{school.branch_uuid}"


async def name(identity: Subgraph, school: School, what: str) -> str:
    """What a student reads."""
    answer = await identity.ask(READ, school.student.viewer, id=id_of(school, what))
    return answer.data["node"]["name"]


async def rename(identity: Subgraph, root: Person, school: School, what: str, name: str) -> None:
    """Changes the name as the platform's login."""
    await identity.ask(RENAME[what], root.viewer, id=id_of(school, what), name=name)


@both
async def test_what_was_read_is_kept_for_an_hour_under_the_briefs_key(
    identity: Subgraph, school: School, what: str
) -> None:
    redis, key = identity.platform.redis, key_of(school, what)
    assert not await redis.exists(key)
    first = await identity.ask(READ, school.student.viewer, id=id_of(school, what))
    assert len(reads(first)) == 1
    assert 3590 <= await redis.ttl(key) <= 3600
    again = await identity.ask(READ, school.teacher.viewer, id=id_of(school, what))
    assert again.data == first.data
    assert again.statements == []


@both
async def test_a_change_is_seen_at_once(identity: Subgraph, school: School, platform_user: Person, what: str) -> None:
    for number in range(3):
        await name(identity, school, what)
        await rename(identity, platform_user, school, what, f"Name {number}")
        assert await name(identity, school, what) == f"Name {number}"


async def test_a_closed_organization_is_seen_as_closed_at_once(
    identity: Subgraph, school: School, platform_user: Person
) -> None:
    query = "query($id: ID!) { organization(id: $id) { isActive } }"
    for expected in (True, False):
        answer = await identity.ask(query, school.student.viewer, id=school.id)
        assert answer.data["organization"] == {"isActive": expected}
        await identity.ask(CLOSE, platform_user.viewer, id=school.id)


async def test_a_removed_branch_is_gone_at_once(identity: Subgraph, school: School, platform_user: Person) -> None:
    await name(identity, school, "branch")
    document = "mutation($id: ID!) { deleteBranch(id: $id) { __typename } }"
    await identity.ask(document, platform_user.viewer, id=school.branch_id)
    answer = await identity.ask(READ, school.student.viewer, id=school.branch_id)
    assert answer.data == {"node": None}


@both
async def test_a_purge_that_was_lost_is_done_again_by_the_event(
    identity: Subgraph, school: School, platform_user: Person, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await name(identity, school, what)
    cache, key, calls = identity.platform.cache, key_of(school, what), list[str]()
    purge = cache.purge

    async def lost_once(*keys: str) -> None:
        calls.extend(keys)
        if key in keys and calls.count(key) == 1:
            raise ConnectionError
        await purge(*keys)

    monkeypatch.setattr(cache, "purge", lost_once)
    await rename(identity, platform_user, school, what, "Renamed")

    async def is_seen() -> bool:
        return await name(identity, school, what) == "Renamed"

    await eventually(is_seen)


@both
async def test_an_emptied_redis_changes_nothing(
    identity: Subgraph, school: School, platform_user: Person, what: str
) -> None:
    await rename(identity, platform_user, school, what, "Before")
    assert await name(identity, school, what) == "Before"
    await identity.platform.redis.delete(key_of(school, what))
    assert await name(identity, school, what) == "Before"
    await rename(identity, platform_user, school, what, "After")
    await identity.platform.redis.delete(key_of(school, what))
    assert await name(identity, school, what) == "After"


@both
async def test_a_slow_reader_does_not_put_the_old_value_back(
    identity: Subgraph, school: School, platform_user: Person, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache, has_read, may_fill = identity.platform.cache, asyncio.Event(), asyncio.Event()
    fill = cache.fill

    async def slowly(values: Mapping[str, dict[str, Any]], seconds: int) -> None:
        has_read.set()
        await may_fill.wait()
        await fill(values, seconds)

    monkeypatch.setattr(cache, "fill", slowly)
    reader = asyncio.create_task(name(identity, school, what))
    await has_read.wait()
    monkeypatch.setattr(cache, "fill", fill)
    await rename(identity, platform_user, school, what, "Renamed")
    may_fill.set()
    assert await reader != "Renamed"
    assert await name(identity, school, what) == "Renamed"


@both
async def test_without_redis_reads_still_answer(
    identity: Subgraph, school: School, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: Any) -> None:
        raise ConnectionError

    monkeypatch.setattr(identity.platform.redis, "mget", away)
    assert school.slug in await name(identity, school, "organization")
    assert await name(identity, school, what)


@both
async def test_the_cache_answers_nobody_else(identity: Subgraph, school: School, other: School, what: str) -> None:
    await name(identity, school, what)
    assert await identity.platform.redis.exists(key_of(school, what))
    for viewer in (other.admin.viewer, other.student.viewer):
        assert (await identity.ask(READ, viewer, id=id_of(school, what))).data == {"node": None}


async def test_all_types_of_a_branch_survive_the_cache(identity: Subgraph, school: School) -> None:
    fields = "id name slug address city state country postalCode latitude longitude isActive organization { id name }"
    query = f"query($id: ID!) {{ node(id: $id) {{ ... on Branch {{ {fields} }} }} }}"
    moved = "UPDATE branch SET latitude = 38.72, longitude = -9.13 WHERE id = :id"
    await rows(identity, moved, id=school.branch_uuid)
    first = await identity.ask(query, school.student.viewer, id=school.branch_id)
    second = await identity.ask(query, school.student.viewer, id=school.branch_id)
    assert first.data == second.data
    assert (first.data["node"]["latitude"], first.data["node"]["longitude"]) == (38.72, -9.13)
    assert second.statements == []
