"""The terms of a text: years, numbers, names and nouns, found by their surroundings.

There is no model behind it. A noun is a word that stands somewhere between `the` (or its like) and a word that cannot
follow an adjective; a name is a word that is capitalised where sentences do not begin.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise

from shared.model import words
from shared.model.names import Capitals, grouped
from shared.model.nouns import defined_end, ends_phrase, noun_stems
from shared.model.sentences import Sentence
from shared.model.terms import NOUNS, Group, Term
from shared.model.tokens import POSSESSIVE, Token, stem, tokens

_YEAR = re.compile(r"(?:1\d|20)\d\d")
_YEAR_PREPOSITIONS = words.words_of("in of from since until till to and between by before after about early late")
_IN_SOMETHING = re.compile(r"[^\s,.;:()?!]|:\d")  # beside a number: 10x50, -1.5, 12h
_QUOTED = re.compile(r"(?<![\w’'])[‘'“\"]([^\W\d_][^‘'’“”\"]{2,60})[’'”\"](?!\w)")
_SAME = re.compile(r",? (?:or|also called|that is,?|\() ?(?:the |an? )?")

_Found = tuple[int, int, Group, bool]
"""The tokens from one to before another, and whether the sentence explains them."""


class Vocabulary:
    """What the words of a text are, seen over all of its sentences."""

    def __init__(self, sentences: Sequence[Sentence]) -> None:
        self._sentences = sentences
        self._lines = [tokens(sentence.text) for sentence in sentences]
        self._capitals = Capitals(self._lines)
        self._nouns = {noun for line in self._lines for noun in noun_stems(line)}
        self._pairs = Counter(pair for line in self._lines for pair in _pairs(line))
        self.terms = grouped([term for number in range(len(sentences)) for term in self._terms(number)])
        self.frequency = Counter(term.key for term in self.terms)
        self.neighbours = _neighbours(self.terms)
        self.synonyms = {pair for term, other in pairwise(self.terms) for pair in self._said_to_be_one(term, other)}
        self.of_group: dict[Group, dict[str, Term]] = {}
        for term in self.terms:
            self.of_group.setdefault(term.group, {}).setdefault(term.key, term)

    def _terms(self, number: int) -> Iterator[Term]:
        """The terms of a sentence; where they overlap, the first."""
        text, line = self._sentences[number].text, self._lines[number]
        place = 0
        for start, end, group, is_defined in self._found(text, line):
            if start >= place:
                place = end
                yield _term(number, text, line, start, end, group, is_defined)

    def _found(self, text: str, line: list[Token]) -> Iterator[_Found]:
        quoted = [match.span(1) for match in _QUOTED.finditer(text)]
        for start, token in enumerate(line):
            around = next((span for span in quoted if span[0] <= token.start < span[1]), None)
            if around:
                yield from _works(line, start, around)
            elif token.text[0].isdigit():
                yield from _numbers(text, line, start)
            elif end := self._capitals.name_end(line, start):
                yield start, end, Group.NAME, False
            elif token.lower.split("-")[0] in words.NUMBERS:
                yield from _counts(line, start)
            elif end := defined_end(line, start) or self._noun_end(line, start):
                is_plural = line[end - 1].text != stem(line[end - 1].text)
                group = Group.PLURAL if is_plural else Group.SINGULAR
                yield start, end, group, end == defined_end(line, start)

    def _noun_end(self, line: list[Token], start: int) -> int:
        """Where a noun, or a pair of words that the text uses again, ends; 0 when none begins here."""
        token = line[start]
        if not token.is_content or token.text in words.PLAIN_WORDS:
            return 0
        pair = next(_pairs(line[start : start + 2]), "")
        if self._pairs[pair] > 1 and stem(line[start + 1].text) in self._nouns:
            return start + 2
        return start + 1 if stem(token.text) in self._nouns and ends_phrase(line, start) else 0

    def _said_to_be_one(self, term: Term, other: Term) -> Iterator[tuple[str, str]]:
        """The keys of two terms, in both orders, that a sentence gives the same meaning: `the overlap, or land,`."""
        between = self._sentences[term.sentence].text[term.end : other.start]
        if term.sentence == other.sentence and _SAME.fullmatch(between):
            yield term.key, other.key
            yield other.key, term.key


def _term(number: int, text: str, line: list[Token], start: int, end: int, group: Group, is_defined: bool) -> Term:
    first, last = line[start], line[end - 1]
    whole = text[first.start : last.end]
    found = whole if group in NOUNS else POSSESSIVE.sub("", whole)
    before = "" if first.is_opened or start == 0 else line[start - 1].lower
    after = "" if last.is_closed or end == len(line) else line[end].lower
    after = after if found == whole else "'s"
    return Term(number, first.start, first.start + len(found), found, group, is_defined, before, after)


def _pairs(line: list[Token]) -> Iterator[str]:
    """Two words in a row that both mean something by themselves."""
    for first, second in pairwise(line):
        if first.is_content and second.is_content and not first.is_closed:
            yield f"{first.text} {stem(second.text)}"


def _works(line: list[Token], start: int, around: tuple[int, int]) -> Iterator[_Found]:
    """The title that begins at this token and fills the quotation marks around it."""
    end = sum(token.start < around[1] for token in line)
    is_whole = line[start].start == around[0] and line[end - 1].end == around[1]
    if is_whole and line[start].text[0].isupper() and end - start > 1:
        yield start, end, Group.WORK, False


def _numbers(text: str, line: list[Token], start: int) -> Iterator[_Found]:
    token = line[start]
    if _IN_SOMETHING.search(text[max(0, token.start - 1) : token.start] + text[token.end : token.end + 1]):
        return
    before = line[start - 1].lower if start and not token.is_opened else ""
    is_year = _YEAR.fullmatch(token.text) and (before in _YEAR_PREPOSITIONS or before in words.MONTHS)
    yield start, start + 1, Group.YEAR if is_year else Group.NUMBER, False


def _counts(line: list[Token], start: int) -> Iterator[_Found]:
    """A number in words, before what it counts."""
    end = start + 1
    while end < len(line) and not line[end - 1].is_closed and line[end].lower in words.SCALES | words.NUMBERS:
        end += 1
    if end < len(line) and not line[end - 1].is_closed and line[end].is_content:
        yield start, end, Group.COUNT, False


def _neighbours(terms: Sequence[Term]) -> dict[str, set[tuple[str, bool]]]:
    """The words that mean something by themselves beside each term, by its key, and whether they follow it."""
    found: dict[str, set[tuple[str, bool]]] = {}
    for term in terms:
        beside = {(word, follows) for word, follows in ((term.before, False), (term.after, True)) if word}
        found.setdefault(term.key, set()).update(pair for pair in beside if pair[0] not in words.FUNCTION_WORDS)
    return found
