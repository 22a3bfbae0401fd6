"""A client in a process of its own, which a test freezes or kills: `python -m tests.graph.lost_client WAY …`."""

import asyncio
import sys

from tests.graph.clients import PRESENCE, Graph


async def main(way: str, url: str, websocket: str, token: str, course: str) -> None:
    """Watches the course until the end of this process, and says so on standard output."""
    graph = Graph(url, websocket)
    watch = graph.watch if way == "websocket" else graph.watch_sse
    async with watch(PRESENCE, token, courseId=course) as feed:
        await feed.until(lambda event: event["data"] is not None)
        print("present", flush=True)
        await asyncio.sleep(600)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
