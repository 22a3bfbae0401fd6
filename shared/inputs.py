"""What the inputs of all subgraphs share: the base class, and text as people may send it."""

import re
from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import urlsplit

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints


class Input(BaseModel):
    """An input and the command made of it. Surrounding white space of text is dropped before it is judged."""

    model_config = ConfigDict(str_strip_whitespace=True, frozen=True)


def _text(value: str) -> str:
    if "\x00" in value or any("\ud800" <= character <= "\udfff" for character in value):
        raise ValueError("Text must be valid Unicode without NUL characters")
    return value


def _matching(pattern: str, message: str) -> AfterValidator:
    compiled = re.compile(pattern)

    def check(value: str) -> str:
        if not compiled.fullmatch(value):
            raise ValueError(message)
        return value

    return AfterValidator(check)


def _email(value: str) -> str:
    try:
        return validate_email(value, check_deliverability=False).normalized.lower()
    except EmailNotValidError as error:
        raise ValueError(str(error)) from None


def _url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme != "https" or not parts.hostname:
        raise ValueError("A link must be an absolute https:// address")
    return value


def _utc(time: datetime) -> datetime:
    try:
        return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
    except OverflowError:
        raise ValueError("In UTC this time is outside the years 1 to 9999") from None


Moment = Annotated[datetime, AfterValidator(_utc)]
"""A point in time; one without an offset is in UTC."""

Storable = AfterValidator(_text)
"""Text that can be stored: valid Unicode without NUL."""

Title = Annotated[str, StringConstraints(min_length=3, max_length=255), Storable]
"""A name or title: 3 to 255 characters."""

Slug = Annotated[
    str,
    StringConstraints(min_length=3, max_length=100),
    _matching("[a-z0-9-]+", "A slug consists of the letters a-z, digits and hyphens"),
]
"""The part of an address that people read: 3 to 100 of a-z, 0-9 and -."""

Email = Annotated[str, StringConstraints(max_length=255), Storable, AfterValidator(_email)]
"""An email address, normalized to lower case; at most 255 characters."""

Link = Annotated[str, StringConstraints(max_length=2048), Storable, AfterValidator(_url)]
"""An absolute https address."""

Color = Annotated[
    str, _matching("#[0-9A-Fa-f]{6}", "A colour is a hash sign and six hexadecimal digits, as in #1A2B3C")
]
"""A colour such as #1A2B3C."""

Phone = Annotated[
    str,
    _matching(
        r"\+?[0-9][0-9 ()./-]{4,30}",
        "A telephone number has 5 to 31 digits, spaces and ()./-, perhaps after a plus sign",
    ),
]
"""A telephone number: digits, spaces and ()./-, with or without a leading +."""
