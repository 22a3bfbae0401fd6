"""The number of SQL statements of an operation does not depend on how many rows it returns, in any subgraph."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable

import pytest
import redis.asyncio

from tests.graph.clients import PRESENCE, Graph, shows
from tests.graph.school import School
from tests.graph.stack import Stack
from tests.graph.statements import StatementLog, Statements, logged_statements

COURSES, PEOPLE, AT_ONCE = 50, 8, 8

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
      enrollments(first: 5) {
        totalCount
        edges { node {
          progress grade
          user { displayName email memberships { role branch { name } organization { slug } } }
        } }
      }
    } }
  }
}
"""
OWN = """
query($first: Int!) {
  viewer { user { enrollments(first: $first) { edges { node { course { title modules { title } } } } } } }
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


@pytest.fixture(scope="module")
async def log(stack: Stack) -> AsyncIterator[StatementLog]:
    """The statements that the server sees."""
    path = stack.home / "logs" / "postgres.log"
    async with logged_statements(stack.urls["database"], path, list(stack.urls["subgraphs"])) as log:
        yield log


async def measured(graph: Graph, log: StatementLog, stack: Stack, token: str, query: str, first: int) -> Statements:
    """The statements of one request that finds nothing in the cache and every statement prepared."""
    cache = redis.asyncio.from_url(stack.urls["redis"])
    assert (await graph.ask(query, token, first=first)).data
    async for key in cache.scan_iter():
        if b":presence:" not in key and await cache.type(key) == b"string":
            await cache.delete(key)
    await cache.aclose()
    with log.counted() as statements:
        answer = await graph.ask(query, token, first=first)
    assert answer.data
    return statements


@pytest.mark.parametrize(
    ("name", "query", "asked"),
    [
        ("of the issue", ISSUE, {"identity", "catalog"}),
        ("of everything", WHOLE, {"identity", "catalog", "content", "assessment"}),
        ("of one's own", OWN, {"identity", "catalog"}),
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
        few = await measured(graph, log, stack, admin, query, 2)
        many = await measured(graph, log, stack, admin, query, COURSES)
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
