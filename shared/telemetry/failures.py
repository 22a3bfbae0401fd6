"""Exceptions as the log tells them: where they came from, and what they say unless it may quote what somebody typed.

PostgreSQL's details quote whole rows, and its complaints about data the value; so do validation errors, and what Python
says of values and keys. Of those the log has the class and, of the database, the state and the constraint.
"""

import traceback
from collections.abc import Iterator
from types import TracebackType
from typing import Any

from pydantic import ValidationError
from sqlalchemy.exc import StatementError

_QUOTING = (ValueError, LookupError, StatementError)  # messages that may hold values; ValidationError is a ValueError
_DATA = "22"  # the class of SQLSTATE whose messages quote data


def told(exc_info: tuple[type[BaseException], BaseException, TracebackType | None]) -> str:
    """The traceback of an exception and of those it came from, in the order of Python's own."""
    return "\n".join(line for error in reversed(list(_chain(exc_info[1]))) for line in _lines(error))


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _lines(error: BaseException) -> Iterator[str]:
    for line in traceback.format_tb(error.__traceback__):
        yield line.rstrip()
    yield _sentence(error)
    for one in getattr(error, "exceptions", ()):  # a group's
        yield f"  with {_sentence(one)}"


def _sentence(error: BaseException) -> str:
    name = f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")
    message = _message(error)
    return f"{name}: {message}" if message else name


def _message(error: BaseException) -> str:
    state: Any = getattr(error, "sqlstate", None)
    if state:
        message = getattr(error, "message", None)  # asyncpg's; without details, hints and context
        return str(state) if message is None or state.startswith(_DATA) else f"{state} {message}"
    if isinstance(error, ValidationError):
        return "; ".join(f"{'.'.join(map(str, one['loc']))} {one['type']}" for one in error.errors(include_input=False))
    return "" if isinstance(error, _QUOTING) else str(error)
