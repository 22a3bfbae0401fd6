"""Loaders: batches, and the budget of what one request may touch."""

import asyncio
import time

from shared import ids
from shared.connections import Page
from shared.context import Context
from subgraphs.catalog import models
from subgraphs.catalog.types import Course, Enrollment, Module
from tests.catalog.conftest import insert_courses
from tests.conftest import Subgraph, Tenant

ENROLLMENTS = "enrollments(first: 100) { edges { node { id } } }"


async def test_many_loads_at_once_are_one_statement_and_keep_their_order(catalog: Subgraph, tenant: Tenant) -> None:
    made = await insert_courses(catalog, tenant, 5, 0)
    context = Context(catalog.platform, tenant.teacher)
    asked = [made[3], ids.new_id(), made[0], made[3]]
    with catalog.counted() as statements:
        found = await asyncio.gather(*(context.load.one(Course, uuid) for uuid in asked))
    assert [course and course.uuid for course in found] == [made[3], None, made[0], made[3]]
    assert len(statements) == 1
    with catalog.counted() as statements:
        assert [course and course.uuid for course in await context.load.all(Course, asked)] == [
            made[3],
            None,
            made[0],
            made[3],
        ]
        assert await context.load.one(Course, None) is None
    assert statements == [], "the request knows them already"
    context.renew()
    with catalog.counted() as statements:
        await context.load.one(Course, made[0])
    assert len([it for it in statements if it != "BEGIN"]) == 1


async def test_children_and_pages_go_to_their_own_parents(catalog: Subgraph, tenant: Tenant) -> None:
    made = await insert_courses(catalog, tenant, 4, enrollments=3)
    load = Context(catalog.platform, tenant.teacher).load
    with catalog.counted() as statements:
        modules = await asyncio.gather(*(load.children(Module, models.Module.course_id, uuid) for uuid in made))
        pages = await asyncio.gather(
            *(load.page(Enrollment, Page(2), of=(models.Enrollment.course_id, uuid)) for uuid in (*made, ids.new_id()))
        )
    assert [[module.course_id for module in found] for module, found in zip(made, modules, strict=True)] == [
        [uuid] for uuid in made
    ]
    assert [{edge.node.course_id for edge in page.edges} for page in pages] == [*({uuid} for uuid in made), set()]
    assert [len(page.edges) for page in pages] == [2, 2, 2, 2, 0]
    assert len([it for it in statements if it != "BEGIN"]) == 2


async def test_an_operation_within_the_budget_is_answered(catalog: Subgraph, tenant: Tenant) -> None:
    await insert_courses(catalog, tenant, 100, enrollments=100)
    query = (
        "{ courses(first: 100) { edges { node { enrollments(first: 100) { edges { node { id course { id } } } } } } } }"
    )
    answer = await catalog.ask(query, tenant.teacher)
    found = answer.data["courses"]["edges"]
    assert sum(len(edge["node"]["enrollments"]["edges"]) for edge in found) == 10_000


async def test_rows_beyond_the_budget_are_refused(catalog: Subgraph, tenant: Tenant) -> None:
    await insert_courses(catalog, tenant, 100, enrollments=100)
    active = ENROLLMENTS.replace("enrollments(", "active: enrollments(status: ACTIVE, ")
    query = f"{{ courses(first: 100) {{ edges {{ node {{ {ENROLLMENTS} {active} }} }} }} }}"
    answer = await catalog.ask(query, tenant.teacher)
    assert set(answer.codes) == {"QUERY_TOO_LARGE"}


async def test_the_same_rows_again_and_again_count_as_often_as_they_are_shown(
    catalog: Subgraph, tenant: Tenant
) -> None:
    # 100 enrolments of one course, each with its course, each with its 100 enrolments …: a million objects of 101 rows.
    await insert_courses(catalog, tenant, 1, enrollments=100)
    inner = "id"
    for _ in range(3):
        inner = f"enrollments(first: 100) {{ edges {{ node {{ course {{ {inner} }} }} }} }}"
    started = time.monotonic()
    answer = await catalog.ask(f"{{ courses {{ edges {{ node {{ {inner} }} }} }} }}", tenant.teacher)
    assert set(answer.codes) == {"QUERY_TOO_LARGE"}
    assert time.monotonic() - started < 60, "it would take minutes"


async def test_the_budget_is_each_requests_own(catalog: Subgraph, tenant: Tenant) -> None:
    await insert_courses(catalog, tenant, 100, enrollments=60)
    query = f"{{ courses(first: 100) {{ edges {{ node {{ {ENROLLMENTS} }} }} }} }}"
    answers = await asyncio.gather(*(catalog.ask(query, tenant.teacher) for _ in range(4)))
    assert all("errors" not in answer.body for answer in answers)
