"""How `shared.search` reads text and queries, whichever engine then answers."""

from uuid import UUID

import pytest

from shared import ids
from shared.errors import BadInput
from shared.search import Cursor
from shared.search.words import Terms, cleaned_text, folded, marked

TEXTS = ["Émile & Łódź", "<b>STRASSE ẞ İ</b>", "漢字 が 각", "हिन्दी العربية й ά", "ﬁ ½ x² 🎓\u200d🎓", "a\tb_c-d"]


@pytest.mark.parametrize("text", TEXTS)
def test_folded_text_has_its_letters_where_the_text_has_them(text: str) -> None:
    assert len(folded(text)) == len(text)
    assert folded(folded(text)) == folded(text)
    assert not set("<>&_-\t") & set(folded(text))


def test_folding_takes_latin_accents_and_no_others() -> None:
    assert folded("ÉÀÖÑÇŁØ") == "eaoncło".replace("ł", "l")
    assert folded("Йが각ά") == "йが각ά"


def test_the_original_of_a_folded_passage_keeps_its_marks() -> None:
    assert marked("Émile, Zola", "\x02emile\x03  zola") == "\x02Émile\x03, Zola"


def test_cleaned_text_has_no_characters_that_an_engine_refuses() -> None:
    assert cleaned_text("a\x00b\ud800c\x02d\ne\u0301") == "a b c d é"
    assert len(cleaned_text("x" * 5_000_000)) == 100_000


@pytest.mark.parametrize(
    ("text", "terms", "is_unfinished"),
    [
        ("Adding Fractions", ("adding", "fractions"), True),
        ("adding fractions ", ("adding", "fractions"), False),
        ('"Whole Numbers" -zero', ('"whole numbers"', "-zero"), False),
        ('-"whole numbers', ('-"whole numbers"',), False),
        ("self-paced 3.14", ('"self paced"', '"3 14"'), False),
        ("cats OR dogs", ("cats", "or", "dogs"), True),
        ("c++", ("c",), False),
        ("a & b | !c", ("a", "b", "c"), False),
    ],
)
def test_terms(text: str, terms: tuple[str, ...], is_unfinished: bool) -> None:
    assert Terms.of(text) == Terms(terms, is_unfinished)


def test_cursors() -> None:
    cursor = Cursor(0.1 + 0.2, ids.new_id())
    assert Cursor.of(str(cursor)) == cursor


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "é",
        "=" * 32,
        "A" * 31,
        "A" * 33,
        str(Cursor(float("nan"), UUID(int=1))),
        str(Cursor(1, UUID(int=1)))[:-1] + "\n",
    ],
)
def test_what_is_no_cursor(text: str) -> None:
    with pytest.raises(BadInput):
        Cursor.of(text)
