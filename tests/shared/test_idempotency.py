"""Idempotency keys: the same creation sent many times makes one thing, for its sender only."""

import asyncio
import dataclasses
from typing import Any

import pytest
from sqlalchemy import text

from shared import ids
from shared.idempotency import forgetting
from tests.catalog.conftest import CREATE, create_course, events, rows, stored
from tests.conftest import Subgraph, Tenant

INPUT = {"title": "Once", "slug": "once"}


async def create(catalog: Subgraph, who: Any, key: str | None, **input: Any) -> dict[str, Any]:
    """What `createCourse` answers."""
    answer = await catalog.ask(CREATE, who, input=INPUT | input, key=key)
    found: dict[str, Any] = answer.data["createCourse"]
    return found


async def test_fifty_equal_requests_at_once_make_one_course_and_answer_alike(catalog: Subgraph, tenant: Tenant) -> None:
    answers = await asyncio.gather(*(create(catalog, tenant.teacher, "the-key") for _ in range(50)))
    assert all(answer == answers[0] for answer in answers)
    assert answers[0]["__typename"] == "Course"
    assert len(await rows(catalog, tenant, "SELECT 1 FROM course")) == 1
    assert await events(catalog, tenant) == ["course.created"]
    assert len(await rows(catalog, tenant, "SELECT 1 FROM idempotency")) == 1


async def test_without_keys_fifty_equal_requests_make_one_course_and_forty_nine_refusals(
    catalog: Subgraph, tenant: Tenant
) -> None:
    answers = await asyncio.gather(*(create(catalog, tenant.teacher, None) for _ in range(50)))
    assert sorted(answer["__typename"] for answer in answers) == ["Course"] + ["SlugTaken"] * 49
    assert await events(catalog, tenant) == ["course.created"]


@pytest.mark.parametrize(
    "changes", [{"slug": "another"}, {"title": "Another"}, {"description": "x"}, {"modules": [{"title": "One"}]}]
)
async def test_a_key_with_another_input_is_refused_and_changes_nothing(
    catalog: Subgraph, tenant: Tenant, changes: dict[str, Any]
) -> None:
    await create(catalog, tenant.teacher, "the-key")
    before = await stored(catalog, tenant)
    refused = await create(catalog, tenant.teacher, "the-key", **changes)
    assert (refused["__typename"], refused["code"]) == ("InvalidInput", "IDEMPOTENCY_MISMATCH")
    assert [field["path"] for field in refused["fields"]] == [["idempotencyKey"]]
    assert await stored(catalog, tenant) == before


async def test_a_key_is_its_senders_own(catalog: Subgraph, tenant: Tenant, stranger: Tenant) -> None:
    first = await create(catalog, tenant.teacher, "the-key")
    by_admin = await create(catalog, tenant.admin, "the-key", slug="by-admin")
    elsewhere = dataclasses.replace(tenant.teacher, organization_id=stranger.id, session_id=ids.new_id())
    there = await create(catalog, elsewhere, "the-key")
    assert len({course["id"] for course in (first, by_admin, there)}) == 3
    assert (await create(catalog, tenant.teacher, "the-key"))["id"] == first["id"]


async def test_a_refusal_uses_no_key_up(catalog: Subgraph, tenant: Tenant) -> None:
    await create_course(catalog, tenant, "once")
    assert (await create(catalog, tenant.teacher, "the-key"))["__typename"] == "SlugTaken"
    assert await rows(catalog, tenant, "SELECT 1 FROM idempotency") == []
    assert (await create(catalog, tenant.teacher, "the-key", slug="free-now"))["__typename"] == "Course"


@pytest.mark.parametrize("key", ["", "k" * 256, "NUL \x00 inside"])
async def test_a_key_that_cannot_be_kept_is_refused(catalog: Subgraph, tenant: Tenant, key: str) -> None:
    answer = await catalog.ask(CREATE, tenant.teacher, input=INPUT, key=key)
    if "errors" in answer.body:
        assert answer.codes == ["BAD_USER_INPUT"]
    else:
        refused = answer.data["createCourse"]
        assert (refused["__typename"], refused["fields"][0]["path"]) == ("InvalidInput", ["idempotencyKey"])
    assert await stored(catalog, tenant) == []


async def test_what_was_made_stays_reachable_by_its_key_as_it_is_now(catalog: Subgraph, tenant: Tenant) -> None:
    made = await create(catalog, tenant.teacher, "the-key")
    change = 'mutation($id: ID!) { updateCourse(input: {id: $id, title: "Changed"}) { __typename } }'
    await catalog.ask(change, tenant.teacher, id=made["id"])
    again = await create(catalog, tenant.teacher, "the-key")
    assert (again["id"], again["title"]) == (made["id"], "Changed")


async def test_keys_older_than_a_week_are_forgotten_and_no_others(catalog: Subgraph, tenant: Tenant) -> None:
    await create(catalog, tenant.teacher, "old")
    await create(catalog, tenant.teacher, "young", slug="young")
    async with catalog.platform.database.begin(tenant.admin) as session:
        statement = text("UPDATE idempotency SET created_at = now() - interval '7 days 1 minute' WHERE key = 'old'")
        await session.execute(statement)
    async with catalog.platform.database.system() as session:
        await session.execute(forgetting())
    assert [row.key for row in await rows(catalog, tenant, "SELECT key FROM idempotency")] == ["young"]
