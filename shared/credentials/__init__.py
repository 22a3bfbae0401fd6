"""Open Badges 3.0 credentials: what an award is for everybody outside, and how they can check it without asking us.

    document = issue(id=…, issuer=Issuer(…), badge=Badge(…), recipient=Recipient(…), status=statuses.entry(17), …)
    signed = sign(document, keys.open(sealed), created=now)      signed.document, signed.jwt
    image = bake(draw_badge(badge.name, issuer.name), signed.document)
    verdict = verify(stored, issuer.id, public_keys, statuses)

A credential is a W3C Verifiable Credential 2.0. It is signed in two forms, a JSON document with a Data Integrity proof
and a JWT. The tenant's public keys are in its DID document (did:web), its revocations in a signed status list. Nothing
here knows a database or the network, and nothing is slow enough to need another process: to sign takes 0.3 ms.
"""

from shared.credentials.baking import NotBaked, NotPng, bake, unbake
from shared.credentials.did import did_document, did_web, jwks
from shared.credentials.document import Badge, Evidence, Issuer, Recipient, hashed_email, instant, issue, printable
from shared.credentials.drawing import draw_badge
from shared.credentials.keys import KeyRefused, PublicKey, SealedKey, SigningKey, TenantKeys
from shared.credentials.signing import Signed, sign, sign_all
from shared.credentials.status import StatusList, StatusListFull, free_positions
from shared.credentials.verification import Reason, Verdict, says_the_same, verify

__all__ = [
    "Badge",
    "Evidence",
    "Issuer",
    "KeyRefused",
    "NotBaked",
    "NotPng",
    "PublicKey",
    "Reason",
    "Recipient",
    "SealedKey",
    "Signed",
    "SigningKey",
    "StatusList",
    "StatusListFull",
    "TenantKeys",
    "Verdict",
    "bake",
    "did_document",
    "did_web",
    "draw_badge",
    "free_positions",
    "hashed_email",
    "instant",
    "issue",
    "jwks",
    "printable",
    "says_the_same",
    "sign",
    "sign_all",
    "unbake",
    "verify",
]
