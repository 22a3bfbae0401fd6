"""The contract of `shared.vectors`, held against PostgreSQL, against a server with Pinecone's published API, and where
`PINECONE_API_KEY` is set, against Pinecone.
"""

import math
import os
from array import array
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from shared import ids
from shared.stack.running import Engines
from shared.vectors import SimilarQuery, VectorQuery, Vectors
from tests.conftest import Tenant
from tests.shared import vectors as examples
from tests.shared.vectors import DIMENSIONS, Tried, axis, chunk

needs_pinecone = pytest.mark.skipif("PINECONE_API_KEY" not in os.environ, reason="PINECONE_API_KEY is not set")


@pytest.fixture(scope="module", params=["postgresql", "pinecone", pytest.param("real pinecone", marks=needs_pinecone)])
async def vectors(request: pytest.FixtureRequest, engines: Engines) -> AsyncIterator[Vectors]:
    """Vectors on each engine."""
    opened = {
        "postgresql": lambda: examples.postgresql(engines),
        "pinecone": examples.pinecone,
        "real pinecone": examples.real_pinecone,
    }
    async with opened[request.param]() as made:
        yield made


@pytest.fixture
def tried(vectors: Vectors, tenant: Tenant) -> Tried:
    """It, with an organization of the test's own."""
    return Tried(vectors, tenant.id)


async def test_the_nearest_come_first_whatever_the_length_of_their_embeddings(tried: Tried) -> None:
    far = await tried.put([-3.0, 0.0, 0.0, 0.0])
    middle = await tried.put([0.0, 100.0, 0.0, 0.0])
    near = await tried.put([0.001, 0.001, 0.0, 0.0])
    same = await tried.put([1e30, 0.0, 0.0, 0.0])
    hits = await tried.ask([2.0, 0.0, 0.0, 0.0])
    assert [hit.item_id for hit in hits] == [same.item_id, near.item_id, middle.item_id, far.item_id]
    assert [hit.similarity for hit in hits] == pytest.approx([1, math.sqrt(0.5), 0, -1], abs=1e-6)
    assert all(-1 <= hit.similarity <= 1 for hit in hits)


async def test_an_item_is_found_once_by_its_nearest_chunk(tried: Tried) -> None:
    item_id, course_id = ids.new_id(), ids.new_id()
    texts = {"far": axis(1), "nearest": axis(0, 0, 0.1), "near": axis(0, 0, 0.5)}
    chunks = [
        chunk(tried.organization_id, item_id=item_id, course_id=course_id, text=text, embedding=embedding)
        for text, embedding in texts.items()
    ]
    await tried.vectors.put(chunks)
    other = await tried.put(axis(0, 0, 0.3))
    first, second = await tried.ask()
    assert (first.item_id, first.chunk_id, first.text) == (item_id, chunks[1].id, "nearest")
    assert second.item_id == other.item_id


async def test_an_item_of_many_near_chunks_hides_no_other(tried: Tried) -> None:
    long = await tried.put(*([axis(0)] * 150))
    others = [await tried.put(axis(0, 0, 0.1 * number)) for number in range(1, 4)]
    expected = [long.item_id, *(other.item_id for other in others)]
    assert await tried.find(first=3) == expected[:3]
    assert await tried.find(first=5) == expected


async def test_what_is_equally_near_is_in_the_order_of_ids(tried: Tried) -> None:
    made = [await tried.put(axis(1), axis(1)) for _ in range(9)]
    await tried.vectors.put([replace(made[4], version=2)])
    await tried.vectors.refresh()
    found = await tried.ask(axis(1), first=9)
    assert [hit.item_id for hit in found] == sorted(vector.item_id for vector in made)
    assert [hit.item_id for hit in await tried.ask(axis(1), first=4)] == [hit.item_id for hit in found[:4]]
    chunks = await tried.vectors.of_items(tried.organization_id, [hit.item_id for hit in found])
    assert [hit.chunk_id for hit in found] == [
        min(vector.id for vector in chunks if vector.item_id == hit.item_id) for hit in found
    ]


async def test_an_organization_finds_only_its_own(tried: Tried, stranger: Tenant) -> None:
    mine = await tried.put()
    theirs = chunk(stranger.id)
    same = chunk(stranger.id, id=mine.id, item_id=mine.item_id, course_id=mine.course_id, version=9, text="theirs")
    await tried.vectors.put([theirs, same])
    await tried.vectors.refresh()
    [hit] = await tried.ask(course_ids=frozenset({mine.course_id, theirs.course_id}), drafts=True)
    assert (hit.item_id, hit.text) == (mine.item_id, "")
    assert await tried.vectors.count(tried.organization_id) == 1
    both = [mine.item_id, theirs.item_id]
    assert [found.version for found in await tried.vectors.of_items(tried.organization_id, both)] == [1]


async def test_an_organization_can_neither_remove_nor_replace_what_is_anothers(tried: Tried, stranger: Tenant) -> None:
    mine = await tried.put()
    theirs = chunk(stranger.id)
    await tried.vectors.put([theirs])
    await tried.vectors.remove(stranger.id, [mine.item_id])
    await tried.vectors.remove(tried.organization_id, [theirs.item_id])
    await tried.vectors.put([chunk(stranger.id, item_id=mine.item_id, embedding=axis(2), version=3)])
    await tried.vectors.refresh()
    assert await tried.find() == [mine.item_id]
    assert await tried.vectors.count(stranger.id) == 2


async def test_one_put_may_hold_several_organizations(tried: Tried, stranger: Tenant) -> None:
    made = [chunk(tried.organization_id), chunk(stranger.id), chunk(tried.organization_id)]
    await tried.vectors.put(iter(made))
    await tried.vectors.refresh()
    assert await tried.vectors.count(tried.organization_id) == 2
    assert await tried.vectors.count(stranger.id) == 1


async def test_drafts_are_found_only_by_who_asks_for_them(tried: Tried) -> None:
    draft = await tried.put(is_published=False)
    assert await tried.find() == []
    assert await tried.find(drafts=True) == [draft.item_id]
    await tried.vectors.put([replace(draft, is_published=True, version=2)])
    await tried.vectors.refresh()
    assert await tried.find() == [draft.item_id]


async def test_only_in_some_courses(tried: Tried) -> None:
    first, second, _ = [await tried.put() for _ in range(3)]
    courses = frozenset({first.course_id, second.course_id, ids.new_id()})
    assert await tried.find(course_ids=courses) == [first.item_id, second.item_id]
    assert await tried.find(course_ids=frozenset()) == []


async def test_some_items_may_be_excluded(tried: Tried) -> None:
    made = [await tried.put() for _ in range(3)]
    assert await tried.find(excluded=frozenset({made[1].item_id, ids.new_id()})) == [made[0].item_id, made[2].item_id]
    many = frozenset(ids.new_id() for _ in range(1_000))
    assert await tried.find(excluded=many, course_ids=frozenset({made[0].course_id})) == [made[0].item_id]


@pytest.mark.parametrize("first", [0, 1, 2, 100])
async def test_at_most_so_many_are_found(tried: Tried, first: int) -> None:
    made = [await tried.put() for _ in range(3)]
    assert await tried.find(first=first) == [vector.item_id for vector in made][:first]


async def test_chunks_of_an_item_are_replaced_together(tried: Tried) -> None:
    old = await tried.put(axis(0), axis(1), axis(2))
    new = await tried.put(axis(3), item_id=old.item_id, version=2)
    assert [hit.chunk_id for hit in await tried.ask(axis(1))] == [new.id]
    assert await tried.vectors.count(tried.organization_id) == 1
    [found] = await tried.vectors.of_items(tried.organization_id, [old.item_id])
    assert (found.id, found.version, found.course_id) == (new.id, 2, new.course_id)


async def test_the_same_version_may_be_put_again(tried: Tried) -> None:
    old = await tried.put(axis(0), axis(1))
    await tried.vectors.put([replace(old, embedding=axis(2), text="again")])
    await tried.vectors.refresh()
    [hit] = await tried.ask(axis(2))
    assert (hit.chunk_id, hit.text) == (old.id, "again")
    assert hit.similarity == pytest.approx(1)
    assert await tried.vectors.count(tried.organization_id) == 1


async def test_an_older_version_never_replaces_a_newer_one(tried: Tried) -> None:
    new = await tried.put(axis(0), version=7, text="new")
    await tried.put(axis(0), axis(1), item_id=new.item_id, version=6, text="old")
    await tried.vectors.put([replace(new, version=5, text="older still")])
    await tried.vectors.refresh()
    [hit] = await tried.ask()
    assert (hit.chunk_id, hit.text) == (new.id, "new")
    assert await tried.vectors.count(tried.organization_id) == 1


async def test_of_several_versions_in_one_put_the_newest_counts(tried: Tried) -> None:
    item_id = ids.new_id()
    versions = [2, 3, 1, 3]
    made = [chunk(tried.organization_id, item_id=item_id, version=version) for version in versions]
    await tried.vectors.put([*made, replace(made[1], text="twice")])
    await tried.vectors.refresh()
    found = await tried.vectors.of_items(tried.organization_id, [item_id])
    assert [(vector.version, vector.text) for vector in found] == [(3, "twice"), (3, "")]


async def test_removed_items_are_gone_and_may_come_back(tried: Tried) -> None:
    kept, gone = await tried.put(), await tried.put(axis(0), axis(1), version=4)
    await tried.vectors.remove(tried.organization_id, [gone.item_id, ids.new_id()])
    await tried.vectors.remove(tried.organization_id, [])
    await tried.vectors.refresh()
    assert await tried.find() == [kept.item_id]
    assert await tried.vectors.count(tried.organization_id) == 1
    await tried.vectors.put([replace(gone, version=1)])
    await tried.vectors.refresh()
    assert await tried.find() == [kept.item_id, gone.item_id]


async def test_an_organization_without_vectors(tried: Tried) -> None:
    await tried.vectors.remove(tried.organization_id, [ids.new_id()])
    await tried.vectors.put([])
    await tried.vectors.refresh()
    assert await tried.find() == []
    assert await tried.vectors.of_items(tried.organization_id, [ids.new_id()]) == []
    assert await tried.vectors.of_items(tried.organization_id, []) == []
    assert await tried.vectors.count(tried.organization_id) == 0


async def test_what_is_stored_can_be_had_and_put_again(tried: Tried) -> None:
    first = await tried.put([3.0, 4.0, 0.0, 0.0], axis(2), text="one", version=2)
    second = await tried.put(is_published=False)
    wanted = [second.item_id, first.item_id, ids.new_id()]
    found = await tried.vectors.of_items(tried.organization_id, wanted)
    assert [(vector.item_id, vector.id) for vector in found] == sorted((vector.item_id, vector.id) for vector in found)
    assert [vector.item_id for vector in found] == [first.item_id, first.item_id, second.item_id]
    assert list(found[0].embedding) == pytest.approx([0.6, 0.8, 0, 0], abs=1e-7)
    assert replace(found[0], embedding=first.embedding) == first
    assert not found[2].is_published
    await tried.vectors.put(replace(vector, version=3, is_published=True) for vector in found)
    await tried.vectors.refresh()
    assert [hit.similarity for hit in await tried.ask([3.0, 4.0, 0.0, 0.0])] == pytest.approx([1, 0.6], abs=1e-6)
    assert await tried.vectors.count(tried.organization_id) == 3


async def test_more_chunks_than_an_answer_or_a_transaction_holds(tried: Tried) -> None:
    made = [chunk(tried.organization_id, embedding=axis(0, 0, number)) for number in range(230)]
    await tried.vectors.put(made)
    await tried.vectors.refresh()
    assert await tried.vectors.count(tried.organization_id) == 230
    assert len(await tried.vectors.of_items(tried.organization_id, [vector.item_id for vector in made])) == 230
    assert await tried.find(first=100) == [vector.item_id for vector in made[:100]]


class Numbers:
    """An embedding like NumPy's: a length, an iterator, and no more."""

    def __len__(self) -> int:
        return DIMENSIONS

    def __iter__(self) -> Any:
        return iter(axis(3))


@pytest.mark.parametrize("embedding", [(0, 0, 0, 1), array("f", axis(3)), Numbers()])
async def test_anything_with_numbers_is_an_embedding(tried: Tried, embedding: Any) -> None:
    made = chunk(tried.organization_id, embedding=embedding)
    await tried.vectors.put([made])
    await tried.vectors.refresh()
    [hit] = await tried.vectors.nearest(tried.organization_id, VectorQuery(embedding=embedding))
    assert (hit.item_id, hit.similarity) == (made.item_id, 1)


BAD = {
    "too short": [1.0] * (DIMENSIONS - 1),
    "too long": [1.0] * (DIMENSIONS + 1),
    "none": [],
    "nan": axis(0, math.nan),
    "infinite": axis(0, 0, math.inf),
    "minus infinite": axis(0, -math.inf),
    "zero": [0.0] * DIMENSIONS,
    "minus zero": [-0.0] * DIMENSIONS,
    "too great": [1e308] * DIMENSIONS,
}


@pytest.mark.parametrize("embedding", BAD.values(), ids=BAD.keys())
async def test_an_embedding_that_is_none_is_refused_and_nothing_is_stored(tried: Tried, embedding: Any) -> None:
    there = await tried.put()
    for bad in (chunk(tried.organization_id), replace(there, version=2)):
        with pytest.raises(ValueError, match="embedding"):
            await tried.vectors.put([chunk(tried.organization_id), replace(bad, embedding=embedding)])
    with pytest.raises(ValueError, match="embedding"):
        await tried.vectors.nearest(tried.organization_id, VectorQuery(embedding=embedding))
    await tried.vectors.refresh()
    assert await tried.find() == [there.item_id]
    assert await tried.vectors.count(tried.organization_id) == 1


ODD = {
    "long": "word " * 20_000,
    "wide": "漢𝄞🎓" * 33_333,
    "quotes": '"\\' * 50_000,
    "controls": "a\x00b\x01\ud800c\td\ne",
    "code": "'; DROP TABLE item_vector; -- %s {} $1 :name",
}


@pytest.mark.parametrize("text", ODD.values(), ids=ODD.keys())
async def test_any_text_can_be_kept(tried: Tried, text: str) -> None:
    await tried.put(text=text)
    [hit] = await tried.ask()
    assert hit.text == text[:2_000].replace("\x00", " ").replace("\x01", " ").replace("\ud800", " ")


@pytest.mark.parametrize("embedding", [[1e-45, 0, 0, 0], [5e-324, 0, 0, 0], [1e300, 1e-300, 0, 0]])
async def test_extreme_numbers_have_a_direction_too(tried: Tried, embedding: list[float]) -> None:
    await tried.put(embedding)
    [hit] = await tried.ask(embedding)
    assert hit.similarity == pytest.approx(1)


async def test_what_is_similar_to_items_is_near_the_mean_of_their_chunks(tried: Tried) -> None:
    wide = await tried.put(axis(0), axis(1))
    between = await tried.put([1.0, 1.0, 0.0, 0.0])
    side = await tried.put(axis(2), axis(0))
    away = await tried.put([-1.0, 0.0, 0.0, 0.0])
    assert await tried.similar(wide.item_id, away.item_id, ids.new_id()) == {
        wide.item_id: [between.item_id, side.item_id, away.item_id],
        away.item_id: [wide.item_id, side.item_id, between.item_id],
    }
    query = SimilarQuery(item_ids=frozenset({wide.item_id}))
    [hits] = (await tried.vectors.similar(tried.organization_id, query)).values()
    assert [hit.similarity for hit in hits] == pytest.approx([1, math.sqrt(0.5), -math.sqrt(0.5)], abs=1e-6)
    assert hits[0].chunk_id == between.id


async def test_what_is_similar_is_in_the_same_courses_published_and_as_much_as_asked_for(tried: Tried) -> None:
    asked, hidden, *others = [await tried.put(is_published=number != 1) for number in range(4)]
    courses = frozenset({asked.course_id, others[1].course_id})
    everything = [other.item_id for other in others]
    assert await tried.similar(asked.item_id) == {asked.item_id: everything}
    assert await tried.similar(asked.item_id, first=1) == {asked.item_id: everything[:1]}
    assert await tried.similar(asked.item_id, first=0) == {}
    assert await tried.similar(asked.item_id, course_ids=courses) == {asked.item_id: everything[1:]}
    assert await tried.similar(others[0].item_id, course_ids=courses) == {}
    assert await tried.similar(asked.item_id, course_ids=frozenset()) == {}
    assert await tried.similar(hidden.item_id) == {}
    assert await tried.similar(hidden.item_id, drafts=True) == {hidden.item_id: [asked.item_id, *everything]}
    assert await tried.similar() == {}


async def test_what_is_similar_is_of_the_same_organization(tried: Tried, stranger: Tenant) -> None:
    mine, theirs = await tried.put(), chunk(stranger.id)
    await tried.vectors.put([theirs, chunk(stranger.id)])
    await tried.vectors.refresh()
    assert await tried.similar(mine.item_id, theirs.item_id) == {}


async def test_chunks_without_a_mean_direction_are_similar_to_nothing(tried: Tried) -> None:
    opposed = await tried.put(axis(0), [-1.0, 0.0, 0.0, 0.0])
    other = await tried.put()
    assert await tried.similar(opposed.item_id, other.item_id) == {other.item_id: [opposed.item_id]}
