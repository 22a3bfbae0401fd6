"""`User.recommendations`: the next steps of one's own courses, nearest to what one has finished first."""

from uuid import UUID

import numpy as np
import pytest

from shared import ids
from shared.auth import Viewer
from subgraphs.ai import recommending
from subgraphs.ai.recommending import Candidate, CourseItem
from tests.ai.conftest import (
    Place,
    ask_recommended,
    facts,
    finish,
    join,
    leave,
    new_course,
    published,
    recommended,
)
from tests.conftest import Subgraph, Tenant


async def test_who_has_finished_nothing_gets_the_first_items_of_each_course(ai: Subgraph, tenant: Tenant) -> None:
    courses = [await new_course(ai, tenant, tenant.student) for _ in range(2)]
    courses.sort(key=lambda place: facts(place, tenant.student)["id"])  # the ids of enrolments give the order
    later = [await published(ai, tenant, course, "Stars", "Bread", module=1) for course in courses]
    early = [await published(ai, tenant, course, "Latin", "Cake") for course in courses]
    found = await recommended(ai, tenant.student, 8)
    assert found[:4] == [early[0][0], early[1][0], early[0][1], early[1][1]]
    assert found[4:] == [later[0][0], later[1][0], later[0][1], later[1][1]]
    assert await recommended(ai, tenant.student, 3) == found[:3]
    entity = (await ask_recommended(ai, tenant.student, tenant.student)).data["_entities"][0]
    assert {match["score"] for match in entity["recommendations"]} == {0}


async def test_what_is_near_to_what_was_finished_comes_first_and_what_was_finished_never(
    ai: Subgraph, tenant: Tenant, shelf: dict[str, str]
) -> None:
    await finish(ai, tenant.student, shelf["Stars"])
    found = await recommended(ai, tenant.student)
    assert found[0] == shelf["Planets"]
    assert set(found) == set(shelf.values()) - {shelf["Stars"]}
    [entity] = (await ask_recommended(ai, tenant.student, tenant.student)).data["_entities"]
    scores = [match["score"] for match in entity["recommendations"]]
    assert 1 >= scores[0] > 0
    assert scores == sorted(scores, reverse=True)


async def test_what_was_finished_last_counts_most(ai: Subgraph, tenant: Tenant, shelf: dict[str, str]) -> None:
    done = await new_course(ai, tenant)
    many = await published(ai, tenant, done, *["Bread"] * 4)
    await finish(ai, tenant.student, *many)
    assert (await recommended(ai, tenant.student))[0] in (shelf["Bread"], shelf["Cake"])
    await finish(ai, tenant.student, *(await published(ai, tenant, done, *["Planets"] * 15)))
    assert (await recommended(ai, tenant.student))[0] == shelf["Planets"]


async def test_an_unfinished_module_comes_before_the_next_however_near_that_is(
    ai: Subgraph, tenant: Tenant, place: Place
) -> None:
    stars, latin, cake = await published(ai, tenant, place, "Stars", "Latin", "Cake")
    planets, bread = await published(ai, tenant, place, "Planets", "Bread", module=1)
    await finish(ai, tenant.student, stars)
    found = await recommended(ai, tenant.student)
    assert set(found[:2]) == {latin, cake}
    assert found[2:] == [planets, bread]
    await finish(ai, tenant.student, latin, cake)
    assert set(await recommended(ai, tenant.student)) == {planets, bread}
    await finish(ai, tenant.student, planets, bread)
    assert await recommended(ai, tenant.student) == []


async def test_only_of_open_courses_that_one_is_in(ai: Subgraph, tenant: Tenant, place: Place) -> None:
    [mine] = await published(ai, tenant, place, "Stars")
    draft = await new_course(ai, tenant, tenant.student, tenant.teacher, is_open=False)
    [hidden] = await published(ai, tenant, draft, "Stars")
    await published(ai, tenant, await new_course(ai, tenant), "Stars")
    assert await recommended(ai, tenant.student) == [mine]
    assert await recommended(ai, tenant.teacher) == [hidden]
    await join(ai, place, tenant.teacher)
    assert set(await recommended(ai, tenant.teacher)) == {mine, hidden}
    await leave(ai, place, tenant.student)
    assert await recommended(ai, tenant.student) == []


async def test_one_sees_ones_own_alone(
    ai: Subgraph, tenant: Tenant, stranger: Tenant, root: Viewer, shelf: dict[str, str]
) -> None:
    others = [tenant.student, tenant.teacher, stranger.student]
    for who in (tenant.admin, tenant.teacher, tenant.student, stranger.student, root, None):
        answer = await ask_recommended(ai, who, *others)
        seen = [person for person, entity in zip(others, answer.data["_entities"], strict=True)
                if entity["recommendations"] is not None]  # fmt: skip
        assert seen == [person for person in others if person is who]


@pytest.mark.parametrize("first", [-1, 101])
async def test_no_more_than_a_hundred(ai: Subgraph, tenant: Tenant, first: int) -> None:
    assert (await ask_recommended(ai, tenant.student, tenant.student, first=first)).codes == ["BAD_USER_INPUT"]


async def test_none_is_none(ai: Subgraph, tenant: Tenant, shelf: dict[str, str]) -> None:
    assert await recommended(ai, tenant.student, 0) == []
    assert await recommended(ai, tenant.teacher) == []


async def test_what_waits_for_its_vectors_is_recommended_all_the_same(
    ai: Subgraph, tenant: Tenant, place: Place
) -> None:
    first, second = await published(ai, tenant, place, "Stars", "Planets")
    await finish(ai, tenant.student, ids.encode("content_item", ids.new_id()), first)
    assert await recommended(ai, tenant.student) == [second]


MODULES = [ids.new_id() for _ in range(3)]


def test_items_of_modules_that_are_not_known_yet_come_last() -> None:
    items = [CourseItem(ids.new_id(), module) for module in (*reversed(MODULES), ids.new_id())]
    found = recommending.candidates([(MODULES, items)], set())
    assert [candidate.item_id for candidate in found] == [items[number].id for number in (2, 1, 0, 3)]
    assert [candidate.step for candidate in found] == [0, 1, 2, 3]


def test_a_step_counts_modules_in_which_something_is_left() -> None:
    items = [CourseItem(ids.new_id(), module) for module in MODULES for _ in range(2)]
    finished = {items[0].id, items[2].id, items[3].id}
    found = recommending.candidates([(MODULES, items)], finished)
    assert [(it.item_id, it.step, it.place) for it in found] == [
        (items[1].id, 0, 0),
        (items[4].id, 1, 1),
        (items[5].id, 1, 2),
    ]


@pytest.mark.parametrize("first", range(8))
def test_reach_is_whole_steps(first: int) -> None:
    steps = [0, 0, 0, 1, 1, 2]
    found = [Candidate(ids.new_id(), step, place) for place, step in enumerate(steps)]
    expected = [0, 3, 3, 3, 5, 5, 6, 6][first]
    assert recommending.within_reach(found, first) == found[:expected]


def test_ranking_knows_no_more_than_it_is_told() -> None:
    first, second, third = (Candidate(ids.new_id(), 0, place) for place in range(3))
    recent = ids.new_id()
    unit = {name: np.array([vector], np.float32) for name, vector in (("x", [1, 0]), ("y", [0, 1]), ("-x", [-1, 0]))}

    def order(chunks: dict[UUID, recommending.Chunks]) -> list[UUID]:
        return [id for id, _ in recommending.ranked([first, second, third], [recent], chunks)]

    plain = [first.item_id, second.item_id, third.item_id]
    assert order({}) == plain
    assert order({recent: unit["x"]}) == plain
    assert order({recent: unit["x"], third.item_id: unit["x"], first.item_id: unit["-x"]}) == [
        third.item_id, second.item_id, first.item_id
    ]  # fmt: skip
    opposed = np.array([[1, 0], [-1, 0]], np.float32)
    assert order({recent: opposed, third.item_id: unit["x"]}) == plain
