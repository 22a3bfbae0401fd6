"""How many SQL statements an operation takes: the same however many rows it returns.

Each session begins with one that says for whom.
"""

import pytest

from shared import ids
from subgraphs.ai import consumers
from tests.ai.conftest import (
    GENERATE,
    RECOMMENDED,
    SEARCH,
    SIMILAR,
    finish,
    generate,
    new_course,
    nothing_changes,
    published,
    students,
    told,
    understood,
    version,
)
from tests.conftest import Subgraph, Tenant
from tests.shared.model import DEMO_ITEMS

NAMES = [f"Item {number}" for number in range(50)]


@pytest.mark.parametrize("count", [2, 50])
async def test_searching(ai: Subgraph, tenant: Tenant, count: int) -> None:
    for _ in range(2):
        place = await new_course(ai, tenant, tenant.student)
        await published(ai, tenant, place, *NAMES[: count // 2])
    # The courses, for students; the use of the model; and the vectors.
    for who, statements in ((tenant.student, 5), (tenant.teacher, 4)):
        answer = await ai.ask(SEARCH, who, text="item", first=100)
        assert len(answer.data["semanticSearch"]) == count
        assert len(answer.statements) == statements, "\n".join(answer.statements)


@pytest.mark.parametrize("count", [2, 50])
async def test_what_is_similar_to_a_page_of_items(ai: Subgraph, tenant: Tenant, count: int) -> None:
    place = await new_course(ai, tenant, tenant.student)
    made = await published(ai, tenant, place, *NAMES[:count])
    entities = [{"__typename": "ContentItem", "id": id} for id in made]
    for who, statements in ((tenant.student, 3), (tenant.teacher, 2)):
        answer = await ai.entities(who, SIMILAR % 5, *entities)
        assert {len(entity["similar"]) for entity in answer.data["_entities"]} == {min(5, count - 1)}
        assert len(answer.statements) == statements, "\n".join(answer.statements)


@pytest.mark.parametrize("count", [2, 50])
async def test_what_to_do_next(ai: Subgraph, tenant: Tenant, count: int) -> None:
    for _ in range(count // 2):
        place = await new_course(ai, tenant, tenant.student)
        made = [version(tenant, place, name, module) for module in (0, 1) for name in NAMES[:4]]
        await told(ai, tenant.id, *((consumers.keep_item, item) for item in made))
        await finish(ai, tenant.student, ids.encode("content_item", made[0].id))
    await understood(ai, tenant)
    people = [tenant.student, *students(tenant, count)]
    entities = [{"__typename": "User", "id": ids.encode("user", it.user_id)} for it in people if it.user_id]
    # Courses with their items and completions in one, and the vectors; nothing for anybody else.
    answer = await ai.entities(tenant.student, RECOMMENDED % 5, *entities)
    found = [entity["recommendations"] for entity in answer.data["_entities"]]
    assert (len(found[0]), found[1:]) == (5, [None] * count)
    assert len(answer.statements) == 3, "\n".join(answer.statements)


async def test_several_lists_of_one_request_share_what_they_read(
    ai: Subgraph, tenant: Tenant, shelf: dict[str, str]
) -> None:
    assert tenant.student.user_id
    entities = [
        {"__typename": "User", "id": ids.encode("user", tenant.student.user_id)},
        {"__typename": "ContentItem", "id": shelf["Stars"]},
    ]
    selection = """
        ... on User { a: recommendations(first: 2) { score } b: recommendations(first: 4) { score } }
        ... on ContentItem { c: similar(first: 2) { score } }
    """
    answer = await ai.entities(tenant.student, selection, *entities)
    user, item = answer.data["_entities"]
    assert (len(user["a"]), len(user["b"]), len(item["c"])) == (2, 4, 2)
    # Nothing is finished, so no vectors are read for the first two.
    assert len(answer.statements) == 4, "\n".join(answer.statements)


async def test_generating_questions(ai: Subgraph, tenant: Tenant) -> None:
    place = await new_course(ai, tenant)
    [item] = await published(ai, tenant, place, "Everything", text=DEMO_ITEMS[0].text)
    for count in (1, 20):
        answer = await ai.ask(GENERATE, tenant.teacher, input={"contentItemId": item, "count": count})
        assert answer.data["generateQuestions"]["__typename"] == "GeneratedQuestions"
        # A look whether the item has been told of, the item, and the use of the model.
        assert len(answer.statements) == 6, "\n".join(answer.statements)


async def test_what_is_not_selected_is_not_read(ai: Subgraph, tenant: Tenant, shelf: dict[str, str]) -> None:
    entity = {"__typename": "ContentItem", "id": shelf["Stars"]}
    answer = await ai.entities(tenant.student, "... on ContentItem { id }", entity)
    assert answer.data == {"_entities": [{"id": shelf["Stars"]}]}
    assert not answer.statements
    async with nothing_changes(ai, tenant):
        refused = await generate(ai, tenant.teacher, shelf["Stars"], count=0)
    assert refused["__typename"] == "InvalidInput"
