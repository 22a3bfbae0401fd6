"""Completion: once per person and item, for who is in the course, and told once."""

import asyncio
from typing import Any

import pytest

from shared import ids
from subgraphs.content import consumers
from tests.conftest import Subgraph, Tenant
from tests.content.conftest import (
    READ_AS_STUDENT,
    STUDENTS_ITEM,
    Place,
    complete,
    count,
    create,
    emitted,
    join,
    joined,
    leave,
    new_course,
    nothing_changes,
    published,
    read,
    rows,
    students,
    told,
    update,
)

AT_ONCE = 20


async def test_completing_says_when_and_what(content: Subgraph, tenant: Tenant, item: dict[str, Any]) -> None:
    done = await complete(content, tenant.student, item["id"])
    assert done["__typename"] == "Completion"
    shown = done["item"]
    assert (shown["id"], shown["text"], shown["viewerCompletedAt"]) == (item["id"], item["text"], done["completedAt"])
    assert (shown["hasDraft"], shown["publishAt"]) == (None, None)
    seen = await read(content, tenant.student, item["id"])
    assert seen is not None
    assert seen["viewerCompletedAt"] == done["completedAt"]


async def test_completing_twice_is_the_same_as_once(content: Subgraph, tenant: Tenant, item: dict[str, Any]) -> None:
    done = await complete(content, tenant.student, item["id"])
    async with nothing_changes(content, tenant):
        assert await complete(content, tenant.student, item["id"]) == done


async def test_a_new_version_keeps_what_was_completed(content: Subgraph, tenant: Tenant, item: dict[str, Any]) -> None:
    done = await complete(content, tenant.student, item["id"])
    await update(content, tenant.teacher, item["id"], text="New words.")
    again = await complete(content, tenant.student, item["id"])
    assert again["completedAt"] == done["completedAt"]
    assert again["item"]["text"] == item["text"], "what waits is not shown here either"


async def test_completing_is_told_and_recorded_once(
    content: Subgraph, tenant: Tenant, place: Place, item: dict[str, Any]
) -> None:
    for _ in range(2):
        await complete(content, tenant.student, item["id"])
    (row,) = await rows(content, tenant, "SELECT id::text FROM completion")
    assert await emitted(content, tenant, "item.completed") == [
        {
            "id": row.id,
            "organizationId": str(tenant.id),
            "itemId": str(ids.decode("content_item", item["id"])),
            "courseId": str(place.course_id),
            "userId": str(tenant.student.user_id),
        }
    ]
    (audit,) = await rows(
        content, tenant, "SELECT user_id, resource_id::text FROM audit WHERE action = 'item.completed'"
    )
    assert tuple(audit) == (tenant.student.user_id, row.id)


async def test_twenty_completions_at_once_are_one(content: Subgraph, tenant: Tenant, item: dict[str, Any]) -> None:
    done = await asyncio.gather(*(complete(content, tenant.student, item["id"]) for _ in range(AT_ONCE)))
    assert len({it["completedAt"] for it in done}) == 1
    assert await count(content, tenant, "completion") == 1
    assert len(await emitted(content, tenant, "item.completed")) == 1


async def test_twenty_people_at_once_complete_an_item_each(
    content: Subgraph, tenant: Tenant, place: Place, item: dict[str, Any]
) -> None:
    people = students(tenant, AT_ONCE)
    await join(content, place.course_id, *people)
    done = await asyncio.gather(*(complete(content, who, item["id"]) for who in people))
    assert {it["__typename"] for it in done} == {"Completion"}
    assert await count(content, tenant, "completion") == AT_ONCE
    told_of = {event["userId"] for event in await emitted(content, tenant, "item.completed")}
    assert told_of == {str(who.user_id) for who in people}


async def test_who_is_not_in_the_course_completes_nothing(
    content: Subgraph, tenant: Tenant, place: Place, item: dict[str, Any]
) -> None:
    (elsewhere, gone) = students(tenant, 2)
    other = await new_course(content, tenant)
    await join(content, other.course_id, elsewhere)
    (enrollment_id,) = await join(content, place.course_id, gone)
    await leave(content, place.course_id, enrollment_id, gone)
    for who in (elsewhere, gone, tenant.teacher, tenant.admin):
        async with nothing_changes(content, tenant):
            refused = await complete(content, who, item["id"])
        assert (refused["__typename"], refused["code"]) == ("NotEnrolled", "NOT_ENROLLED")


async def test_what_was_completed_stays_so_for_who_withdraws(
    content: Subgraph, tenant: Tenant, place: Place, item: dict[str, Any]
) -> None:
    (who,) = students(tenant, 1)
    (enrollment_id,) = await join(content, place.course_id, who)
    done = await complete(content, who, item["id"])
    await leave(content, place.course_id, enrollment_id, who)
    assert (await complete(content, who, item["id"]))["__typename"] == "NotEnrolled"
    seen = await read(content, who, item["id"])
    assert seen is not None
    assert (seen["viewerCompletedAt"], seen["text"]) == (done["completedAt"], None)
    await join(content, place.course_id, who)
    assert await complete(content, who, item["id"]) == done


async def test_a_teacher_in_the_course_completes_as_a_student_does(
    content: Subgraph, tenant: Tenant, place: Place, item: dict[str, Any]
) -> None:
    await join(content, place.course_id, tenant.teacher)
    assert (await complete(content, tenant.teacher, item["id"]))["__typename"] == "Completion"


@pytest.mark.parametrize("case", ["draft", "draft for a teacher", "item of a draft course", "unknown", "foreign"])
async def test_what_nobody_can_have_finished_is_not_found(
    content: Subgraph, tenant: Tenant, stranger: Tenant, place: Place, case: str
) -> None:
    who, id = tenant.student, ids.encode("content_item", ids.new_id())
    if case.startswith("draft"):
        id = (await create(content, tenant.teacher, place))["id"]
    if case == "draft for a teacher":
        who = tenant.teacher
        await join(content, place.course_id, who)
    if case == "item of a draft course":
        hidden = await new_course(content, tenant, is_open=False)
        await join(content, hidden.course_id, who)
        id = (await published(content, tenant, hidden))["id"]
    if case == "foreign":
        id = (await published(content, stranger, await new_course(content, stranger)))["id"]
    async with nothing_changes(content, tenant, stranger):
        assert (await complete(content, who, id))["__typename"] == "NotFound"


async def test_an_enrolment_that_is_still_on_its_way_is_waited_for(
    content: Subgraph, tenant: Tenant, place: Place, item: dict[str, Any]
) -> None:
    (who,) = students(tenant, 1)
    asked = asyncio.create_task(complete(content, who, item["id"]))
    await asyncio.sleep(0.3)
    assert not asked.done()
    await told(content, tenant.id, (consumers.keep_enrollment, joined(place.course_id, who)))
    assert (await asked)["__typename"] == "Completion"


async def test_each_sees_their_own_completion_alone(
    content: Subgraph, tenant: Tenant, place: Place, item: dict[str, Any]
) -> None:
    (other,) = students(tenant, 1)
    await join(content, place.course_id, other)
    done = await complete(content, tenant.student, item["id"])
    entity = {"__typename": "ContentItem", "id": item["id"]}
    module = {"__typename": "Module", "id": place.module}
    in_module = f"... on Module {{ items {{ edges {{ node {{ {STUDENTS_ITEM} }} }} }} }}"
    people = ((tenant.student, done["completedAt"]), (other, None), (tenant.teacher, None), (tenant.admin, None))
    for who, expected in people:
        seen = (await content.ask(READ_AS_STUDENT, who, id=item["id"])).data["contentItem"]
        (found,) = (await content.entities(who, f"... on ContentItem {{ {STUDENTS_ITEM} }}", entity)).data["_entities"]
        (listed,) = (await content.entities(who, in_module, module)).data["_entities"]
        nodes = [edge["node"] for edge in listed["items"]["edges"]]
        assert [it["viewerCompletedAt"] for it in (seen, found, *nodes)] == [expected] * 3
