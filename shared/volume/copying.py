"""Writing millions of rows: COPY as the owner of the database, whom no policy binds, with a word on how far it is."""

import os
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from sqlalchemy import Table
from sqlalchemy.engine import make_url

OWNER_URL = "LYCEUM_OWNER_DATABASE_URL"
"""The variable with the owner's address; only jobs that write in bulk are given it."""

_STEP = 10_000  # rows between two words on the progress


class Copying:
    """One connection of the owner, and the count of what went through it."""

    def __init__(self, connection: asyncpg.Connection, schema: str, progress: Callable[[int, int], None]) -> None:
        self._connection, self._schema, self._progress = connection, schema, progress
        self._total = self._told = self.done = 0

    def expect(self, rows: int) -> None:
        """More rows are to come than has been said."""
        self._total += rows

    def note(self, rows: int) -> None:
        """Rows have been written, here or in another way."""
        self.done += rows
        if self.done - self._told >= _STEP or self.done >= self._total:
            self._told = self.done
            self._progress(self.done, max(self.done, self._total))

    async def rows(self, table: Table | type[Any], columns: str, rows: Iterable[tuple[Any, ...]]) -> None:
        """Writes rows of a table, or of the table of a model, in one transaction; `columns` are names with spaces."""
        name = table.name if isinstance(table, Table) else table.__table__.name
        await self._connection.copy_records_to_table(
            name, schema_name=self._schema, columns=columns.split(), records=self._counted(rows), timeout=None
        )

    def _counted(self, rows: Iterable[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
        count = 0
        for row in rows:
            yield row
            count += 1
            if count == _STEP:
                self.note(count)
                count = 0
        self.note(count)


@asynccontextmanager
async def copying(subgraph: str, progress: Callable[[int, int], None]) -> AsyncIterator[Copying]:
    """Opens the connection; at the end the tables are analyzed, so that the first query is planned well.

    Foreign keys are not checked row by row, which would take longer than all the rest: the plan makes them right.
    """
    url = make_url(os.environ[OWNER_URL]).set(drivername="postgresql")
    settings = {"synchronous_commit": "off", "session_replication_role": "replica", "search_path": subgraph}
    connection = await asyncpg.connect(url.render_as_string(hide_password=False), server_settings=settings)
    try:
        yield Copying(connection, subgraph, progress)
        for table in await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = $1", subgraph):
            await connection.execute(f'ANALYZE {subgraph}."{table["tablename"]}"')
    finally:
        await connection.close()
