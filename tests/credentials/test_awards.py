"""Awards: whose they are, taking one back, and what anybody learns of a code."""

import re
from typing import Any
from uuid import UUID

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from shared import ids
from shared.auth import Viewer
from subgraphs.credentials import events
from subgraphs.credentials.models import Award, as_code
from subgraphs.credentials.services.awards import new_code
from tests.conftest import Subgraph, Tenant
from tests.credentials.conftest import (
    REVOKE,
    UPDATE,
    apply,
    badge_uuid,
    earn,
    emitted,
    item_done,
    named,
    nothing_changes,
    organization_named,
    progress,
    rows,
    students,
    user_id,
    verify,
)

UNKNOWN = {"valid": False, "reason": "UNKNOWN", "credential": None}
AWARDS = "... on User { awards { totalCount edges { node { id badge { name } } } } }"


async def revoke(credentials: Subgraph, who: Viewer, id: str, reason: str = "Somebody else's work") -> dict[str, Any]:
    """What `revokeAward` answers."""
    return (await credentials.ask(REVOKE, who, id=id, reason=reason)).data["revokeAward"]


def test_codes_are_long_unambiguous_and_all_different() -> None:
    codes = {new_code() for _ in range(10_000)}
    assert len(codes) == 10_000
    assert all(re.fullmatch("[0-9A-HJKMNP-TV-Z]{16}", code) for code in codes)
    assert {letter for code in codes for letter in code} == set("0123456789ABCDEFGHJKMNPQRSTVWXYZ")
    assert all(as_code(code) == code for code in codes)


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("0123456789ABCDEF", "0123456789ABCDEF"),
        ("0123456789abcdef", "0123456789ABCDEF"),
        ("0123-4567-89AB-CDEF", "0123456789ABCDEF"),
        (" 0123 4567 89ab cdef ", "0123456789ABCDEF"),
        ("OI23456789ABCDEF", "0123456789ABCDEF"),
        ("ol23456789abcdef", "0123456789ABCDEF"),
        ("0123456789ABCDE", None),
        ("0123456789ABCDEFG", None),
        ("U123456789ABCDEF", None),
        ("", None),
        ("*" * 16, None),
        ("\N{ARABIC-INDIC DIGIT ZERO}" * 16, None),
        ("\x00" * 16, None),
        ("'; DROP TABLE --", None),
    ],
)
def test_a_code_is_read_however_it_is_spelt(typed: str, code: str | None) -> None:
    assert as_code(typed) == code


async def test_anybody_may_check_a_code_and_learns_the_names_it_was_issued_with(
    credentials: Subgraph, tenant: Tenant, badge: dict[str, Any]
) -> None:
    await apply(credentials, tenant, named(tenant.student), organization_named(tenant))
    award = await earn(credentials, tenant, tenant.student, badge)
    found = await verify(credentials, award["code"])
    issued_at = found["credential"].pop("issuedAt")
    assert issued_at.endswith("+00:00")
    assert found == {
        "valid": True,
        "reason": None,
        "credential": {
            "name": "Stargazer",
            "recipientName": "Ada Lovelace",
            "issuerName": "Northlight",
            "status": "VALID",
        },
    }
    typed = "-".join(re.findall("....", award["code"].lower().replace("0", "o")))
    assert (await verify(credentials, typed))["valid"]


@pytest.mark.parametrize("code", ["", "nonsense", "0" * 16, "x" * 100_000, "\x00", "award_01h455vb4pex5vsknk084sn02q"])
async def test_a_code_that_nobody_was_given_is_unknown(credentials: Subgraph, code: str) -> None:
    assert await verify(credentials, code) == UNKNOWN


async def test_a_mistyped_code_is_unknown(credentials: Subgraph, tenant: Tenant, badge: dict[str, Any]) -> None:
    code = (await earn(credentials, tenant, tenant.student, badge))["code"]
    for place in range(len(code)):
        wrong = "2" if code[place] != "2" else "3"
        assert await verify(credentials, code[:place] + wrong + code[place + 1 :]) == UNKNOWN


async def test_until_the_names_are_known_a_check_says_so(
    credentials: Subgraph, tenant: Tenant, badge: dict[str, Any]
) -> None:
    award = await earn(credentials, tenant, tenant.student, badge)
    unnamed = (await verify(credentials, award["code"]))["credential"]
    assert {unnamed["recipientName"], unnamed["issuerName"]} == {"(not known yet)"}
    await apply(credentials, tenant, named(tenant.student), organization_named(tenant))
    found = (await verify(credentials, award["code"]))["credential"]
    assert (found["recipientName"], found["issuerName"]) == ("Ada Lovelace", "Northlight")


async def test_a_check_is_cached_for_a_week_and_only_what_exists(
    credentials: Subgraph, tenant: Tenant, badge: dict[str, Any]
) -> None:
    code = (await earn(credentials, tenant, tenant.student, badge))["code"]
    redis = credentials.platform.redis
    first = await credentials.ask("query($c: String!) { verifyCredential(code: $c) { valid } }", c=code)
    again = await credentials.ask("query($c: String!) { verifyCredential(code: $c) { valid } }", c=code)
    # Whose it is, as the system login; then the award, as that tenant: each says first for whom.
    assert (len(first.statements), len(again.statements)) == (4, 0)
    assert 604_700 < await redis.ttl(f"verification:{code}") <= 604_800
    await verify(credentials, "0" * 16)
    assert not await redis.exists(f"verification:{'0' * 16}")


async def test_a_revoked_award_is_seen_as_such_at_once(
    credentials: Subgraph, tenant: Tenant, badge: dict[str, Any]
) -> None:
    award = await earn(credentials, tenant, tenant.student, badge)
    await verify(credentials, award["code"])
    revoked = await revoke(credentials, tenant.admin, award["id"])
    assert (revoked["status"], revoked["revocationReason"]) == ("REVOKED", "Somebody else's work")
    found = await verify(credentials, award["code"])
    assert (found["valid"], found["reason"], found["credential"]["status"]) == (False, "REVOKED", "REVOKED")
    assert (await progress(credentials, tenant.student, badge))["award"]["status"] == "REVOKED"


async def test_revoking_is_told_and_audited_once_and_keeps_the_first_reason(
    credentials: Subgraph, tenant: Tenant, badge: dict[str, Any]
) -> None:
    award = await earn(credentials, tenant, tenant.student, badge)
    first = await revoke(credentials, tenant.admin, award["id"])
    async with nothing_changes(credentials, tenant):
        assert await revoke(credentials, tenant.admin, award["id"], "Another reason") == first
    (event,) = await emitted(credentials, tenant, "award.revoked")
    assert event == {
        "id": str(ids.decode("award", award["id"])),
        "organizationId": str(tenant.id),
        "badgeId": str(badge_uuid(badge)),
        "userId": str(tenant.student.user_id),
    }
    (audited,) = await rows(credentials, tenant, "SELECT user_id FROM audit WHERE action = 'award.revoked'")
    assert audited.user_id == tenant.admin.user_id


@pytest.mark.parametrize("reason", ["", "   ", "x" * 1_001])
async def test_a_reason_has_to_be_given(
    credentials: Subgraph, tenant: Tenant, badge: dict[str, Any], reason: str
) -> None:
    award = await earn(credentials, tenant, tenant.student, badge)
    async with nothing_changes(credentials, tenant):
        refused = await revoke(credentials, tenant.admin, award["id"], reason)
    assert refused["fields"][0]["path"] == ["reason"]


async def test_processing_does_not_give_a_revoked_award_again(
    credentials: Subgraph, tenant: Tenant, badge: dict[str, Any], course_id: UUID
) -> None:
    award = await earn(credentials, tenant, tenant.student, badge)
    await revoke(credentials, tenant.admin, award["id"])
    await apply(credentials, tenant, item_done(tenant.student, course_id))
    recount = events.BadgeCreated(id=badge_uuid(badge), organization_id=tenant.id, course_id=course_id)
    await apply(credentials, tenant, recount)
    found = await rows(credentials, tenant, "SELECT code, status FROM award")
    assert [tuple(row) for row in found] == [(award["code"], "REVOKED")]
    assert len(await emitted(credentials, tenant, "award.issued")) == 1


async def test_a_purge_that_was_lost_is_repeated_by_the_event(
    credentials: Subgraph, tenant: Tenant, badge: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    award = await earn(credentials, tenant, tenant.student, badge)
    await verify(credentials, award["code"])
    cache = type(credentials.platform.cache)

    async def away(*_: Any) -> None:
        raise RedisConnectionError

    with monkeypatch.context() as patched:
        patched.setattr(cache, "purge", away)
        revoked = await revoke(credentials, tenant.admin, award["id"])
        assert revoked["status"] == "REVOKED", "the revocation does not depend on Redis"
        assert (await verify(credentials, award["code"]))["valid"], "an old copy"
        facts = await emitted(credentials, tenant, "award.revoked")
        with pytest.raises(RedisConnectionError):  # the consumer tries again until Redis is back
            await apply(credentials, tenant, events.AwardRevoked.model_validate(facts[0]))
    await apply(credentials, tenant, events.AwardRevoked.model_validate(facts[0]))
    assert (await verify(credentials, award["code"]))["reason"] == "REVOKED"


async def test_awards_are_ones_own_and_those_of_anybody_for_teachers_and_admins(
    credentials: Subgraph, tenant: Tenant, stranger: Tenant, badge: dict[str, Any]
) -> None:
    award = await earn(credentials, tenant, tenant.student, badge)
    (other,) = students(tenant, 1)
    user = {"__typename": "User", "id": user_id(tenant.student)}
    mine = {"totalCount": 1, "edges": [{"node": {"id": award["id"], "badge": {"name": "Stargazer"}}}]}
    nothing = {"totalCount": 0, "edges": []}
    for who, expected in (
        (tenant.student, mine),
        (tenant.teacher, mine),
        (tenant.admin, mine),
        (other, None),
        (stranger.admin, nothing),
        (stranger.student, None),
    ):
        assert (await credentials.entities(who, AWARDS, user)).data["_entities"] == [{"awards": expected}]
    assert (await credentials.entities(None, AWARDS, user)).codes == ["UNAUTHENTICATED"]


async def test_the_address_to_check_an_award_at_ends_with_its_code(
    credentials: Subgraph, tenant: Tenant, badge: dict[str, Any]
) -> None:
    award = await earn(credentials, tenant, tenant.student, badge)
    selection = "... on Award { code verificationUrl user { id } badge { id } }"
    entity = {"__typename": "Award", "id": award["id"]}
    (found,) = (await credentials.entities(tenant.student, selection, entity)).data["_entities"]
    assert found["verificationUrl"].endswith(f"/verify/{award['code']}")
    assert found["verificationUrl"].startswith("http")


async def test_codes_are_unique_over_all_tenants(
    credentials: Subgraph, tenant: Tenant, stranger: Tenant, badge: dict[str, Any]
) -> None:
    award = await earn(credentials, tenant, tenant.student, badge)
    assert Award.cache_key(award["code"]) == f"verification:{award['code']}"
    constraint = "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'award_code_key'"
    assert (await rows(credentials, stranger, constraint))[0][0] == "UNIQUE (code)"


async def test_an_award_shows_its_badge_as_it_is_now(
    credentials: Subgraph, tenant: Tenant, badge: dict[str, Any]
) -> None:
    await earn(credentials, tenant, tenant.student, badge)
    fields = "id name description createdAt organization { id } course { id }"
    changes = {"id": badge["id"], "name": "Navigator"}
    assert (await credentials.ask(UPDATE, tenant.teacher, input=changes)).data["updateBadge"]["name"] == "Navigator"
    by_itself = await credentials.ask(
        f"query($id: ID!) {{ badge(id: $id) {{ {fields} }} }}", tenant.student, id=badge["id"]
    )
    user = {"__typename": "User", "id": user_id(tenant.student)}
    selection = f"... on User {{ awards {{ edges {{ node {{ badge {{ {fields} }} }} }} }} }}"
    answer = await credentials.entities(tenant.student, selection, user)
    assert answer.data["_entities"][0]["awards"]["edges"] == [{"node": {"badge": by_itself.data["badge"]}}]
    assert len(answer.statements) == 1, "\n".join(answer.statements)
