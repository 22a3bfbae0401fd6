"""Sessions: refreshing them, and ending them so that every process knows."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import jwt
import pytest

from shared import ids
from shared.revocations import Revocations
from tests.conftest import Subgraph
from tests.identity.conftest import (
    PASSWORD,
    REFUSED,
    TOKENS,
    WRONG,
    Person,
    School,
    as_bearer,
    eventually,
    login,
    rows,
)

REFRESH = f"""
mutation($token: String!) {{
  refreshSession(refreshToken: $token) {{ __typename {TOKENS} ... on Error {{ code message }} }}
}}
"""
LOGOUT = "mutation { logout }"
CHANGE = f"""
mutation($input: ChangePasswordInput!) {{
  changePassword(input: $input) {{ __typename ... on User {{ id }} {REFUSED} }}
}}
"""
NEW_PASSWORD = "a new and different password"


async def refresh(identity: Subgraph, token: str) -> dict[str, Any]:
    """The answer to a refresh."""
    return (await identity.ask(REFRESH, token=token)).data["refreshSession"]


async def is_good(identity: Subgraph, tokens: dict[str, Any]) -> bool:
    """Whether an access token is taken; a refused one is told why in the one way there is."""
    answer = await as_bearer(identity, tokens["accessToken"])
    if answer.status == 200:
        return answer.data["viewer"] is not None
    assert (answer.status, answer.codes, answer.body["data"]) == (401, ["UNAUTHENTICATED"], None)
    return False


def session_of(tokens: dict[str, Any]) -> UUID:
    """The session that an access token belongs to."""
    claims = jwt.decode(tokens["accessToken"], options={"verify_signature": False})
    return ids.decode("session", claims["sid"]) or UUID(int=0)


async def ended(identity: Subgraph, tokens: dict[str, Any]) -> str | None:
    """Why a session is over; None while it is not."""
    found = await rows(identity, "SELECT end_reason FROM session WHERE id = :id", id=session_of(tokens))
    return found[0].end_reason


async def test_refreshing_gives_the_next_pair_of_the_same_session(identity: Subgraph, school: School) -> None:
    first = await login(identity, school.student.email)
    second = await refresh(identity, first["refreshToken"])
    assert second["__typename"] == "Tokens"
    assert second["viewer"] == first["viewer"]
    assert second["refreshToken"] != first["refreshToken"]
    assert second["accessToken"] != first["accessToken"]
    assert session_of(second) == session_of(first)
    third = await refresh(identity, second["refreshToken"])
    assert third["__typename"] == "Tokens"
    assert await is_good(identity, first)
    assert await is_good(identity, third)


@pytest.mark.parametrize("back", [0, 1], ids=["the parent", "the grandparent"])
async def test_a_token_used_twice_ends_its_family(identity: Subgraph, school: School, back: int) -> None:
    chain = [await login(identity, school.student.email)]
    for _ in range(2):
        chain.append(await refresh(identity, chain[-1]["refreshToken"]))
    again = await refresh(identity, chain[back]["refreshToken"])
    assert again == {
        "__typename": "SessionExpired",
        "code": "SESSION_EXPIRED",
        "message": "The session is over; sign in again.",
    }
    assert (await refresh(identity, chain[-1]["refreshToken"]))["__typename"] == "SessionExpired"
    assert [await is_good(identity, tokens) for tokens in chain] == [False] * 3
    assert await ended(identity, chain[0]) == "refresh token used twice"


async def test_a_reused_token_ends_one_session_not_all(identity: Subgraph, school: School) -> None:
    stolen, bystander = [await login(identity, school.student.email) for _ in range(2)]
    for _ in range(2):
        await refresh(identity, stolen["refreshToken"])
    assert not await is_good(identity, stolen)
    assert await is_good(identity, bystander)
    assert (await refresh(identity, bystander["refreshToken"]))["__typename"] == "Tokens"


async def test_of_twenty_refreshes_at_once_one_wins_and_then_the_family_is_over(
    identity: Subgraph, school: School
) -> None:
    first = await login(identity, school.student.email)
    answers = await asyncio.gather(*(refresh(identity, first["refreshToken"]) for _ in range(20)))
    winners = [answer for answer in answers if answer["__typename"] == "Tokens"]
    assert len(winners) == 1
    assert not await is_good(identity, winners[0])
    assert (await refresh(identity, winners[0]["refreshToken"]))["__typename"] == "SessionExpired"
    events = await rows(
        identity,
        "SELECT type FROM outbox WHERE aggregate_id = :id AND type = 'session.ended'",
        id=session_of(first),
    )
    assert len(events) == 1


@pytest.mark.parametrize("token", ["", "rt_", "rt_unknown", "nonsense", "rt_\x00", "é" * 5000])
async def test_an_unknown_token_is_like_an_expired_one(identity: Subgraph, token: str) -> None:
    assert (await refresh(identity, token))["code"] == "SESSION_EXPIRED"


async def test_an_access_token_does_not_refresh(identity: Subgraph, school: School) -> None:
    tokens = await login(identity, school.student.email)
    assert (await refresh(identity, tokens["accessToken"]))["code"] == "SESSION_EXPIRED"
    assert await is_good(identity, tokens)


async def test_lifetimes_are_seven_days_for_a_token_and_thirty_for_a_session(
    identity: Subgraph, school: School
) -> None:
    tokens = await login(identity, school.student.email)
    await refresh(identity, tokens["refreshToken"])
    found = await rows(
        identity,
        "SELECT t.expires_at - now() AS token, s.expires_at - s.created_at AS session FROM session s"
        " JOIN refresh_token t ON t.session_id = s.id WHERE s.id = :id",
        id=session_of(tokens),
    )
    assert len(found) == 2
    for row in found:
        assert timedelta(days=6, hours=23) < row.token <= timedelta(days=7)
        assert timedelta(days=29, hours=23) < row.session <= timedelta(days=30, minutes=1)


@pytest.mark.parametrize(
    "expire",
    [
        "UPDATE refresh_token SET expires_at = now() - interval '1 second' WHERE session_id = :id",
        "UPDATE session SET expires_at = now() - interval '1 second' WHERE id = :id",
        "UPDATE session SET ended_at = now() WHERE id = :id",
    ],
    ids=["token", "session", "ended"],
)
async def test_what_has_expired_does_not_refresh(identity: Subgraph, school: School, expire: str) -> None:
    tokens = await login(identity, school.student.email)
    await rows(identity, expire, id=session_of(tokens))
    assert (await refresh(identity, tokens["refreshToken"]))["code"] == "SESSION_EXPIRED"
    made = await rows(identity, "SELECT 1 FROM refresh_token WHERE session_id = :id", id=session_of(tokens))
    assert len(made) == 1


async def test_a_refresh_sees_what_one_is_by_now(identity: Subgraph, school: School) -> None:
    tokens = await login(identity, school.student.email)
    await rows(identity, "UPDATE membership SET role = 'TEACHER' WHERE id = :id", id=school.student.membership_uuid)
    promoted = await refresh(identity, tokens["refreshToken"])
    assert promoted["viewer"]["membership"]["role"] == "TEACHER"
    assert "write:course" in promoted["viewer"]["scopes"]


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM membership WHERE user_id = :user",
        "UPDATE organization SET is_active = false WHERE id = :organization",
    ],
)
async def test_who_does_not_belong_any_more_does_not_refresh(identity: Subgraph, school: School, change: str) -> None:
    tokens = await login(identity, school.student.email)
    parameters = {"user": school.student.uuid, "organization": school.uuid}
    await rows(identity, change, **{name: value for name, value in parameters.items() if f":{name}" in change})
    assert (await refresh(identity, tokens["refreshToken"]))["code"] == "SESSION_EXPIRED"


async def test_the_platform_login_refreshes_as_itself(
    identity: Subgraph, school: School, platform_user: Person
) -> None:
    for slug in (None, school.slug):
        tokens = await login(identity, platform_user.email, slug=slug)
        assert (await refresh(identity, tokens["refreshToken"]))["viewer"] == tokens["viewer"]


async def test_logging_out_ends_the_session_at_once(identity: Subgraph, school: School) -> None:
    tokens, elsewhere = [await login(identity, school.student.email) for _ in range(2)]
    assert (await as_bearer(identity, tokens["accessToken"], LOGOUT)).data == {"logout": True}
    assert not await is_good(identity, tokens)
    assert (await refresh(identity, tokens["refreshToken"]))["code"] == "SESSION_EXPIRED"
    assert await ended(identity, tokens) == "signed out"
    assert await is_good(identity, elsewhere)
    assert (await refresh(identity, elsewhere["refreshToken"]))["__typename"] == "Tokens"


async def test_logging_out_many_times_at_once_is_logging_out(identity: Subgraph, school: School) -> None:
    tokens = await login(identity, school.student.email)
    answers = await asyncio.gather(*(as_bearer(identity, tokens["accessToken"], LOGOUT) for _ in range(8)))
    assert {"INTERNAL_SERVER_ERROR"}.isdisjoint(code for answer in answers for code in answer.codes)
    events = await rows(
        identity,
        "SELECT type FROM outbox WHERE aggregate_id = :id AND type = 'session.ended'",
        id=session_of(tokens),
    )
    assert len(events) == 1


async def test_who_is_not_signed_in_cannot_log_out(identity: Subgraph) -> None:
    assert (await identity.ask(LOGOUT)).codes == ["UNAUTHENTICATED"]


async def test_a_session_without_a_row_logs_out_too(identity: Subgraph, school: School) -> None:
    assert (await identity.ask(LOGOUT, school.student.viewer)).data == {"logout": True}


async def test_another_process_hears_of_an_ended_session(identity: Subgraph, school: School) -> None:
    elsewhere = Revocations(identity.platform.redis)
    following = asyncio.create_task(elsewhere.run())
    tokens = await login(identity, school.student.email)
    caller = await identity.platform.tokens.verify(tokens["accessToken"])
    assert not elsewhere.has_ended(caller)
    await as_bearer(identity, tokens["accessToken"], LOGOUT)

    async def heard() -> bool:
        return elsewhere.has_ended(caller)

    await eventually(heard, 2)
    late = Revocations(identity.platform.redis)  # a process that starts after the fact
    following_late = asyncio.create_task(late.run())

    async def heard_late() -> bool:
        return late.has_ended(caller)

    await eventually(heard_late, 2)
    for task in (following, following_late):
        task.cancel()
    await asyncio.gather(following, following_late, return_exceptions=True)


async def test_an_ending_that_redis_did_not_hear_is_told_again_by_its_event(
    identity: Subgraph, school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens = await login(identity, school.student.email)
    revocations, told = identity.platform.revocations, list[UUID]()
    end = revocations.end

    async def lost_once(sessions: list[UUID], until: float) -> None:
        told.extend(sessions)
        if session_of(tokens) in sessions and told.count(session_of(tokens)) == 1:
            raise ConnectionError
        await end(sessions, until)

    monkeypatch.setattr(revocations, "end", lost_once)
    assert (await as_bearer(identity, tokens["accessToken"], LOGOUT)).data == {"logout": True}

    async def is_over() -> bool:
        return not await is_good(identity, tokens)

    await eventually(is_over)


async def test_a_new_password_ends_the_other_sessions_only(identity: Subgraph, school: School) -> None:
    here, there = [await login(identity, school.student.email) for _ in range(2)]
    colleague = await login(identity, school.teacher.email)
    input = {"currentPassword": PASSWORD, "newPassword": NEW_PASSWORD}
    answer = await as_bearer(identity, here["accessToken"], CHANGE, input=input)
    assert answer.data["changePassword"] == {"__typename": "User", "id": school.student.id}
    assert [await is_good(identity, tokens) for tokens in (here, there, colleague)] == [True, False, True]
    assert (await refresh(identity, there["refreshToken"]))["code"] == "SESSION_EXPIRED"
    assert (await refresh(identity, here["refreshToken"]))["__typename"] == "Tokens"
    assert (await login(identity, school.student.email))["__typename"] == "InvalidCredentials"
    assert (await login(identity, school.student.email, NEW_PASSWORD))["__typename"] == "Tokens"


@pytest.mark.parametrize(
    ("input", "path"),
    [
        ({"currentPassword": WRONG, "newPassword": NEW_PASSWORD}, ["input", "currentPassword"]),
        ({"currentPassword": PASSWORD, "newPassword": "elevenchars"}, ["input", "newPassword"]),
        ({"currentPassword": PASSWORD, "newPassword": "n" * 129}, ["input", "newPassword"]),
        ({"currentPassword": PASSWORD, "newPassword": "abababababab"}, ["input", "newPassword"]),
    ],
)
async def test_a_refused_change_leaves_password_and_sessions(
    identity: Subgraph, school: School, input: dict[str, str], path: list[str]
) -> None:
    here, there = [await login(identity, school.student.email) for _ in range(2)]
    answer = (await as_bearer(identity, here["accessToken"], CHANGE, input=input)).data["changePassword"]
    assert answer["__typename"] == "InvalidInput"
    assert [field["path"] for field in answer["fields"]] == [path]
    assert [await is_good(identity, tokens) for tokens in (here, there)] == [True, True]
    assert (await login(identity, school.student.email))["__typename"] == "Tokens"


async def test_guessing_through_a_stolen_session_locks_too(identity: Subgraph, school: School) -> None:
    tokens = await login(identity, school.student.email)
    input = {"currentPassword": WRONG, "newPassword": NEW_PASSWORD}
    answers = [await as_bearer(identity, tokens["accessToken"], CHANGE, input=input) for _ in range(6)]
    kinds = [answer.data["changePassword"]["__typename"] for answer in answers]
    assert kinds == ["InvalidInput"] * 5 + ["AccountLocked"]
    right = {"currentPassword": PASSWORD, "newPassword": NEW_PASSWORD}
    answer = await as_bearer(identity, tokens["accessToken"], CHANGE, input=right)
    assert answer.data["changePassword"]["code"] == "ACCOUNT_LOCKED"
