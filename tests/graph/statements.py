"""Counting SQL where it arrives: in PostgreSQL's own log, by the login it came from."""

import asyncio
import re
from collections.abc import Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg

_RECORD = re.compile(r"^@(\w*)@ *LOG: +(?:statement|execute [^:\n]*): ((?:.*\n)(?:\t.*\n)*)", re.MULTILINE)
# Transactions and their tenant, health checks, and what asyncpg asks once per connection to learn the types.
_ASIDE = re.compile(r"BEGIN|COMMIT|ROLLBACK|SELECT set_config|SELECT 1$|SELECT current_setting|WITH RECURSIVE typeinfo")


@dataclass
class Statements:
    """The statements of each subgraph, in their order."""

    of: dict[str, list[str]] = field(default_factory=dict)

    @property
    def counts(self) -> dict[str, int]:
        """How many there were."""
        return {subgraph: len(statements) for subgraph, statements in self.of.items()}


class StatementLog:
    """Reads a server that logs every statement."""

    def __init__(self, path: Path, subgraphs: list[str]) -> None:
        self._path, self._subgraphs = path, subgraphs

    @contextmanager
    def counted(self) -> Iterator[Statements]:
        """What the subgraphs' requests execute meanwhile; the logins of their background work do not count."""
        begin = self._path.stat().st_size
        statements = Statements()
        yield statements
        with self._path.open("rb") as log:
            log.seek(begin)
            records = _RECORD.findall(log.read().decode(errors="replace"))
        for subgraph in self._subgraphs:
            own = [_uniform(text) for login, text in records if login == f"lyceum_{subgraph}"]
            statements.of[subgraph] = [text for text in own if not _ASIDE.match(text)]

    async def settled(self) -> None:
        """Returns once half a second has passed without a statement: events are applied by the requests' logins."""
        async with asyncio.timeout(60):
            while True:
                with self.counted() as statements:
                    await asyncio.sleep(0.5)
                if not any(statements.of.values()):
                    return


def _uniform(statement: str) -> str:
    """The same text however many ids were asked for."""
    return re.sub(r"IN \((?:\$\d+[^()]*|(?:\(\$[^()]*\)(?:, )?)+)\)", "IN (…)", " ".join(statement.split()))


@asynccontextmanager
async def logged_statements(database: str, log: Path, subgraphs: list[str]) -> Any:
    """Makes the running server log every statement for a while."""
    connection = await asyncpg.connect(database)
    try:
        await connection.execute("ALTER SYSTEM SET log_statement = 'all'")
        await connection.execute("ALTER SYSTEM SET log_line_prefix = '@%u@ '")
        await connection.execute("SELECT pg_reload_conf()")
        for _ in range(100):
            if await connection.fetchval("SHOW log_statement") == "all":
                break
            await asyncio.sleep(0.05)
        yield StatementLog(log, subgraphs)
    finally:
        await connection.execute("ALTER SYSTEM RESET ALL")
        await connection.execute("SELECT pg_reload_conf()")
        await connection.close()
