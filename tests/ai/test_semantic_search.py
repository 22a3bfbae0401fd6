"""`semanticSearch`: what means the same is found, by those who may, and nothing else."""

from typing import Any

import pytest

from shared import ids
from shared.auth import Role
from tests.ai.conftest import (
    SEARCH,
    TEXTS,
    Place,
    join,
    leave,
    new_course,
    nothing_changes,
    published,
    rows,
    search,
    understood,
)
from tests.conftest import Subgraph, Tenant, viewer

MEANT = {
    "why does the night sky glow": "Stars",
    "orbits in the solar system": "Planets",
    "sourdough loaf": "Bread",
    "birthday dessert recipe": "Cake",
    "declension of an ancient language": "Latin",
}


@pytest.mark.parametrize(("query", "title"), MEANT.items())
async def test_what_is_meant_comes_first_without_a_word_of_it(
    ai: Subgraph, tenant: Tenant, shelf: dict[str, str], query: str, title: str
) -> None:
    assert (await search(ai, tenant.student, query))[0] == shelf[title]


async def test_the_nearest_come_first_with_their_cosine(ai: Subgraph, tenant: Tenant, shelf: dict[str, str]) -> None:
    answer = await ai.ask(SEARCH, tenant.student, text=f"Stars\n\n{TEXTS['Stars']}", first=5)
    scores = [match["score"] for match in answer.data["semanticSearch"]]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] == pytest.approx(1, abs=1e-4)
    assert all(-1 <= score <= 1 for score in scores)
    assert len({match["item"]["id"] for match in answer.data["semanticSearch"]}) == len(shelf)


async def test_a_long_text_is_found_by_each_of_its_parts_and_once(
    ai: Subgraph, tenant: Tenant, place: Place, shelf: dict[str, str]
) -> None:
    parts = [" ".join([TEXTS[title]] * 15) for title in ("Stars", "Latin")]
    rare = " ".join(["The octopus changes the colour of its skin."] * 30)
    [long] = await published(ai, tenant, place, "Miscellany", text="\n\n".join([*parts, rare]))
    found = await search(ai, tenant.student, "animals of the sea that hide by colour", first=100)
    assert found[0] == long
    assert len(found) == len(set(found)) == len(shelf) + 1


async def test_students_find_what_is_in_open_courses_that_they_are_in(
    ai: Subgraph, tenant: Tenant, place: Place, shelf: dict[str, str]
) -> None:
    draft = await new_course(ai, tenant, tenant.student, is_open=False)
    elsewhere = await new_course(ai, tenant)
    [hidden] = await published(ai, tenant, draft, "Stars")
    [other] = await published(ai, tenant, elsewhere, "Stars")
    assert set(await search(ai, tenant.student, "stars", first=100)) == set(shelf.values())
    assert set(await search(ai, tenant.teacher, "stars", first=100)) == {*shelf.values(), hidden, other}
    await join(ai, elsewhere, tenant.student)
    assert other in await search(ai, tenant.student, "stars", first=100)
    await leave(ai, place, tenant.student)
    assert await search(ai, tenant.student, "stars", first=100) == [other]


async def test_who_is_in_no_course_finds_nothing_and_the_model_is_not_asked(
    ai: Subgraph, tenant: Tenant, shelf: dict[str, str]
) -> None:
    nobody = viewer(Role.STUDENT, tenant.id)
    async with nothing_changes(ai, tenant):
        assert await search(ai, nobody, "stars") == []


async def test_only_in_one_course(ai: Subgraph, tenant: Tenant, place: Place, shelf: dict[str, str]) -> None:
    other = await new_course(ai, tenant)
    [mine] = await published(ai, tenant, other, "Stars")
    assert await search(ai, tenant.teacher, "stars", courseId=other.public_id) == [mine]
    assert await search(ai, tenant.student, "stars", courseId=other.public_id) == []
    assert set(await search(ai, tenant.student, "stars", courseId=place.public_id)) == set(shelf.values())
    for wrong in (ids.encode("course", ids.new_id()), ids.encode("module", place.id), "nonsense", ""):
        assert await search(ai, tenant.teacher, "stars", courseId=wrong) == []


@pytest.mark.parametrize(("first", "count"), [(0, 0), (1, 1), (3, 3), (100, 5), (None, 5)])
async def test_as_many_as_asked_for(
    ai: Subgraph, tenant: Tenant, shelf: dict[str, str], first: int | None, count: int
) -> None:
    assert len(await search(ai, tenant.student, "stars", first=first)) == count


BAD: dict[str, dict[str, Any]] = {
    "nothing": {"text": ""},
    "white space": {"text": " \n\t\u3000"},
    "10,000 characters": {"text": "star " * 2_000},
    "too many": {"text": "stars", "first": 101},
    "fewer than none": {"text": "stars", "first": -1},
}


@pytest.mark.parametrize("variables", BAD.values(), ids=BAD.keys())
async def test_what_cannot_be_asked_is_refused_and_named(
    ai: Subgraph, tenant: Tenant, shelf: dict[str, str], variables: dict[str, Any]
) -> None:
    async with nothing_changes(ai, tenant):
        answer = await ai.ask(SEARCH, tenant.student, **variables)
    assert answer.codes == ["BAD_USER_INPUT"]
    assert ("`first`" if "first" in variables else "`query`") in answer.body["errors"][0]["message"]


ODD = [
    "star " * 200,
    "\0",
    "🌟",
    "漢字",
    "'; DROP TABLE item; --",
    "<b>stars</b>",
    "\u202e",
    "%",
    "." * 1_000,
    "e\u0301",
]


@pytest.mark.parametrize("query", ODD)
async def test_any_other_text_is_a_query(ai: Subgraph, tenant: Tenant, shelf: dict[str, str], query: str) -> None:
    assert len(await search(ai, tenant.student, query)) == 5


async def test_an_item_without_a_text_is_found_by_its_title_and_tags(
    ai: Subgraph, tenant: Tenant, place: Place, shelf: dict[str, str]
) -> None:
    [film] = await published(ai, tenant, place, "A film", tags=["volcano", "lava"])
    assert (await search(ai, tenant.student, "eruption of Etna"))[0] == film


async def test_a_new_version_takes_the_place_of_the_old_one(
    ai: Subgraph, tenant: Tenant, place: Place, shelf: dict[str, str]
) -> None:
    id = ids.decode("content_item", shelf["Stars"])
    long = "\n\n".join([" ".join([TEXTS["Latin"]] * 15)] * 3)
    await published(ai, tenant, place, "Stars", id=id, version=2, text=long)
    old = await rows(ai, tenant, "SELECT id, version FROM item_vector WHERE item_id = :id", id=id)
    assert {row.version for row in old} == {2}
    assert len(old) > 1
    await published(ai, tenant, place, "Wine", id=id, version=3, text="Grapes ripen in autumn on the vine.")
    await understood(ai, tenant)
    [kept] = await rows(ai, tenant, "SELECT id, version FROM item_vector WHERE item_id = :id", id=id)
    assert kept.version == 3
    assert (await search(ai, tenant.student, "vineyards in October"))[0] == shelf["Stars"]
    assert (await search(ai, tenant.student, "why does the night sky glow"))[0] == shelf["Planets"]
