"""Reads on the driver itself, of one viewer: those that come together share a connection."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from contextvars import copy_context
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import asyncpg
from sqlalchemy import Executable
from sqlalchemy.dialects.postgresql.asyncpg import AsyncAdapt_asyncpg_dbapi
from sqlalchemy.exc import DBAPIError, InterfaceError, InvalidRequestError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.util import greenlet_spawn

if TYPE_CHECKING:
    from shared.auth import Viewer
    from shared.compiled import Compiled, Scope, Statements

_MOST = 100  # statements in a row, so that others get the connection, too

_TRANSLATED: Mapping[type[Exception], type[DBAPIError]] = {
    asyncpg.PostgresError: DBAPIError,
    asyncpg.InterfaceError: InterfaceError,
    AsyncAdapt_asyncpg_dbapi.InterfaceError: InterfaceError,  # what the pool raises when it connects
    AsyncAdapt_asyncpg_dbapi.Error: DBAPIError,
    InvalidRequestError: InterfaceError,  # what the pool raises when connections break as fast as it makes them
}


class _Read:
    """One statement that somebody waits for; to the engine's listeners, what they call its execution."""

    def __init__(self, compiled: Compiled, values: Sequence[Any]) -> None:
        self.future: asyncio.Future[list[Any]] = asyncio.get_running_loop().create_future()
        self._compiled, self._values = compiled, values
        self._caller = copy_context()

    async def run(self, driver: asyncpg.Connection, scope: Scope, engine: Any) -> None:
        """Answers whoever waits."""
        if self.future.done():  # nobody waits any more
            return
        try:
            self._tell(engine.dispatch.before_cursor_execute)
            rows = await self._compiled.fetch(driver, self._values, scope)
            self._tell(engine.dispatch.after_cursor_execute)
        except Exception as error:
            told = {"execution_context": self, "statement": self._compiled.text, "original_exception": error}
            self.tell(engine.dialect.dispatch.handle_error, SimpleNamespace(**told))
            self.fail(_translated(error, self._compiled.text, is_closed=driver.is_closed()))
            return
        except asyncio.CancelledError:  # the process ends
            self.future.cancel()
            raise
        if not self.future.done():
            self.future.set_result(rows)

    def fail(self, error: Exception) -> None:
        """Raises for whoever waits."""
        if not self.future.done():
            self.future.set_exception(error)

    def tell(self, listeners: Any, *arguments: Any) -> None:
        """Tells listeners as SQLAlchemy does of what it executes itself, in the context of whoever waits."""
        if listeners:
            self._caller.run(listeners, *arguments)

    def _tell(self, listeners: Any) -> None:
        self.tell(listeners, None, None, self._compiled.text, None, self, False)


class Reads:
    """The reads of one viewer: a queue, and while there is something in it, a task that holds a connection."""

    def __init__(
        self,
        viewer: Viewer,
        scope: Scope,
        engine: AsyncEngine,
        statements: Statements,
        running: set[asyncio.Task[None]],
    ) -> None:
        self.viewer = viewer
        self._scope, self._engine, self._statements, self._running = scope, engine, statements, running
        self._waiting: deque[_Read] = deque()
        self._task: asyncio.Task[None] | None = None

    async def rows(self, statement: Executable, parameters: Mapping[str, Any]) -> list[Any]:
        """The rows of a statement, as named tuples. Whoever stops waiting stops nobody else's reads."""
        compiled = self._statements.compiled(statement, self._engine.dialect, parameters)
        read = _Read(compiled, compiled.values(parameters))
        self._waiting.append(read)
        if self._task is None:
            self._task = asyncio.create_task(self._run())
            self._running.add(self._task)
            self._task.add_done_callback(self._running.discard)
        return await read.future

    async def _run(self) -> None:
        try:
            while self._waiting:
                await self._connected()
        finally:
            self._task = None
            for read in self._waiting:  # of a process that ends
                read.future.cancel()

    async def _connected(self) -> None:
        """One connection for what waits, and for what comes meanwhile; without one, whatever waits by then fails."""
        try:
            pooled = await greenlet_spawn(self._engine.sync_engine.raw_connection)
        except Exception as error:
            while self._waiting:
                self._waiting.popleft().fail(_translated(error, "connect"))
            return
        driver: Any = pooled.driver_connection
        try:
            await self._answered(driver)
        except asyncio.CancelledError:  # nobody waits for what it was doing
            driver.terminate()
            raise
        finally:
            # No transaction is open, whose end the pool would have to wait for.
            pooled.invalidate() if driver.is_closed() else pooled.close()

    async def _answered(self, driver: asyncpg.Connection) -> None:
        for _ in range(_MOST):
            if not self._waiting or driver.is_closed():
                return
            await self._waiting.popleft().run(driver, self._scope, self._engine.sync_engine)


def _translated(error: Exception, statement: str, *, is_closed: bool = False) -> Exception:
    """The error as SQLAlchemy raises it, without the values."""
    for kind, translated in _TRANSLATED.items():
        if isinstance(error, kind):
            made = translated(statement, None, error, hide_parameters=True, connection_invalidated=is_closed)
            made.__cause__ = error
            return made
    return error
