"""The number of SQL statements of an operation does not depend on how many rows it returns, in any subgraph."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import redis.asyncio
from graphql import OperationDefinitionNode, parse, print_ast

from tests.graph.clients import PRESENCE, Graph, shows
from tests.graph.school import School
from tests.graph.stack import Stack
from tests.graph.statements import StatementLog, Statements, logged_statements

COURSES, PEOPLE, AT_ONCE = 50, 8, 8
MANY = 45  # of the courses; everything about more of them would cost more than the router allows

ISSUE = """
query($first: Int!) {
  courses(first: $first) {
    edges { node { organization { name } enrollments(first: 5) { edges { node { user { displayName } } } } } }
  }
}
"""
WHOLE = """
query($first: Int!) {
  courses(first: $first) {
    totalCount
    edges { node {
      title
      organization { name branches { edges { node { city } } } }
      modules { title course { slug } items { totalCount edges { node { title viewerCompletedAt } } } }
      viewerEnrollment { status user { displayName } }
      presence { count users(first: 5) { displayName } }
      assessments { edges { node { title viewerAttempts { id } } } }
      badges { edges { node { name criteria { kind } viewerProgress { ratio criteria { met } award { code } } } } }
      enrollments(first: 5) {
        totalCount
        edges { node {
          progress grade badgeProgress { ratio badge { name } }
          user { displayName email memberships { role branch { name } organization { slug } } }
        } }
      }
    } }
  }
}
"""
DASHBOARD = """
query($first: Int!) {
  viewer { user { id displayName
    enrollments(first: $first) {
      totalCount
      edges { node {
        id status progress grade
        course { id title organization { name } presence { count } badges(first: 3) { edges { node { id name } } } }
        badgeProgress { ratio badge { id name } criteria { met value } }
      } }
    }
    awards(first: 5) { edges { node { id issuedAt status verificationUrl badge { name } } } }
    recommendations(first: 3) { score item { id title course { title } } }
  } }
}
"""
ALIKE = """
query($id: ID!) {
  course(id: $id) {
    modules { items(first: 50) { edges { node { title similar(first: 3) { score item { title } } } } } }
  }
}
"""
OWN = """
query($first: Int!) {
  viewer { user {
    enrollments(first: $first) { edges { node { course { title modules { title } } } } }
    recommendations(first: $first) { score item { title } }
  } }
}
"""


@pytest.fixture(scope="module")
async def library(graph: Graph) -> School:
    """Fifty courses with eight people in each."""
    library = await School.open(graph)
    people = [await library.add() for _ in range(PEOPLE - 1)]
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(number: int) -> None:
        async with gate:
            modules = [{"title": f"Part {part}"} for part in range(1, 4)]
            course = await library.course(f"volume-{number:02}", modules=modules)
            for person in (*people, library.admin):
                assert (await library.enroll(course["id"], person.id))["__typename"] == "Enrollment"

    await asyncio.gather(*map(one, range(COURSES)))
    return library


OPERATIONS = {
    definition.name.value: print_ast(definition)
    for definition in parse((Path(__file__).parent / "contract" / "operations.graphql").read_text()).definitions
    if isinstance(definition, OperationDefinitionNode) and definition.name
}


async def furnished(library: School, modules: int, items: int, people: int) -> str:
    """The id of a course with so many modules, items in each, a quiz, a badge and people who have done something."""
    graph, token = library.graph, library.teacher.token
    course = await library.course(modules=[{"title": f"Part {number}"} for number in range(modules)])
    found = (await graph.ask("query($id: ID!) { course(id: $id) { modules { id } } }", token, id=course["id"])).data
    made = []
    for module in found["course"]["modules"]:
        for number in range(items):
            input = {"moduleId": module["id"], "type": "TEXT", "title": f"Item {number}", "text": "Read this."}
            item = (await graph.ask(OPERATIONS["CreateContentItem"], token, input=input)).data["createContentItem"]
            assert (await graph.ask(OPERATIONS["PublishContentItem"], token, id=item["id"])).data
            made.append(item["id"])
    question = {"kind": "TRUE_FALSE", "prompt": "Is it so?", "answer": True}
    quiz = {"courseId": course["id"], "title": "Quiz", "questions": [question]}
    assert (await graph.ask(OPERATIONS["CreateAssessment"], token, input=quiz)).data["createAssessment"]["id"]
    criterion = {"kind": "COMPLETE_ITEMS", "targetId": course["id"], "threshold": 1}
    badge = {"name": "Badge", "description": "One item.", "courseId": course["id"], "criteria": [criterion]}
    assert (await graph.ask(OPERATIONS["CreateBadge"], token, input=badge)).data["createBadge"]["id"]
    for _ in range(people):
        person = await library.add()
        while (await library.enroll(course["id"], person.id))["__typename"] != "Enrollment":
            await asyncio.sleep(0.1)  # until catalog knows the member
        assert (await graph.ask(OPERATIONS["CompleteContentItem"], person.token, id=made[0])).data
    return str(course["id"])


async def test_pages_of_the_contract_take_as_many_statements_for_much_as_for_little(
    graph: Graph, stack: Stack, log: StatementLog, library: School, record_property: Callable[[str, object], None]
) -> None:
    little, much = await furnished(library, 1, 1, 1), await furnished(library, 6, 4, 8)
    await log.settled()
    token = library.admin.token
    for name, document, variable in (
        ("CoursePage", OPERATIONS["CoursePage"], "id"),
        ("Gradebook", OPERATIONS["Gradebook"], "courseId"),
        ("similar items", ALIKE, "id"),
    ):
        few = await measured(graph, log, stack, token, document, **{variable: little})
        many = await measured(graph, log, stack, token, document, **{variable: much})
        record_property(name, many.counts)
        for subgraph, statements in many.of.items():
            assert Counter(statements) == Counter(few.of[subgraph]), (name, subgraph)
            assert len(statements) == len(set(statements)), f"{name}: {subgraph} asked the same more than once"


@pytest.fixture(scope="module")
async def log(stack: Stack) -> AsyncIterator[StatementLog]:
    """The statements that the server sees."""
    path = stack.home / "logs" / "postgres.log"
    async with logged_statements(stack.urls["database"], path, list(stack.urls["subgraphs"])) as log:
        yield log


async def measured(
    graph: Graph, log: StatementLog, stack: Stack, token: str, query: str, **variables: Any
) -> Statements:
    """The statements of one request that finds nothing in the cache and every statement prepared."""
    cache = redis.asyncio.from_url(stack.urls["redis"])
    assert (await graph.ask(query, token, **variables)).data
    async for key in cache.scan_iter():
        if b":presence:" not in key and await cache.type(key) == b"string":
            await cache.delete(key)
    await cache.aclose()
    with log.counted() as statements:
        answer = await graph.ask(query, token, **variables)
    assert answer.data
    return statements


@pytest.mark.parametrize(
    ("name", "query", "asked"),
    [
        ("of the issue", ISSUE, {"identity", "catalog"}),
        ("of everything", WHOLE, {"identity", "catalog", "content", "assessment", "credentials"}),
        ("of the dashboard", DASHBOARD, {"identity", "catalog", "assessment", "credentials", "ai"}),
        ("of one's own", OWN, {"identity", "catalog", "ai"}),
    ],
)
async def test_statements_do_not_grow_with_the_rows(
    graph: Graph,
    stack: Stack,
    log: StatementLog,
    library: School,
    name: str,
    query: str,
    asked: set[str],
    record_property: Callable[[str, object], None],
) -> None:
    admin = library.admin.token
    courses = (await graph.ask("{ courses(first: 100) { edges { node { id } } } }", admin)).data["courses"]["edges"]
    first_course = courses[0]["node"]["id"]
    async with graph.watch(PRESENCE, admin, courseId=first_course) as feed:
        await feed.until(shows(library.admin.id))
        await asyncio.sleep(0.6)  # until the events of joining are over, which read as well
        few = await measured(graph, log, stack, admin, query, first=2)
        many = await measured(graph, log, stack, admin, query, first=MANY)
    record_property(name, many.counts)
    for subgraph, statements in many.of.items():
        assert Counter(statements) == Counter(few.of[subgraph]), subgraph
    assert {subgraph for subgraph, count in many.counts.items() if count} == asked
    for subgraph, statements in many.of.items():
        twice = [statement for statement, count in Counter(statements).items() if count > 1]
        assert not twice, f"{subgraph} asked the same more than once"


async def test_the_rows_were_all_there(graph: Graph, library: School) -> None:
    found = (await graph.ask(ISSUE, library.admin.token, first=COURSES)).data["courses"]["edges"]
    assert len(found) == COURSES
    for edge in found:
        people = [inner["node"]["user"]["displayName"] for inner in edge["node"]["enrollments"]["edges"]]
        assert len(set(people)) == 5
