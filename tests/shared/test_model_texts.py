"""How the model takes a text apart: blocks, sentences and chunks."""

import pytest

from shared.model import LONGEST_CHUNK, chunks_of
from shared.model.protocol import LONGEST_TEXT, cut
from shared.model.sentences import blocks, sentences
from tests.shared.model import DEMO_ITEMS


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two? Three! Four", ["One.", "Two?", "Three!", "Four"]),
        ("It took 3.5 hours. Then we left.", ["It took 3.5 hours.", "Then we left."]),
        ("Mr. Smith met Dr. Jones. They spoke.", ["Mr. Smith met Dr. Jones.", "They spoke."]),
        ("By J. S. Bach. By Bach.", ["By J. S. Bach.", "By Bach."]),
        ("It rises from G to C. Each voice moves.", ["It rises from G to C.", "Each voice moves."]),
        ("Tools, e.g. Hammers, help. Use one.", ["Tools, e.g. Hammers, help.", "Use one."]),
        ("At 9 a.m. The bell rang.", ["At 9 a.m.", "The bell rang."]),
        ("'Is it so?' she asked. 'Yes.' He left.", ["'Is it so?' she asked.", "'Yes.'", "He left."]),
        ("He said “stop.” We did.", ["He said “stop.”", "We did."]),
        ("Wait... what? No.", ["Wait... what?", "No."]),
        ("古腾堡印刷了圣经。他住在美因茨！", ["古腾堡印刷了圣经。", "他住在美因茨！"]),
        ("ما هذا؟ هذا كتاب.", ["ما هذا؟", "هذا كتاب."]),
        ("One line\ngoes on. Another.", ["One line\ngoes on.", "Another."]),
        ("", []),
        (" \n\n ", []),
    ],
)
def test_sentences(text: str, expected: list[str]) -> None:
    assert [sentence.text for sentence in sentences(text)] == expected


def test_code_is_no_sentence() -> None:
    text = "Type this.\n\n    print(1)\n    # Done. Now.\n\nIt runs.\n```\nx = 1.\n```\nGood.\n\tx = 2\n- One\n- Two"
    assert [sentence.text for sentence in sentences(text)] == ["Type this.", "It runs.", "Good.", "- One", "- Two"]
    first = next(block for block in blocks(text) if block.is_code)
    assert text[first.start : first.end] == "    print(1)\n    # Done. Now."


def whole(chunks: list[str], title: str) -> str:
    """What chunks hold without titles and white space."""
    return "".join("".join(chunk.removeprefix(title).split()) for chunk in chunks)


def test_chunks_hold_the_whole_of_every_item_in_pieces_of_the_right_size() -> None:
    sizes = []
    for item in DEMO_ITEMS:
        chunks = chunks_of(item.title, item.text)
        assert whole(chunks, item.title) == "".join(item.text.split())
        assert all(chunk.startswith(item.title + "\n\n") for chunk in chunks)
        assert chunks == chunks_of(item.title, item.text)
        sizes += [len(chunk.split()) for chunk in chunks]
    assert max(sizes) < 300
    assert sum(size >= 110 for size in sizes) > 0.9 * len(sizes)


@pytest.mark.parametrize(
    "text",
    ["x" * 50_000, "word " * 20_000, "A sentence here. " * 3_000, "漢" * 20_000, "    code\n" * 2_000, "a\n\n" * 4_000],
)
@pytest.mark.parametrize("title", ["", "Title", "long " * 200])
def test_no_chunk_is_too_long(title: str, text: str) -> None:
    chunks = chunks_of(title, text)
    head = title.strip()[:300]
    assert whole(chunks, head) == "".join(text.split())
    assert all(len(chunk) <= LONGEST_CHUNK for chunk in chunks)
    assert all(len(chunk.encode()) <= LONGEST_TEXT for chunk in chunks)


def test_a_change_at_the_end_leaves_the_chunks_before_it() -> None:
    item = DEMO_ITEMS[0]
    before, after = chunks_of(item.title, item.text), chunks_of(item.title, item.text + "\n\nOne more thing. " * 30)
    assert before[0] == after[0]


def test_a_text_with_nothing_in_it_is_its_title() -> None:
    assert chunks_of("Title", " \n ") == ["Title"]


def test_what_is_embedded_is_cut_between_characters() -> None:
    assert cut("漢" * 10_000) == "漢" * (LONGEST_TEXT // 3)
    assert cut(" \n") == "-"
    assert cut("\ud800") == "?"
