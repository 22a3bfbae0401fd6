"""Search through GraphQL: who finds what. The same holds on Elasticsearch, whenever `ELASTICSEARCH_URL` names one."""

import os
from datetime import UTC, datetime
from typing import Any

import pytest

from shared import ids
from shared.auth import Role, Viewer
from shared.search import SearchDocument
from subgraphs.content.runtime import search_of
from tests.conftest import Subgraph, Tenant, viewer
from tests.content.courses import Course, create, leave, new_course, publish, published, update
from tests.content.finding_kit import NOTHING, SUGGEST, ask, counts, finds, followed, search, suggest, titles


@pytest.fixture
async def course(content: Subgraph, tenant: Tenant) -> Course:
    """A course that the tenant's student is in."""
    return await new_course(content, tenant, tenant.student)


async def two_kinds(content: Subgraph, tenant: Tenant, course: Course) -> None:
    """A published item and a draft, both about the tide, once the index has them."""
    await published(content, tenant.teacher, course, title="Tide tables")
    await create(content, tenant.teacher, course, title="Tide pools")
    await finds(content, tenant.teacher, "tide", 2)


async def test_what_is_published_is_found_by_those_in_the_course_and_drafts_by_teachers(
    content: Subgraph, tenant: Tenant, course: Course
) -> None:
    await two_kinds(content, tenant, course)
    for who in (tenant.teacher, tenant.admin):
        assert await titles(content, who, "tide") == ["Tide pools", "Tide tables"]
        assert await suggest(content, who, "tide") == ["Tide pools", "Tide tables"]
    assert await titles(content, tenant.student, "tide") == ["Tide tables"]
    assert await suggest(content, tenant.student, "tide") == ["Tide tables"]


async def test_students_search_their_own_courses_and_no_others(
    content: Subgraph, tenant: Tenant, course: Course
) -> None:
    other = await new_course(content, tenant)
    for title, place in (("Tide of mine", course), ("Tide of others", other)):
        await published(content, tenant.teacher, place, title=title)
    await finds(content, tenant.teacher, "tide", 2)
    await finds(content, tenant.student, "tide", 1)  # a teacher finds drafts too, so the publication may be on its way
    assert await titles(content, tenant.student, "tide") == ["Tide of mine"]
    assert await titles(content, tenant.student, "tide", courseId=course.public_id) == ["Tide of mine"]
    assert await search(content, tenant.student, "tide", filter={"courseId": other.public_id}) == NOTHING
    assert await suggest(content, tenant.student, "tide", courseId=other.public_id) == []
    assert await titles(content, tenant.teacher, "tide", courseId=other.public_id) == ["Tide of others"]
    assert await suggest(content, tenant.teacher, "tide", courseId=other.public_id) == ["Tide of others"]


async def test_who_is_in_no_course_or_has_left_it_finds_nothing(
    content: Subgraph, tenant: Tenant, course: Course
) -> None:
    await two_kinds(content, tenant, course)
    await leave(content, course, tenant.student)
    for who in (tenant.student, viewer(Role.STUDENT, tenant.id)):
        assert await search(content, who, "tide") == NOTHING
        assert await search(content, who, "tide", filter={"courseId": course.public_id}) == NOTHING
        assert await suggest(content, who, "tide") == []


async def test_nothing_is_found_across_tenants(
    content: Subgraph, tenant: Tenant, stranger: Tenant, course: Course
) -> None:
    await two_kinds(content, tenant, course)
    theirs = await new_course(content, stranger, stranger.student)
    await published(content, stranger.teacher, theirs, title="A foreign tide")
    await finds(content, stranger.student, "tide", 1)
    cursor = (await search(content, tenant.teacher, "tide"))["pageInfo"]["startCursor"]
    for who in stranger.people:
        assert await titles(content, who, "tide") == ["A foreign tide"]
        assert await search(content, who, "tide", filter={"courseId": course.public_id}) == NOTHING
        assert await suggest(content, who, "tide", courseId=course.public_id) == []
        after = await search(content, who, "tide", after=cursor)
        assert (after["totalCount"], counts(after["facets"]["types"])) == (1, {"TEXT": 1})
        assert {edge["node"]["title"] for edge in after["edges"]} <= {"A foreign tide"}
    assert await titles(content, tenant.teacher, "foreign") == []


async def test_the_platform_and_who_is_not_signed_in_search_nothing(
    content: Subgraph, tenant: Tenant, course: Course, root: Viewer
) -> None:
    await two_kinds(content, tenant, course)
    for who, code in ((None, "UNAUTHENTICATED"), (root, "FORBIDDEN")):
        assert (await ask(content, who, "tide")).codes == [code]
        assert (await content.ask(SUGGEST, who, prefix="tide")).codes == [code]


async def test_matches_are_marked_and_all_else_is_escaped(content: Subgraph, tenant: Tenant, course: Course) -> None:
    text = "Mind <script>alert('the tide')</script> & \"<b>tidal</b>\" pools."
    await published(content, tenant.teacher, course, title="A <i>warning</i>", text=text)
    await finds(content, tenant.student, "tides", 1)
    [edge] = (await search(content, tenant.student, "tides"))["edges"]
    assert edge["node"]["title"] == "A <i>warning</i>"
    assert edge["score"] > 0
    assert "alert(&#x27;the <mark>tide</mark>&#x27;)&lt;/script&gt; &amp;" in edge["highlight"]
    left = edge["highlight"].replace("<mark>", "").replace("</mark>", "")
    assert "<" not in left
    [edge] = (await search(content, tenant.student, "warning"))["edges"]
    assert edge["highlight"] == "A &lt;i&gt;<mark>warning</mark>&lt;/i&gt;"


async def library(content: Subgraph, tenant: Tenant, course: Course) -> None:
    """Four published items, about the tide, that differ in type, difficulty and tags."""
    for title, type_, difficulty, tags in (
        ("One", "TEXT", "BEGINNER", ["sea", "moon"]),
        ("Two", "TEXT", "ADVANCED", ["sea"]),
        ("Three", "VIDEO", "BEGINNER", ["moon"]),
        ("Four", "QUIZ", "ADVANCED", ["sea", "Mean High Water"]),
    ):
        values = {"type": type_, "difficulty": difficulty, "tags": tags, "text": "Of the tide."}
        await published(content, tenant.teacher, course, title=title, **values)
    await finds(content, tenant.student, "tide", 4)


FILTERS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "none": ({}, ["Four", "One", "Three", "Two"]),
    "empty": ({"types": [], "difficulties": [], "tags": []}, ["Four", "One", "Three", "Two"]),
    "null": ({"types": None, "difficulties": None, "tags": None, "courseId": None}, ["Four", "One", "Three", "Two"]),
    "a type": ({"types": ["VIDEO"]}, ["Three"]),
    "two types": ({"types": ["VIDEO", "QUIZ"]}, ["Four", "Three"]),
    "a type of nothing": ({"types": ["AUDIO"]}, []),
    "a difficulty": ({"difficulties": ["ADVANCED"]}, ["Four", "Two"]),
    "a tag": ({"tags": ["moon"]}, ["One", "Three"]),
    "a tag in capitals": ({"tags": ["MEAN high water"]}, ["Four"]),
    "two tags": ({"tags": ["moon", "sea"]}, ["Four", "One", "Three", "Two"]),
    "half a tag": ({"tags": ["mean"]}, []),
    "type and difficulty": ({"types": ["TEXT", "QUIZ"], "difficulties": ["ADVANCED"]}, ["Four", "Two"]),
    "everything": ({"types": ["TEXT"], "difficulties": ["BEGINNER"], "tags": ["sea", "wind"]}, ["One"]),
    "what excludes": ({"types": ["VIDEO"], "difficulties": ["ADVANCED"]}, []),
}


async def test_filters_narrow_each_by_itself_and_together(content: Subgraph, tenant: Tenant, course: Course) -> None:
    await library(content, tenant, course)
    for filter, expected in FILTERS.values():
        assert await titles(content, tenant.student, "tide", **filter) == expected, filter


async def test_facets_count_what_each_value_would_show(content: Subgraph, tenant: Tenant, course: Course) -> None:
    await library(content, tenant, course)
    facets = (await search(content, tenant.student, "tide", first=0))["facets"]
    assert list(counts(facets["types"]).items()) == [("TEXT", 2), ("QUIZ", 1), ("VIDEO", 1)]
    assert counts(facets["difficulties"]) == {"ADVANCED": 2, "BEGINNER": 2}
    assert list(counts(facets["tags"]).items()) == [("sea", 3), ("moon", 2), ("mean high water", 1)]
    filter = {"types": ["TEXT"], "difficulties": ["ADVANCED"]}
    facets = (await search(content, tenant.student, "tide", filter=filter))["facets"]
    assert counts(facets["types"]) == {"QUIZ": 1, "TEXT": 1}
    assert counts(facets["difficulties"]) == {"ADVANCED": 1, "BEGINNER": 1}
    assert counts(facets["tags"]) == {"sea": 1}


async def test_suggestions_complete_titles(content: Subgraph, tenant: Tenant, course: Course) -> None:
    for title in ("Tidal locking", "Spring tides", "Ebb and tide"):
        await published(content, tenant.teacher, course, title=title, text="Water.")
    await finds(content, tenant.student, "water", 3)
    assert await suggest(content, tenant.student, "tid") == ["Tidal locking", "Ebb and tide", "Spring tides"]
    assert await suggest(content, tenant.student, "TID", first=1) == ["Tidal locking"]
    assert await suggest(content, tenant.student, "spring ti", courseId=course.public_id) == ["Spring tides"]
    assert [await suggest(content, tenant.student, prefix) for prefix in ("", " ", "%", "ides")] == [[]] * 4
    assert await suggest(content, tenant.student, "tid", first=0) == []
    assert await suggest(content, tenant.student, "tid", first=None) == await suggest(content, tenant.student, "tid")


async def test_pages_follow_each_other_without_double_or_gap(content: Subgraph, tenant: Tenant, course: Course) -> None:
    made = [await published(content, tenant.teacher, course, title=f"Tide {n}") for n in range(25)]
    await finds(content, tenant.student, "tide", 25)
    found: list[str] = []
    after, shapes = None, []
    while len(shapes) < 4:
        page = await search(content, tenant.student, "tide", first=10, after=after)
        info, after = page["pageInfo"], page["pageInfo"]["endCursor"]
        assert (page["edges"][0]["cursor"], page["edges"][-1]["cursor"]) == (info["startCursor"], after)
        found += [edge["node"]["id"] for edge in page["edges"]]
        shapes.append((len(page["edges"]), info["hasPreviousPage"], page["totalCount"]))
        if not info["hasNextPage"]:
            break
    assert shapes == [(10, False, 25), (10, True, 25), (5, True, 25)]
    assert len(found) == 25
    assert set(found) == {item["id"] for item in made}
    beyond = await search(content, tenant.student, "tide", after=after)
    assert (beyond["edges"], beyond["pageInfo"]["hasNextPage"], beyond["totalCount"]) == ([], False, 25)


async def test_a_page_that_is_out_of_its_limits_is_refused_by_name(content: Subgraph, tenant: Tenant) -> None:
    for first in (-1, 101, 2**31 - 1):
        for answer in (
            await ask(content, tenant.student, "tide", first=first),
            await content.ask(SUGGEST, tenant.student, prefix="tide", first=first),
        ):
            assert answer.codes == ["BAD_USER_INPUT"]
            assert "`first`" in answer.body["errors"][0]["message"]


CURSORS = ["", "nonsense", "AAAA", "=" * 32, "é", "A" * 10_000, "____________________________________"]


@pytest.mark.parametrize("cursor", CURSORS, ids=range(len(CURSORS)))
async def test_what_is_no_cursor_is_refused_by_name(content: Subgraph, tenant: Tenant, cursor: str) -> None:
    for who in (tenant.student, tenant.teacher):
        answer = await ask(content, who, "tide", after=cursor)
        assert answer.codes == ["BAD_USER_INPUT"]
        assert "`after`" in answer.body["errors"][0]["message"]


@pytest.mark.parametrize("query", ["", " ", "\n", '"', "---", "the", "or", "🎓", "😀 😀", "%", "*"], ids=range(11))
async def test_a_query_without_a_word_finds_nothing(
    content: Subgraph, tenant: Tenant, course: Course, query: str
) -> None:
    await two_kinds(content, tenant, course)
    assert await search(content, tenant.teacher, query) == NOTHING


async def test_a_query_has_a_length_and_no_nul(content: Subgraph, tenant: Tenant, course: Course) -> None:
    await two_kinds(content, tenant, course)
    assert (await search(content, tenant.teacher, ("tide " * 200)[:1_000]))["totalCount"] == 2
    for text in ("a" * 1_001, "tide\0"):
        for name, answer in (
            ("query", await ask(content, tenant.teacher, text)),
            ("prefix", await content.ask(SUGGEST, tenant.teacher, prefix=text)),
            ("tags", await ask(content, tenant.teacher, "tide", filter={"tags": ["sea", text]})),
        ):
            assert answer.codes == ["BAD_USER_INPUT"], name
            assert f"`{name}`" in answer.body["errors"][0]["message"]


@pytest.mark.parametrize("id", ["", "nonsense", "course_", "course_zzzzzzzzzzzzzzzzzzzzzzzzzz", "\0"], ids=range(5))
async def test_a_course_that_is_none_holds_nothing(content: Subgraph, tenant: Tenant, course: Course, id: str) -> None:
    await two_kinds(content, tenant, course)
    for who in tenant.people:
        assert await search(content, who, "tide", filter={"courseId": id}) == NOTHING
        assert await suggest(content, who, "tide", courseId=id) == []


async def test_an_id_of_another_kind_is_no_course(content: Subgraph, tenant: Tenant, course: Course) -> None:
    await two_kinds(content, tenant, course)
    for id in (ids.encode("module", course.id), ids.encode("course", ids.new_id()), str(course.id)):
        assert await search(content, tenant.teacher, "tide", filter={"courseId": id}) == NOTHING


async def test_changes_of_a_published_item_are_found_once_they_are_published(
    content: Subgraph, tenant: Tenant, course: Course
) -> None:
    item = await published(content, tenant.teacher, course, title="Rivers", text="Of the estuary.", tags=["old"])
    await finds(content, tenant.student, "estuary", 1)
    await update(content, tenant.teacher, item["id"], title="Deltas", text="Of the lagoon.", tags=["new"])
    await followed(content, tenant, course, item)
    for who in (tenant.teacher, tenant.student):
        assert [await titles(content, who, word) for word in ("estuary", "lagoon", "deltas")] == [["Rivers"], [], []]
        assert await titles(content, who, "rivers", tags=["new"]) == []
    await publish(content, tenant.teacher, item["id"])
    await finds(content, tenant.student, "lagoon", 1)
    for who in (tenant.teacher, tenant.student):
        assert [await titles(content, who, word) for word in ("estuary", "lagoon")] == [[], ["Deltas"]]
        assert await titles(content, who, "lagoon", tags=["new"]) == ["Deltas"]


async def test_changes_of_a_draft_are_found_by_teachers_at_once(
    content: Subgraph, tenant: Tenant, course: Course
) -> None:
    item = await create(content, tenant.teacher, course, title="Rivers")
    await finds(content, tenant.teacher, "rivers", 1)
    await update(content, tenant.teacher, item["id"], title="Deltas", text="Of water.")
    await finds(content, tenant.teacher, "deltas", 1)
    assert await titles(content, tenant.teacher, "rivers") == []
    await publish(content, tenant.teacher, item["id"])
    await finds(content, tenant.student, "deltas", 1)


async def indexed(content: Subgraph, tenant: Tenant, course: Course, **values: Any) -> None:
    """Puts a published item into the index, whatever the rows say."""
    now = datetime.now(UTC)
    usual: dict[str, Any] = {"content_type": "TEXT", "text": "", "difficulty": "BEGINNER", "version": 1_000}
    place = {"organization_id": tenant.id, "course_id": course.id, "created_at": now, "updated_at": now}
    document = SearchDocument(**({"id": ids.new_id()} | usual | place | values), is_published=True)
    await search_of(content.platform).put([document])
    await search_of(content.platform).refresh()


async def test_what_the_index_has_and_the_rows_do_not_is_not_shown(
    content: Subgraph, tenant: Tenant, course: Course
) -> None:
    await published(content, tenant.teacher, course, title="Tide tables")
    draft = await create(content, tenant.teacher, course, title="A secret tide")
    await finds(content, tenant.teacher, "tide", 2)
    await indexed(content, tenant, course, title="A tide that is gone")
    await indexed(content, tenant, course, title="A secret tide", id=ids.decode("content_item", draft["id"]))
    page = await search(content, tenant.student, "tide")
    assert [edge["node"]["title"] for edge in page["edges"]] == ["Tide tables"]
    page = await search(content, tenant.teacher, "tide")
    assert {edge["node"]["title"] for edge in page["edges"]} == {"Tide tables", "A secret tide"}


async def test_a_published_item_of_a_course_that_is_not_open_is_for_teachers(content: Subgraph, tenant: Tenant) -> None:
    closed = await new_course(content, tenant, tenant.student, is_open=False)
    await published(content, tenant.teacher, closed, title="Tide tables")
    await finds(content, tenant.teacher, "tide", 1)
    assert (await search(content, tenant.student, "tide"))["edges"] == []


@pytest.mark.parametrize("count", [1, 20])
async def test_a_search_takes_as_many_statements_for_one_hit_as_for_twenty(
    content: Subgraph, tenant: Tenant, course: Course, count: int
) -> None:
    for n in range(count):
        await published(content, tenant.teacher, course, title=f"Tide {n}")
    await finds(content, tenant.student, "tide", count)
    # The search, unless Elasticsearch does it, and the items; for students their courses. All but the items in a
    # session, which takes one statement to say for whom.
    engine = 0 if os.environ.get("ELASTICSEARCH_URL") else 2
    for who, statements in ((tenant.teacher, 1 + engine), (tenant.student, 3 + engine)):
        answer = await ask(content, who, "tide", first=20)
        assert len(answer.data["search"]["edges"]) == count
        assert len(answer.statements) == statements, "\n".join(answer.statements)
