"""Waiting for what another subgraph's events may still be on their way to tell."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager

from sqlalchemy.ext.asyncio import AsyncSession

Begin = Callable[[], AbstractAsyncContextManager[AsyncSession]]
"""Opens a transaction of the viewer."""

_TIMES = 10
_PAUSE = 0.1  # seconds


async def until(begin: Begin, holds: Callable[[AsyncSession], Awaitable[bool]]) -> bool:
    """Waits up to a second for something to hold; returns whether it does. No transaction is open between two looks."""
    for wait in (*[_PAUSE] * _TIMES, None):
        async with begin() as session:
            if await holds(session):
                return True
        if wait:
            await asyncio.sleep(wait)
    return False
