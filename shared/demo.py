"""Ids of demo data: the same in every subgraph and on every machine, so that no subgraph asks another for them."""

import hashlib
from datetime import UTC, datetime
from uuid import UUID

_BEGIN = int(datetime(2026, 9, 1, 8, tzinfo=UTC).timestamp() * 1000)


def demo_id(kind: str, *names: str, position: int = 0) -> UUID:
    """A UUIDv7 made of names instead of chance; `position` orders the rows of one list."""
    digest = hashlib.sha256("\n".join((kind, *names)).encode()).digest()
    value = (_BEGIN + position) << 80 | int.from_bytes(digest[:10])
    value = value & ~(0xF << 76) | 0x7 << 76
    return UUID(int=value & ~(0x3 << 62) | 0x2 << 62)
