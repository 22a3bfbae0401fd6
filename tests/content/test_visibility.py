"""Who sees which items and how much of them: the same on every path that leads to an item."""

from typing import Any

import pytest

from shared import ids
from shared.auth import Viewer
from tests.conftest import Subgraph, Tenant
from tests.content.conftest import (
    LINK,
    Place,
    complete,
    create,
    join,
    later,
    leave,
    new_course,
    published,
    schedule,
    students,
)

FIELDS = "id title text mediaUrl publishAt hasDraft"
PATHS = {
    "contentItem": 'query { found: contentItem(id: "%(item)s") { FIELDS } }',
    "entity by id": 'query { found: _entities(representations: [{__typename: "ContentItem", id: "%(item)s"}]) '
    "{ ... on ContentItem { FIELDS } } }",
    "entity by nodeId": 'query { found: _entities(representations: [{__typename: "ContentItem", nodeId: "%(item)s"}]) '
    "{ ... on ContentItem { FIELDS } } }",
    "Module.items": 'query { found: _entities(representations: [{__typename: "Module", id: "%(module)s"}]) '
    "{ ... on Module { items(first: 100) { edges { node { FIELDS } } } } } }",
}


async def seen(content: Subgraph, who: Viewer | None, path: str, place: Place, id: str, fields: str = FIELDS) -> Any:
    """An item as somebody sees it on a path; None if they do not."""
    document = PATHS[path].replace("FIELDS", fields) % {"item": id, "module": place.module}
    found = (await content.ask(document, who)).data["found"]
    if path == "Module.items":
        nodes = [edge["node"] for edge in found[0]["items"]["edges"]]
        return next((node for node in nodes if node["id"] == id), None)
    return found[0] if isinstance(found, list) else found


@pytest.mark.parametrize("path", PATHS)
async def test_students_see_the_published_items_of_opened_courses_only(
    content: Subgraph, tenant: Tenant, place: Place, path: str
) -> None:
    hidden = await new_course(content, tenant, is_open=False)
    await join(content, hidden.course_id, tenant.student)
    for where, item, is_seen in (
        (place, await published(content, tenant, place), True),
        (place, await create(content, tenant.teacher, place), False),
        (hidden, await published(content, tenant, hidden), False),
        (hidden, await create(content, tenant.teacher, hidden), False),
    ):
        assert (await seen(content, tenant.student, path, where, item["id"]) is not None) == is_seen
        for who in (tenant.teacher, tenant.admin):
            assert (await seen(content, who, path, where, item["id"]))["text"] == item["text"]


@pytest.mark.parametrize("path", PATHS)
async def test_only_who_is_in_the_course_or_teaches_opens_an_item(
    content: Subgraph, tenant: Tenant, place: Place, path: str
) -> None:
    item = await published(content, tenant, place, "VIDEO")
    never, gone, elsewhere = students(tenant, 3)
    (enrollment_id,) = await join(content, place.course_id, gone)
    await leave(content, place.course_id, enrollment_id, gone)
    other = await new_course(content, tenant)
    await join(content, other.course_id, elsewhere)
    for who in (tenant.student, tenant.teacher, tenant.admin):
        found = await seen(content, who, path, place, item["id"])
        assert (found["text"], found["mediaUrl"]) == (item["text"], LINK)
    for who in (never, gone, elsewhere):
        found = await seen(content, who, path, place, item["id"])
        assert (found["title"], found["text"], found["mediaUrl"]) == (item["title"], None, None)


@pytest.mark.parametrize("path", PATHS)
async def test_what_waits_is_for_teachers(content: Subgraph, tenant: Tenant, place: Place, path: str) -> None:
    item = await published(content, tenant, place)
    time = later(hours=1).isoformat()
    await schedule(content, tenant.teacher, item["id"], publishAt=time)
    for who in (tenant.teacher, tenant.admin):
        found = await seen(content, who, path, place, item["id"], FIELDS + " draftText versions { number }")
        assert (found["publishAt"], found["hasDraft"]) == (time, False)
        assert (found["draftText"], found["versions"]) == (item["text"], [{"number": 1}])
    found = await seen(content, tenant.student, path, place, item["id"])
    assert (found["publishAt"], found["hasDraft"]) == (None, None)
    for field in ("draftText", "versions { number }"):
        document = PATHS[path].replace("FIELDS", f"id {field}") % {"item": item["id"], "module": place.module}
        answer = await content.ask(document, tenant.student)
        assert answer.codes == ["FORBIDDEN"]
        assert item["text"] not in str(answer.body)


async def test_a_completion_shows_no_more_of_its_item_than_any_path(
    content: Subgraph, tenant: Tenant, item: dict[str, Any]
) -> None:
    done = await complete(content, tenant.student, item["id"])
    assert (done["item"]["text"], done["item"]["hasDraft"], done["item"]["publishAt"]) == (item["text"], None, None)
    for field in ("draftText", "versions { text }"):
        document = (
            f"mutation($id: ID!) {{ completeContentItem(id: $id) {{ ... on Completion {{ item {{ {field} }} }} }} }}"
        )
        assert (await content.ask(document, tenant.student, id=item["id"])).codes == ["FORBIDDEN"]


async def test_nobody_sees_anything_without_signing_in(
    content: Subgraph, tenant: Tenant, place: Place, item: dict[str, Any]
) -> None:
    for path in ("entity by id", "entity by nodeId"):
        assert await seen(content, None, path, place, item["id"]) is None
    for path in ("contentItem", "Module.items"):
        document = PATHS[path].replace("FIELDS", FIELDS) % {"item": item["id"], "module": place.module}
        answer = await content.ask(document, None)
        assert answer.codes == ["UNAUTHENTICATED"]
        assert item["title"] not in str(answer.body)


async def test_the_items_of_a_module_come_in_pages_and_are_counted_as_they_are_seen(
    content: Subgraph, tenant: Tenant
) -> None:
    place = await new_course(content, tenant, modules=2)
    other = Place(place.course_id, place.module_ids[1:])
    made = []
    for number in range(5):
        made.append((await published(content, tenant, place, title=f"Item {number}"))["id"])
        await create(content, tenant.teacher, place, title="A draft")
        await published(content, tenant, other, title="Elsewhere")
    selection = """
    ... on Module { items(first: %d, after: %s) {
        totalCount pageInfo { hasNextPage hasPreviousPage endCursor } edges { cursor node { id title } }
    } }
    """
    found, after = [], "null"
    while True:
        module = {"__typename": "Module", "id": place.module}
        answer = await content.entities(tenant.student, selection % (2, after), module)
        page = answer.data["_entities"][0]["items"]
        assert (page["totalCount"], page["pageInfo"]["hasPreviousPage"]) == (5, after != "null")
        found += [edge["node"]["id"] for edge in page["edges"]]
        after = f'"{page["pageInfo"]["endCursor"]}"'
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert found == made
    answer = await content.entities(tenant.teacher, selection % (100, "null"), module)
    assert answer.data["_entities"][0]["items"]["totalCount"] == 10


async def test_two_modules_in_one_request_show_their_own_items(content: Subgraph, tenant: Tenant) -> None:
    place = await new_course(content, tenant, modules=3)
    made = [
        (await published(content, tenant, Place(place.course_id, [module_id])))["id"]
        for module_id in place.module_ids[:2]
    ]
    modules = [{"__typename": "Module", "id": ids.encode("module", it)} for it in place.module_ids]
    answer = await content.entities(
        tenant.student, "... on Module { id items { totalCount edges { node { id } } } }", *modules
    )
    assert [it["items"]["totalCount"] for it in answer.data["_entities"]] == [1, 1, 0]
    assert [[edge["node"]["id"] for edge in it["items"]["edges"]] for it in answer.data["_entities"]] == [
        [made[0]],
        [made[1]],
        [],
    ]


@pytest.mark.parametrize("first", [-1, 101])
async def test_a_page_of_too_many_is_refused(content: Subgraph, tenant: Tenant, place: Place, first: int) -> None:
    module = {"__typename": "Module", "id": place.module}
    selection = f"... on Module {{ items(first: {first}) {{ totalCount }} }}"
    assert (await content.entities(tenant.student, selection, module)).codes == ["BAD_USER_INPUT"]
