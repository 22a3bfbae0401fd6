"""Passwords: argon2id with OWASP's parameters, off the event loop, and never more at once than there are cores."""

import asyncio
import os

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

# OWASP's minimum for argon2id: 19 MiB, two passes, one lane; about 27 ms.
_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_NOBODY = _hasher.hash("the password of an account that does not exist")
_slots = asyncio.Semaphore(os.cpu_count() or 1)


async def hashed(password: str) -> str:
    """The hash to store."""
    async with _slots:
        return await asyncio.to_thread(_hasher.hash, password)


async def verified(stored: str | None, password: str) -> bool:
    """Whether the password is right; an unknown account takes as long as a known one."""
    async with _slots:
        right = await asyncio.to_thread(_verify, stored or _NOBODY, password)
    return right and stored is not None


def is_outdated(stored: str) -> bool:
    """Whether a hash was made with other parameters than today's."""
    return _hasher.check_needs_rehash(stored)


def _verify(stored: str, password: str) -> bool:
    try:
        return _hasher.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False
