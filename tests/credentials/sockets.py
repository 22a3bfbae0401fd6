"""Somebody who watches their way to a badge, over a socket of the subgraph's own."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from shared.auth import Viewer
from tests.catalog.sockets import Watcher, connected, params
from tests.conftest import Subgraph

PROGRESS = """
subscription($id: ID!) {
  badgeProgress(badgeId: $id) {
    ratio updatedAt badge { id name } criteria { met value criterion { kind } } award { id code status } user { id }
  }
}
"""


class ProgressWatcher(Watcher):
    """One subscription, and all it has been told."""

    field = "badgeProgress"

    def __init__(self, session: Any, badge_id: str, document: str = PROGRESS) -> None:
        super().__init__(session, badge_id, document)

    async def reaches(self, ratio: float, within: float = 5) -> dict[str, Any]:
        """The latest state, once it shows this ratio."""
        return await self.shows(lambda state: state["ratio"] == ratio, within)

    async def shows(self, holds: Callable[[dict[str, Any]], bool], within: float = 5) -> dict[str, Any]:
        """The latest state, once this holds of it."""
        return await self._until(lambda: bool(self.states) and holds(self.states[-1]), within)


@asynccontextmanager
async def watching(
    credentials: Subgraph, url: str, who: Viewer | None, badge_id: str
) -> AsyncIterator[ProgressWatcher]:
    """Somebody who watches a badge, over a socket of their own."""
    async with connected(url, params(credentials, who)) as session:
        watcher = ProgressWatcher(session, badge_id)
        try:
            yield watcher
        finally:
            await watcher.close()
