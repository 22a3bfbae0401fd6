"""Signed credentials through GraphQL: one for each award, signed once, with the tenant's own key."""

import asyncio
import base64
import os
import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import text

from shared import ids
from shared.credentials import KeyRefused, Reason, SealedKey, TenantKeys, hashed_email, status
from shared.stack.project import Project
from shared.stack.running import Engines
from subgraphs.credentials.models import Award, IssuerKey
from subgraphs.credentials.runtime import issuing_of
from subgraphs.credentials.services.awards import Earned, give
from subgraphs.credentials.services.issuer_keys import key_in_use, public_keys
from tests.conftest import Subgraph, Tenant
from tests.credentials.conftest import (
    REVOKE,
    apply,
    earn,
    named,
    organization_named,
    progress,
    rows,
    students,
    user_id,
    verify,
)
from tests.credentials.issuing_kit import CREDENTIALS, awarded, awards_of, slug_of
from tests.shared.conftest import fetch

SIGNED = "SELECT document::text AS document, jwt FROM credential ORDER BY id"
WAITING = "... on User { awards { edges { node { credential } } } }"


async def test_a_credential_says_what_the_award_says(credentials: Subgraph, tenant: Tenant) -> None:
    await awarded(credentials, tenant)
    (award,) = await awards_of(credentials, tenant.student)
    document = award["credential"]
    base = credentials.platform.settings.public_url  # type: ignore[attr-defined]  # its own settings
    subject, organization = document["credentialSubject"], f"{base}/organizations/{slug_of(tenant)}"
    did = f"did:web:{base.partition('//')[2].replace(':', '%3A')}:organizations:{slug_of(tenant)}"
    assert document["id"] == f"{base}/credentials/{award['code']}"
    assert award["imageUrl"] == f"{base}/credentials/{award['code']}/image.png"
    assert document["issuer"] == {"id": did, "type": ["Profile"], "name": "Northlight"}
    assert subject["achievement"]["name"] == document["name"] == "Stargazer"
    assert subject["achievement"]["description"] == "Knows the sky"
    assert subject["achievement"]["criteria"] == {"narrative": "Complete 1 items of a course."}
    assert subject["achievement"]["id"].startswith(f"{organization}/badges/badge_")
    email, name = subject["identifier"]
    assert name["identityHash"] == "Ada Lovelace"
    assert email["identityHash"] == hashed_email(named(tenant.student).email, email["salt"])
    assert named(tenant.student).email not in str(document)
    assert document["credentialStatus"]["statusListCredential"] == f"{organization}/status/1"


async def test_it_is_signed_once_and_stays_the_same(credentials: Subgraph, tenant: Tenant) -> None:
    await awarded(credentials, tenant, count=2)
    assert await rows(credentials, tenant, SIGNED) == [], "nobody has asked"
    first = await awards_of(credentials, tenant.student)
    stored = await rows(credentials, tenant, SIGNED)
    assert await awards_of(credentials, tenant.student) == first == await awards_of(credentials, tenant.student)
    assert await rows(credentials, tenant, SIGNED) == stored
    assert len({award["credential"]["credentialSubject"]["id"] for award in first}) == 2, "nobody can link them"


async def test_many_at_once_get_one_key_and_one_signature(credentials: Subgraph, tenant: Tenant) -> None:
    await awarded(credentials, tenant, count=5)
    answers = await asyncio.gather(*(awards_of(credentials, tenant.student) for _ in range(10)))
    assert all(answer == answers[0] for answer in answers)
    assert len(await rows(credentials, tenant, "SELECT id FROM issuer_key")) == 1
    assert len(await rows(credentials, tenant, "SELECT id FROM audit WHERE action = 'issuer_key.made'")) == 1


_PROCESS = """
import asyncio, sys
from uuid import UUID
from sqlalchemy import true
from shared.auth import Viewer
from subgraphs.credentials.app import app
from subgraphs.credentials.runtime import issuing_of

async def main():
    platform, tenant, award = app.state.platform, Viewer(organization_id=UUID(sys.argv[1])), UUID(sys.argv[2])
    print("ready", flush=True)
    sys.stdin.readline()
    found = await issuing_of(platform).signed(lambda: platform.database.begin(tenant), [award], true())
    print(found[award].jwt)

asyncio.run(main())
"""


async def test_processes_that_ask_at_once_get_one_key_and_one_signature(
    credentials: Subgraph, tenant: Tenant, project: Project
) -> None:
    (award,) = await awarded(credentials, tenant)
    command = [sys.executable, "-c", _PROCESS, str(tenant.id), str(ids.decode("award", award["id"]))]
    pipe = subprocess.PIPE
    processes = [subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=os.environ) for _ in range(2)]
    for process in processes:
        assert process.stdout
        assert await asyncio.to_thread(process.stdout.readline) == "ready\n"
    answers = await asyncio.gather(*(asyncio.to_thread(process.communicate, "go\n", 30) for process in processes))
    assert answers[0] == answers[1]
    ((stored,),) = await rows(credentials, tenant, "SELECT jwt FROM credential")
    assert answers[0][0].strip() == stored
    assert len(await rows(credentials, tenant, "SELECT id FROM issuer_key")) == 1


@pytest.mark.parametrize("count", [1, 20])
async def test_statements_do_not_depend_on_how_many_awards_there_are(
    credentials: Subgraph, tenant: Tenant, count: int
) -> None:
    await awarded(credentials, tenant, count=count)
    user = {"__typename": "User", "id": user_id(tenant.student)}
    taken = []
    for _ in range(2):
        answer = await credentials.entities(tenant.student, CREDENTIALS, user)
        assert len(answer.data["_entities"][0]["awards"]["edges"]) == count
        taken.append(len(answer.statements))
    # The page; then awards and credentials, in a session, which says first for whom. At first also: the key, making it,
    # its audit, the key; criteria, storing, and what is stored.
    assert taken == [1 + 2 + 4 + 3, 1 + 2]


async def test_giving_takes_one_statement_for_the_places(
    credentials: Subgraph, tenant: Tenant, badge: dict[str, Any]
) -> None:
    badge_id = ids.decode("badge", badge["id"])
    assert badge_id
    for count in (1, 50):
        earned = [Earned(badge_id, ids.new_id()) for _ in range(count)]
        async with credentials.platform.database.begin(tenant.admin) as session:
            with credentials.counted() as statements:
                await give(session, tenant.id, earned)
                assert len(statements) == 6, "BEGIN, names, places, awards, events, audit"
            with credentials.counted() as statements:
                await give(session, tenant.id, earned)
                assert len(statements) == 4, "names, places, awards, and that they have been given"
    assert len(await rows(credentials, tenant, "SELECT DISTINCT status_list, status_position FROM award")) == 51


async def test_a_place_that_somebody_else_takes_at_the_same_time_is_chosen_again(
    credentials: Subgraph, tenant: Tenant, badge: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With 40 positions for 2 x 8 awards that are given at once, some choose the same."""
    monkeypatch.setattr(status, "ENTRIES", 40)
    badge_id = ids.decode("badge", badge["id"])
    assert badge_id

    async def give_one() -> None:
        async with credentials.platform.database.begin(tenant.admin) as session:
            await give(session, tenant.id, [Earned(badge_id, ids.new_id())])

    await asyncio.gather(*(give_one() for _ in range(8)))
    await asyncio.gather(*(give_one() for _ in range(8)))
    places = await rows(credentials, tenant, "SELECT status_list, status_position FROM award")
    assert len(places) == len(set(places)) == 16


async def test_a_full_list_is_followed_by_another(
    credentials: Subgraph, tenant: Tenant, badge: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(status, "ENTRIES", 40)
    badge_id = ids.decode("badge", badge["id"])
    assert badge_id
    for _ in range(20):
        async with credentials.platform.database.begin(tenant.admin) as session:
            await give(session, tenant.id, [Earned(badge_id, ids.new_id()) for _ in range(4)])
    places = await rows(credentials, tenant, "SELECT status_list, status_position FROM award")
    counts = [sum(place.status_list == number for place in places) for number in sorted({it[0] for it in places})]
    assert sum(counts) == len(set(places)) == 80
    assert len(counts) >= 3
    # Of 24 positions that are tried at least 21 are taken in a list that is left.
    assert all(21 <= count <= 40 for count in counts[:-1]), counts


async def test_what_has_no_names_yet_is_waited_for_and_then_away(
    credentials: Subgraph, tenant: Tenant, badge: dict[str, Any]
) -> None:
    await earn(credentials, tenant, tenant.student, badge)
    user = {"__typename": "User", "id": user_id(tenant.student)}
    answer = await credentials.entities(tenant.student, WAITING, user)
    assert answer.codes == ["SERVICE_UNAVAILABLE"]
    asked = asyncio.create_task(credentials.entities(tenant.student, WAITING, user))
    await asyncio.sleep(0.3)
    await apply(credentials, tenant, named(tenant.student), organization_named(tenant))
    (found,) = (await asked).data["_entities"]
    assert found["awards"]["edges"][0]["node"]["credential"]["issuer"]["name"] == "Northlight"


async def test_nobody_reads_a_credential_of_an_award_that_they_do_not_see(
    credentials: Subgraph, tenant: Tenant, stranger: Tenant
) -> None:
    (award,) = await awarded(credentials, tenant)
    entity = {"__typename": "Award", "id": award["id"]}
    for who in (*students(tenant, 1), *stranger.people, None):
        answer = await credentials.entities(who, "... on Award { credential credentialJwt }", entity)
        assert answer.data["_entities"] == [None]
    assert await rows(credentials, tenant, SIGNED) == []


async def test_a_key_of_one_tenant_signs_for_no_other(credentials: Subgraph, tenant: Tenant, stranger: Tenant) -> None:
    await awarded(credentials, tenant)
    await awarded(credentials, stranger)
    (mine,) = await awards_of(credentials, tenant.student)
    (theirs,) = await awards_of(credentials, stranger.student)
    methods = [it["credential"]["proof"]["verificationMethod"] for it in (mine, theirs)]
    assert methods[0].partition("#")[2] != methods[1].partition("#")[2]
    assert methods[0].startswith(mine["credential"]["issuer"]["id"] + "#")
    everything = "SELECT organization_id FROM issuer_key UNION ALL SELECT organization_id FROM credential"
    assert {row[0] for row in await rows(credentials, stranger, everything)} == {stranger.id}
    async with credentials.platform.database.system() as session:
        assert (await session.execute(text(everything))).all() == [], "the system login neither reads nor signs"
    async with credentials.platform.database.begin(stranger.admin) as session:
        issuing = issuing_of(credentials.platform)
        assert (
            await issuing.signed(
                lambda: credentials.platform.database.begin(stranger.admin),
                [it for it in [ids.decode("award", mine["id"])] if it],
                Award.visible(stranger.admin),
            )
            == {}
        )
        key = await key_in_use(session, issuing.keys, tenant.id)
        assert key.tenant == stranger.id


async def test_a_key_that_was_moved_to_another_tenant_does_not_open(
    credentials: Subgraph, engines: Engines, tenant: Tenant, stranger: Tenant
) -> None:
    for it in (tenant, stranger):
        await awarded(credentials, it)
        await awards_of(credentials, it.student)
    await as_owner(engines, "DELETE FROM credentials.issuer_key WHERE organization_id = $1", stranger.id)
    await as_owner(
        engines,
        "UPDATE credentials.issuer_key SET organization_id = $1 WHERE organization_id = $2",
        stranger.id,
        tenant.id,
    )
    async with credentials.platform.database.begin(stranger.admin) as session:
        with pytest.raises(KeyRefused):
            await key_in_use(session, issuing_of(credentials.platform).keys, stranger.id)


TAMPERINGS = {
    "a name in the document": "credential SET document = replace(document::text, 'Ada', 'Eve')::json",
    "a time": "credential SET document = jsonb_set(document::jsonb, '{validFrom}', '\"2001-01-01T00:00:00Z\"')",
    "a member more": "credential SET document = document::jsonb || '{\"more\": 1}'",
    "no document": "credential SET document = '[]'",
    "the JWT": "credential SET jwt = overlay(jwt placing 'AAAA' from length(jwt) - 20)",
    "no JWT": "credential SET jwt = ''",
    "the address": "credential SET public_url = 'https://evil.example'",
    "the recipient's name": "award SET recipient_name = 'Eve'",
    "the badge's name": "award SET badge_name = 'Astronaut'",
    "its place": "award SET status_position = (status_position + 1) % 131072",
}


async def as_owner(engines: Engines, statement: str, *values: Any) -> None:
    """Has the owner of the database do something that no login of ours may do or would do."""
    await fetch(engines.addresses.database, statement, *values)


@pytest.mark.parametrize("what", TAMPERINGS)
async def test_what_was_changed_in_the_database_is_found_out(
    credentials: Subgraph, engines: Engines, tenant: Tenant, what: str
) -> None:
    (award,) = await awarded(credentials, tenant)
    await awards_of(credentials, tenant.student)
    await as_owner(engines, f"UPDATE credentials.{TAMPERINGS[what]} WHERE organization_id = $1", tenant.id)
    tampered = {"valid": False, "reason": Reason.TAMPERED, "credential": None}
    assert await verify(credentials, award["code"]) == tampered
    assert not await credentials.platform.redis.exists(Award.cache_key(award["code"])), "a repair shows at once"


async def test_a_public_key_that_was_exchanged_proves_nothing(
    credentials: Subgraph, engines: Engines, tenant: Tenant
) -> None:
    (award,) = await awarded(credentials, tenant)
    await awards_of(credentials, tenant.student)
    exchange = "UPDATE credentials.issuer_key SET public = decode(repeat('00', 32), 'hex') WHERE organization_id = $1"
    await as_owner(engines, exchange, tenant.id)
    answer = await credentials.ask("query($c: String!) { verifyCredential(code: $c) { valid } }", c=award["code"])
    assert answer.codes == ["INTERNAL_SERVER_ERROR"], "it may as well be our secret that is wrong"
    # A key of the intruder's beside it changes nothing: it is sealed with another secret.
    forged = TenantKeys([os.urandom(32)]).seal(TenantKeys.make(tenant.id))
    async with credentials.platform.database.begin(tenant.admin) as session:
        session.add(IssuerKey(organization_id=tenant.id, retired_at=datetime.now(UTC), **stored_key(forged)))
        await session.flush()
        with pytest.raises(KeyRefused):
            await public_keys(session, issuing_of(credentials.platform).keys)
        await session.rollback()


def stored_key(key: SealedKey) -> dict[str, Any]:
    """The columns of a sealed key."""
    return {"kid": key.kid, "public": key.public, "sealed": key.sealed}


async def test_what_a_retired_key_has_signed_stays_good(credentials: Subgraph, tenant: Tenant) -> None:
    (old,) = await awarded(credentials, tenant)
    before = await awards_of(credentials, tenant.student)
    await rows(credentials, tenant, "UPDATE issuer_key SET retired_at = now()")
    await awarded(credentials, tenant)
    both = await awards_of(credentials, tenant.student)
    assert before[0] in both
    assert len({it["credential"]["proof"]["verificationMethod"] for it in both}) == 2
    for award in (old, *both):
        assert (await verify(credentials, award["code"]))["valid"]


async def test_documents_that_were_exchanged_are_found_out(
    credentials: Subgraph, engines: Engines, tenant: Tenant
) -> None:
    """Both verify, but neither is in its place."""
    pair = await awarded(credentials, tenant, count=2)
    await awards_of(credentials, tenant.student)
    exchange = """
        UPDATE credentials.credential one SET document = other.document, jwt = other.jwt
        FROM credentials.credential other
        WHERE one.organization_id = $1 AND other.organization_id = $1 AND one.id <> other.id
    """
    await as_owner(engines, exchange, tenant.id)
    for award in pair:
        assert (await verify(credentials, award["code"]))["reason"] == "TAMPERED"


async def test_a_signed_award_is_verified_and_revoked(credentials: Subgraph, tenant: Tenant) -> None:
    (award,) = await awarded(credentials, tenant)
    found = await verify(credentials, award["code"])
    assert (found["valid"], found["reason"], found["credential"]["recipientName"]) == (True, None, "Ada Lovelace")
    assert len(await rows(credentials, tenant, SIGNED)) == 1, "there has to be something to verify"
    before = await awards_of(credentials, tenant.student)
    await credentials.ask(REVOKE, tenant.admin, id=award["id"], reason="Somebody else's work")
    found = await verify(credentials, award["code"])
    assert (found["valid"], found["reason"], found["credential"]["status"]) == (False, "REVOKED", "REVOKED")
    assert await awards_of(credentials, tenant.student) == before


async def test_the_first_secret_seals_and_all_open(credentials: Subgraph, tenant: Tenant) -> None:
    old, new = os.urandom(32), os.urandom(32)
    async with credentials.platform.database.begin(tenant.admin) as session:
        key = await key_in_use(session, TenantKeys([old]), tenant.id)
        assert (await key_in_use(session, TenantKeys([new, old]), tenant.id)).public == key.public
        with pytest.raises(KeyRefused):
            await key_in_use(session, TenantKeys([new]), tenant.id)


_SHORT = base64.b64encode(b"too short, and never shown").decode()
_GOOD = base64.b64encode(b"x" * 32).decode()


@pytest.mark.parametrize(
    "value", [None, "", _SHORT, "no base64 at all, and never shown", f"{_GOOD},{_SHORT}", f"{_GOOD},"]
)
def test_secrets_that_are_none_are_refused_at_start_by_name_and_not_shown(
    credentials: Subgraph, value: str | None
) -> None:
    variables = {name: it for name, it in os.environ.items() if name != "LYCEUM_CREDENTIAL_SECRETS"}
    variables |= {} if value is None else {"LYCEUM_CREDENTIAL_SECRETS": value}
    command = [sys.executable, "-c", "import subgraphs.credentials.app"]
    ran = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 78
    assert ran.stderr.startswith("LYCEUM_CREDENTIAL_SECRETS: ")
    assert all(it not in ran.stderr + ran.stdout for it in ("never shown", _SHORT, _GOOD))


async def test_the_award_in_progress_has_its_credential(
    credentials: Subgraph, tenant: Tenant, badge: dict[str, Any]
) -> None:
    await apply(credentials, tenant, named(tenant.student), organization_named(tenant))
    award = await earn(credentials, tenant, tenant.student, badge)
    query = "query($id: ID!) { badge(id: $id) { viewerProgress { award { credential } } } }"
    found = (await credentials.ask(query, tenant.student, id=badge["id"])).data["badge"]["viewerProgress"]["award"]
    assert found["credential"]["id"].endswith(award["code"])
    assert (await progress(credentials, tenant.student, badge))["award"]["code"] == award["code"]
