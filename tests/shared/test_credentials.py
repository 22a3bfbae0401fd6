"""Credentials: what they say, what they never say, and that their signatures are those of the specifications."""

import asyncio
import copy
import hashlib
import json
import time
from datetime import timedelta
from importlib import resources
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from openbadgeslib.ob3.contexts import document_loader, load_context
from pydantic import ValidationError
from pyld import jsonld

from shared.credentials import Evidence, Issuer, Reason, Recipient, hashed_email, says_the_same, sign, sign_all, verify
from shared.credentials.canonical import canonical
from shared.credentials.document import CONTEXTS
from shared.credentials.multibase import base58, from_base58
from shared.credentials.signing import hash_data
from shared.credentials.vocabulary import VOCABULARY, Term, Vocabulary
from tests.shared.credentials import ADDRESSES, STRANGE, Tenant, no_network

__all__ = ["no_network"]
pytestmark = pytest.mark.usefixtures("no_network")

ALUMNI = {
    "@context": ["https://www.w3.org/ns/credentials/v2", "https://www.w3.org/ns/credentials/examples/v2"],
    "id": "urn:uuid:58172aac-d8ba-11ed-83dd-0b3aef56cc33",
    "type": ["VerifiableCredential", "AlumniCredential"],
    "name": "Alumni Credential",
    "description": "A minimum viable example of an Alumni Credential.",
    "issuer": "https://vc.example/issuers/5678",
    "validFrom": "2023-01-01T00:00:00Z",
    "credentialSubject": {"id": "did:example:abcdefgh", "alumniOf": "The School of Examples"},
}
TEAMWORK = {
    "id": "http://example.com/credentials/3527",
    "type": ["VerifiableCredential", "OpenBadgeCredential"],
    "issuer": {
        "id": "https://example.edu/issuers/565049",
        "type": "Profile",
        "name": "Example Corp",
        "url": "https://www.imsglobal.org",
    },
    "validFrom": "2010-01-01T00:00:00Z",
    "name": "Teamwork Badge",
    "credentialSubject": {
        "id": "did:example:ebfeb1f712ebc6f1c276e12ec21",
        "type": ["AchievementSubject"],
        "achievement": {
            "id": "https://example.com/achievements/21st-century-skills/teamwork",
            "type": ["Achievement"],
            "criteria": {
                "narrative": "Team members are nominated for this badge by their peers and recognized upon review by "
                "Example Corp management."
            },
            "description": "This badge recognizes the development of the capacity to collaborate within a group "
            "environment.",
            "name": "Teamwork",
        },
    },
}
ALUMNI_PROOF = {
    "type": "DataIntegrityProof",
    "cryptosuite": "eddsa-rdfc-2022",
    "created": "2023-02-24T23:36:38Z",
    "verificationMethod": "https://vc.example/issuers/5678#z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2",
    "proofPurpose": "assertionMethod",
}


def by_pyld(document: dict[str, Any]) -> str:
    """The canonical form that a JSON-LD processor finds, reading the contexts."""
    options = {"algorithm": "URDNA2015", "format": "application/n-quads", "documentLoader": document_loader()}
    found: str = jsonld.normalize(document, options)
    return found


def everything(tenant: Tenant, text: str = "A text") -> dict[str, Any]:
    """An award that has all there is, with this text wherever text goes."""
    return tenant.document(
        name=text,
        description=text,
        criteria=text,
        image="https://learn.example/badges/1.png",
        type="CertificateOfCompletion",
        issuer=Issuer(tenant.did, text, "https://learn.example/ü?a=1&b=(2)#c"),
        recipient=Recipient("did:key:z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2", "anna@example.com", text),
        valid_until=tenant.now + timedelta(days=365),
        evidence=[Evidence("https://a.example/1", text, text), Evidence("urn:isbn:0-486-27557-4")],
    )


def test_the_vocabulary_restates_these_contexts() -> None:
    folder = resources.files("openbadgeslib.ob3.contexts")
    files = ("credentials-v2.json", "ob-v3p0-context-3.0.3.json", "ob-v3p0-extensions.json")
    hashes = [hashlib.sha256(folder.joinpath(file).read_bytes()).hexdigest() for file in files]
    documentation = resources.files("shared.credentials").joinpath("vocabulary.py").read_text()
    stated = [line.split()[1] for line in documentation.splitlines() if line.strip().startswith("SHA-256")]
    assert hashes == stated
    assert [load_context(url) for url in CONTEXTS]


@pytest.mark.parametrize("text", STRANGE, ids=lambda text: ascii(text[:12]))
def test_the_statements_are_those_that_a_json_ld_processor_finds(text: str) -> None:
    document = everything(Tenant(), text)
    assert canonical(document) == by_pyld(document)


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_stays_as_it_is(address: str) -> None:
    document = Tenant().document(image=address, evidence=[Evidence(address)])
    assert canonical(document) == by_pyld(document)


def test_a_plain_credential_a_status_list_and_a_proof_have_the_same_statements_as_well() -> None:
    tenant = Tenant(revoked={0, 17})
    statuses = tenant.statuses.document(tenant.now, tenant.now + timedelta(days=1))
    for document in (tenant.document(), statuses, {"@context": CONTEXTS, **ALUMNI_PROOF}):
        assert canonical(document) == by_pyld(document)


def test_the_proof_is_that_of_the_specification() -> None:
    """Data Integrity EdDSA Cryptosuites 1.0, B.1: Representation: eddsa-rdfc-2022."""
    examples = "https://www.w3.org/ns/credentials/examples#"
    vocabulary = Vocabulary(
        {**VOCABULARY.terms, "alumniOf": Term(examples + "alumniOf")},
        {**VOCABULARY.names, "AlumniCredential": examples + "AlumniCredential"},
    )
    hashed = hash_data(ALUMNI, ALUMNI_PROOF, vocabulary)
    assert hashed.hex() == (
        "4c4d3890a157f8d611b13c265c2c22f39aa0a567c7c7dd9ba3e45cd579784eeb"
        "517744132ae165a5349155bef0bb0cf2258fff99dfe1dbd914b938d775a36017"
    )
    secret = from_base58("z3u2en7t5LR2WtQH5PfFqMqwVHBeXouLzo6haApm8XHqvjxq")
    assert secret[:2] == b"\x80\x26"
    signature = base58(Ed25519PrivateKey.from_private_bytes(secret[2:]).sign(hashed))
    assert signature == "z21EVs3eXERqTn4acNHT9viboqgzUaQ3kTmhPT3eA8qrVPE7CrQq78WkzctnMX5W4CrzcKnHw8V6dvy5pgWYCU5e9"


def test_the_statements_of_a_badge_are_those_of_the_specification() -> None:
    """Open Badges 3.0 Implementation Guide, test vectors: the canonical form of the Teamwork badge, by its hash."""
    digest = hashlib.sha256(canonical(TEAMWORK).encode()).hexdigest()
    assert digest == "87f65a76d40146205e3b3e06cb0fbd153f97f9ce70372390f52566bb7f9e0773"


def test_control_characters_are_written_as_the_specification_says() -> None:
    """RDFC-1.0, 5: BS, HT, LF, FF, CR, quotation mark and backslash have short forms, other control characters \\u."""
    line = canonical({"id": "urn:x", "name": '\x00\x08\t\n\x0b\x0c\r"\\\x7f\x80é\U0001d518'})
    assert line == '<urn:x> <https://schema.org/name> "\\u0000\\b\\t\\n\\u000B\\f\\r\\"\\\\\\u007F\x80é\U0001d518" .\n'


def test_nothing_that_the_vocabulary_lacks_is_signed_over() -> None:
    with pytest.raises(KeyError):
        canonical({"id": "urn:x", "unheardOf": "1"})
    with pytest.raises(KeyError):
        canonical({"id": "urn:x", "type": "UnheardOf"})
    with pytest.raises(ValueError, match="same properties"):
        canonical({"id": "urn:x", "identifier": [{"salt": "1"}, {"salt": "1"}]})


def test_an_award_says_who_what_by_whom_and_where_its_status_is() -> None:
    tenant = Tenant()
    document = tenant.document(17)
    subject = document["credentialSubject"]
    assert document["type"] == ["VerifiableCredential", "OpenBadgeCredential"]
    assert document["issuer"]["id"] == "did:web:learn.example%3A8443:organizations:northlight"
    assert subject["achievement"]["criteria"] == {"narrative": "Build a graph."}
    assert document["credentialStatus"]["statusListIndex"] == "17"
    assert document["credentialSchema"][0]["type"] == "1EdTechJsonSchemaValidator2019"
    assert "evidence" not in document
    assert "image" not in subject["achievement"]


def test_the_address_is_there_for_those_only_who_know_it() -> None:
    signed = Tenant().award()
    email, name = signed.document["credentialSubject"]["identifier"]
    assert "anna@example.com" not in json.dumps(signed.document)
    assert email["identityHash"] == hashed_email("Anna@Example.com", email["salt"])
    assert email["identityHash"] == "sha256$" + hashlib.sha256(b"anna@example.com" + email["salt"].encode()).hexdigest()
    assert (name["identityType"], name["identityHash"], name["hashed"]) == ("name", "Anna", False)
    again = Tenant().award().document["credentialSubject"]["identifier"][0]
    assert again["identityHash"] != email["identityHash"]


def test_the_jwt_is_the_credential_with_the_claims_that_open_badges_wants() -> None:
    tenant = Tenant()
    signed = tenant.award(valid_until=tenant.now + timedelta(days=1))
    unsigned = {name: value for name, value in signed.document.items() if name != "proof"}
    key = Ed25519PublicKey.from_public_bytes(tenant.key.public.raw)
    claims = jwt.decode(signed.jwt, key, algorithms=["EdDSA"])
    assert claims == unsigned | {
        "iss": tenant.did,
        "sub": unsigned["credentialSubject"]["id"],
        "jti": unsigned["id"],
        "nbf": int(tenant.now.timestamp()),
        "exp": int(tenant.now.timestamp()) + 86_400,
    }
    header = jwt.get_unverified_header(signed.jwt)
    assert header == {"alg": "EdDSA", "typ": "JWT", "kid": f"{tenant.did}#{tenant.key.public.kid}"}


@pytest.mark.parametrize("text", STRANGE, ids=lambda text: ascii(text[:12]))
def test_a_text_is_a_text_and_nothing_else(text: str) -> None:
    tenant = Tenant()
    signed = sign(everything(tenant, text), tenant.key, tenant.now)
    plain = everything(tenant)
    assert signed.document["@context"] == CONTEXTS
    assert _shape(signed.document) == _shape(sign(plain, tenant.key, tenant.now).document)
    assert canonical(everything(tenant, text)).count("\n") == canonical(plain).count("\n")
    assert signed.document["credentialSubject"]["achievement"]["description"] == text
    assert verify(json.loads(json.dumps(signed.document)), tenant.did, tenant.keys, tenant.statuses).valid


def _shape(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _shape(member) for name, member in value.items()}
    return [_shape(member) for member in value] if isinstance(value, list) else type(value)


def test_control_characters_do_not_keep_anybody_from_an_award() -> None:
    document = Tenant().document(name="Bell\x07, zero\x00 and\x85 more")
    assert document["name"] == "Bell , zero  and  more"


@pytest.mark.parametrize(
    "change",
    [
        {"image": "https://a.example/> <urn:x> <urn:y"},
        {"image": "https://a.example/a b"},
        {"image": "https://a.example/a\u2028b"},
        {"image": "javascript:alert(1)"},
        {"image": "@context"},
        {"image": "relative/path"},
        {"evidence": [Evidence('https://a.example/"')]},
        {"evidence": [Evidence("_:c14n0")]},
        {"evidence": [Evidence("https://a.example/1")] * 21},
        {"name": ""},
        {"name": "lone \ud800 surrogate"},
        {"name": {"@value": "x", "@type": "@json"}},
        {"description": ["a", "b"]},
        {"id": "credentials/1"},
    ],
    ids=str,
)
def test_what_is_no_address_or_no_text_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises((ValidationError, TypeError)):
        Tenant().document(**change)


def test_our_own_check_accepts_what_we_issued_whatever_key_it_was_signed_with() -> None:
    tenant = Tenant()
    before = tenant.award().document
    tenant.key = Tenant().key
    tenant.keys.insert(0, tenant.key.public)
    for document in (before, tenant.award().document):
        assert verify(document, tenant.did, tenant.keys, tenant.statuses).valid
    assert verify(before, tenant.did, tenant.keys[:1], tenant.statuses).reason is Reason.TAMPERED


def test_our_own_check_tells_why_not() -> None:
    tenant = Tenant()
    day = timedelta(days=1)
    signed = tenant.award(valid_until=tenant.now + day).document

    def reason(document: Any, **changes: Any) -> Reason | None:
        given = {"issuer": tenant.did, "keys": tenant.keys, "status": tenant.statuses, "now": tenant.now}
        return verify(document, **given | changes).reason

    assert reason(signed) is None
    assert reason(None) is Reason.UNKNOWN
    assert reason(signed, issuer="did:web:other.example") is Reason.UNKNOWN
    assert reason(signed, now=tenant.now + 2 * day) is Reason.EXPIRED
    assert reason(signed, now=tenant.now - 2 * day) is Reason.EXPIRED
    tenant.revoked.add(5)
    assert reason(signed) is Reason.REVOKED
    assert reason(signed, now=tenant.now + 2 * day) is Reason.REVOKED


def paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where the document holds text."""
    if isinstance(value, dict | list):
        members = value.items() if isinstance(value, dict) else enumerate(value)
        return [found for name, member in members for found in paths(member, (*path, name))]
    return [path]


def changed(document: dict[str, Any], path: tuple[Any, ...], change: Any) -> dict[str, Any]:
    """A copy of the document in which one value is another."""
    result = copy.deepcopy(document)
    *way, last = path
    target: Any = result
    for step in way:
        target = target[step]
    target[last] = change(target[last])
    return result


def test_no_value_can_be_changed_unseen() -> None:
    tenant = Tenant()
    document = sign(everything(tenant), tenant.key, tenant.now).document
    for path in paths(document):
        for change in (lambda value: f"{value}x", lambda value: f"_{value}"[:-1], lambda value: value is not True):
            verdict = verify(changed(document, path, change), tenant.did, tenant.keys, tenant.statuses)
            assert not verdict.valid, path


def test_no_member_can_be_added_taken_away_or_written_otherwise_unseen() -> None:
    tenant = Tenant()
    document = tenant.award().document
    subject = document["credentialSubject"]
    proof = document["proof"]
    others: list[Any] = [
        document | {"validUntil": "2999-01-01T00:00:00Z"},
        document | {"https://schema.org/name": "Forged"},
        document | {"jti": "unsigned"},
        document | {"@graph": []},
        document | {"@context": [*CONTEXTS, {"name": "urn:x"}]},
        document | {"@context": CONTEXTS[::-1]},
        document | {"type": "OpenBadgeCredential"},
        document | {"credentialSubject": [subject]},
        document | {"credentialSubject": subject | {"identifier": []}},
        document | {"credentialSubject": subject | {"identifier": subject["identifier"] * 2}},
        document | {"credentialSubject": subject | {"identifier": [subject["identifier"][1]] * 2}},
        document | {"proof": proof | {"expires": "2999-01-01T00:00:00Z"}},
        document | {"proof": proof | {"proofValue": "z"}},
        document | {"proof": proof | {"proofValue": "z0OIl"}},
        document | {"proof": [proof]},
        document | {"evidence": [{"id": "https://a.example", "type": ["Evidence"]}]},
        {name: value for name, value in document.items() if name != "proof"},
        {name: value for name, value in document.items() if name != "credentialStatus"},
        {},
        [],
        "text",
        7,
    ]
    for other in others:
        verdict = verify(other, tenant.did, tenant.keys, tenant.statuses)
        assert verdict.reason is Reason.TAMPERED, other
        assert verdict.problem is not None
        assert verdict.problem["type"].startswith(
            ("https://www.w3.org/TR/vc-data-model#", "https://w3id.org/security#")
        )


def test_a_credential_of_another_status_list_is_not_judged_by_ours() -> None:
    tenant, other = Tenant(), Tenant(base="https://other.example")
    document = tenant.award(status=other.statuses.entry(5)).document
    verdict = verify(document, tenant.did, tenant.keys, tenant.statuses)
    assert verdict.reason is Reason.TAMPERED
    assert verdict.problem is not None
    assert verdict.problem["type"].endswith("status-list#STATUS_VERIFICATION_ERROR")


async def test_a_thousand_signatures_leave_the_loop_to_others() -> None:
    tenant = Tenant()
    lags: list[float] = []
    done = asyncio.Event()

    async def measure() -> None:
        while not done.is_set():
            start = time.perf_counter()
            await asyncio.sleep(0)
            lags.append(time.perf_counter() - start)

    measuring = asyncio.create_task(measure())
    documents = (tenant.document(position) for position in range(1_000))
    signed = [one async for one in sign_all(documents, tenant.key, tenant.now)]
    done.set()
    await measuring
    assert len({one.document["proof"]["proofValue"] for one in signed}) == 1_000
    # A turn of the loop is one signature, which takes 0.3 ms: another task gets its turn a thousand times.
    assert len(lags) >= 1_000
    assert sorted(lags)[len(lags) // 2] < 0.02


def test_a_jwt_says_the_same_as_its_document_or_is_refused() -> None:
    tenant, forger = Tenant(), Tenant()
    signed, other = tenant.award(valid_until=tenant.now + timedelta(days=1)), tenant.award(6)
    assert says_the_same(signed.jwt, signed.document, tenant.did, tenant.keys)
    forged = sign(tenant.document(), forger.key, tenant.now)
    for token in (other.jwt, forged.jwt, signed.jwt[:-4] + "AAAA", signed.jwt.rpartition(".")[0] + ".", "", "a.b.c"):
        assert not says_the_same(token, signed.document, tenant.did, tenant.keys)
    assert not says_the_same(signed.jwt, signed.document, tenant.did, [])
