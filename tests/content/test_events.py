"""Events of catalog: applied once whatever their order, and to the tenant they are of alone."""

import asyncio
import itertools
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError

from shared import ids
from subgraphs.content import consumers, events
from tests.catalog.conftest import ENROLL, WITHDRAW, create_course, open_course
from tests.conftest import Subgraph, Tenant
from tests.content.conftest import (
    CREATE,
    Place,
    complete,
    item_input,
    join,
    leave,
    new_course,
    nothing_changes,
    publish,
    published,
    read,
    rows,
    told,
)

_KNOWN = """
SELECT 'course' AS kind, id, is_open::text AS value FROM course
UNION ALL SELECT 'module', id, course_id::text FROM module
UNION ALL SELECT 'enrollment', id, user_id::text FROM enrollment
ORDER BY kind, id
"""
ORDERS = list(itertools.permutations(range(3)))


def happened_to(tenant: Tenant) -> tuple[list[tuple[Any, Any]], dict[str, Any]]:
    """A course that is made, opened and joined, each on a stream of its own, and the facts of the enrolment."""
    course = {"id": ids.new_id(), "organization_id": tenant.id}
    facts: dict[str, Any] = {
        "id": ids.new_id(),
        "organization_id": tenant.id,
        "course_id": course["id"],
        "user_id": tenant.student.user_id,
    }
    created = events.CourseCreated(**course, module_ids=[ids.new_id(), ids.new_id()])
    return [
        (consumers.keep_course, created),
        (consumers.open_course, events.CoursePublished(**course)),
        (consumers.keep_enrollment, events.EnrollmentCreated(**facts)),
    ], facts


@pytest.mark.parametrize("order", ORDERS, ids=str)
async def test_events_in_any_order_and_more_than_once_tell_the_same(
    content: Subgraph, tenant: Tenant, order: tuple[int, ...]
) -> None:
    happened, facts = happened_to(tenant)
    created = happened[0][1]
    sent = [happened[place] for place in order]
    for one in (*sent, *sent, *reversed(sent)):
        await told(content, tenant.id, one)
    expected = [
        ("course", created.id, "true"),
        ("enrollment", facts["id"], str(tenant.student.user_id)),
        *(("module", module_id, str(created.id)) for module_id in sorted(created.module_ids)),
    ]
    assert [tuple(row) for row in await rows(content, tenant, _KNOWN)] == expected


async def test_a_course_without_modules_is_kept(content: Subgraph, tenant: Tenant) -> None:
    place = await new_course(content, tenant, modules=0, is_open=False)
    assert [tuple(row) for row in await rows(content, tenant, _KNOWN)] == [("course", place.course_id, "false")]


async def test_who_withdraws_is_out_and_who_comes_back_is_in(content: Subgraph, tenant: Tenant) -> None:
    happened, facts = happened_to(tenant)
    await told(content, tenant.id, *happened)
    into, out = (
        (consumers.keep_enrollment, events.EnrollmentCreated(**facts)),
        (consumers.drop_enrollment, events.EnrollmentWithdrawn(**facts)),
    )
    for sent, is_in in ((out, False), (into, True), (out, False), (into, True)):
        for _ in range(2):
            await told(content, tenant.id, sent)
            found = await rows(content, tenant, "SELECT id FROM enrollment")
            assert [row.id for row in found] == ([facts["id"]] if is_in else [])


async def test_who_withdraws_from_a_course_stays_in_others_and_others_stay_in_it(
    content: Subgraph, tenant: Tenant
) -> None:
    one, other = await new_course(content, tenant), await new_course(content, tenant)
    left, kept = await join(content, one.course_id, tenant.student, tenant.teacher)
    (elsewhere,) = await join(content, other.course_id, tenant.student)
    await leave(content, one.course_id, left, tenant.student)
    found = await rows(content, tenant, "SELECT id FROM enrollment")
    assert {row.id for row in found} == {kept, elsewhere}


async def test_events_of_one_tenant_with_the_ids_of_another_change_nothing_there(
    content: Subgraph, tenant: Tenant, stranger: Tenant
) -> None:
    theirs = await new_course(content, stranger)
    hidden = await new_course(content, stranger, is_open=False)
    (enrollment_id,) = await join(content, theirs.course_id, stranger.student)
    item = await published(content, stranger, theirs)
    secret = await published(content, stranger, hidden)
    enrollment: dict[str, Any] = {
        "id": enrollment_id,
        "organization_id": tenant.id,
        "course_id": theirs.course_id,
        "user_id": stranger.student.user_id,
    }
    course = {"id": hidden.course_id, "organization_id": tenant.id}
    async with nothing_changes(content, stranger):
        await told(
            content,
            tenant.id,
            (consumers.drop_enrollment, events.EnrollmentWithdrawn(**enrollment)),
            (consumers.keep_enrollment, events.EnrollmentCreated(**enrollment)),
            (consumers.open_course, events.CoursePublished(**course)),
            (consumers.keep_course, events.CourseCreated(**course, module_ids=[*theirs.module_ids, ids.new_id()])),
        )
    seen = await read(content, stranger.student, item["id"])
    assert seen is not None
    assert seen["text"] == item["text"]
    assert await read(content, stranger.student, secret["id"]) is None, "it was not opened by somebody else's event"
    assert await read(content, tenant.admin, item["id"]) is None


async def test_an_event_that_names_another_tenant_than_it_came_for_is_refused(
    content: Subgraph, tenant: Tenant, stranger: Tenant
) -> None:
    happened, _ = happened_to(stranger)
    async with nothing_changes(content, tenant, stranger):
        for one in happened:
            with pytest.raises(DBAPIError, match="row-level security"):
                await told(content, tenant.id, one)


async def until_it_is(type_: str, ask: Any) -> dict[str, Any]:
    """The answer of this type. Each try waits a second for what is on its way; a busy machine may take longer."""
    for _ in range(5):
        answer: dict[str, Any] = await ask()
        if answer["__typename"] == type_:
            break
    assert answer["__typename"] == type_
    return answer


async def test_what_happens_in_catalog_reaches_content(catalog: Subgraph, content: Subgraph, tenant: Tenant) -> None:
    course = await open_course(catalog, tenant)
    module = course["modules"][0]["id"]

    async def create() -> dict[str, Any]:
        return (await content.ask(CREATE, tenant.teacher, input=item_input(module))).data["createContentItem"]

    item = await until_it_is("ContentItem", create)
    await publish(content, tenant.teacher, item["id"])
    enrolled = await catalog.ask(ENROLL, tenant.student, input={"courseId": course["id"]})
    await until_it_is("Completion", lambda: complete(content, tenant.student, item["id"]))
    await catalog.ask(WITHDRAW, tenant.student, id=enrolled.data["enroll"]["id"])
    async with asyncio.timeout(10):
        while (await read(content, tenant.student, item["id"]) or {"text": "not seen yet"})["text"] is not None:
            await asyncio.sleep(0.05)


async def test_a_draft_of_catalog_stays_hidden_from_students(
    catalog: Subgraph, content: Subgraph, tenant: Tenant
) -> None:
    course = await create_course(catalog, tenant)
    module = ids.decode("module", course["modules"][0]["id"])
    assert module

    async def create() -> dict[str, Any]:
        sent = item_input(Place(module, [module]).module)
        return (await content.ask(CREATE, tenant.teacher, input=sent)).data["createContentItem"]

    item = await until_it_is("ContentItem", create)
    await publish(content, tenant.teacher, item["id"])
    await asyncio.sleep(0.3)
    assert await read(content, tenant.student, item["id"]) is None
