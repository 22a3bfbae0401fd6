"""Words as both engines see them: folded text, the syntax of queries, and highlights."""

import html
import re
import unicodedata
from dataclasses import dataclass

MARK, UNMARK = "\x02", "\x03"
"""Around the matches in what an engine returns; `cleaned` text cannot hold them."""

_TITLE_LENGTH = 1_000
_TEXT_LENGTH = 100_000  # a tsvector holds 1 MB at most, and positions up to 16,383 words
_MOST_WORDS = 50  # of a query; more are not looked for
_PREFIX_LENGTHS = range(2, 101)  # Elasticsearch takes up to 1,000 characters before its `*`
_OPENING_LENGTH = 200

_STROKED = str.maketrans("øłđħı", "oldhi")  # letters that Unicode does not take apart
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_TERM = re.compile(r'-?"[^"]*"?|\S+')


class _Folding(dict[int, str]):
    """One character for one, so that a place in folded text is the same place in the text."""

    def __missing__(self, code: int) -> str:
        letter = unicodedata.normalize("NFD", chr(code))[0]
        lower = (letter if letter.isascii() else chr(code)).lower().translate(_STROKED)
        # Letters, digits, and the marks that some scripts write vowels with; anything else separates words.
        self[code] = folded = lower if len(lower) == 1 and unicodedata.category(lower)[0] in "LNM" else " "
        return folded


_FOLDING = _Folding()


def cleaned_title(title: str) -> str:
    """The title without control characters, of a length that can be indexed."""
    return _cleaned(title, _TITLE_LENGTH)


def cleaned_text(text: str) -> str:
    """The text without control characters, of a length that can be indexed."""
    return _cleaned(text, _TEXT_LENGTH)


def _cleaned(text: str, length: int) -> str:
    return _CONTROLS.sub(" ", unicodedata.normalize("NFC", text[:length]))


def folded(text: str) -> str:
    """Lower case without Latin accents, punctuation as spaces; exactly as long as the text."""
    return text.translate(_FOLDING)


@dataclass(frozen=True, slots=True)
class Terms:
    """A query taken apart: words, `"phrases"`, either with `-` before it, and `or`; all folded, so nothing else."""

    terms: tuple[str, ...]
    is_unfinished: bool
    """Whether the last term is a word that may be the beginning of a longer one."""

    @classmethod
    def of(cls, text: str) -> "Terms | None":
        """The terms of a query; None when there is nothing to look for."""
        terms = [term for match in _TERM.finditer(text) if (term := _term(match[0]))][:_MOST_WORDS]
        if all(term == "or" for term in terms):
            return None
        last = terms[-1]
        is_word = last != "or" and last[0] not in '-"'
        return cls(tuple(terms), is_word and len(last) in _PREFIX_LENGTHS and not text[-1:].isspace())


def _term(raw: str) -> str | None:
    words = folded(unicodedata.normalize("NFC", raw)).split()[:_MOST_WORDS]
    if not words:
        return None
    # What holds punctuation, `self-paced` or `3.14`, is a phrase of its parts, as it is in the index.
    is_phrase = len(words) > 1 or '"' in raw
    return ("-" if raw.startswith("-") else "") + (f'"{" ".join(words)}"' if is_phrase else words[0])


def opening(prefix: str) -> str:
    """The beginning of a title as somebody typed it; empty when there is no word in it."""
    start = _cleaned(prefix, _OPENING_LENGTH).strip()
    return start if folded(start).strip() else ""


def highlighted(passage: str) -> str:
    """HTML for a passage with `MARK` and `UNMARK` in it."""
    return html.escape(passage).replace(MARK, "<mark>").replace(UNMARK, "</mark>")


def marked(original: str, folded_passage: str) -> str:
    """The original of a folded passage, with the marks of the latter."""
    characters = iter(original)
    return "".join(letter if letter in (MARK, UNMARK) else next(characters, "") for letter in folded_passage)
