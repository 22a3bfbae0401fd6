"""The contract of `shared.search`, held against every engine: PostgreSQL always, Elasticsearch where it has an address.

`.ci/elasticsearch/run make test` gives it one.
"""

import os
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest

from shared import ids
from shared.search import Facet, Search, SearchDocument, TitleQuery
from shared.stack.running import Engines
from tests.conftest import Tenant
from tests.shared import search as examples
from tests.shared.search import Tried, item

needs_elasticsearch = pytest.mark.skipif("ELASTICSEARCH_URL" not in os.environ, reason="ELASTICSEARCH_URL is not set")


@pytest.fixture(
    scope="module",
    params=["postgresql", pytest.param("elasticsearch", marks=needs_elasticsearch)],
)
async def search(request: pytest.FixtureRequest, engines: Engines) -> AsyncIterator[Search]:
    """A search on each engine."""
    async with examples.elasticsearch() if request.param == "elasticsearch" else examples.postgresql(engines) as made:
        yield made


@pytest.fixture
def tried(search: Search, tenant: Tenant) -> Tried:
    """It, with an organization of the test's own."""
    return Tried(search, tenant.id)


async def test_a_title_counts_more_than_tags_and_tags_more_than_text(tried: Tried) -> None:
    text = await tried.put(text="A fraction is a part. A fraction has two numbers. Every fraction has. Fraction!")
    tag = await tried.put(tags=("fraction",))
    title = await tried.put(title="Fraction")
    assert await tried.find("fraction") == [title.id, tag.id, text.id]


async def test_all_words_are_looked_for_in_all_fields_and_by_their_stem(tried: Tried) -> None:
    found = await tried.put(title="Adding fractions", text="Find a common denominator.", tags=("arithmetic",))
    await tried.put(title="Adding decimals", text="Align the points.")
    assert await tried.find("added fraction denominators the arithmetic") == [found.id]


async def test_phrases_exclusions_and_alternatives(tried: Tried) -> None:
    near = await tried.put(text="Photosynthesis turns light into sugar.")
    far = await tried.put(text="Sugar, and then light.")
    assert set(await tried.find("light sugar")) == {near.id, far.id}
    assert await tried.find('"turns light" sugar') == [near.id]
    assert await tried.find("sugar -photosynthesis") == [far.id]
    assert set(await tried.find("photosynthesis or then")) >= {near.id}
    assert await tried.find("nowhere or turns") == [near.id]


async def test_the_last_word_may_be_unfinished(tried: Tried) -> None:
    found = await tried.put(title="Photosynthesis")
    assert await tried.find("photosyn") == [found.id]
    assert await tried.find("photosyn ") == []
    assert await tried.find("photosyn light") == []


@pytest.mark.parametrize("asked", ["Émile Zola", "emile zola", "EMILE", "e\u0301mile", "émi"])
async def test_accents_and_case_do_not_matter(tried: Tried, asked: str) -> None:
    found = await tried.put(title="Reading", text="On E\u0301mile Zola's novels.")
    [hit] = (await tried.ask(asked)).hits
    assert hit.id == found.id
    assert hit.highlight is not None
    assert "<mark>Émile</mark>" in hit.highlight


@pytest.mark.parametrize(("text", "asked"), [("Дроби и целые числа", "дроби"), ("Κλάσματα", "κλάσματα")])
async def test_other_scripts_are_found_by_whole_words(tried: Tried, text: str, asked: str) -> None:
    found = await tried.put(text=text)
    assert await tried.find(asked) == [found.id]
    assert await tried.find(asked.upper()) == [found.id]


async def test_an_organization_finds_only_its_own(tried: Tried, stranger: Tenant) -> None:
    mine = await tried.put(title="Zebra")
    theirs = item(stranger.id, title="Zebra")
    same = item(stranger.id, id=mine.id, title="Zebra of somebody else", version=9)
    await tried.search.put([theirs, same])
    await tried.search.refresh()
    result = await tried.ask("zebra")
    assert [hit.id for hit in result.hits] == [mine.id]
    assert (result.total, result.facets.types) == (1, [Facet("TEXT", 1)])
    assert await tried.search.suggest(tried.organization_id, TitleQuery(prefix="zeb")) == ["Zebra"]
    assert await tried.search.count(tried.organization_id) == 1
    await tried.search.remove(stranger.id, [mine.id])
    await tried.search.remove(tried.organization_id, [theirs.id])
    await tried.search.refresh()
    assert await tried.find("zebra") == [mine.id]
    assert await tried.search.count(stranger.id) == 1


async def test_one_put_may_hold_several_organizations(tried: Tried, stranger: Tenant) -> None:
    await tried.search.put([item(tried.organization_id), item(stranger.id), item(tried.organization_id)])
    await tried.search.refresh()
    assert await tried.search.count(tried.organization_id) == 2
    assert await tried.search.count(stranger.id) == 1


async def test_drafts_are_found_only_by_who_asks_for_them(tried: Tried) -> None:
    draft = await tried.put(title="Osmosis", is_published=False)
    assert await tried.find("osmosis") == []
    assert await tried.search.suggest(tried.organization_id, TitleQuery(prefix="osm")) == []
    assert await tried.find("osmosis", drafts=True) == [draft.id]
    assert await tried.search.suggest(tried.organization_id, TitleQuery(prefix="osm", drafts=True)) == ["Osmosis"]


async def test_only_in_some_courses(tried: Tried) -> None:
    first = await tried.put(title="Osmosis one")
    second = await tried.put(title="Osmosis two")
    await tried.put(title="Osmosis three")
    courses = frozenset({first.course_id, second.course_id, ids.new_id()})
    assert set(await tried.find("osmosis", course_ids=courses)) == {first.id, second.id}
    assert await tried.find("osmosis", course_ids=frozenset()) == []
    titles = await tried.search.suggest(tried.organization_id, TitleQuery(prefix="osm", course_ids=courses))
    assert titles == ["Osmosis one", "Osmosis two"]


async def library(tried: Tried) -> dict[str, SearchDocument]:
    """Four items on tides that differ in what they can be filtered by."""
    kinds = {
        "page": ("TEXT", "BEGINNER", ("sea", "moon")),
        "film": ("VIDEO", "BEGINNER", ("sea",)),
        "hard film": ("VIDEO", "ADVANCED", ("moon",)),
        "quiz": ("QUIZ", "ADVANCED", ()),
    }
    made = {
        name: item(tried.organization_id, title=f"Tides {name}", content_type=type, difficulty=level, tags=tags)
        for name, (type, level, tags) in kinds.items()
    }
    await tried.search.put(made.values())
    await tried.search.refresh()
    return made


FILTERS: list[tuple[dict[str, Any], set[str]]] = [
    ({"types": {"VIDEO"}}, {"film", "hard film"}),
    ({"types": {"VIDEO", "QUIZ"}}, {"film", "hard film", "quiz"}),
    ({"types": {"VIDEO"}, "difficulties": {"ADVANCED"}}, {"hard film"}),
    ({"tags": {"sea", "moon"}}, {"page", "film", "hard film"}),
    ({"tags": {"sea"}, "types": {"QUIZ"}}, set()),
    ({"tags": {"SEA"}}, set()),
]


@pytest.mark.parametrize(("filters", "names"), FILTERS)
async def test_filters(tried: Tried, filters: dict[str, Any], names: set[str]) -> None:
    made = await library(tried)
    result = await tried.ask("tides", **{name: frozenset(values) for name, values in filters.items()})
    assert {hit.id for hit in result.hits} == {made[name].id for name in names}
    assert result.total == len(names)


async def test_facets_count_what_is_found(tried: Tried) -> None:
    await library(tried)
    facets = (await tried.ask("tides", first=0)).facets
    assert facets.types == [Facet("VIDEO", 2), Facet("QUIZ", 1), Facet("TEXT", 1)]
    assert facets.difficulties == [Facet("ADVANCED", 2), Facet("BEGINNER", 2)]
    assert facets.tags == [Facet("moon", 2), Facet("sea", 2)]


async def test_a_facet_counts_under_all_filters_but_its_own(tried: Tried) -> None:
    await library(tried)
    result = await tried.ask("tides", types=frozenset({"VIDEO"}), tags=frozenset({"sea"}))
    assert result.total == 1
    assert result.facets.types == [Facet("TEXT", 1), Facet("VIDEO", 1)]
    assert result.facets.difficulties == [Facet("BEGINNER", 1)]
    assert result.facets.tags == [Facet("moon", 1), Facet("sea", 1)]


async def test_a_highlight_marks_matches_and_escapes_all_else(tried: Tried) -> None:
    await tried.put(text='Use <script>alert("tide")</script> & Tides & \x02tide\x03 <b>never</b> &lt;.')
    [hit] = (await tried.ask("tide")).hits
    assert hit.highlight is not None
    assert "<mark>Tides</mark>" in hit.highlight
    assert "script&gt;alert(&quot;<mark>tide</mark>&quot;)&lt;/script&gt; &amp; " in hit.highlight
    assert "&lt;b&gt;never" in hit.highlight
    assert hit.highlight.count("<") == 2 * hit.highlight.count("<mark>") == 6


async def test_a_highlight_is_the_best_passage_of_a_long_text(tried: Tried) -> None:
    await tried.put(text="Nothing of it. " * 500 + "The Spring Tide (at new moon) rises. " + "Nor here. " * 500)
    [hit] = (await tried.ask("tide moon")).hits
    assert hit.highlight is not None
    assert "Spring <mark>Tide</mark> (at new <mark>moon</mark>) rises" in hit.highlight
    assert len(hit.highlight) < 400


async def test_a_highlight_is_the_title_when_only_that_matches(tried: Tried) -> None:
    await tried.put(title="Spring & neap tides", text="They come and go.")
    await tried.put(title="Storms", text="They come and go.", tags=("tides",))
    first, second = (await tried.ask("tides")).hits
    assert first.highlight == "Spring &amp; neap <mark>tides</mark>"
    assert second.highlight in ("They come and go.", "They come and go")


async def test_without_text_there_is_nothing_to_highlight(tried: Tried) -> None:
    await tried.put(text="", tags=("tides",))
    [hit] = (await tried.ask("tides")).hits
    assert hit.highlight is None


async def test_pages_have_no_gap_and_no_double_while_items_are_added(tried: Tried) -> None:
    made = [item(tried.organization_id, title="Tide" if n % 3 else "Ebb", text="tide " * (n % 7)) for n in range(40)]
    await tried.search.put(made)
    await tried.search.refresh()
    expected = await tried.find("tide", first=100)
    found: list[UUID] = []
    page = await tried.ask("tide", first=7)
    found += [hit.id for hit in page.hits]
    for _ in range(12):
        if page.has_next:
            await tried.search.put([item(tried.organization_id, title="Tide", text="tide " * n) for n in range(5)])
            await tried.search.refresh()
            page = await tried.ask("tide", first=7, after=page.hits[-1].cursor)
            found += [hit.id for hit in page.hits]
    assert [id for id in found if id in set(expected)] == expected
    assert len(set(found)) == len(found)


async def test_the_last_page_knows_that_it_is(tried: Tried) -> None:
    for _ in range(3):
        await tried.put(title="Tide")
    page = await tried.ask("tide", first=2)
    assert (len(page.hits), page.has_next, page.total) == (2, True, 3)
    page = await tried.ask("tide", first=2, after=page.hits[-1].cursor)
    assert (len(page.hits), page.has_next, page.total) == (1, False, 3)
    page = await tried.ask("tide", first=0)
    assert (len(page.hits), page.has_next, page.total) == (0, True, 3)


async def test_an_older_version_never_replaces_a_newer_one(tried: Tried) -> None:
    newer = await tried.put(title="Newer", version=3)
    for version in (2, 1):
        await tried.put(id=newer.id, title="Older", version=version, is_published=False)
    assert (await tried.find("newer"), await tried.find("older", drafts=True)) == ([newer.id], [])
    await tried.put(id=newer.id, title="Again", version=3)
    await tried.put(id=newer.id, title="Newest", version=4)
    assert (await tried.find("newest"), await tried.find("again")) == ([newer.id], [])
    await tried.search.put([item(tried.organization_id, id=newer.id, title=f"Form{n}", version=n) for n in (7, 9, 8)])
    await tried.search.refresh()
    assert await tried.find("form9") == [newer.id]
    assert await tried.search.count(tried.organization_id) == 1


async def test_what_is_removed_is_found_no_more(tried: Tried) -> None:
    gone, kept = await tried.put(title="Tide one"), await tried.put(title="Tide two")
    for _ in range(2):
        await tried.search.remove(tried.organization_id, [gone.id, ids.new_id()])
        await tried.search.refresh()
    await tried.search.remove(tried.organization_id, [])
    result = await tried.ask("tide")
    assert ([hit.id for hit in result.hits], result.total) == ([kept.id], 1)
    assert await tried.search.count(tried.organization_id) == 1


NOTHING = ["", " ", "\x00", '"', "---", "-", "or", "or OR", '""', "🎓", "the", "of the and", "'", "\\", "\ud800", "*"]
ODD = [
    "tide'; DROP TABLE search_document; --",
    'tide "unfinished',
    '"tide" "',
    "tide & | ! <-> ( ) : * \\",
    "-tide -tide",
    "tide or",
    "or tide",
    "tide or or ebb",
    "-or",
    "tide:*",
    "tide ~2 ^3 [a TO b] /x/ {y}",
    "the tide",
    "tide 🎓 %s {} $1 :name",
    "tide " * 2_000,
    " ".join(f"word{n}" for n in range(2_000)),
    "x" * 10_000,
    '"' * 10_000,
    "-" * 10_000 + "tide",
    "a-b-c/d.e@f:g" * 700,
    "漢字 العربية हिन्दी",
]


@pytest.mark.parametrize("asked", NOTHING)
async def test_a_query_without_a_word_finds_nothing(tried: Tried, asked: str) -> None:
    await tried.put(title="The tide of the 🎓")
    result = await tried.ask(asked, drafts=True)
    assert not result.hits
    assert (result.has_next, result.total, list(result.facets.types)) == (False, 0, [])


@pytest.mark.parametrize("asked", ODD)
async def test_no_query_is_an_error(tried: Tried, asked: str) -> None:
    await tried.put(title="The tide")
    result = await tried.ask(asked)
    assert result.total == len(result.hits) <= 1
    await tried.search.suggest(tried.organization_id, TitleQuery(prefix=asked))


@pytest.mark.parametrize("asked", ["the tide", "tide or nothing", "tide &", '"the tide"', "ti-de or tide:", "tide 🎓"])
async def test_odd_queries_find_what_they_name(tried: Tried, asked: str) -> None:
    found = await tried.put(title="The tide")
    assert await tried.find(asked) == [found.id]


async def test_odd_items_can_be_put(tried: Tried) -> None:
    great = await tried.put(title="Tide " * 1_000, text="".join(f"{n:x} " for n in range(400_000)))
    wide = await tried.put(title="tide", text="漢𝄞🎓" * 300_000, tags=("tag " * 100,))
    odd = await tried.put(title="tide \x00\ud800", text="\x00\x01 \ud800 end", tags=("",))
    assert set(await tried.find("tide")) == {great.id, wide.id, odd.id}


async def test_suggestions(tried: Tried) -> None:
    for title in ("Tides", "Spring tide", "Tidal locking", "Ebb", "Été: les tièdes", "Tides"):
        await tried.put(title=title)

    async def suggest(prefix: str, **values: Any) -> list[str]:
        return await tried.search.suggest(tried.organization_id, TitleQuery(prefix=prefix, **values))

    assert await suggest("tid") == ["Tidal locking", "Tides", "Spring tide"]
    assert await suggest("TIDE") == ["Tides", "Spring tide"]
    assert await suggest("tid", first=1) == ["Tidal locking"]
    assert await suggest("ete") == ["Été: les tièdes"]
    assert await suggest("été les tie") == ["Été: les tièdes"]
    assert await suggest("spring ti") == ["Spring tide"]
    assert await suggest("ides") == []
    assert await suggest("") == await suggest(" ") == await suggest("%") == await suggest("*") == []
