"""What a big job costs everybody else: `make bench-certificates`.

A light load of queries goes through the router, at first alone and then while a job issues and prints certificates (or
with `--awards` gives awards). The job should not double the 95th percentile. Who has completed the course is written
straight into credentials' tables: ten thousand people through the graph would take longer than all that is measured.
Clients, engines and services share this machine.
"""

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg

from shared import ids
from shared.auth import Role
from shared.stack.console import Reporter
from tests.graph.clients import Graph
from tests.graph.school import School
from tests.graph.stack import Stack
from tests.graph.tokens import Mint

TEMPLATE = """
mutation($input: CreateCertificateTemplateInput!) {
  made: createCertificateTemplate(input: $input) { ... on CertificateTemplate { id } }
}
"""
BADGE = "mutation($input: CreateBadgeInput!) { made: createBadge(input: $input) { ... on Badge { id } } }"
CERTIFICATES = (
    "mutation($input: IssueCertificatesInput!) { made: issueCertificates(input: $input) { ... on Job { id } } }"
)
AWARDS = "mutation($input: IssueAwardsInput!) { made: issueAwards(input: $input) { ... on Job { id } } }"
JOB = "query($id: ID!) { job(id: $id) { status total done failed } }"
LOAD = """
query($id: ID!) {
  viewer { user { displayName } }
  course(id: $id) { title modules { title } badges { edges { node { name viewerProgress { ratio } } } } }
  courses(first: 5) { edges { node { title } } }
}
"""

PEOPLE = """
INSERT INTO credentials.person (organization_id, id, name, email, locale)
SELECT $1, id, 'Learner ' || place, place || '@people.example', 'en'
FROM unnest($2::uuid[]) WITH ORDINALITY p(id, place)
"""
DONE = """
INSERT INTO credentials.evidence
    (organization_id, id, kind, user_id, target_id, subject_id, course_id, value, made_at)
SELECT $1, gen_random_uuid(), 'COMPLETE_COURSE', id, $3, $3, $3, 1, now() FROM unnest($2::uuid[]) p(id)
"""


@dataclass
class Load:
    """Queries at a steady rate, each as long as it takes, and how long they took."""

    graph: Graph
    token: str
    course_id: str
    rate: float
    seconds: list[float] = field(default_factory=list)
    failed: int = 0

    async def run(self, until: asyncio.Event) -> "Load":
        """Asks until the event is set."""
        started, tasks, number = time.monotonic(), [], 0
        while not until.is_set():
            await asyncio.sleep(max(0.0, started + number / self.rate - time.monotonic()))
            tasks.append(asyncio.create_task(self._ask()))
            number += 1
        await asyncio.gather(*tasks)
        return self

    async def _ask(self) -> None:
        began = time.monotonic()
        answer = await self.graph.ask(LOAD, self.token, id=self.course_id)
        self.seconds.append(time.monotonic() - began)
        self.failed += "errors" in answer.body

    def summary(self) -> dict[str, Any]:
        """The times in milliseconds."""
        took = sorted(1000 * value for value in self.seconds)
        at = {name: took[min(len(took) - 1, int(len(took) * part))] for name, part in (("p50", 0.5), ("p95", 0.95))}
        return {"requests": len(took), "failed": self.failed} | {f"{name} ms": round(ms, 1) for name, ms in at.items()}


async def people_of(database: str, school: School, course_id: str, count: int) -> Sequence[UUID]:
    """People whom credentials knows, and who have completed the course there."""
    organization, course = ids.decode("organization", school.id), ids.decode("course", course_id)
    people = [ids.new_id() for _ in range(count)]
    connection = await asyncpg.connect(database)
    try:
        while not await connection.fetchval("SELECT title FROM credentials.course WHERE id = $1", course):
            await asyncio.sleep(0.1)  # until credentials knows the course
        await connection.execute(PEOPLE, organization, people)
        await connection.execute(DONE, organization, people, course)
        await connection.execute("ANALYZE")
    finally:
        await connection.close()
    return people


async def begin(school: School, course_id: str, people: Sequence[UUID], *, awards: bool) -> list[str]:
    """Begins the job, or as many jobs as it takes requests of the size that the router admits; their ids."""
    graph, admin = school.graph, school.admin.token
    if not awards:
        return [(await graph.ask(CERTIFICATES, admin, input={"courseId": course_id})).data["made"]["id"]]
    criterion = {"kind": "COMPLETE_COURSE", "targetId": course_id}
    badge = {"name": "Graduate", "description": "Was there.", "criteria": [criterion]}
    badge_id = (await graph.ask(BADGE, admin, input=badge)).data["made"]["id"]
    begun = []
    for start in range(0, len(people), 5_000):
        user_ids = [ids.encode("user", it) for it in people[start : start + 5_000]]
        input = {"badgeId": badge_id, "userIds": user_ids}
        begun.append((await graph.ask(AWARDS, admin, input=input)).data["made"]["id"])
    return begun


async def finished(school: School, jobs: Sequence[str]) -> dict[str, Any]:
    """What the jobs say at their end, in sum."""
    while True:
        found = [(await school.graph.ask(JOB, school.admin.token, id=job)).data["job"] for job in jobs]
        if all(job["status"] in ("DONE", "FAILED") for job in found):
            break
        await asyncio.sleep(0.5)
    assert {job["status"] for job in found} == {"DONE"}, found
    return {name: sum(job[name] for job in found) for name in ("done", "failed")}


async def measured(stack: Stack, options: argparse.Namespace, reporter: Reporter) -> dict[str, Any]:
    """The load alone, and beside the job."""
    graph = Graph(stack.urls["graphql"], stack.urls["websocket"])
    with reporter.step("a course and those who have completed it"):
        school = await School.open(graph)
        course_id = (await school.course(modules=[{"title": "All of it"}]))["id"]
        people = await people_of(stack.urls["database"], school, course_id, options.people)
        input = {"name": "Usual", "isDefault": True}
        assert (await graph.ask(TEMPLATE, school.admin.token, input=input)).data["made"]["id"]
        token = Mint(stack.home).token(school.teacher.id, school.id, Role.TEACHER, seconds=7_200)
    with reporter.step("warm up"):
        warmed = await loaded(Load(graph, token, course_id, options.rate), 5)
        assert not warmed.failed
    with reporter.step("the load alone"):
        alone = (await loaded(Load(graph, token, course_id, options.rate), options.seconds)).summary()
    with reporter.step(f"the load beside a job of {options.people}"):
        over, began = asyncio.Event(), time.monotonic()
        beside = asyncio.create_task(Load(graph, token, course_id, options.rate).run(over))
        job = await finished(school, await begin(school, course_id, people, awards=options.awards))
        took = time.monotonic() - began
        over.set()
        during = (await beside).summary()
    await graph.http.aclose()
    job |= {"seconds": round(took, 1), "each ms": round(1000 * took / options.people, 1)}
    ratio = {name: round(during[f"{name} ms"] / alone[f"{name} ms"], 2) for name in ("p50", "p95")}
    return {"alone": alone, "beside the job": during, "ratio": ratio, "job": job}


async def loaded(load: Load, seconds: float) -> Load:
    """The load for so long."""
    over = asyncio.Event()
    asyncio.get_running_loop().call_later(seconds, over.set)
    return await load.run(over)


def main() -> None:
    """Starts a stack of its own, measures, and prints a table or JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=10_000, help="at most 10,000")
    parser.add_argument("--awards", action="store_true", help="awards of a badge instead of certificates")
    parser.add_argument("--rate", type=float, default=10, help="queries a second beside the job")
    parser.add_argument("--seconds", type=float, default=30, help="how long the load runs alone")
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
        for name, figures in found.items():
            reporter.table(list(figures), [[str(value) for value in figures.values()]])
            reporter.say(f"↑ {name}\n")


if __name__ == "__main__":
    main()
