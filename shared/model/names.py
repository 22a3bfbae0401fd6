"""Names: words that are capitalised where sentences do not begin, and what they are names of."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

from shared.model import words
from shared.model.terms import Group, Term
from shared.model.tokens import POSSESSIVE, Token

_ROMAN = re.compile(r"[IVXLCDM]+")
_DEMONYM = re.compile(r".+(?:ian|ean|can|ish|ese)s?")
_JOINERS = words.words_of("of the de del della di da van von der du la le")
_HEADS = words.GIVEN_NAMES | words.TITLES


class Capitals:
    """Which words a text writes with a capital for themselves."""

    def __init__(self, lines: Iterable[list[Token]]) -> None:
        tokens = [token for line in lines for token in line]
        self._small = {token.text for token in tokens if token.text.islower()}
        self._large = {POSSESSIVE.sub("", token.text) for token in tokens if token.is_capital and not token.is_initial}

    def name_end(self, line: list[Token], start: int) -> int:
        """Where a name that begins at this token ends; 0 when none does."""
        if not self._is_name(line[start]):
            return 0
        end = start + 1
        while end < len(line) and (further := _further(line, end)):
            end = further
        word = line[start]
        is_nothing = len(word.text) < 3 or _ROMAN.fullmatch(word.text) or word.lower in words.MONTHS | words.TITLES
        return 0 if end == start + 1 and is_nothing else end

    def _is_name(self, token: Token) -> bool:
        if not token.is_capital or token.text[1:2] in ("'", "’") or token.lower in self._small:
            return False
        plain = POSSESSIVE.sub("", token.text)
        return not token.is_initial or plain in self._large or plain.lower() in _HEADS | words.PLACES


def _further(line: list[Token], end: int) -> int:
    """Where the name goes on to that the token before `end` belongs to; 0 when it ends there."""
    if line[end - 1].is_closed or POSSESSIVE.search(line[end - 1].text):
        return 0
    if line[end].is_capital:
        return end + 1
    joins = line[end].text in _JOINERS and not line[end].is_closed and end + 1 < len(line)
    return end + 2 if joins and line[end + 1].is_capital else 0


@dataclass(frozen=True, slots=True)
class _Known:
    """What the names of a text are, by the places where they stand."""

    persons: set[str]
    """Parts of names of persons."""
    places: set[str]
    things: set[str]


def grouped(terms: list[Term]) -> list[Term]:
    """The terms, the names among them in the groups that they belong to."""
    names = [term for term in terms if term.group is Group.NAME]
    articles = Counter(term.text for term in names if term.before == "the")
    seen = Counter(term.text for term in names)
    known = _Known(
        {part for term in names if _is_person(term.text) for part in term.text.split() if part[0].isupper()},
        {term.text for term in names if term.before in ("in", "at", "near") and term.after != "'s"},
        {text for text, count in articles.items() if 2 * count >= seen[text]},
    )
    return [replace(term, group=_group(term.text, known)) if term.group is Group.NAME else term for term in terms]


def _is_person(name: str) -> bool:
    first, *others = name.lower().split()
    return bool(others) and first in _HEADS and "of" not in others


def _group(name: str, known: _Known) -> Group:
    parts = name.split()
    first, last = parts[0].lower(), parts[-1]
    if len(parts) == 1 and (first in words.DEMONYMS or _DEMONYM.fullmatch(first)):
        return Group.DEMONYM
    if name in known.things:
        return Group.THING
    if last.lower() in words.PLACES:
        return Group.PLACE
    if first in _HEADS or last in known.persons:
        return Group.PERSON
    return Group.PLACE if name in known.places else Group.NAME
