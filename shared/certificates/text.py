"""Text as people wrote it, fit for print: one line, nothing invisible, nothing that turns its neighbours around."""

import re
import unicodedata

from shared.certificates.errors import Blank, TooLong

_JOINERS = "\u200c\u200d"
"""Persian and Indic spelling needs them inside words."""

_JOINING = ("ARABIC", "DEVANAGARI", "BENGALI", "TAMIL", "TELUGU", "MYANMAR", "KHMER")
_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\uffa0\ufe00-\ufe0f\U000e0100-\U000e01ef]"
)
_DROPPED = frozenset({"Cf", "Cs", "Co", "Cn", "Me"})
_SPACES = frozenset({"Cc", "Zs", "Zl", "Zp"})
_STACK = re.compile(
    r"(?P<kept>\S[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]{3})[\u0300-\u036f\u1ab0-\u20ff]*"
)
_LONG_WORD = re.compile(r"\S{30}(?=\S)")
_BREAK = "\u200b"


def cleaned(text: str, field: str, limit: int) -> str:
    """The text in one line, composed (NFC), without what cannot be printed or must not be.

    Bidi and other format characters, tags, private and unassigned code points and emoji are dropped (text fonts have
    none of them), control characters become spaces, and a letter keeps three accents at most. Raises `TooLong` when
    more than `limit` characters were sent, `Blank` when nothing is left.
    """
    if len(text) > limit:
        raise TooLong(field, len(text), limit)
    composed = _INVISIBLE.sub("", unicodedata.normalize("NFC", text))
    kept = "".join(_printable(composed, at) for at in range(len(composed)))
    line = " ".join(_STACK.sub(r"\g<kept>", kept).split())
    if not line.strip(_JOINERS + " "):
        raise Blank(field)
    return line


def _printable(text: str, at: int) -> str:
    """The character at this place, a space or nothing instead of it."""
    character = text[at]
    category = unicodedata.category(character)
    if character in _JOINERS:
        return character if script(text[at - 1 : at]) in _JOINING and script(text[at + 1 : at + 2]) in _JOINING else ""
    if category in _SPACES:
        return " "
    return "" if category in _DROPPED or _is_emoji(character, category) else character


def _is_emoji(character: str, category: str) -> bool:
    """Whether it is a pictograph; ™, № and the enclosed letters of East Asia, such as ㈱, are symbols of text."""
    return category in {"So", "Sk"} and ("\u2300" <= character < "\u2c00" or character >= "\U0001f000")


def script(character: str) -> str:
    """The first word of a character's name in Unicode, which for letters is their script; empty if there is none."""
    return unicodedata.name(character, "").split(" ")[0].split("-")[0] if character else ""


def is_right_to_left(text: str) -> bool:
    """Which way a line runs: as its first letter does."""
    directions = (unicodedata.bidirectional(character) for character in text)
    return next((direction in {"R", "AL"} for direction in directions if direction in {"L", "R", "AL"}), False)


def breakable(text: str) -> str:
    """The text with places to break words of more than 30 characters, so that no word leaves the page."""
    return _LONG_WORD.sub(lambda match: match[0] + _BREAK, text)
