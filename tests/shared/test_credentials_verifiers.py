"""Credentials before libraries that nobody here wrote: openbadgeslib, and Digital Bazaar's for Verifiable Credentials.

Neither knows more than the issuer's DID; what it looks up on the web comes from the tenant, and nothing from elsewhere.
"""

import base64
import json
from datetime import timedelta
from typing import Any

import pytest
from openbadgeslib.ob3 import OB3Verifier

from shared.credentials import Evidence, bake, draw_badge, sign, unbake
from tests.shared.credentials import (
    ADDRESSES,
    STRANGE,
    Tenant,
    digitalbazaar_refuses,
    no_network,
    openbadgeslib_refuses,
)
from tests.shared.test_credentials import changed, everything

__all__ = ["no_network"]
pytestmark = pytest.mark.usefixtures("no_network")

SUBJECT = ("credentialSubject", "achievement", "name")
TAMPERED: list[tuple[tuple[Any, ...], Any]] = [
    (SUBJECT, lambda value: value[:-1] + "?"),
    (("credentialSubject", "identifier", 0, "identityHash"), lambda value: value[:-1] + "f0"),
    (("credentialSubject", "id"), lambda value: value[:-1] + "x"),
    (("issuer", "name"), lambda value: value + " "),
    (("validFrom",), lambda value: value.replace("20", "19", 1)),
    (("proof", "created"), lambda value: value.replace("20", "19", 1)),
    (("proof", "proofValue"), lambda value: value[:-1] + ("1" if value[-1] != "1" else "2")),
    (("credentialStatus", "statusListIndex"), lambda _: "6"),
]


def test_both_accept_a_credential() -> None:
    tenant = Tenant()
    plain, full = tenant.award(), sign(everything(tenant), tenant.key, tenant.now)
    for signed in (plain, full):
        assert openbadgeslib_refuses(tenant, signed.document) is None
        assert openbadgeslib_refuses(tenant, signed.jwt) is None
    assert digitalbazaar_refuses(tenant, plain.document, full.document) == [None, None]


def test_both_accept_every_script() -> None:
    tenant = Tenant()
    signed = [sign(everything(tenant, text), tenant.key, tenant.now) for text in STRANGE]
    for one in signed:
        assert openbadgeslib_refuses(tenant, one.document) is None
        assert openbadgeslib_refuses(tenant, one.jwt) is None
    assert digitalbazaar_refuses(tenant, *(one.document for one in signed)) == [None] * len(signed)


def test_both_accept_every_address() -> None:
    tenant = Tenant()
    signed = [tenant.award(image=url, evidence=[Evidence(url)]) for url in ADDRESSES]
    assert [openbadgeslib_refuses(tenant, one.document) for one in signed] == [None] * len(signed)
    assert digitalbazaar_refuses(tenant, *(one.document for one in signed)) == [None] * len(signed)


def test_both_refuse_a_changed_byte() -> None:
    tenant = Tenant()
    document = tenant.award().document
    others = [changed(document, path, change) for path, change in TAMPERED]
    for other in others:
        assert "signature mismatch" in (openbadgeslib_refuses(tenant, other) or "")
    assert all("Invalid signature" in (refused or "") for refused in digitalbazaar_refuses(tenant, *others))


def test_both_refuse_a_credential_that_is_revoked() -> None:
    tenant = Tenant(revoked={5})
    revoked, other = tenant.award(5), tenant.award(4)
    for credential in (revoked.document, revoked.jwt):
        assert "'revocation' is set at index 5" in (openbadgeslib_refuses(tenant, credential) or "")
    for credential in (other.document, other.jwt):
        assert openbadgeslib_refuses(tenant, credential) is None
    assert digitalbazaar_refuses(tenant, revoked.document, other.document) == ["revoked", None]


def test_both_refuse_what_is_expired_or_not_valid_yet() -> None:
    tenant = Tenant()
    day = timedelta(days=1)
    expired = tenant.award(valid_from=tenant.now - 2 * day, valid_until=tenant.now - day)
    early = tenant.award(valid_from=tenant.now + day)
    for signed in (expired, early):
        assert openbadgeslib_refuses(tenant, signed.document)
        assert openbadgeslib_refuses(tenant, signed.jwt)
    assert all(digitalbazaar_refuses(tenant, expired.document, early.document))


def test_both_accept_the_old_key_until_it_is_withdrawn_and_no_foreign_one() -> None:
    tenant = Tenant()
    old = tenant.award()
    tenant.key = Tenant().key
    tenant.keys.insert(0, tenant.key.public)
    new = tenant.award()
    for credential in (old.document, old.jwt, new.document, new.jwt):
        assert openbadgeslib_refuses(tenant, credential) is None
    assert digitalbazaar_refuses(tenant, old.document, new.document) == [None, None]
    tenant.keys.pop()
    for credential in (old.document, old.jwt):
        assert openbadgeslib_refuses(tenant, credential)
    (refused,) = digitalbazaar_refuses(tenant, old.document)
    assert refused


def test_a_changed_jwt_is_refused() -> None:
    tenant = Tenant()
    header, payload, signature = tenant.award().jwt.split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    claims["credentialSubject"]["achievement"]["name"] = "Forged"
    forged = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    nothing = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
    for other in (f"{header}.{forged}.{signature}", f"{nothing}.{payload}.", f"{header}.{payload}.{signature[::-1]}"):
        assert openbadgeslib_refuses(tenant, other)


def test_a_changed_status_list_is_refused() -> None:
    """Whoever could publish another list could take back revocations."""
    tenant, forger = Tenant(revoked={5}), Tenant()
    forger.statuses = type(tenant.statuses)(tenant.statuses.url, tenant.did, set())
    award = tenant.award(5)
    published = tenant.status().document
    emptied = forger.statuses.document(tenant.now, tenant.now + timedelta(days=1))
    lists = [published | {"credentialSubject": emptied["credentialSubject"]}, forger.status().document]
    for forged in lists:
        tenant.web = lambda forged=forged: Tenant.web(tenant) | {tenant.statuses.url: forged}  # type: ignore[method-assign, misc]
        (refused,) = digitalbazaar_refuses(tenant, award.document)
        assert refused
        assert refused != "revoked"


def test_openbadgeslib_finds_the_credential_in_the_image() -> None:
    tenant = Tenant()
    signed = tenant.award()
    image = draw_badge("Graph builder", "Northlight Lyceum")
    in_json = OB3Verifier.extract_token_from_png(bake(image, signed.document))
    assert json.loads(in_json) == signed.document == unbake(bake(image, signed.document))
    assert openbadgeslib_refuses(tenant, json.loads(in_json)) is None
    assert OB3Verifier.extract_token_from_png(bake(image, signed.jwt)) == signed.jwt
