"""`generateQuestions`: from an item's own text, as many as may be asked for, and written down."""

from typing import Any
from uuid import UUID

import pytest

from shared import ids
from tests.ai.conftest import GENERATE, Place, generate, new_course, nothing_changes, published, rows
from tests.conftest import Subgraph, Tenant
from tests.shared.model import DEMO_ITEMS

TEXT = DEMO_ITEMS[0].text


@pytest.fixture
async def item(ai: Subgraph, tenant: Tenant, place: Place) -> str:
    """An item with something to ask about."""
    [id] = await published(ai, tenant, place, "Everything", text=TEXT)
    return id


@pytest.mark.parametrize("difficulty", ["BEGINNER", "INTERMEDIATE", "ADVANCED"])
async def test_questions_are_made_from_sentences_of_the_text(
    ai: Subgraph, tenant: Tenant, item: str, difficulty: str
) -> None:
    made = await generate(ai, tenant.teacher, item, difficulty=difficulty, count=6)
    assert made["__typename"] == "GeneratedQuestions"
    assert (made["item"], made["model"]) == ({"id": item}, "extractive-1")
    assert 1 <= len(made["questions"]) <= 6
    for question in made["questions"]:
        assert question["source"] in TEXT
        assert question["kind"] in ("SINGLE_CHOICE", "TRUE_FALSE", "NUMERIC", "SHORT_TEXT")
        assert any(choice["correct"] for choice in question["choices"])
    assert len({question["prompt"] for question in made["questions"]}) == len(made["questions"])


@pytest.mark.parametrize("count", [1, 20])
async def test_as_many_as_asked_for_or_as_the_text_gives(ai: Subgraph, tenant: Tenant, item: str, count: int) -> None:
    made = await generate(ai, tenant.teacher, item, count=count)
    assert 1 <= len(made["questions"]) <= count


async def test_five_for_beginners_unless_it_is_said(ai: Subgraph, tenant: Tenant, item: str) -> None:
    assert len((await generate(ai, tenant.teacher, item))["questions"]) <= 5


@pytest.mark.parametrize("count", [0, -1, 21, 2_000_000_000])
async def test_another_number_is_refused_and_named(ai: Subgraph, tenant: Tenant, item: str, count: int) -> None:
    async with nothing_changes(ai, tenant):
        refused = await generate(ai, tenant.teacher, item, count=count)
    assert refused["__typename"] == "InvalidInput"
    assert [field["path"] for field in refused["fields"]] == [["input", "count"]]


@pytest.mark.parametrize(("text", "stored"), [("", 0), (" \n", 0), ("Hi.", 1)])
async def test_an_item_that_says_too_little_is_refused_and_named(
    ai: Subgraph, tenant: Tenant, place: Place, text: str, stored: int
) -> None:
    [film] = await published(ai, tenant, place, "A film", text=text)
    refused = await generate(ai, tenant.teacher, film)
    assert refused["__typename"] == "InvalidInput"
    assert [field["path"] for field in refused["fields"]] == [["input", "contentItemId"]]
    assert len(await rows(ai, tenant, "SELECT 1 FROM model_use WHERE operation = 'GENERATE_QUESTIONS'")) == stored


async def test_an_item_of_a_draft_course_can_be_asked_about(ai: Subgraph, tenant: Tenant) -> None:
    draft = await new_course(ai, tenant, is_open=False)
    [item] = await published(ai, tenant, draft, "Everything", text=TEXT)
    assert (await generate(ai, tenant.teacher, item))["__typename"] == "GeneratedQuestions"


@pytest.mark.parametrize("id", [ids.encode("content_item", UUID(int=7)), "content_item_", "nonsense", "", "\0"])
async def test_what_is_not_published_is_not_found(ai: Subgraph, tenant: Tenant, id: str) -> None:
    async with nothing_changes(ai, tenant):
        assert (await generate(ai, tenant.teacher, id))["__typename"] == "NotFound"


BAD: dict[str, dict[str, Any]] = {
    "kind of difficulty": {"difficulty": "EASY"},
    "no number": {"count": "five"},
    "half a question": {"count": 1.5},
    "null": {"count": None},
}


@pytest.mark.parametrize("values", BAD.values(), ids=BAD.keys())
async def test_what_is_not_of_the_schema_is_refused_before_anything_is_done(
    ai: Subgraph, tenant: Tenant, item: str, values: dict[str, Any]
) -> None:
    async with nothing_changes(ai, tenant):
        answer = await ai.ask(GENERATE, tenant.teacher, input={"contentItemId": item} | values)
    assert answer.body["errors"]
    assert not answer.statements


async def test_every_use_is_written_down_with_who_asked(ai: Subgraph, tenant: Tenant, item: str) -> None:
    await generate(ai, tenant.teacher, item)
    await ai.ask('{ semanticSearch(query: "stars") { score } }', tenant.student)
    statement = "SELECT operation, model, user_id, prompt_tokens, nano_dollars FROM model_use ORDER BY used_at"
    embedded, generated, searched = await rows(ai, tenant, statement)
    assert (embedded.operation, embedded.model, embedded.user_id) == ("EMBED_ITEM", "wordllama-256", None)
    assert embedded.prompt_tokens > 50
    assert (generated.operation, generated.model) == ("GENERATE_QUESTIONS", "extractive-1")
    assert generated.user_id == tenant.teacher.user_id
    assert (searched.operation, searched.user_id, searched.nano_dollars) == ("EMBED_QUERY", tenant.student.user_id, 0)
