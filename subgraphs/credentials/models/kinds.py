"""What the tables of credentials stand on: their base, what kinds of things there are, and codes."""

from datetime import UTC, datetime
from enum import StrEnum

from sqlalchemy import MetaData

from shared.auth import Viewer
from shared.postgres import Model


class CriterionKind(StrEnum):
    """What a badge asks for, and what a fact about a person is."""

    COMPLETE_COURSE = "COMPLETE_COURSE"
    COMPLETE_ITEMS = "COMPLETE_ITEMS"
    PASS_ASSESSMENT = "PASS_ASSESSMENT"  # noqa: S105  # no password


class AchievementKind(StrEnum):
    """What is achieved: a badge, or a course, which a certificate is given for."""

    BADGE = "BADGE"
    CERTIFICATE = "CERTIFICATE"


class AwardStatus(StrEnum):
    """Whether an award still counts."""

    VALID = "VALID"
    REVOKED = "REVOKED"


class JobKind(StrEnum):
    """What jobs of credentials do."""

    ISSUE_CERTIFICATES = "ISSUE_CERTIFICATES"
    ISSUE_AWARDS = "ISSUE_AWARDS"


class Doubt(StrEnum):
    """What about somebody's evidence cannot be right; the rules are in `loaders`."""

    TOO_FAST = "TOO_FAST"
    BEFORE_ENROLLMENT = "BEFORE_ENROLLMENT"


CODE_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base32: no I, L, O or U, which are misread."""

CODE_LENGTH = 16
"""80 bits: nobody finds a code by trying."""

_AS_READ = str.maketrans("OIL", "011", " -")


def as_code(text: str) -> str | None:
    """The code that somebody has typed, however they have spelt it; None when it cannot be one."""
    code = text.upper().translate(_AS_READ)
    return code if len(code) == CODE_LENGTH and set(code) <= set(CODE_LETTERS) else None


class Base(Model):
    """The tables of credentials' PostgreSQL schema."""

    __abstract__ = True
    metadata = MetaData()


def now() -> datetime:
    """This moment."""
    return datetime.now(UTC)


def sees_everybody(viewer: Viewer) -> bool:
    """Whether the viewer may see what others of the tenant have reached."""
    return bool(viewer.scopes & {"write:course", "manage:users"})
