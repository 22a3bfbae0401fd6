"""Signing in through the router: counted attempts, locks, and refresh tokens that work once."""

import asyncio
from collections import Counter
from typing import Any

import pytest

from tests.graph.clients import LOGIN, PASSWORD, Graph
from tests.graph.school import School

REFRESH = """
mutation($token: String!) {
  refreshSession(refreshToken: $token) { __typename ... on Tokens { accessToken refreshToken } ... on Error { code } }
}
"""


async def refresh(graph: Graph, token: str) -> dict[str, Any]:
    """What refreshing answers."""
    return (await graph.ask(REFRESH, token=token)).data["refreshSession"]


async def test_the_sixth_try_is_refused_even_with_the_right_password(graph: Graph, school: School) -> None:
    person = await school.add()
    for _ in range(5):
        answer = await graph.login(person.email, "wrong password")
        assert answer["__typename"] == "InvalidCredentials"
        assert answer["code"] == "INVALID_CREDENTIALS"
    locked = await graph.login(person.email)
    assert locked["__typename"] == "AccountLocked"
    assert locked["code"] == "ACCOUNT_LOCKED"
    assert locked["lockedUntil"]
    assert (await graph.ask("{ viewer { scopes } }", person.token)).data["viewer"], "who was in stays in"


async def test_an_unknown_account_answers_like_a_known_one(graph: Graph, school: School) -> None:
    person = await school.add()
    known = [await graph.login(person.email, "wrong password") for _ in range(6)]
    unknown = [await graph.login("nobody@nowhere.example", "wrong password") for _ in range(6)]
    for answer in known + unknown:
        answer.pop("lockedUntil", None)
    assert known == unknown


@pytest.mark.parametrize("number", [2, 50, 200])
async def test_guesses_in_one_request_are_refused_whole(graph: Graph, school: School, number: int) -> None:
    person = await school.add()
    guesses = [
        f'a{i}: login(input: {{email: "{person.email}", password: "guess {i}"}}) {{ __typename }}'
        for i in range(number)
    ]
    answer = await graph.ask(f"mutation {{ {' '.join(guesses)} }}")
    assert answer.body["errors"]
    assert not any((answer.partial or {}).values())
    parts = " ".join(f"fragment F{part} on Mutation {{ {guesses[part]} }}" for part in (0, 1))
    fragments = f"mutation {{ ...F0 ...F1 }} {parts}"
    assert (await graph.ask(fragments)).codes == ["TOO_MANY_CREDENTIALS"]
    guesses[-1] = f'b: login(input: {{email: "{person.email}", password: "{PASSWORD}"}}) {{ __typename }}'
    assert not any(((await graph.ask(f"mutation {{ {' '.join(guesses)} }}")).partial or {}).values())
    assert (await graph.login(person.email))["__typename"] == "Tokens", "no attempt was counted"


async def test_two_hundred_guesses_at_once_are_five(graph: Graph, school: School) -> None:
    person = await school.add()
    answers = await asyncio.gather(*(graph.login(person.email, f"guess {number}") for number in range(200)))
    assert Counter(answer["__typename"] for answer in answers) == {"InvalidCredentials": 5, "AccountLocked": 195}


async def test_a_right_password_forgives_the_wrong_ones(graph: Graph, school: School) -> None:
    person = await school.add()
    for _ in range(2):
        for _ in range(4):
            assert (await graph.login(person.email, "wrong password"))["__typename"] == "InvalidCredentials"
        assert (await graph.login(person.email))["__typename"] == "Tokens"


async def test_a_refresh_token_works_once_and_its_second_use_ends_the_family(graph: Graph, school: School) -> None:
    person = await school.add()
    second = await refresh(graph, person.refresh_token)
    assert second["__typename"] == "Tokens"
    third = await refresh(graph, second["refreshToken"])
    assert (await graph.ask("{ viewer { scopes } }", third["accessToken"])).data["viewer"]
    assert await refresh(graph, person.refresh_token) == {"__typename": "SessionExpired", "code": "SESSION_EXPIRED"}
    assert (await refresh(graph, third["refreshToken"]))["__typename"] == "SessionExpired"
    for token in (person.token, second["accessToken"], third["accessToken"]):
        assert (await graph.ask("{ courses { totalCount } }", token)).codes == ["UNAUTHENTICATED"]
    assert (await graph.login(person.email))["__typename"] == "Tokens", "the person may sign in again"


async def test_of_twenty_refreshes_at_once_one_wins_at_most(graph: Graph, school: School) -> None:
    person = await school.add()
    answers = await asyncio.gather(*(refresh(graph, person.refresh_token) for _ in range(20)))
    assert sum(answer["__typename"] == "Tokens" for answer in answers) <= 1


@pytest.mark.parametrize("token", ["", "rt_", "nonsense", "rt_" + "a" * 43, "\x00", "\ud800", "a" * 10_000])
async def test_a_made_up_refresh_token_is_an_expired_session(graph: Graph, token: str) -> None:
    assert (await refresh(graph, token))["__typename"] == "SessionExpired"


@pytest.mark.parametrize(
    ("email", "password"),
    [("", ""), ("a" * 300, "x"), ("\x00@x.example", "x"), ("x@x.example", "p" * 2000), ("\ud800@x.example", "\ud800")],
)
async def test_odd_credentials_are_wrong_or_invalid(graph: Graph, email: str, password: str) -> None:
    answer = await graph.ask(LOGIN, input={"email": email, "password": password})
    if answer.partial:
        assert answer.data["login"]["__typename"] in ("InvalidCredentials", "InvalidInput")
    else:
        assert answer.codes in (["BAD_USER_INPUT"], ["BAD_REQUEST"])


async def test_one_can_only_act_where_one_belongs(graph: Graph, school: School) -> None:
    answer = await graph.login(school.teacher.email, slug="demo")
    assert answer["__typename"] == "InvalidInput"
    assert answer["fields"][0]["path"] == ["input", "organizationSlug"]
    assert answer == await graph.login(school.teacher.email, slug="no-such-school")
