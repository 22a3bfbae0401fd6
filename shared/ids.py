"""Public ids are TypeIDs (`course_01h…`, github.com/jetify-com/typeid); the database holds their UUIDv7."""

from datetime import UTC, datetime
from functools import lru_cache
from uuid import UUID

import uuid_utils.compat
from typeid import TypeID
from typeid.core.errors import TypeIDException

_KEPT = 10_000  # ids in each direction: the same few courses, people and items are named again and again
_LONGEST = 90  # characters of a TypeID: a prefix of 63, an underscore and 26


def new_id(at: datetime | None = None) -> UUID:
    """A UUIDv7: unique, and ordered by the time it was made; or by `at`, for what happened at another time."""
    return uuid_utils.compat.uuid7(nanoseconds=None if at is None else round(at.timestamp() * 1_000) * 1_000_000)


def time_of(value: UUID) -> datetime | None:
    """When the server made a UUIDv7, to the millisecond; None for any other UUID."""
    if value.version != 7:
        return None
    return datetime.fromtimestamp((value.int >> 80) / 1_000, UTC)


@lru_cache(_KEPT)
def encode(prefix: str, value: UUID) -> str:
    """The public id of a row, such as `course_01h455vb4pex5vsknk084sn02q`."""
    return str(TypeID.from_uuid(value, prefix))  # type: ignore[arg-type]  # it takes the standard library's UUID too


def decode(prefix: str, value: str) -> UUID | None:
    """The UUID in a public id of this prefix; None for anything else, so that a bad id is like an unknown one."""
    found = parse(value)
    return found[1] if found and found[0] == prefix else None


def parse(value: str) -> tuple[str, UUID] | None:
    """The prefix and the UUID of a public id; None when it is malformed."""
    return _parse(value) if len(value) <= _LONGEST else None


@lru_cache(_KEPT)
def _parse(value: str) -> tuple[str, UUID] | None:
    try:
        typeid = TypeID.from_string(value)
    except (TypeIDException, ValueError, KeyError, IndexError):
        return None
    # Another spelling of the same id (upper case, say) would be a second key for caches and clients: refused.
    return (typeid.prefix, UUID(int=typeid.uuid.int)) if str(typeid) == value else None
