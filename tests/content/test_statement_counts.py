"""How many SQL statements an operation takes: the same however many rows it returns."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from shared import ids
from tests.conftest import Answer, Subgraph, Tenant
from tests.content.conftest import (
    Place,
    complete,
    insert_items,
    item_input,
    join,
    later,
    new_course,
    update,
)

# What the course page of the contract asks of this subgraph, and everything else that an item leads to.
MODULES = """
... on Module {
  items(first: 100) {
    totalCount
    edges { node { id title course { id } module { id } mediaUrl viewerCompletedAt text } }
  }
}
"""
TEACHERS = """
... on Module { items(first: 100) { edges { node { text draftText hasDraft publishAt versions { number text } } } } }
"""


def modules_of(place: Place) -> list[dict[str, Any]]:
    """A course's modules as the router asks for them."""
    return [{"__typename": "Module", "id": ids.encode("module", module_id)} for module_id in place.module_ids]


@pytest.mark.parametrize(("modules", "each"), [(2, 2), (50, 1), (2, 50)])
async def test_the_items_of_modules_take_as_many_for_two_as_for_fifty(
    content: Subgraph, tenant: Tenant, modules: int, each: int
) -> None:
    place = await new_course(content, tenant, modules=modules)
    await join(content, place.course_id, tenant.student)
    made = await insert_items(content, tenant, place, each)
    await complete(content, tenant.student, ids.encode("content_item", made[0]))
    # The page with what was completed, and whether one is enrolled. And the texts in a session; they are cached from
    # then on.
    for statements in (4, 2, 2):
        answer = await content.entities(tenant.student, MODULES, *modules_of(place))
        lists = [it["items"] for it in answer.data["_entities"]]
        assert [it["totalCount"] for it in lists] == [each] * modules
        nodes = [edge["node"] for it in lists for edge in it["edges"]]
        assert [ids.decode("content_item", it["id"]) for it in nodes] == made
        assert all(it["text"].startswith("The text of") for it in nodes)
        assert len([it for it in nodes if it["viewerCompletedAt"]]) == 1
        assert len(answer.statements) == statements, "\n".join(answer.statements)


@pytest.mark.parametrize("each", [2, 50])
async def test_the_items_of_a_teacher_take_as_many_for_two_as_for_fifty(
    content: Subgraph, tenant: Tenant, each: int
) -> None:
    place = await new_course(content, tenant)
    await insert_items(content, tenant, place, each)
    # The page, its texts from behind the cache, those that wait, and the versions, whose texts these are too.
    answer = await content.entities(tenant.teacher, TEACHERS, *modules_of(place))
    nodes = [edge["node"] for edge in answer.data["_entities"][0]["items"]["edges"]]
    assert [len(it["versions"]) for it in nodes] == [1] * each
    assert all(it["draftText"] == it["versions"][0]["text"] == it["text"] for it in nodes)
    documents = [statement for statement in answer.statements if "FROM document" in statement]
    assert (len(answer.statements), len(documents)) == (6, 2), "\n".join(answer.statements)


async def test_an_item_takes_one_read_for_each_thing_that_is_asked_of_it(
    content: Subgraph, tenant: Tenant, item: dict[str, Any]
) -> None:
    for selection, of_student, of_teacher in (
        ("id title version publishedAt course { id } module { id } hasDraft publishAt", 1, 1),
        ("viewerCompletedAt", 1, 1),
        ("mediaUrl", 2, 1),
        ("text", 2, 1),  # it is in the cache since the answer to its creation
        ("draftText", None, 3),
        ("versions { number }", None, 2),
        ("text mediaUrl viewerCompletedAt", 2, 1),
    ):
        query = f"query($id: ID!) {{ contentItem(id: $id) {{ {selection} }} }}"
        for who, statements in ((tenant.student, of_student), (tenant.teacher, of_teacher)):
            if statements is None:
                continue
            answer = await content.ask(query, who, id=item["id"])
            assert answer.data["contentItem"]
            assert len(answer.statements) == statements, "\n".join([selection, *answer.statements])


@pytest.mark.parametrize("count", [1, 100])
async def test_entities_take_as_many_for_one_as_for_a_hundred(content: Subgraph, tenant: Tenant, count: int) -> None:
    place = await new_course(content, tenant)
    await join(content, place.course_id, tenant.student)
    made = await insert_items(content, tenant, place, count)
    entities = [{"__typename": "ContentItem", "id": ids.encode("content_item", it)} for it in made]
    selection = "... on ContentItem { title viewerCompletedAt text mediaUrl }"
    for statements in (4, 2):
        answer = await content.entities(tenant.student, selection, *entities)
        assert None not in answer.data["_entities"]
        assert len(answer.statements) == statements, "\n".join(answer.statements)


# Each session begins with one that says for whom, a text is stored and read in a session of its own, and an event is an
# insert for itself and one for its audit row.
MUTATIONS = {
    "create with a text": 9,
    "create without a text": 7,
    "create with a key": 11,
    "create again with a key": 10,
    "update a draft's title": 7,
    "update a draft's text": 9,
    "change nothing": 4,
    "publish": 10,
    "publish again": 6,
    "update a published text": 9,
    "publish the change": 10,
    "schedule": 5,
    "schedule the same": 2,
    "complete": 6,
    "complete again": 5,
}


async def test_each_mutation_takes_a_fixed_number(content: Subgraph, tenant: Tenant, place: Place) -> None:
    found: dict[str, int] = {}
    who, time = tenant.teacher, later(hours=1).isoformat()

    async def noted(name: str, asked: Callable[[], Awaitable[Answer]]) -> dict[str, Any]:
        answer = await asked()
        found[name] = len(answer.statements)
        (result,) = answer.data.values()
        assert result["__typename"] in ("ContentItem", "Completion"), name
        return result

    def ask(document: str, **variables: Any) -> Callable[[], Awaitable[Answer]]:
        return lambda: content.ask(document, tenant.student if "complete" in document else who, **variables)

    create = (
        "mutation($input: CreateContentItemInput!, $key: String) "
        "{ createContentItem(input: $input, idempotencyKey: $key) { __typename ... on ContentItem { id } } }"
    )
    change = "mutation($input: UpdateContentItemInput!) { updateContentItem(input: $input) { __typename } }"
    publish = "mutation($id: ID!) { publishContentItem(id: $id) { __typename } }"
    schedule = "mutation($input: ScheduleContentItemInput!) { scheduleContentItem(input: $input) { __typename } }"
    finish = "mutation($id: ID!) { completeContentItem(id: $id) { __typename } }"
    new = item_input(place.module)
    id = (await noted("create with a text", ask(create, input=new)))["id"]
    await noted("create without a text", ask(create, input=item_input(place.module, "QUIZ")))
    await noted("create with a key", ask(create, input=new, key="k"))
    await noted("create again with a key", ask(create, input=new, key="k"))
    await noted("update a draft's title", ask(change, input={"id": id, "title": "Second"}))
    await noted("update a draft's text", ask(change, input={"id": id, "text": "Second."}))
    await noted("change nothing", ask(change, input={"id": id}))
    await noted("publish", ask(publish, id=id))
    await noted("publish again", ask(publish, id=id))
    await noted("update a published text", ask(change, input={"id": id, "text": "Third."}))
    await noted("publish the change", ask(publish, id=id))
    await noted("schedule", ask(schedule, input={"id": id, "publishAt": time}))
    await noted("schedule the same", ask(schedule, input={"id": id, "publishAt": time}))
    await noted("complete", ask(finish, id=id))
    await noted("complete again", ask(finish, id=id))
    assert found == MUTATIONS


async def test_a_completion_is_read_with_its_item(
    content: Subgraph, tenant: Tenant, place: Place, item: dict[str, Any]
) -> None:
    await update(content, tenant.teacher, item["id"], title="Second")
    document = (
        "mutation($id: ID!) { completeContentItem(id: $id) "
        "{ ... on Completion { completedAt item { title text viewerCompletedAt } } } }"
    )
    answer = await content.ask(document, tenant.student, id=item["id"])
    assert answer.data["completeContentItem"]["item"]["text"] == item["text"]
    # Those of the mutation, whether one is enrolled, and when it was completed; the text is in the cache.
    assert len(answer.statements) == 8, "\n".join(answer.statements)


async def test_what_is_not_selected_is_not_read(content: Subgraph, tenant: Tenant, place: Place) -> None:
    await insert_items(content, tenant, place, 2)
    selection = "... on Module { items { edges { node { id title } } } }"
    answer = await content.entities(tenant.student, selection, *modules_of(place))
    assert len(answer.statements) == 1
    assert not any("count(" in statement for statement in answer.statements)
