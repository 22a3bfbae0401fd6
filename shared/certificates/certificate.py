"""What is certified, and how a tenant wants it to look: data only, checked when it is made."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from shared.certificates.colours import checked
from shared.certificates.errors import BadAddress, BadTemplate
from shared.certificates.languages import TEXTS, Texts, is_known, normal
from shared.certificates.logo import Logo
from shared.certificates.text import cleaned

_LONGEST_TITLE = 255  # as display names, titles and names of organizations are elsewhere on the platform
_LONGEST_WORDING = 200
_LONGEST_SIGNATORY = 100
_MOST_SIGNATORIES = 3
_MOST_LANGUAGES = 50
_ADDRESS = re.compile(r"https?://[!-~]{1,192}")


class Layout(StrEnum):
    """How a page is arranged."""

    CLASSIC = "classic"
    """Centred, in a double frame."""
    MODERN = "modern"
    """At the side where reading begins, beside a band of colour."""


class Paper(StrEnum):
    """The page, in landscape."""

    A4 = "a4"
    US_LETTER = "us-letter"


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """That somebody has completed a course.

    Texts are plain and are cleaned when printed (`shared.certificates.text`); each has at most 255 characters.
    """

    recipient: str
    course: str
    organization: str
    completed_on: date
    """The day where the learner was; also the date of the PDF, so that it comes out the same at any time."""
    verification_url: str
    """Where the certificate can be verified: http(s), ASCII, at most 200 characters."""
    locale: str
    """The learner's, in BCP 47, such as `pt-BR`; anything else is answered in English."""

    def __post_init__(self) -> None:
        """Raises `Unprintable` for what cannot be printed whatever the template."""
        for name in ("recipient", "course", "organization"):
            object.__setattr__(self, name, cleaned(getattr(self, name), name, _LONGEST_TITLE))
        if not _ADDRESS.fullmatch(self.verification_url):
            raise BadAddress("verification_url is not an http(s) address in ASCII of at most 200 characters.")


@dataclass(frozen=True, slots=True)
class Signatory:
    """Who signs above a line, and as what; each has at most 100 characters."""

    name: str
    role: str

    def __post_init__(self) -> None:
        """Raises `TooLong` and `Blank`."""
        object.__setattr__(self, "name", cleaned(self.name, "signatory.name", _LONGEST_SIGNATORY))
        object.__setattr__(self, "role", cleaned(self.role, "signatory.role", _LONGEST_SIGNATORY))


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A tenant's look. Nothing of it is code: every text is printed as it stands."""

    layout: Layout = Layout.CLASSIC
    paper: Paper = Paper.A4
    primary: str = "#1F3A5F"
    """Of heading, name of the course and frame; darkened as far as text in it needs to be read on white."""
    secondary: str = "#B08D57"
    """Of ornaments, never of text."""
    logo: Logo | None = None
    signatories: tuple[Signatory, ...] = ()
    """At most three, in the order of reading."""
    wording: Mapping[str, Texts] = field(default_factory=dict)
    """What is said instead of the catalogue's words, by language tag and name (`languages.TEXTS`).

    A language that the catalogue lacks must be said completely; its dates are written as 2026-11-24.
    """

    def __post_init__(self) -> None:
        """Raises `BadTemplate`, or another `Unprintable`, naming the field."""
        checked(self.primary, "primary")
        checked(self.secondary, "secondary")
        if len(self.signatories) > _MOST_SIGNATORIES or len(self.wording) > _MOST_LANGUAGES:
            raise BadTemplate(
                f"A template has at most {_MOST_SIGNATORIES} signatories and {_MOST_LANGUAGES} languages."
            )
        object.__setattr__(self, "wording", {tag: _texts(tag, texts) for tag, texts in self.wording.items()})


def _texts(tag: str, texts: Texts) -> Texts:
    """The texts of one language, cleaned; an empty one stays empty."""
    if not normal(tag):
        raise BadTemplate(f"wording has a key that is no language tag: {tag[:100]!r}.")
    if unknown := sorted(set(texts) - set(TEXTS)):
        raise BadTemplate(f"wording.{tag} has unknown texts: {', '.join(unknown)[:200]}.")
    if not is_known(tag) and (missing := sorted(set(TEXTS) - set(texts))):
        raise BadTemplate(f"wording.{tag} is not in the catalogue and lacks {', '.join(missing)}.")
    if "{name}" not in texts.get("name", "{name}"):
        raise BadTemplate(f"wording.{tag}.name does not hold {{name}}.")
    if "" in (texts.get("heading"), texts.get("logo"), texts.get("code")):
        raise BadTemplate(f"wording.{tag} leaves the heading, or what a screen reader says, empty.")
    return {
        name: cleaned(text, f"wording.{tag}.{name}", _LONGEST_WORDING) if text else "" for name, text in texts.items()
    }
