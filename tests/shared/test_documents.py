"""The contract of `shared.documents`, held against every engine: JSONB always, MongoDB where it has an address.

`.ci/ferretdb make test` gives it one.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from shared import ids
from shared.connections import Page
from shared.documents import Different, Documents, Store, open_store
from shared.documents.content import LARGEST
from shared.errors import BadInput
from shared.stack.running import Engines
from tests.conftest import Tenant
from tests.shared import documents as examples
from tests.shared.documents import Block, PageVersion

needs_mongodb = pytest.mark.skipif("MONGODB_URL" not in os.environ, reason="MONGODB_URL names no server")
ENGINES = ["jsonb", pytest.param("mongodb", marks=needs_mongodb)]


@pytest.fixture(scope="module", params=ENGINES)
async def store(request: pytest.FixtureRequest, engines: Engines) -> AsyncIterator[Store]:
    """A store on each engine."""
    if request.param == "mongodb":
        async with examples.mongo() as made:
            yield made
    else:
        async with examples.database(engines) as database:
            yield open_store(examples.SCHEMA, None, database)


@pytest.fixture(scope="module")
def pages(store: Store) -> Documents[PageVersion]:
    """A collection."""
    return store.collection("page", PageVersion)


def page(tenant: Tenant, **values: Any) -> PageVersion:
    """A document of this tenant."""
    return PageVersion(organization_id=tenant.id, **values)


async def stored(pages: Documents[PageVersion], document: PageVersion) -> PageVersion | None:
    """What there is of a document now."""
    [found] = await pages.get(document.organization_id, [document.id])
    return found


async def test_a_document_comes_back_as_it_was(pages: Documents[PageVersion], tenant: Tenant) -> None:
    document = page(
        tenant,
        title="Ünïcode ✓ 漢字 🎓 \u202e \t\r\n \\ \" ' $ %s {}",
        is_public=True,
        likes=-(2**63),
        blocks=[Block(kind="text", words=3)],
        details={"nested": [{"deep": [None, True, 0.5, 2**53, "", {}], "none": []}]},
    )
    await pages.insert(tenant.id, [document])
    assert await stored(pages, document) == document


async def test_ids_are_answered_in_the_order_asked(pages: Documents[PageVersion], tenant: Tenant) -> None:
    documents = [page(tenant) for _ in range(4)]
    await pages.insert(tenant.id, documents)
    asked = [documents[2].id, ids.new_id(), documents[0].id, documents[2].id]
    assert await pages.get(tenant.id, asked) == [documents[2], None, documents[0], documents[2]]
    assert await pages.get(tenant.id, []) == []


async def test_a_foreign_document_is_like_an_unknown_one(
    pages: Documents[PageVersion], tenant: Tenant, stranger: Tenant
) -> None:
    document = page(tenant)
    await pages.insert(tenant.id, [document])
    taken = document.model_copy(update={"organization_id": stranger.id, "title": "Mine"})

    assert await pages.get(stranger.id, [document.id]) == [None]
    assert await pages.find(stranger.id, {"page_id": document.page_id}, Page(10)) == []
    assert not await pages.replace(stranger.id, taken, 1)
    assert not await pages.append(stranger.id, document.id, "marks", 1)
    await pages.delete(stranger.id, [document.id])
    await pages.insert(stranger.id, [taken])  # refusing the id would say that somebody has it

    assert await stored(pages, document) == document
    assert await stored(pages, taken) == taken


async def test_a_document_is_stored_for_its_own_tenant_only(
    pages: Documents[PageVersion], tenant: Tenant, stranger: Tenant
) -> None:
    with pytest.raises(ValueError, match="another organization"):
        await pages.insert(stranger.id, [page(tenant)])
    with pytest.raises(ValueError, match="another organization"):
        await pages.replace(stranger.id, page(tenant), 1)


async def test_collections_are_apart(store: Store, pages: Documents[PageVersion], tenant: Tenant) -> None:
    document = page(tenant)
    await pages.insert(tenant.id, [document])
    others = store.collection("other", PageVersion)
    assert await others.get(tenant.id, [document.id]) == [None]
    assert await others.find(tenant.id, {}, Page(10)) == []
    other = document.model_copy(update={"title": "Another"})
    await others.insert(tenant.id, [other])
    assert await others.get(tenant.id, [document.id]) == [other]
    assert await stored(pages, document) == document


async def test_pages_follow_one_another_without_gap_or_double(pages: Documents[PageVersion], tenant: Tenant) -> None:
    documents = [page(tenant, likes=number) for number in range(25)]
    await pages.insert(tenant.id, documents[::-1])
    seen: list[PageVersion] = []
    sizes = []
    while len(sizes) == 0 or sizes[-1] > 10:
        found = await pages.find(tenant.id, {}, Page(10, after=seen[-1].id if seen else None))
        sizes.append(len(found))
        seen += found[:10]
    assert sizes == [11, 11, 5]
    assert seen == documents
    assert await pages.find(tenant.id, {}, Page(0)) == documents[:1]


@pytest.mark.parametrize(
    ("field", "value", "other"),
    [
        ("page_id", ids.new_id(), ids.new_id()),
        ("title", 'one\'s "own"', "Another"),
        ("is_public", True, False),
        ("likes", 7, 8),
        ("note", None, "a note"),
    ],
)
async def test_documents_are_found_by_the_value_of_a_field(
    pages: Documents[PageVersion], tenant: Tenant, field: str, value: Any, other: Any
) -> None:
    documents = [page(tenant, **{field: value if number % 2 else other}) for number in range(6)]
    await pages.insert(tenant.id, documents)
    assert await pages.find(tenant.id, {field: value}, Page(10)) == documents[1::2]
    assert await pages.find(tenant.id, {field: value}, Page(10, after=documents[1].id)) == documents[3::2]


async def test_all_conditions_hold_at_once(pages: Documents[PageVersion], tenant: Tenant) -> None:
    group = ids.new_id()
    documents = [page(tenant, page_id=group, likes=number) for number in range(3)]
    await pages.insert(tenant.id, [*documents, page(tenant, likes=1)])
    assert await pages.find(tenant.id, {"page_id": group, "likes": 1}, Page(10)) == [documents[1]]


@pytest.mark.parametrize("where", [{"pages": 1}, {"organization_id": ids.new_id()}, {"marks": [1]}, {"details": {}}])
async def test_what_cannot_be_searched_is_refused(
    pages: Documents[PageVersion], tenant: Tenant, where: dict[str, Any]
) -> None:
    with pytest.raises(ValueError, match="PageVersion"):
        await pages.find(tenant.id, where, Page(10))


async def test_inserting_the_same_again_is_harmless(pages: Documents[PageVersion], tenant: Tenant) -> None:
    document, later = page(tenant), page(tenant)
    await pages.insert(tenant.id, [document])
    again = document.model_copy(update={"created_at": datetime(2030, 1, 1, tzinfo=UTC)})
    await pages.insert(tenant.id, [later, again])
    assert await pages.get(tenant.id, [document.id, later.id]) == [document, later]
    await pages.insert(tenant.id, [])


async def test_other_content_under_the_same_id_is_refused(pages: Documents[PageVersion], tenant: Tenant) -> None:
    document = page(tenant)
    await pages.insert(tenant.id, [document])
    with pytest.raises(Different):
        await pages.insert(tenant.id, [document.model_copy(update={"title": "Another"})])
    with pytest.raises(ValueError, match="twice"):
        await pages.insert(tenant.id, [document, document])
    assert await stored(pages, document) == document


async def test_the_same_insert_at_once_makes_one_document(pages: Documents[PageVersion], tenant: Tenant) -> None:
    document = page(tenant)
    await asyncio.gather(*(pages.insert(tenant.id, [document]) for _ in range(20)))
    assert await pages.find(tenant.id, {}, Page(10)) == [document]


async def test_a_replacement_counts_the_version_up(pages: Documents[PageVersion], tenant: Tenant) -> None:
    document = page(tenant)
    await pages.insert(tenant.id, [document])
    changed = document.model_copy(update={"title": "Second", "page_id": ids.new_id()})
    assert await pages.replace(tenant.id, changed, 1)
    assert not await pages.replace(tenant.id, document, 1)
    assert not await pages.replace(tenant.id, page(tenant), 1)
    now = changed.model_copy(update={"version": 2})
    assert await stored(pages, document) == now
    assert await pages.find(tenant.id, {"page_id": changed.page_id}, Page(1)) == [now]
    assert await pages.find(tenant.id, {"page_id": document.page_id}, Page(1)) == []


async def test_of_fifty_replacements_at_once_one_wins(pages: Documents[PageVersion], tenant: Tenant) -> None:
    document = page(tenant)
    await pages.insert(tenant.id, [document])
    rivals = [document.model_copy(update={"likes": number}) for number in range(50)]
    won = await asyncio.gather(*(pages.replace(tenant.id, rival, 1) for rival in rivals))
    assert won.count(True) == 1
    assert await stored(pages, document) == rivals[won.index(True)].model_copy(update={"version": 2})


async def test_of_fifty_appends_at_once_all_are_kept(pages: Documents[PageVersion], tenant: Tenant) -> None:
    document = page(tenant, marks=[-1])
    await pages.insert(tenant.id, [document])
    assert all(await asyncio.gather(*(pages.append(tenant.id, document.id, "marks", n) for n in range(50))))
    now = await stored(pages, document)
    assert now is not None
    assert now.marks[0] == -1
    assert sorted(now.marks) == list(range(-1, 50))
    assert now.version == 51  # so that a replacement that has not seen them does not undo them


async def test_only_what_a_list_takes_can_be_appended(pages: Documents[PageVersion], tenant: Tenant) -> None:
    document = page(tenant)
    await pages.insert(tenant.id, [document])
    assert await pages.append(tenant.id, document.id, "blocks", Block(kind="quote", words=2))
    assert not await pages.append(tenant.id, ids.new_id(), "marks", 1)
    for field, value in (("title", "x"), ("nothing", 1), ("marks", "many"), ("version", 1)):
        with pytest.raises(ValueError, match=r"title|nothing|version|valid integer"):
            await pages.append(tenant.id, document.id, field, value)
    now = await stored(pages, document)
    assert now is not None
    assert now.blocks == [Block(kind="quote", words=2)]


async def test_deleted_documents_are_gone(pages: Documents[PageVersion], tenant: Tenant) -> None:
    documents = [page(tenant) for _ in range(3)]
    await pages.insert(tenant.id, documents)
    await pages.delete(tenant.id, [documents[0].id, documents[2].id, ids.new_id()])
    await pages.delete(tenant.id, [])
    assert await pages.find(tenant.id, {}, Page(10)) == [documents[1]]


async def test_a_megabyte_of_text_is_kept(pages: Documents[PageVersion], tenant: Tenant) -> None:
    document = page(tenant, title="Ä word. " * 130_000)
    await pages.insert(tenant.id, [document])
    assert await stored(pages, document) == document


@pytest.mark.parametrize(
    "values",
    [
        {"title": "a\0b"},
        {"details": {"text": "\ud800"}},
        {"details": {"number": float("nan")}},
        {"details": {"number": float("-inf")}},
        {"details": {"number": 2**63}},
        {"details": {"a.b": 1}},
        {"details": {"$set": 1}},
        {"details": {"": 1}},
        {"details": {"a\0": 1}},
        {"details": {"\udfff": 1}},
    ],
    ids=ascii,
)
async def test_what_not_every_engine_keeps_is_refused(
    pages: Documents[PageVersion], tenant: Tenant, values: dict[str, Any]
) -> None:
    good = page(tenant)
    await pages.insert(tenant.id, [good])
    with pytest.raises(BadInput):
        await pages.insert(tenant.id, [page(tenant), page(tenant, **values)])
    with pytest.raises(BadInput):
        await pages.replace(tenant.id, good.model_copy(update=values), 1)
    assert await pages.find(tenant.id, {}, Page(10)) == [good]


async def test_more_than_the_limit_is_refused(pages: Documents[PageVersion], tenant: Tenant) -> None:
    with pytest.raises(BadInput, match="8 MiB"):
        await pages.insert(tenant.id, [page(tenant, title="x" * LARGEST)])


async def test_what_is_nested_without_end_is_refused(pages: Documents[PageVersion], tenant: Tenant) -> None:
    details: dict[str, Any] = {}
    for _ in range(100):
        details = {"inner": details}
    with pytest.raises(BadInput):
        await pages.insert(tenant.id, [page(tenant, details=details)])


async def test_a_nul_in_a_search_or_an_appended_value_is_refused(pages: Documents[PageVersion], tenant: Tenant) -> None:
    with pytest.raises(BadInput):
        await pages.find(tenant.id, {"title": "\0"}, Page(10))
    with pytest.raises(BadInput):
        await pages.append(tenant.id, ids.new_id(), "blocks", Block(kind="\0", words=1))


async def test_the_engine_answers(store: Store) -> None:
    await store.ping()
