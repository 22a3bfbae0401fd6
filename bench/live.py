"""How long from a cause to its subscriber, and what an idle subscription costs: `make bench-live`.

Learners subscribe to the progress of a badge through the router, one socket each, and complete items at a steady rate.
A delay is the time from sending a completion to the event that shows it: through the router, content's outbox, Redis,
credentials' transaction, Redis again, and the router's socket. Clients, engines and services share this machine.
"""

import argparse
import asyncio
import itertools
import json
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import websockets

from shared.stack.console import Reporter
from tests.graph.clients import PROTOCOL, Graph
from tests.graph.school import ADD_MEMBER, School
from tests.graph.stack import Stack
from tests.graph.tokens import Mint

CREATE_ITEM = (
    "mutation($input: CreateContentItemInput!) { createContentItem(input: $input) { ...on ContentItem { id } } }"
)
PUBLISH_ITEM = "mutation($id: ID!) { publishContentItem(id: $id) { ... on ContentItem { id } } }"
COMPLETE = "mutation($id: ID!) { completeContentItem(id: $id) { __typename } }"
CREATE_BADGE = "mutation($input: CreateBadgeInput!) { createBadge(input: $input) { ... on Badge { id } } }"
WATCH = "subscription($badgeId: ID!) { badgeProgress(badgeId: $badgeId) { ratio } }"

TITLES = {
    "live": "from a completion to the event that shows it",
    "processor": "CPU time for each completion",
    "idle": "subscriptions without events",
}
AT_ONCE = 20
PATIENCE = 10.0  # seconds to wait for an event before it counts as lost


@dataclass
class Learner:
    """Somebody with a socket, and the times at which events came."""

    id: str
    token: str
    socket: websockets.ClientConnection | None = None
    events: asyncio.Queue[tuple[float, dict[str, Any]]] = field(default_factory=asyncio.Queue)
    reader: asyncio.Task[None] | None = None

    async def open(self, url: str) -> None:
        """Signs in on a socket of the learner's own."""
        self.socket = await websockets.connect(url, subprotocols=[websockets.Subprotocol(PROTOCOL)], open_timeout=60)
        await self.send(type="connection_init", payload={"authorization": f"Bearer {self.token}"})
        self.reader = asyncio.create_task(self._read(self.socket))

    async def send(self, **message: Any) -> None:
        """One frame."""
        assert self.socket
        await self.socket.send(json.dumps(message))

    async def subscribe(self, badge_id: str, number: int = 0) -> None:
        """Starts a subscription and waits for its first event."""
        payload = {"query": WATCH, "variables": {"badgeId": badge_id}}
        await self.send(type="subscribe", id=str(number), payload=payload)
        await asyncio.wait_for(self.events.get(), 60)

    async def _read(self, socket: websockets.ClientConnection) -> None:
        async for frame in socket:
            message = json.loads(frame)
            if message["type"] == "next":
                self.events.put_nowait((time.monotonic(), message["payload"]))
            elif message["type"] == "ping":
                await self.send(type="pong")
            elif message["type"] in ("error", "complete"):
                raise RuntimeError(f"a subscription ended: {message}")


@dataclass(frozen=True)
class Course:
    """What learners complete, and the badge that counts it."""

    id: str
    items: Sequence[str]
    badge_id: str


async def course_of(school: School, items: int) -> Course:
    """An open course with so many items, and a badge for all of them."""
    graph, token = school.graph, school.teacher.token
    made = await school.course(modules=[{"title": "All of it"}])
    query = "query($id: ID!) { course(id: $id) { modules { id } } }"
    module = (await graph.ask(query, token, id=made["id"])).data["course"]["modules"][0]["id"]
    ids = []
    for number in range(items):
        input = {"moduleId": module, "type": "TEXT", "title": f"Item {number}", "text": "Something to read."}
        ids.append((await graph.ask(CREATE_ITEM, token, input=input)).data["createContentItem"]["id"])
        assert (await graph.ask(PUBLISH_ITEM, token, id=ids[-1])).data
    criterion = {"kind": "COMPLETE_ITEMS", "targetId": made["id"], "threshold": items}
    badge = {"name": "Reader", "description": "Read it all.", "courseId": made["id"], "criteria": [criterion]}
    while not (new := (await graph.ask(CREATE_BADGE, token, input=badge)).data["createBadge"]):
        await asyncio.sleep(0.5)  # until credentials knows the items
    return Course(made["id"], ids, new["id"])


async def learners_of(school: School, mint: Mint, course: Course, count: int) -> list[Learner]:
    """Members in the course. They get tokens signed with the stack's key: passwords would take 27 ms of CPU each."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(number: int) -> Learner:
        input = {"email": f"l{number}@{school.slug}.example", "displayName": f"Learner {number}", "role": "STUDENT"}
        async with gate:
            made = (await school.graph.ask(ADD_MEMBER, school.admin.token, input=input)).data["addMember"]
            id = made["user"]["id"]
            while (await school.enroll(course.id, id))["__typename"] != "Enrollment":
                await asyncio.sleep(0.1)  # until catalog knows the member
        return Learner(id, mint.token(id, school.id, seconds=3600))

    return list(await asyncio.gather(*map(one, range(count))))


async def in_parts(coroutines: Sequence[Any]) -> None:
    """Awaits them, a few at once."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(coroutine: Any) -> None:
        async with gate:
            await coroutine

    await asyncio.gather(*map(one, coroutines))


async def delay_of(graph: Graph, learner: Learner, item: str) -> float | None:
    """The seconds from sending a completion to the event that shows it; None when it did not come."""
    began = time.monotonic()
    answer = await graph.ask(COMPLETE, learner.token, id=item)
    assert answer.data["completeContentItem"]["__typename"] == "Completion", answer.body
    try:
        came, _ = await asyncio.wait_for(learner.events.get(), PATIENCE)
    except TimeoutError:
        return None
    return came - began


async def delays(graph: Graph, learners: Sequence[Learner], items: Sequence[str], rate: float) -> list[float | None]:
    """Everybody completes every one of these items, at this many completions a second in all."""
    started, tasks = time.monotonic(), []
    for number, (item, learner) in enumerate(itertools.product(items, learners)):
        await asyncio.sleep(max(0.0, started + number / rate - time.monotonic()))
        tasks.append(asyncio.create_task(delay_of(graph, learner, item)))
    return list(await asyncio.gather(*tasks))


def summary(found: Sequence[float | None]) -> dict[str, Any]:
    """The delays in milliseconds."""
    came = sorted(1000 * value for value in found if value is not None)
    at = {name: came[min(len(came) - 1, int(len(came) * part))] for name, part in (("p50", 0.5), ("p99", 0.99))}
    return {
        "events": len(found),
        "lost": found.count(None),
        **{f"{name} ms": round(value) for name, value in at.items()},
        "max ms": round(came[-1]),
    }


def processor_seconds(stack: Stack) -> dict[str, float]:
    """CPU seconds used so far, by part; PostgreSQL's are those of all its processes, ended ones included."""
    return {name: _family_seconds(psutil.Process(pid)) for name, pid in stack.pids.items() if name != "lyceum"}


def _family_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    ended = times.children_user + times.children_system
    return times.user + times.system + ended + sum(map(_family_seconds, process.children()))


def memory(stack: Stack) -> dict[str, float]:
    """Resident MB of the router and of credentials."""
    return {name: psutil.Process(stack.pids[name]).memory_info().rss / 2**20 for name in ("router", "credentials")}


async def idle(stack: Stack, learners: Sequence[Learner], badges: Sequence[str], total: int) -> dict[str, Any]:
    """Opens subscriptions up to a total, each learner having as many, and says what they cost."""
    before = memory(stack)
    each = max(1, total // len(learners) - 1)
    for number in range(1, each + 1):
        await in_parts([learner.subscribe(badges[number % len(badges)], number) for learner in learners])
    await asyncio.sleep(10)
    ended = sum(learner.reader is None or learner.reader.done() for learner in learners)
    added, after = each * len(learners), memory(stack)
    grown = {f"{name} KB each": round(1024 * (after[name] - before[name]) / added, 1) for name in before}
    return {"subscriptions": added + len(learners), "sockets ended": ended, **grown} | {
        f"{name} MB": round(value) for name, value in after.items()
    }


async def measured(stack: Stack, options: argparse.Namespace, reporter: Reporter) -> dict[str, Any]:
    """Both measurements on a running stack."""
    graph = Graph(stack.urls["graphql"], stack.urls["websocket"])
    with reporter.step("a course and its learners"):
        school = await School.open(graph)
        rounds = max(1, round(options.rate * options.seconds / options.learners))
        course = await course_of(school, max(rounds, options.items))
        others = [(await course_of(school, 1)).badge_id for _ in range(9)]
        learners = await learners_of(school, Mint(stack.home), course, options.learners)
    with reporter.step("subscribe"):
        await in_parts([learner.open(stack.urls["websocket"]) for learner in learners])
        await in_parts([learner.subscribe(course.badge_id) for learner in learners])
    with reporter.step(f"{options.rate} completions a second"):
        before = processor_seconds(stack)
        live = summary(await delays(graph, learners, course.items[:rounds], options.rate))
        used = {name: seconds - before[name] for name, seconds in processor_seconds(stack).items()}
    spent = {f"{name} ms": round(1000 * seconds / live["events"], 1) for name, seconds in used.items()}
    with reporter.step(f"{options.idle} idle subscriptions"):
        resting = await idle(stack, learners, [course.badge_id, *others], options.idle)
    for learner in learners:
        assert learner.socket
        assert learner.reader
        learner.reader.cancel()
        learner.socket.transport.abort()
    await graph.http.aclose()
    spent["all ms"] = round(sum(spent.values()), 1)
    return {"subscribers": len(learners), "live": live, "processor": spent, "idle": resting}


def main() -> None:
    """Starts a stack of its own, measures, and prints a table or JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--learners", type=int, default=500)
    parser.add_argument("--rate", type=float, default=50, help="completions a second, of all learners")
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument(
        "--items", type=int, default=10, help="in the course; with 1 or 2 most completions earn a badge"
    )
    parser.add_argument("--idle", type=int, default=5_000, help="subscriptions to hold open at the end")
    parser.add_argument("--json", action="store_true", help="print JSON only")
    options = parser.parse_args()
    reporter = Reporter(quiet=options.json)
    with tempfile.TemporaryDirectory() as home:
        with reporter.step("start"):
            stack = Stack(Path(home))
        try:
            found = asyncio.run(measured(stack, options, reporter))
        finally:
            stack.stop()
    if options.json:
        print(json.dumps(found))
    else:
        for name, title in TITLES.items():
            reporter.table(list(found[name]), [[str(value) for value in found[name].values()]])
            reporter.say(f"↑ {title}, {found['subscribers']} subscribers\n")


if __name__ == "__main__":
    main()
