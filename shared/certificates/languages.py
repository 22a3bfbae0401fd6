"""What a certificate says in each language, and how a date is written there.

The catalogue is one TOML file a language, named by its BCP 47 tag; the file of a region or script holds only what
differs from its language. Dates have the long form of Unicode's CLDR 48, all in the Gregorian calendar.
"""

import functools
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

TEXTS = ("heading", "before_name", "name", "after_name", "after_course", "completed", "verify", "logo", "code")
"""What is said, in the order of the page, then what a screen reader says of the logo and of the QR code.

`name` holds `{name}`; any other may hold `{organization}`, and some languages leave some of them empty.
"""

Texts = Mapping[str, str]

_FOLDER = Path(__file__).parent / "wording"
_FALLBACK = "en"
_TAG = re.compile("[a-z]{2,3}(-[a-z0-9]{1,8}){0,7}")
_ALIASES = {"iw": "he", "zh-tw": "zh-hant", "zh-hk": "zh-hant", "zh-mo": "zh-hant"}
_PLACE = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Wording:
    """Everything that is said in one language."""

    language: str
    """The tag of the language that the texts are in, such as `de` or `zh-Hant`."""
    texts: Texts
    months: tuple[str, ...] = tuple(f"{month:02}" for month in range(1, 13))
    pattern: str = "{year}-{month}-{day:0>2}"
    first_day: str = "1"
    """How the first day of a month is written."""
    digits: str = "0123456789"

    def say(self, text: str, **values: str) -> str:
        """A text with its places filled; what is filled in is not looked into, so a name may hold `{name}`."""
        return _PLACE.sub(lambda place: values.get(place[1], place[0]), self.texts[text])

    def written(self, day: date) -> str:
        """The date as it is usually written."""
        number = self.first_day if day.day == 1 else str(day.day)
        text = self.pattern.format(day=number, month=self.months[day.month - 1], year=day.year)
        return text.translate(str.maketrans("0123456789", self.digits))


def wording(locale: str, own: Mapping[str, Texts]) -> Wording:
    """The wording for a reader's locale: of the longest beginning of its tag that there is one for, else English.

    `own` is what a tenant says instead, by tag: single texts of a language of the catalogue, or all texts of another.
    """
    said = {normal(tag): texts for tag, texts in own.items()}
    known = catalogue()
    parts = [part for part in _beginnings(normal(locale)) if part in known or part in said] or [_FALLBACK]
    base = next((known[part] for part in parts if part in known), Wording(parts[0], {}))
    texts = dict(base.texts)
    for part in reversed(parts):
        texts |= said.get(part, {})
    return replace(base, texts=texts)


def is_known(tag: str) -> bool:
    """Whether the catalogue speaks the language of this tag, so that a tenant need not say everything in it."""
    return any(part in catalogue() for part in _beginnings(normal(tag)))


def normal(tag: str) -> str:
    """A tag as the catalogue is keyed: lower case, hyphens, today's name; empty when it is no BCP 47 tag."""
    lower = tag[:100].lower().replace("_", "-")
    if not _TAG.fullmatch(lower):
        return ""
    return next((_ALIASES[part] for part in _beginnings(lower) if part in _ALIASES), lower)


@functools.cache
def catalogue() -> Mapping[str, Wording]:
    """Every wording that the package has, by normal tag."""
    entries = {path.stem: tomllib.loads(path.read_text("utf-8")) for path in sorted(_FOLDER.glob("*.toml"))}
    return {normal(tag): _entry(tag, entries) for tag in entries}


def _entry(tag: str, entries: Mapping[str, dict[str, str]]) -> Wording:
    whole: dict[str, str] = {"name": "{name}"}
    for part in reversed(list(_beginnings(tag))):
        whole |= entries.get(part, {})
    months = tuple(whole.pop("months").split())
    dates = {key: whole.pop(key) for key in ("pattern", "first_day", "digits") if key in whole}
    return Wording(tag, whole, months, **dates)


def _beginnings(tag: str) -> list[str]:
    """`zh-Hant-TW`, `zh-Hant`, `zh`."""
    parts = tag.split("-")
    return ["-".join(parts[:count]) for count in range(len(parts), 0, -1)]
