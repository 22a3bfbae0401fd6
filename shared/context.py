"""What a resolver may use: the viewer, a session for that viewer, loaders, and the process's engines."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import Executable
from sqlalchemy.ext.asyncio import AsyncSession

from shared.auth import ANONYMOUS, TokenVerifier, Viewer
from shared.cache import Cache
from shared.loaders import Loaders
from shared.postgres import Database, Origin
from shared.reading import Reads
from shared.settings import Settings

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from shared.documents import Store
    from shared.live import Live
    from shared.revocations import Revocations


@dataclass(frozen=True, slots=True, eq=False)
class Platform:
    """The engines of one subgraph process, made once at start: itself, and equal to no other."""

    subgraph: str
    settings: Settings
    database: Database
    redis: Redis
    cache: Cache
    documents: Store
    live: Live
    tokens: TokenVerifier
    revocations: Revocations
    resources: AsyncExitStack = field(default_factory=AsyncExitStack)
    """What else is closed when the process ends."""


@dataclass(slots=True)
class Context:
    """One request; over a WebSocket, one connection of the router, which carries the operations of one viewer."""

    platform: Platform
    viewer: Viewer = ANONYMOUS
    origin: Origin = field(default_factory=Origin)
    connection_params: dict[str, Any] | None = None
    load: Loaders = field(init=False)
    _reads: Reads | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self.renew()

    def renew(self) -> None:
        """Forgets what was loaded; each event of a subscription reads the world anew."""
        self.load = Loaders(self)

    async def read(self, statement: Executable, **parameters: Any) -> Sequence[Any]:
        """The rows of a statement, as the viewer may see them; they count against the request's budget."""
        if self._reads is None or self._reads.viewer is not self.viewer:  # somebody has signed in meanwhile
            self._reads = self.platform.database.reads(self.viewer)
        rows = await self._reads.rows(statement, parameters)
        self.load.spend(len(rows))
        return rows

    def session(self) -> AbstractAsyncContextManager[AsyncSession]:
        """One transaction that sees what the viewer may see."""
        return self.platform.database.begin(self.viewer, self.origin)

    def system(self) -> AbstractAsyncContextManager[AsyncSession]:
        """One transaction across tenants; only signing in and the like needs it."""
        return self.platform.database.system(self.viewer, self.origin)
