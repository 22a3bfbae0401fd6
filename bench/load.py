"""Closed-loop clients in a process of their own: each sends its next request when the last one is answered.

Run by `bench.graph`: it reads a line of JSON per measurement (`requests`, `clients`, `seconds`) and writes one back,
with what each request took in milliseconds and the first answers that were not good.
"""

import asyncio
import itertools
import json
import sys
import time
from typing import Any

import aiohttp


async def measured(session: aiohttp.ClientSession, asked: dict[str, Any]) -> dict[str, Any]:
    """Sends the requests in turns, from so many clients, for so many seconds."""
    turns, taken, bad = itertools.cycle(asked["requests"]), [], []
    began = time.perf_counter()

    async def client() -> None:
        while time.perf_counter() - began < asked["seconds"]:
            request = next(turns)
            sent = time.perf_counter()
            async with session.post(request["url"], data=request["body"], headers=request["headers"]) as answer:
                body = await answer.read()
            taken.append(1000 * (time.perf_counter() - sent))
            if answer.status != 200 or b'"errors"' in body:
                bad.append(f"{answer.status} {body[:300]!r}")

    await asyncio.gather(*(client() for _ in range(asked["clients"])))
    return {"taken": taken, "seconds": time.perf_counter() - began, "bad": bad[:3]}


async def main() -> None:
    """Serves measurements until the input ends."""
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as session:
        while line := await asyncio.to_thread(sys.stdin.readline):
            print(json.dumps(await measured(session, json.loads(line))), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
