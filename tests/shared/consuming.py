"""A consumer in a process of its own, which events may end: `python -m tests.shared.consuming DATABASE REDIS AWAY`.

It takes what `Happened` tells in catalog and replays what is parked there. While the file AWAY exists, so does not what
handlers of the number 503 need.
"""

import asyncio
import os
import signal
import sys
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncSession

from shared.consumer import Consumer
from shared.errors import Unavailable
from shared.events import Handler
from shared.parking import Replays
from shared.postgres import Database
from shared.redis import connect
from shared.telemetry import set_up_logs
from tests.shared.conftest import settings_for
from tests.shared.wire import Happened, apply

DEADLY, NEEDY, SLOW = 666, 503, 2000
CODE = 9


@dataclass
class Consuming:
    """Such processes, one after the other, from outside."""

    database: str
    redis: str
    folder: Path
    process: asyncio.subprocess.Process | None = field(default=None, init=False)

    @property
    def away(self) -> Path:
        """While it exists, an engine is away."""
        return self.folder / "away"

    @property
    def log(self) -> str:
        """What they have logged."""
        return (self.folder / "log").read_text()

    async def start(self) -> asyncio.subprocess.Process:
        """Starts one."""
        with (self.folder / "log").open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", __name__, self.database, self.redis, str(self.away), stdout=log, stderr=log
            )
        return self.process

    async def end(self, signal_number: int = signal.SIGKILL) -> None:
        """Ends it, as a crash would unless told otherwise."""
        if self.process and self.process.returncode is None:
            self.process.send_signal(signal_number)
            await self.process.wait()


async def main(database_url: str, redis_url: str, away: str) -> None:
    """Consumes until it is ended."""

    async def handle(session: AsyncSession, event: Happened) -> None:
        await apply(session, event)
        if event.number == DEADLY:
            os._exit(CODE)
        if event.number == SLOW:
            await asyncio.sleep(1)
        if event.number == NEEDY and Path(away).exists():
            raise Unavailable

    set_up_logs("catalog", "console")
    database = Database("catalog", settings_for("catalog", database_url, redis_url))
    handlers = [Handler("identity", Happened, handle)]
    consumer = Consumer("identity", database, connect(SecretStr(redis_url)), handlers)
    await asyncio.gather(consumer.run(), Replays(database, handlers).run())


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
