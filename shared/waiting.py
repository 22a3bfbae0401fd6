"""Waiting for what another subgraph's events may still be on their way to tell."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from shared.errors import Rejected

Begin = Callable[[], AbstractAsyncContextManager[AsyncSession]]
"""Opens a transaction of the viewer."""

Result = TypeVar("Result")

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


async def refused_only_after(
    begin: Begin, holds: Callable[[AsyncSession], Awaitable[bool]], attempt: Callable[[AsyncSession], Awaitable[Result]]
) -> Result:
    """What an attempt returns in a transaction of its own. One that is refused is made again once something holds, or
    has not held for a second: so waiting costs nothing where nothing has to be waited for."""
    try:
        async with begin() as session:
            return await attempt(session)
    except Rejected:
        await until(begin, holds)
    async with begin() as session:
        return await attempt(session)
