"""Sentences of a text, each a slice of it, so that what is made from one can be found in the text again.

A text is paragraphs with blank lines between them; lines that begin with four spaces or a tab, or stand between two
lines of three backticks, are program code.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from shared.model.words import FUNCTION_WORDS, words_of

# An abbreviation of the first set never ends a sentence: something always follows it.
_OPEN_ABBREVIATIONS = words_of(
    "mr mrs ms dr prof st mt no nos fig figs eq vol vols pp p ch sec ed eds cf e.g i.e viz vs approx ca gen rev"
)
_ABBREVIATIONS = _OPEN_ABBREVIATIONS | words_of("etc al a.m p.m b.c a.d c b.c.e c.e jr sr inc ltd u.s u.k")

_CODE_LINE = re.compile(r"(?: {4}|\t)")
_ITEM_LINE = re.compile(r"\s{0,3}(?:[-*+•#>]|\d{1,3}[.)])\s")
_FENCE = re.compile(r"\s{0,3}```")

# Western ends need white space and then no small letter; those of other scripts need nothing.
_END = re.compile(
    r"""(?P<mark>[.!?…]+)["'”’»)\]]*(?=\s+["'“‘«(\[]*[^\s"'“‘«(\[a-zà-öø-ÿ])|[。！？｡]+[」』”）]*|[؟।۔]+"""
)
_LAST_WORD = re.compile(r"[^\s(\[\"'“‘]+$")
_NEXT_WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, an item of a list, a heading, or lines of code: `text[start:end]`."""

    start: int
    end: int
    is_code: bool


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence, verbatim with the line breaks in it, and the number of its block, from 0."""

    text: str
    block: int


def blocks(text: str) -> Iterator[Block]:
    """The parts of a text in order, without the white space between them."""
    start = end = place = 0
    is_code = is_fenced = False
    for line in text.splitlines(keepends=True):
        fence = bool(_FENCE.match(line))
        code = is_fenced or fence or bool(_CODE_LINE.match(line))
        is_blank = not line.strip()
        if start < end and (is_blank or code != is_code or (not code and _ITEM_LINE.match(line))):
            yield Block(start, end, is_code)
            start = end
        if not is_blank:
            start = place if start == end else start
            end, is_code = place + len(line.rstrip()), code
        is_fenced ^= fence
        place += len(line)
        start, end = (start, end) if start < end else (place, place)
    if start < end:
        yield Block(start, end, is_code)


def sentences(text: str) -> list[Sentence]:
    """The sentences outside code, in order."""
    return [
        Sentence(text[start:end], number)
        for number, block in enumerate(blocks(text))
        if not block.is_code
        for start, end in spans(text, block.start, block.end)
    ]


def spans(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Where the sentences of `text[start:end]` are, without the white space between them."""
    part = text[start:end]
    place = 0
    for match in _END.finditer(part):
        if _ends(part, place, match):
            yield from _trimmed(part, place, match.end(), start)
            place = match.end()
    yield from _trimmed(part, place, len(part), start)


def _trimmed(part: str, place: int, until: int, offset: int) -> Iterator[tuple[int, int]]:
    sentence = part[place:until]
    if sentence.strip():
        first = place + len(sentence) - len(sentence.lstrip())
        yield offset + first, offset + place + len(sentence.rstrip())


def _ends(part: str, place: int, match: re.Match[str]) -> bool:
    """Whether a mark ends a sentence, and not an abbreviation or an initial."""
    if match["mark"] != ".":
        return True
    before = _LAST_WORD.search(part, place, match.start())
    following = _NEXT_WORD.search(part, match.end())
    if before is None or following is None:
        return True
    word, after = before[0], following[0]
    if word.lower() in _OPEN_ABBREVIATIONS:
        return False
    starts_anew = after.lower() in FUNCTION_WORDS
    if word.lower() in _ABBREVIATIONS or (len(word) == 1 and word.isupper()):
        return starts_anew
    return True
