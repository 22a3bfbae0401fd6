"""Words and numbers of a sentence, with what stands between them."""

import re
from dataclasses import dataclass

from shared.model import words

POSSESSIVE = re.compile(r"(?:['’]s|(?<=s)['’])$")

_TOKEN = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*|\d+(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?")
_INITIAL = re.compile(r"[^\s,;\w–—-]")
_LONGEST_SENTENCE = 1_000  # characters; the time that terms take grows with the square


@dataclass(frozen=True, slots=True)
class Token:
    """A word or a number at `text[start:end]` of its sentence."""

    text: str
    start: int
    end: int
    is_opened: bool
    """Whether something other than white space stands before it, or nothing."""
    is_closed: bool
    """Whether something other than white space follows, or nothing."""
    is_initial: bool
    """Whether any word would be capitalised at this place."""

    @property
    def lower(self) -> str:
        """Without capitals."""
        return self.text.lower()

    @property
    def is_capital(self) -> bool:
        """Whether it has a capital and is more than a function word at the beginning of something."""
        return self.text[0].isupper() and self.lower not in words.FUNCTION_WORDS

    @property
    def is_content(self) -> bool:
        """Whether it is a word in small letters that means something by itself."""
        is_plain = self.text.islower() and not POSSESSIVE.search(self.text) and len(self.text) > 2
        return is_plain and self.text not in words.FUNCTION_WORDS


def tokens(text: str) -> list[Token]:
    """The words and numbers of a sentence; none of one that is too long to be one."""
    matches = list(_TOKEN.finditer(text)) if len(text) <= _LONGEST_SENTENCE else []
    places = [0, *(match.end() for match in matches)]
    starts = [*(match.start() for match in matches), len(text)]
    gaps = [text[place:start] for place, start in zip(places, starts, strict=True)]
    return [
        Token(
            match[0],
            match.start(),
            match.end(),
            is_opened=bool(before.strip()) or match is matches[0],
            is_closed=bool(after.strip()) or match is matches[-1],
            is_initial=bool(_INITIAL.search(before)) or match is matches[0],
        )
        for match, before, after in zip(matches, gaps, gaps[1:], strict=False)
    ]


def stem(text: str) -> str:
    """The text in small letters, its last word in the singular."""
    lower = text.lower()
    if lower.endswith("ies") and len(lower) > 4:
        return lower[:-3] + "y"
    if lower.endswith(("ches", "shes", "sses", "xes")):
        return lower[:-2]
    return lower[:-1] if lower.endswith("s") and not lower.endswith(("ss", "us", "is")) else lower
