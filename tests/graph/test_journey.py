"""The first journey: from an empty tenant to people who see each other, all of it through one endpoint."""

import time
from collections.abc import Callable

import pytest
from gql import Client, gql
from gql.transport.aiohttp import AIOHTTPTransport

from tests.graph.clients import PRESENCE, Graph, bearer, codes_of, shows
from tests.graph.school import School
from tests.graph.stack import Stack

CLASS_LIST = """
query($id: ID!) {
  course(id: $id) {
    title
    organization { name slug }
    enrollments(first: 50) { totalCount edges { node { status user { displayName email } } } }
  }
}
"""
OWN_VIEW = """
query($id: ID!) {
  viewer { user { displayName email enrollments { totalCount edges { node { course { id title } } } } } }
  course(id: $id) { status viewerEnrollment { status progress } modules { title } presence { count } }
  courses { totalCount edges { node { slug } } }
  organizations { totalCount }
}
"""


async def test_a_class_comes_together(graph: Graph, school: School) -> None:
    teacher, first, second = await school.add("TEACHER"), await school.add(), await school.add()
    async with Client(
        transport=AIOHTTPTransport(graph.url, headers=bearer(teacher.token)), fetch_schema_from_transport=True
    ) as session:
        create = gql("""
            mutation { createCourse(input: {title: "Tide tables", slug: "tide-tables", modules: [{title: "Moon"}]}) {
              __typename ... on Course { id status }
            } }
        """)
        course = (await session.execute(create))["createCourse"]
        assert course["status"] == "DRAFT"
        assert (await school.enroll(course["id"], token=first.token))["__typename"] == "NotFound", "a draft is hidden"
        publish = gql("mutation($id: ID!) { publishCourse(id: $id) { ... on Course { status } } }")
        publish.variable_values = {"id": course["id"]}
        assert (await session.execute(publish))["publishCourse"] == {"status": "PUBLISHED"}
    for student in (first, second):
        enrolled = await school.enroll(course["id"], token=student.token)
        assert enrolled["user"] == {"id": student.id, "displayName": student.name}

    read = (await graph.ask(CLASS_LIST, teacher.token, id=course["id"])).data["course"]
    people = [edge["node"]["user"] for edge in read["enrollments"]["edges"]]
    assert people == [{"displayName": person.name, "email": person.email} for person in (first, second)]
    assert read["organization"] == {"name": f"School {school.slug}", "slug": school.slug}

    own = (await graph.ask(OWN_VIEW, first.token, id=course["id"])).data
    assert own["viewer"]["user"]["displayName"] == first.name
    assert own["viewer"]["user"]["email"] == first.email
    assert own["viewer"]["user"]["enrollments"]["edges"] == [
        {"node": {"course": {"id": course["id"], "title": "Tide tables"}}}
    ]
    assert own["course"]["viewerEnrollment"] == {"status": "ACTIVE", "progress": 0.0}
    assert own["course"]["modules"] == [{"title": "Moon"}]
    assert own["course"]["presence"] == {"count": 0}
    assert "tide-tables" in [edge["node"]["slug"] for edge in own["courses"]["edges"]]
    assert own["organizations"]["totalCount"] == 1
    others = await graph.ask(CLASS_LIST, first.token, id=course["id"])
    assert others.codes == ["FORBIDDEN"]
    assert others.partial["course"]["enrollments"] is None
    assert others.partial["course"]["title"] == "Tide tables"


async def test_people_see_each_other_come_and_go(
    graph: Graph, school: School, record_property: Callable[[str, object], None]
) -> None:
    watcher, other = await school.add(name="Ana Watcher"), await school.add(name="Bruno Other")
    course = await school.course()
    names = {watcher.id: watcher.name, other.id: other.name}
    async with graph.watch(PRESENCE, watcher.token, courseId=course["id"]) as seen:
        await seen.until(shows(watcher.id))
        began = time.monotonic()
        async with graph.watch_sse(PRESENCE, other.token, courseId=course["id"]) as by_sse:
            joined = await seen.until(shows(watcher.id, other.id), 2, began) - began
            mutual = await by_sse.until(shows(watcher.id, other.id), 2, began) - began
            counted = await graph.ask(
                "query($id: ID!) { course(id: $id) { presence { count } } }", watcher.token, id=course["id"]
            )
            assert counted.data["course"]["presence"]["count"] == 2
            for event in (seen.last, by_sse.last):
                present = event["data"]["coursePresence"]
                assert {user["id"]: user["displayName"] for user in present["users"]} == names
                assert present["course"] == {"id": course["id"], "title": course["title"]}
                assert present["count"] == 2
            began = time.monotonic()
        left = await seen.until(shows(watcher.id), 2, began) - began
        came = time.monotonic()
        async with graph.watch(PRESENCE, other.token, courseId=course["id"]):
            over_websocket = await seen.until(shows(watcher.id, other.id), 2, came) - came
            closed = time.monotonic()
        gone = await seen.until(shows(watcher.id), 2, closed) - closed
    seconds = {"joined": joined, "mutual": mutual, "left": left, "joined by ws": over_websocket, "left by ws": gone}
    record_property("presence", {name: round(value, 3) for name, value in seconds.items()})
    assert all(value < 1.0 for value in seconds.values()), seconds


async def test_one_person_with_two_windows_counts_once(graph: Graph, school: School) -> None:
    watcher, other = await school.add(), await school.add()
    course = await school.course()
    async with graph.watch(PRESENCE, watcher.token, courseId=course["id"]) as seen:
        async with graph.watch(PRESENCE, other.token, courseId=course["id"]) as first_window:
            await seen.until(shows(watcher.id, other.id))
            async with graph.watch_sse(PRESENCE, other.token, courseId=course["id"]) as second_window:
                await second_window.until(shows(watcher.id, other.id))
                assert second_window.last["data"]["coursePresence"]["count"] == 2
            still_there = await graph.ask(
                "query($id: ID!) { course(id: $id) { presence { count } } }", watcher.token, id=course["id"]
            )
            assert still_there.data["course"]["presence"]["count"] == 2
            await first_window.until(shows(watcher.id, other.id))
            closed = time.monotonic()
        await seen.until(shows(watcher.id), 5, closed)


@pytest.mark.parametrize("way", ["watch", "watch_sse"])
async def test_logging_out_closes_what_is_open(graph: Graph, school: School, way: str) -> None:
    person, other = await school.add(), await school.add()
    course = await school.course()
    async with (
        graph.watch(PRESENCE, other.token, courseId=course["id"]) as of_other,
        getattr(graph, way)(PRESENCE, person.token, courseId=course["id"]) as feed,
    ):
        for each in (feed, of_other):
            await each.until(shows(other.id, person.id))
        began = time.monotonic()
        assert (await graph.ask("mutation { logout }", person.token)).data == {"logout": True}
        assert codes_of(await feed.end(within=5)) == ["UNAUTHENTICATED"]
        await of_other.until(shows(other.id), 5, began)
    refused = await graph.ask("{ courses { totalCount } }", person.token)
    assert refused.codes == ["UNAUTHENTICATED"]
    renewed = await graph.ask(
        "mutation($t: String!) { refreshSession(refreshToken: $t) { __typename } }", t=person.refresh_token
    )
    assert renewed.data["refreshSession"]["__typename"] == "SessionExpired"


async def test_the_logs_hold_no_secret(stack: Stack, graph: Graph, school: School) -> None:
    person = await school.add()
    await graph.login(person.email, "a wrong password, 7c1e0a")
    logs = "".join(path.read_text(errors="replace") for path in (stack.home / "logs").iterdir()) + stack.output
    for secret in (person.token, person.refresh_token, "a wrong password, 7c1e0a"):
        assert secret not in logs
