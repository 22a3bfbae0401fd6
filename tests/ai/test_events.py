"""Events: in any order and more than once they tell the same, to their own tenant, and soon."""

import asyncio
import itertools
import time
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError

from shared import ids
from shared.model.protocol import LONGEST_ITEM
from subgraphs.ai import consumers, events
from subgraphs.content.events import LONGEST_TEXT
from tests.ai.conftest import TEXTS, Place, facts, new_course, nothing_changes, rows, search, told, understood, version
from tests.catalog.conftest import ENROLL, open_course
from tests.conftest import Subgraph, Tenant
from tests.content.conftest import Place as ContentPlace
from tests.content.conftest import create as create_item
from tests.content.conftest import publish

_KNOWN = """
SELECT 'course' AS kind, id, is_open::text || module_ids::text AS value FROM course
UNION ALL SELECT 'enrollment', id, user_id::text FROM enrollment
UNION ALL SELECT 'completion', id, item_id::text || user_id::text FROM completion
UNION ALL SELECT 'item', id, version::text || title || text || tags::text FROM item
ORDER BY kind, id
"""


def happened_to(tenant: Tenant) -> list[tuple[Any, Any]]:
    """A course that is made, opened and joined, and an item of it that is published twice and finished."""
    place = Place(ids.new_id(), [ids.new_id(), ids.new_id()])
    own = {"id": place.id, "organization_id": tenant.id}
    first = version(tenant, place, "Stars", tags=["sky"])
    second = version(tenant, place, "Planets", id=first.id, version=2)
    done = {"id": ids.new_id(), "organization_id": tenant.id, "item_id": first.id, "user_id": tenant.student.user_id}
    return [
        (consumers.keep_course, events.CourseCreated(**own, module_ids=place.module_ids)),
        (consumers.open_course, events.CoursePublished(**own)),
        (consumers.keep_enrollment, events.EnrollmentCreated(**facts(place, tenant.student))),
        (consumers.keep_item, first),
        (consumers.keep_item, second),
        (consumers.keep_completion, events.ItemCompleted.model_validate(done)),
    ]


async def test_events_in_any_order_and_more_than_once_tell_the_same(ai: Subgraph, stranger: Tenant) -> None:
    for order in itertools.islice(itertools.permutations(range(6)), 0, None, 29):
        tenant = Tenant.new()
        happened = happened_to(tenant)
        sent = [happened[number] for number in order]
        for one in (*sent, *sent, *reversed(sent)):
            await told(ai, tenant.id, one)
        course, enrollment, done = happened[0][1], happened[2][1], happened[5][1]
        modules = ",".join(map(str, course.module_ids))
        assert [tuple(row) for row in await rows(ai, tenant, _KNOWN)] == [
            ("completion", done.id, f"{done.item_id}{done.user_id}"),
            ("course", course.id, f"true{{{modules}}}"),
            ("enrollment", enrollment.id, str(enrollment.user_id)),
            ("item", done.item_id, f"2Planets{TEXTS['Planets']}{{}}"),
        ], order


async def test_a_version_that_is_there_is_not_made_again(ai: Subgraph, tenant: Tenant, place: Place) -> None:
    made = version(tenant, place, "Stars", version=3)
    await told(ai, tenant.id, (consumers.keep_item, made))
    await understood(ai, tenant)
    async with nothing_changes(ai, tenant):
        for again in (3, 2, 1):
            await told(ai, tenant.id, (consumers.keep_item, made.model_copy(update={"version": again, "title": "Old"})))
        await asyncio.sleep(0.7)


async def test_who_withdraws_is_out_and_who_comes_back_is_in(ai: Subgraph, tenant: Tenant) -> None:
    place = await new_course(ai, tenant)
    own = facts(place, tenant.student)
    into, out = (
        (consumers.keep_enrollment, events.EnrollmentCreated(**own)),
        (consumers.drop_enrollment, events.EnrollmentWithdrawn(**own)),
    )
    for sent, is_in in ((out, False), (into, True), (out, False), (into, True)):
        for _ in range(2):
            await told(ai, tenant.id, sent)
            assert len(await rows(ai, tenant, "SELECT 1 FROM enrollment")) == is_in


Change = Callable[[Tenant, Place], tuple[Any, Any]]


async def test_events_of_one_tenant_with_the_ids_of_another_change_nothing_there(
    ai: Subgraph, tenant: Tenant, stranger: Tenant
) -> None:
    happened = happened_to(stranger)
    await told(ai, stranger.id, *happened)
    await understood(ai, stranger)
    async with nothing_changes(ai, stranger):
        for handle, event in happened:
            await told(ai, tenant.id, (handle, event.model_copy(update={"organization_id": tenant.id})))
        await understood(ai, tenant)
        left = events.EnrollmentWithdrawn(**happened[2][1].model_dump())
        await told(ai, tenant.id, (consumers.drop_enrollment, left))


@pytest.mark.parametrize("number", range(6))
async def test_an_event_that_names_another_tenant_than_it_came_for_is_refused(
    ai: Subgraph, tenant: Tenant, stranger: Tenant, number: int
) -> None:
    with pytest.raises(DBAPIError, match="row-level security"):
        await told(ai, tenant.id, happened_to(stranger)[number])


async def test_what_content_tells_is_what_questions_are_made_from() -> None:
    assert LONGEST_TEXT == LONGEST_ITEM


async def test_what_is_published_is_found_by_its_meaning_soon(
    catalog: Subgraph, content: Subgraph, ai: Subgraph, tenant: Tenant, record_property: Callable[[str, object], None]
) -> None:
    course = await open_course(catalog, tenant)
    await catalog.ask(ENROLL, tenant.student, input={"courseId": course["id"]})
    course_id, module_id = ids.decode("course", course["id"]), ids.decode("module", course["modules"][0]["id"])
    assert course_id
    assert module_id
    taken = []
    for title, text in TEXTS.items():
        made = await create_item(content, tenant.teacher, ContentPlace(course_id, [module_id]), title=title, text=text)
        begun = time.monotonic()
        await publish(content, tenant.teacher, made["id"])
        async with asyncio.timeout(10):
            while made["id"] not in await search(ai, tenant.student, text, first=100):
                await asyncio.sleep(0.02)
        taken.append(time.monotonic() - begun)
    record_property("seconds", taken)
