"""Guessing passwords: five are looked at, and the account says nothing of whether it exists."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from subgraphs.identity import passwords
from subgraphs.identity.services.attempts import account_of
from tests.conftest import Subgraph
from tests.identity.conftest import LOGIN, PASSWORD, WRONG, School, login, rows, unique

ADVANCE = """
UPDATE sign_in_attempt SET locked_until = locked_until - CAST(:passed AS interval), updated_at = updated_at - :passed
WHERE account = :account
"""


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The passwords that are really checked meanwhile, by the real verifier."""
    seen: list[str] = []
    verify = passwords._verify

    def counted(stored: str, password: str) -> bool:
        seen.append(password)
        return verify(stored, password)

    monkeypatch.setattr(passwords, "_verify", counted)
    return seen


async def pass_time(identity: Subgraph, email: str, time: timedelta) -> None:
    """Lets this much time pass for an account."""
    await rows(identity, ADVANCE, account=account_of(email), passed=time)


async def guess(identity: Subgraph, email: str, times: int) -> list[str]:
    """What wrong guesses, one after the other, are answered."""
    return [(await login(identity, email, f"{WRONG} {number}"))["__typename"] for number in range(times)]


def seconds_until(answer: dict[str, Any]) -> float:
    """How long an account stays locked."""
    return (datetime.fromisoformat(answer["lockedUntil"]) - datetime.now(UTC)).total_seconds()


async def test_after_five_wrong_ones_even_the_right_password_is_refused(
    identity: Subgraph, school: School, checks: list[str]
) -> None:
    assert await guess(identity, school.student.email, 5) == ["InvalidCredentials"] * 5
    answer = await login(identity, school.student.email)
    assert (answer["__typename"], answer["code"]) == ("AccountLocked", "ACCOUNT_LOCKED")
    assert 25 < seconds_until(answer) <= 30
    assert len(checks) == 5
    assert PASSWORD not in checks
    assert await rows(identity, "SELECT id FROM session WHERE user_id = :id", id=school.student.uuid) == []


async def test_the_lock_is_of_one_account(identity: Subgraph, school: School) -> None:
    await guess(identity, school.student.email, 6)
    assert (await login(identity, school.teacher.email))["__typename"] == "Tokens"


@pytest.mark.parametrize("spelling", [str.upper, " {} ".format])
async def test_another_spelling_of_the_address_is_the_same_account(
    identity: Subgraph, school: School, spelling: Any, checks: list[str]
) -> None:
    await guess(identity, school.student.email, 3)
    await guess(identity, spelling(school.student.email), 3)
    assert len(checks) == 5


async def test_the_lock_doubles_up_to_a_quarter_of_an_hour(identity: Subgraph, school: School) -> None:
    email = school.student.email
    for expected in (30, 60, 120, 240, 480, 900, 900):
        assert await guess(identity, email, 5) == ["InvalidCredentials"] * 5
        answer = await login(identity, email)
        assert expected - 5 < seconds_until(answer) <= expected
        await pass_time(identity, email, timedelta(seconds=expected))
    assert (await login(identity, email))["__typename"] == "Tokens"


async def test_asking_while_locked_does_not_lengthen_the_lock(identity: Subgraph, school: School) -> None:
    await guess(identity, school.student.email, 5)
    first = await login(identity, school.student.email)
    for _ in range(7):
        assert (await login(identity, school.student.email))["lockedUntil"] == first["lockedUntil"]


async def test_success_forgives(identity: Subgraph, school: School) -> None:
    email = school.student.email
    await guess(identity, email, 4)
    assert (await login(identity, email))["__typename"] == "Tokens"
    assert await guess(identity, email, 4) == ["InvalidCredentials"] * 4
    assert (await login(identity, email))["__typename"] == "Tokens"
    assert (
        await rows(identity, "SELECT 1 FROM sign_in_attempt WHERE account = :account", account=account_of(email)) == []
    )


async def test_success_forgives_earlier_locks_too(identity: Subgraph, school: School) -> None:
    email = school.student.email
    await guess(identity, email, 5)
    await pass_time(identity, email, timedelta(seconds=31))
    assert (await login(identity, email))["__typename"] == "Tokens"
    await guess(identity, email, 5)
    assert seconds_until(await login(identity, email)) <= 30


async def test_the_right_password_for_the_wrong_organization_is_no_guess(identity: Subgraph, school: School) -> None:
    for _ in range(6):
        answer = await login(identity, school.student.email, slug=unique())
        assert answer["__typename"] == "InvalidInput"
    assert (await login(identity, school.student.email))["__typename"] == "Tokens"


async def test_twelve_quiet_hours_forgive(identity: Subgraph, school: School) -> None:
    email = school.student.email
    await guess(identity, email, 5)
    await pass_time(identity, email, timedelta(hours=12, minutes=1))
    assert await guess(identity, email, 5) == ["InvalidCredentials"] * 5
    assert seconds_until(await login(identity, email)) <= 30


async def test_an_address_without_an_account_locks_alike(identity: Subgraph, checks: list[str]) -> None:
    email = f"{unique('nobody')}@people.example"
    assert await guess(identity, email, 5) == ["InvalidCredentials"] * 5
    answer = await login(identity, email)
    assert answer["__typename"] == "AccountLocked"
    assert 25 < seconds_until(answer) <= 30
    assert len(checks) == 5  # as costly as an account that exists


async def test_of_two_hundred_guesses_at_once_five_are_looked_at(
    identity: Subgraph, school: School, checks: list[str]
) -> None:
    guesses = [login(identity, school.student.email, f"{WRONG} {number}") for number in range(199)]
    answers = await asyncio.gather(*guesses, login(identity, school.student.email))
    kinds = [answer["__typename"] for answer in answers]
    assert len(checks) == 5
    assert kinds.count("AccountLocked") >= 195
    assert (await login(identity, school.student.email))["__typename"] == "AccountLocked"
    assert len(checks) == 5


ALIASES = " ".join(f'a{n}: login(input: {{email: "EMAIL", password: "{n}"}}) {{ __typename }}' for n in range(200))
REGISTER = 'register(input: {email: "x@y.example", password: "p", displayName: "d", organizationSlug: "s"})'


@pytest.mark.parametrize(
    "document",
    [
        f"mutation {{ {ALIASES} }}",
        "mutation { ...A ...B }"
        ' fragment A on Mutation { a: login(input: {email: "EMAIL", password: "1"}) { __typename } }'
        ' fragment B on Mutation { b: login(input: {email: "EMAIL", password: "2"}) { __typename } }',
        "mutation { ...A }"
        ' fragment A on Mutation { a: login(input: {email: "EMAIL", password: "1"}) { __typename } ...B }'
        ' fragment B on Mutation { ... on Mutation { b: login(input: {email: "EMAIL", password: "2"}) { __typename } }'
        " }",
        'mutation { login(input: {email: "EMAIL", password: "1"}) { __typename } ' + REGISTER + " { __typename } }",
        'mutation { login(input: {email: "EMAIL", password: "1"}) { __typename }'
        ' refreshSession(refreshToken: "rt_x") { __typename } }',
        'mutation { login(input: {email: "EMAIL", password: "1"}) { __typename } changePassword('
        'input: {currentPassword: "1", newPassword: "2"}) { __typename } }',
        'mutation { a: login(input: {email: "EMAIL", password: "1"}) @skip(if: false) { __typename }'
        ' ... @include(if: true) { b: login(input: {email: "EMAIL", password: "2"}) { __typename } } }',
    ],
    ids=["aliases", "fragments", "nested fragments", "login+register", "login+refresh", "login+change", "directives"],
)
async def test_a_document_with_several_attempts_is_not_executed(
    identity: Subgraph, school: School, checks: list[str], document: str
) -> None:
    answer = await identity.ask(document.replace("EMAIL", school.student.email), school.student.viewer)
    assert set(answer.codes) == {"TOO_MANY_CREDENTIALS"}
    assert answer.body.get("data") is None
    assert checks == []
    account = account_of(school.student.email)
    assert await rows(identity, "SELECT 1 FROM sign_in_attempt WHERE account = :account", account=account) == []


async def test_a_batch_of_operations_is_refused(identity: Subgraph, school: School, checks: list[str]) -> None:
    input = {"email": school.student.email, "password": WRONG}
    batch = [{"query": LOGIN, "variables": {"input": input}}] * 50
    headers = {"x-lyceum-router": identity.platform.settings.router_secret.get_secret_value()}
    response = await identity.client.post("/graphql", json=batch, headers=headers)
    assert response.status_code == 400
    assert checks == []


async def test_a_fragment_that_doubles_and_doubles_costs_nothing(identity: Subgraph) -> None:
    doubling = " ".join(f"fragment F{n} on Mutation {{ ...F{n + 1} ...F{n + 1} }}" for n in range(60))
    document = f"mutation {{ ...F0 }} {doubling} fragment F60 on Mutation {{ __typename }}"
    async with asyncio.timeout(5):
        answer = await identity.ask(document)
    assert answer.data == {"__typename": "Mutation"}


async def test_fragments_in_a_circle_are_refused(identity: Subgraph) -> None:
    document = "mutation { ...A } fragment A on Mutation { ...B } fragment B on Mutation { ...A }"
    answer = await identity.ask(document)
    assert "Cannot spread fragment" in answer.body["errors"][0]["message"]
