"""How much one operation may ask for: each limit at its last good value and one beyond it, wherever it is hidden."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from graphql import OperationDefinitionNode, parse, print_ast

from tests.graph.clients import PRESENCE, Graph, codes_of
from tests.graph.school import School

CONTRACT = Path(__file__).parent / "contract" / "operations.graphql"
README = Path(__file__).parents[2] / "README.md"
TOO_LARGE = "QUERY_TOO_LARGE"
MAXIMUM = 20_000
TOO_MANY = "TOO_MANY_CREDENTIALS"


def aliases(number: int) -> str:
    """A selection of a query with so many aliases."""
    return " ".join(f"a{index}: __typename" for index in range(number))


def guesses(number: int, email: str = "nobody@lyceum.example") -> str:
    """A selection of a mutation that tries so many passwords."""
    return " ".join(
        f'a{index}: login(input: {{email: "{email}", password: "guess {index}"}}) {{ __typename }}'
        for index in range(number)
    )


def fields(number: int) -> str:
    """A query of so many fields, of which a fragment repeats a hundred."""
    spread = " ".join("...Hundred" for _ in range(number // 100))
    hundred = f"fragment Hundred on Query {{ viewer {{ {'scopes ' * 99} }} }}"
    return f"{{ {spread} }} {hundred}"


def in_fragments(selection: str, on: str = "Query") -> str:
    """The same selection, three fragments deep."""
    return f"{{ ...A }} fragment A on {on} {{ ...B }} fragment B on {on} {{ ... on {on} {{ {selection} }} }}"


LIMITS: list[tuple[str, int, Callable[[int], str]]] = [
    ("aliases", 15, lambda number: f"{{ {aliases(number)} }}"),
    ("aliases", 15, lambda number: in_fragments(aliases(number))),
    ("aliases", 14, lambda number: f"{{ {'...A ' * (number // 7)} }} fragment A on Query {{ {aliases(7)} }}"),
    ("directives", 9, lambda number: f"{{ {'__typename @include(if: true) ' * number} }}"),
    ("directives", 9, lambda number: in_fragments("__typename @skip(if: false) " * number)),
    ("root fields", 20, lambda number: f"{{ {'__typename ' * number} }}"),
    ("root fields", 20, lambda number: in_fragments("__typename " * number)),
    ("fields", 1_000, fields),
]
STEP = {14: 7, 1_000: 100}


@pytest.mark.parametrize(("what", "limit", "query"), LIMITS, ids=lambda value: value if isinstance(value, str) else "")
async def test_an_operation_is_taken_at_its_limit_and_refused_beyond(
    graph: Graph, what: str, limit: int, query: Callable[[int], str]
) -> None:
    assert (await graph.ask(query(limit))).data is not None
    refused = await graph.ask(query(limit + STEP.get(limit, 1)))
    assert refused.codes == [TOO_LARGE]
    assert what in refused.body["errors"][0]["message"]
    assert refused.partial is None


async def test_fragments_that_double_one_another_take_no_time(graph: Graph) -> None:
    """2^80 fields in 650 tokens: taking them apart one by one would occupy the router for ever."""
    doubling = " ".join(f"fragment F{index} on Query {{ ...F{index + 1} ...F{index + 1} }}" for index in range(80))
    for last in ("viewer { scopes }", "courses(first: $first) { edges { node { id } } }", aliases(1), guesses(1)):
        if "login" in last:
            query = (
                f"mutation {{ ...F0 }} {doubling.replace('Query', 'Mutation')} fragment F80 on Mutation {{ {last} }}"
            )
        else:
            operation = "query($first: Int)" if "$" in last else ""
            query = f"{operation} {{ ...F0 }} {doubling} fragment F80 on Query {{ {last} }}"
        answer = await graph.ask(query)
        assert answer.codes == [TOO_MANY if "login" in last else TOO_LARGE]
        assert answer.seconds < 2


@pytest.mark.parametrize(
    "hide", [lambda text: f"mutation {{ {text} }}", lambda t: "mutation " + in_fragments(t, "Mutation")]
)
@pytest.mark.parametrize("number", [2, 10])
async def test_one_operation_tries_one_password(
    graph: Graph, school: School, hide: Callable[[str], str], number: int
) -> None:
    person = await school.add()
    for _ in range(3):
        answer = await graph.ask(hide(guesses(number, person.email)))
        assert answer.codes == [TOO_MANY]
        assert "once" in answer.body["errors"][0]["message"]
    assert (await graph.login(person.email))["__typename"] == "Tokens", "a refused guess was counted"


async def test_two_hundred_aliases_of_login_are_refused_before_any(graph: Graph, school: School) -> None:
    person = await school.add()
    answer = await graph.ask(f"mutation {{ {guesses(200, person.email)} }}")
    assert answer.codes == [TOO_LARGE]
    assert answer.partial is None
    assert (await graph.login(person.email))["__typename"] == "Tokens"


@pytest.mark.parametrize(
    "query",
    [
        'mutation { a: login(input: {email: "a@b.example", password: "x"}) { __typename } '
        'b: refreshSession(refreshToken: "x") { __typename } }',
        '{ a: verifyCredential(code: "A") { valid } b: verifyCredential(code: "B") { valid } }',
    ],
)
async def test_other_tries_are_counted_together_with_it(graph: Graph, query: str) -> None:
    assert (await graph.ask(query)).codes == [TOO_MANY]


HIDDEN = """
{ ...Q } fragment Q on Query { courses(first: SIZE) { ...C } } fragment C on CourseConnection { edges { ...E } }
fragment E on CourseEdge { node { id } }
"""
COSTS: list[tuple[str, dict[str, Any], int]] = [
    ("{ __typename }", {}, 0),
    ("{ viewer { user { id } } }", {}, 2),
    ("{ courses { totalCount pageInfo { hasNextPage } } }", {}, 1),
    ("{ courses { edges { node { id } } } }", {}, 1 + 10),
    ("{ courses(first: 7) { edges { node { id organization { id } } } } }", {}, 1 + 7 * 2),
    ("query($n: Int) { courses(first: $n) { edges { node { id } } } }", {}, 1 + 10),
    ("query($n: Int) { courses(first: $n) { edges { node { id } } } }", {"n": 30}, 1 + 30),
    ("query($n: Int = 20) { courses(first: $n) { edges { node { id } } } }", {}, 1 + 20),
    ("query($n: Int = 20) { courses(first: $n) { edges { node { id } } } }", {"n": None}, 1 + 10),
    ("{ courses { edges { node { modules { id } } } } }", {}, 1 + 10 * (1 + 5)),
    ('{ semanticSearch(query: "x") { item { id } } }', {}, 5 * (1 + 1)),
    ('mutation { publishCourse(id: "x") { ... on Course { organization { id } } } }', {}, 10 + 1),
    (HIDDEN.replace("SIZE", "10"), {}, 1 + 10),
]


@pytest.mark.parametrize(("query", "variables", "cost"), COSTS)
async def test_every_answer_says_what_it_costs(
    graph: Graph, school: School, query: str, variables: dict[str, Any], cost: int
) -> None:
    answer = await graph.ask(query, school.teacher.token, **variables)
    assert answer.body["extensions"]["cost"] == {"requested": cost, "maximum": MAXIMUM}


WIDE = "{ courses(first: 100) { edges { node { enrollments(first: SIZE) { edges { node { user { id } } } } } } } }"
WIDE_IN_FRAGMENTS = """
{ courses(first: 100) { ...C } } fragment C on CourseConnection { edges { node { ...D } } }
fragment D on Course { enrollments(first: SIZE) { edges { node { user { id } } } } }
"""


@pytest.mark.parametrize(
    "wide",
    [WIDE, WIDE_IN_FRAGMENTS, f"query($size: Int = SIZE) {WIDE.replace('SIZE', '$size')}"],
    ids=["plain", "in fragments", "in a variable"],
)
async def test_an_operation_that_costs_too_much_is_refused_before_it_runs(
    graph: Graph, school: School, wide: str
) -> None:
    taken = await graph.ask(wide.replace("SIZE", "99"), school.teacher.token)
    assert taken.data
    assert taken.body["extensions"]["cost"] == {"requested": 1 + 100 * (1 + 99 * 2), "maximum": MAXIMUM}
    refused = await graph.ask(wide.replace("SIZE", "100"), school.teacher.token)
    assert refused.body["extensions"]["cost"] == {"requested": 1 + 100 * (1 + 100 * 2), "maximum": MAXIMUM}
    assert refused.codes == [TOO_LARGE]
    assert refused.partial is None


def contract() -> dict[str, str]:
    """The contract's operations by name."""
    document = parse(CONTRACT.read_text())
    found = (node for node in document.definitions if isinstance(node, OperationDefinitionNode))
    return {node.name.value: print_ast(node) for node in found if node.name}


@pytest.mark.parametrize("name", [name for name, text in contract().items() if "subscription" not in text])
async def test_what_clients_really_send_is_far_below_the_limits(graph: Graph, school: School, name: str) -> None:
    names = re.findall(r"\$(\w+): (?:ID|String)!", contract()[name])
    answer = await graph.ask(contract()[name], school.teacher.token, **dict.fromkeys(names, "unknown"))
    assert TOO_LARGE not in answer.codes
    if "extensions" in answer.body:
        assert answer.body["extensions"]["cost"]["requested"] < MAXIMUM / 5


async def test_the_first_query_of_the_readme_is_within_the_limits(graph: Graph, school: School) -> None:
    [query] = re.findall(r"```graphql\n(\{.*?\n\})\n```", README.read_text(), re.DOTALL)
    assert (await graph.ask(query, school.teacher.token)).data


async def test_a_refusal_on_a_socket_leaves_the_others_alone(graph: Graph, school: School) -> None:
    course = await school.course()
    people = "users(first: 100) { enrollments(first: 100) { edges { node { course { id } } } } }"
    wide = f'subscription {{ coursePresence(courseId: "{course["id"]}") {{ {people} }} }}'
    codes = '{ verifyCredential(code: "A") { valid } b: verifyCredential(code: "B") { valid } }'
    async with graph.frames() as socket:
        await socket.init(school.teacher.token)
        await socket.subscribe(PRESENCE, id="good", courseId=course["id"])
        assert (await socket.receive())["type"] == "next"
        for number, (query, code) in enumerate(
            ((wide, TOO_LARGE), (f"{{ {aliases(16)} }}", TOO_LARGE), (codes, TOO_MANY))
        ):
            await socket.subscribe(query, id=f"bad {number}")
            refused = await socket.receive()
            assert refused["id"] == f"bad {number}"
            errors = refused["payload"] if refused["type"] == "error" else refused["payload"]["errors"]
            assert codes_of({"errors": errors}) == [code]
            if refused["type"] == "next":
                assert (await socket.receive())["type"] == "complete"
        await socket.subscribe("{ viewer { scopes } }", id="still open")
        assert (await socket.receive())["payload"]["data"]["viewer"]["scopes"]
