"""Attacks on the running graph that no other test makes, and where the others are.

guesses by alias, in fragments, over a socket   test_limits.py     a batch of operations            test_requests.py
guesses in parallel                             identity/test_lockout.py, here through the router
depth, breadth, cost, directives                test_limits.py, test_requests.py, and here at run time
large variables and comments                    test_requests.py   introspection, suggestions       test_browsers.py
`_service`, `_entities`, the router's secret    test_requests.py, shared/test_http.py
nested authorization, foreign ids               test_refusals.py, test_tenants.py
forged headers and tokens                       test_tokens.py     CSRF by GET, form, text          test_requests.py
a socket of another origin                      test_browsers.py   breaches of the protocol         test_requests.py
floods, a client that never reads               test_floods.py, test_lost_clients.py
a subscription that outlives its token          test_streams.py    two operations without a name    test_requests.py
what errors tell                                test_requests.py   fields that nobody may set       test_refusals.py
caches of two tenants                           identity/test_cache.py, and here
X
"""

import asyncio
import base64
from collections import Counter

import pytest

from tests.graph.clients import LOGIN, Graph
from tests.graph.school import School

COURSES = "query($after: String) { courses(after: $after) { edges { cursor node { id } } } }"


async def test_of_many_guesses_at_once_five_are_tried(graph: Graph, school: School) -> None:
    """After five the address is locked, and the right password is refused like a wrong one."""
    person = await school.add()
    guess = {"email": person.email, "password": "not the password"}
    answers = await asyncio.gather(*(graph.ask(LOGIN, input=guess) for _ in range(60)))
    kinds = Counter(answer.data["login"]["__typename"] for answer in answers)
    assert sum(kinds.values()) == 60
    assert "Tokens" not in kinds
    locked = await graph.login(person.email)
    assert locked["__typename"] != "Tokens"


async def test_lists_inside_lists_end_at_the_budget_of_rows(graph: Graph, school: School) -> None:
    """What an estimate lets through (plain lists count as 10) is counted again while it runs."""
    modules = [{"title": f"Module {number}"} for number in range(40)]
    course = await school.course(modules=modules)
    query = f'{{ course(id: "{course["id"]}") {{ {"modules { course { " * 3} id {"} } " * 3} }} }}'
    answer = await graph.ask(query, school.teacher.token)
    assert answer.body["extensions"]["cost"]["requested"] < 3_000
    assert answer.seconds < 10
    assert set(answer.codes) == {"QUERY_TOO_LARGE"}


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "AA",
        "course_01h455vb4pex5vsknk084sn02q",
        base64.b64encode(b"' OR 1=1 --").decode(),
        base64.b64encode(b'{"$gt": ""}').decode(),
        base64.urlsafe_b64encode(bytes(range(16))).decode(),  # padded
        "\x00" * 22,
        "é" * 22,
    ],
)
async def test_a_forged_cursor_is_refused(graph: Graph, school: School, cursor: str) -> None:
    assert (await graph.ask(COURSES, school.teacher.token, after=cursor)).codes == ["BAD_USER_INPUT"]


async def test_a_cursor_of_another_tenant_shows_ones_own_only(graph: Graph) -> None:
    school = await School.open(graph)
    own = (await school.course())["id"]
    foreign = (await graph.ask(COURSES, await graph.token("teacher@demo.example"))).data["courses"]["edges"]
    assert foreign
    for edge in foreign:
        answer = await graph.ask(COURSES, school.teacher.token, after=edge["cursor"])
        shown = {edge["node"]["id"] for edge in answer.data["courses"]["edges"]}
        assert shown <= {own}


async def test_equal_requests_of_two_tenants_at_once_are_never_answered_alike(graph: Graph, school: School) -> None:
    course = await school.course()
    other = await graph.token("teacher@demo.example")
    query = "{ viewer { organization { id } } courses(first: 100) { edges { node { id } } } }"
    answers = await asyncio.gather(*(graph.ask(query, (school.teacher.token, other)[n % 2]) for n in range(40)))
    ours, theirs = answers[::2], answers[1::2]
    assert len({str(answer.data) for answer in ours}) == 1
    assert len({str(answer.data) for answer in theirs}) == 1
    assert course["id"] in str(ours[0].data)
    assert course["id"] not in str(theirs[0].data)


@pytest.mark.parametrize(
    "variables",
    [
        {"text": {"$gt": ""}},
        {"text": ["star"]},
        {"text": "star", "__proto__": {"admin": True}},
        {"text": "* OR title:secret"},
        {"text": "%' OR 1=1 --"},
    ],
)
async def test_operators_of_engines_are_text_or_refused(
    graph: Graph, school: School, variables: dict[str, object]
) -> None:
    query = "query($text: String) { courses(filter: {text: $text}) { totalCount } }"
    answer = await graph.ask(query, school.teacher.token, **variables)
    if isinstance(variables["text"], str) and "star" not in variables["text"]:
        assert answer.data == {"courses": {"totalCount": 0}}
    else:
        assert not set(answer.codes) - {"BAD_USER_INPUT"}


async def test_extensions_that_a_client_sends_change_nothing(graph: Graph, school: School) -> None:
    student = await school.add()
    body = {
        "query": "{ viewer { user { id } scopes } }",
        "extensions": {"jwt": {"payload": {"sub": school.admin.id}}, "headers": {"x-lyceum-router": "guess"}},
    }
    assert (await graph.send(body, student.token)).data["viewer"]["user"]["id"] == student.id
    assert (await graph.send(body)).data == {"viewer": None}
