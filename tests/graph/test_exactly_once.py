"""Any one process is killed again and again while people learn: everything that was acknowledged counts once."""

import asyncio
import itertools
from dataclasses import dataclass
from typing import Any

import asyncpg
import httpx
import pytest

from shared import ids
from tests.graph.clients import Graph
from tests.graph.fleet import Fleet
from tests.graph.school import Person, School

pytestmark = pytest.mark.xdist_group("faults")

ITEMS, STUDENTS, NEWS, KILLS = 11, 5, 4, 3
"""Per victim: 50 completions and 4 publications, so 250 and 20 in all, under 15 kills."""

VICTIMS = ("identity", "catalog", "content", "assessment", "redis")
SOON = 20.0

CREATE = """
mutation($input: CreateContentItemInput!, $key: String) {
  createContentItem(input: $input, idempotencyKey: $key) { ... on ContentItem { id } ... on Error { code } }
}
"""
PUBLISH = "mutation($id: ID!) { publishContentItem(id: $id) { ... on ContentItem { id } ... on Error { code } } }"
COMPLETE = """
mutation($id: ID!) { completeContentItem(id: $id) { ... on Completion { item { id } } ... on Error { code } } }
"""
READ = """
query($course: ID!, $word: String!) {
  course(id: $course) {
    viewerEnrollment { progress status }
    modules { items(first: 100) { totalCount edges { node { id text viewerCompletedAt } } } }
  }
  search(query: $word, filter: {courseId: $course}, first: 100) { totalCount edges { node { id } } }
}
"""
COUNTS = """
SELECT (SELECT count(*) FROM content.completion c JOIN content.item i ON i.id = c.item_id WHERE i.course_id = $1),
       (SELECT count(*) FROM content.outbox WHERE type = 'item.completed' AND data->>'courseId' = $1::text),
       (SELECT count(*) FROM catalog.item_completion WHERE course_id = $1),
       (SELECT count(*) FROM catalog.outbox WHERE type = 'enrollment.completed' AND data->>'courseId' = $1::text)
"""


@pytest.fixture(scope="module")
async def school(fleet: Fleet) -> School:
    """A tenant in it."""
    return await School.open(fleet.graph)


@dataclass(frozen=True)
class Lesson:
    """A course with its items, and who is in it."""

    course_id: str
    module_id: str
    items: list[str]
    students: list[Person]


async def insisting(graph: Graph, query: str, token: str, **variables: Any) -> Any:
    """Sends an operation until it is acknowledged: a client that does not know whether it was heard asks again."""
    async with asyncio.timeout(SOON):
        while True:
            try:
                answer = await graph.ask(query, token, **variables)
            except httpx.HTTPError:
                answer = None
            if answer and answer.status == 200 and "errors" not in answer.body:
                [made] = answer.body["data"].values()
                if made.get("code") is None:
                    return made
            await asyncio.sleep(0.1)


async def added(graph: Graph, token: str, module_id: str, name: str) -> str:
    """The id of a new, published item."""
    input = {"moduleId": module_id, "type": "TEXT", "title": f"Item {name}", "text": f"A quokka, {name}, in the text."}
    made = await insisting(graph, CREATE, token, input=input, key=f"{module_id} {name}")
    await insisting(graph, PUBLISH, token, id=made["id"])
    return str(made["id"])


async def lesson(school: School) -> Lesson:
    """A course with eleven items and five students."""
    graph, token = school.graph, school.teacher.token
    course = await school.course(modules=[{"title": "Quokkas"}])
    modules = "query($id: ID!) { course(id: $id) { modules { id } } }"
    module_id = (await graph.ask(modules, token, id=course["id"])).data["course"]["modules"][0]["id"]
    items = await asyncio.gather(*(added(graph, token, module_id, str(number)) for number in range(ITEMS)))
    students = [await school.add() for _ in range(STUDENTS)]
    for student in students:
        assert (await school.enroll(course["id"], student.id))["__typename"] == "Enrollment"
    return Lesson(course["id"], module_id, list(items), students)


async def learn(school: School, lesson: Lesson) -> list[str]:
    """Everybody completes all but the last item while the teacher adds more; returns what was not completed."""
    graph = school.graph

    async def study(student: Person) -> None:
        for item in lesson.items[:-1]:
            await insisting(graph, COMPLETE, student.token, id=item)
            await asyncio.sleep(0.15)

    async def teach() -> list[str]:
        made = []
        for number in range(NEWS):
            made.append(await added(graph, school.teacher.token, lesson.module_id, f"new {number}"))
            await asyncio.sleep(0.5)
        return made

    _, new = await asyncio.gather(asyncio.gather(*map(study, lesson.students)), teach())
    return [lesson.items[-1], *new]


async def keep_killing(fleet: Fleet, victim: str) -> None:
    """Kills the victim, lets it be dead for a moment, and again."""
    for pause in itertools.islice(itertools.cycle((0.2, 0.5, 0.8)), KILLS):
        await asyncio.sleep(pause)
        await fleet.crash(victim)
        await asyncio.sleep(0.2)
        await fleet.revive(victim)


def shown(answer: Any) -> tuple[Any, int, int, int, int]:
    """Progress, how many items there are, how many have a text and are completed, and how many are found."""
    [module] = answer["course"]["modules"]
    nodes = [edge["node"] for edge in module["items"]["edges"]]
    return (
        answer["course"]["viewerEnrollment"]["progress"],
        module["items"]["totalCount"],
        sum("quokka" in (node["text"] or "") for node in nodes),
        sum(node["viewerCompletedAt"] is not None for node in nodes),
        answer["search"]["totalCount"],
    )


async def settled(graph: Graph, lesson: Lesson, student: Person, expected: tuple[Any, ...]) -> None:
    """Waits until a student sees what is expected."""
    found: Any = None
    for _ in range(int(SOON * 5)):
        answer = await graph.ask(READ, student.token, course=lesson.course_id, word="quokka")
        if answer.status == 200 and "errors" not in answer.body:
            found = shown(answer.data)
            if found == expected:
                return
        await asyncio.sleep(0.2)
    assert found == expected


async def counts(fleet: Fleet, course_id: str) -> tuple[int, ...]:
    """What is stored, whoever may see it: completions, their events, catalog's completions, completed enrolments."""
    connection = await asyncpg.connect(fleet.engines.addresses.database)
    try:
        return tuple(await connection.fetchrow(COUNTS, ids.decode("course", course_id)))
    finally:
        await connection.close()


@pytest.mark.parametrize("victim", VICTIMS)
async def test_what_was_acknowledged_counts_exactly_once(fleet: Fleet, school: School, victim: str) -> None:
    taught = await lesson(school)
    left, _ = await asyncio.gather(learn(school, taught), keep_killing(fleet, victim))
    completed, total = ITEMS - 1, ITEMS + NEWS
    for student in taught.students:
        await settled(fleet.graph, taught, student, (completed / total, total, total, completed, total))
    everything = STUDENTS * completed
    assert await counts(fleet, taught.course_id) == (everything, everything, everything, 0)
    for student in taught.students:
        for item in left:
            await insisting(fleet.graph, COMPLETE, student.token, id=item)
        await settled(fleet.graph, taught, student, (1.0, total, total, total, total))
    everything = STUDENTS * total
    assert await counts(fleet, taught.course_id) == (everything, everything, everything, STUDENTS)
