"""`ContentItem.similar`: what is near an item's own text, among what the viewer may find."""

import pytest

from shared import ids
from shared.auth import Viewer
from tests.ai.conftest import SIMILAR, Place, join, leave, new_course, published, rows, similar
from tests.conftest import Subgraph, Tenant


@pytest.mark.parametrize(("title", "nearest"), [("Stars", "Planets"), ("Planets", "Stars"), ("Bread", "Cake")])
async def test_what_is_about_the_same_comes_first_and_the_item_itself_never(
    ai: Subgraph, tenant: Tenant, shelf: dict[str, str], title: str, nearest: str
) -> None:
    found = await similar(ai, tenant.student, shelf[title])
    assert found[0] == shelf[nearest]
    assert set(found) == set(shelf.values()) - {shelf[title]}


async def test_several_items_each_have_their_own_and_scores_fall(
    ai: Subgraph, tenant: Tenant, shelf: dict[str, str]
) -> None:
    representations = [{"__typename": "ContentItem", "id": id} for id in shelf.values()]
    found = (await ai.entities(tenant.student, SIMILAR % 2, *representations)).data["_entities"]
    assert [len(entity["similar"]) for entity in found] == [2] * len(shelf)
    for entity in found:
        first, second = (match["score"] for match in entity["similar"])
        assert 1 >= first >= second >= -1


async def test_students_see_what_is_in_courses_that_they_are_in(
    ai: Subgraph, tenant: Tenant, place: Place, shelf: dict[str, str]
) -> None:
    elsewhere = await new_course(ai, tenant)
    draft = await new_course(ai, tenant, tenant.student, is_open=False)
    [other] = await published(ai, tenant, elsewhere, "Stars")
    [hidden] = await published(ai, tenant, draft, "Stars")
    assert (await similar(ai, tenant.teacher, shelf["Stars"]))[:2] == [other, hidden]
    assert await similar(ai, tenant.student, shelf["Stars"]) == [
        id for id in await similar(ai, tenant.teacher, shelf["Stars"], 100) if id in shelf.values()
    ]
    for unseen in (other, hidden):
        assert await similar(ai, tenant.student, unseen) == []
    await join(ai, elsewhere, tenant.student)
    assert (await similar(ai, tenant.student, other))[0] == shelf["Stars"]
    await leave(ai, place, tenant.student)
    assert await similar(ai, tenant.student, shelf["Stars"]) == []
    assert await similar(ai, tenant.student, other) == []


async def test_an_unknown_item_and_one_without_vectors_are_similar_to_nothing(
    ai: Subgraph, tenant: Tenant, shelf: dict[str, str]
) -> None:
    assert await similar(ai, tenant.teacher, ids.encode("content_item", ids.new_id())) == []
    await rows(ai, tenant, "DELETE FROM item_vector WHERE item_id = :id", id=ids.decode("content_item", shelf["Stars"]))
    assert await similar(ai, tenant.teacher, shelf["Stars"]) == []


async def test_as_many_as_asked_for_and_no_more_than_a_hundred(
    ai: Subgraph, tenant: Tenant, shelf: dict[str, str]
) -> None:
    assert [len(await similar(ai, tenant.student, shelf["Stars"], first)) for first in (0, 1, 100)] == [0, 1, 4]
    entity = {"__typename": "ContentItem", "id": shelf["Stars"]}
    for wrong in (-1, 101):
        assert (await ai.entities(tenant.student, SIMILAR % wrong, entity)).codes == ["BAD_USER_INPUT"]


async def test_comparing_counts_against_the_budget_of_a_request(
    ai: Subgraph, tenant: Tenant, shelf: dict[str, str]
) -> None:
    many = [{"__typename": "ContentItem", "id": ids.encode("content_item", ids.new_id())} for _ in range(201)]
    answer = await ai.entities(tenant.teacher, SIMILAR % 5, *many)
    assert set(answer.codes) == {"QUERY_TOO_LARGE"}
    assert not any("item_vector" in statement for statement in answer.statements)


async def test_anonymous_callers_are_refused_and_the_platform_sees_no_tenant(
    ai: Subgraph, tenant: Tenant, root: Viewer, shelf: dict[str, str]
) -> None:
    entity = {"__typename": "ContentItem", "id": shelf["Stars"]}
    assert (await ai.entities(None, SIMILAR % 5, entity)).codes == ["UNAUTHENTICATED"]
    assert await similar(ai, root, shelf["Stars"]) == []
