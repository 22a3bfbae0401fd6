"""Signatures on credentials and status lists, in both forms that Open Badges 3.0 knows.

The JSON document has an embedded proof of the cryptosuite eddsa-rdfc-2022 (Data Integrity EdDSA Cryptosuites 1.0, 3.2).
The JWT has the credential as its claims (Open Badges 3.0, JSON Web Token Proof Format). Its header is `alg`, `kid` and
`typ` and nothing else; `typ` is JWT, because Open Badges allows no other, where VC-JOSE-COSE would rather see vc+jwt.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import jwt

from shared.credentials.canonical import canonical
from shared.credentials.did import jwk_id, multikey_id
from shared.credentials.document import instant
from shared.credentials.keys import SigningKey
from shared.credentials.multibase import base58
from shared.credentials.vocabulary import VOCABULARY, Vocabulary


@dataclass(frozen=True, slots=True)
class Signed:
    """One credential in both forms: a JSON document with its proof, and a JWT."""

    document: dict[str, Any]
    jwt: str


def sign(document: Mapping[str, Any], key: SigningKey, created: datetime) -> Signed:
    """Signs what `issue` or `StatusList.document` made, in the name of its issuer. Takes about 0.3 ms."""
    proof = {
        "type": "DataIntegrityProof",
        "cryptosuite": "eddsa-rdfc-2022",
        "created": instant(created),
        "verificationMethod": multikey_id(_issuer(document), key.public),
        "proofPurpose": "assertionMethod",
    }
    signature = key.private.sign(hash_data(document, proof))
    return Signed({**document, "proof": proof | {"proofValue": base58(signature)}}, _jwt(document, key))


async def sign_all(documents: Iterable[Mapping[str, Any]], key: SigningKey, created: datetime) -> AsyncIterator[Signed]:
    """Signs many, one after the other; whatever else the event loop has to do gets its turn after each."""
    for document in documents:
        yield sign(document, key, created)
        await asyncio.sleep(0)


def hash_data(document: Mapping[str, Any], proof: Mapping[str, Any], vocabulary: Vocabulary = VOCABULARY) -> bytes:
    """The 64 bytes that eddsa-rdfc-2022 signs (3.2.4): the hash of the proof's options, then that of the document.

    Neither argument may hold a signature: `proof` comes without its `proofValue`, `document` without its `proof`.
    """
    return b"".join(hashlib.sha256(canonical(part, vocabulary).encode()).digest() for part in (proof, document))


def claims(document: Mapping[str, Any]) -> dict[str, Any]:
    """What the JWT of a document without proof says: its members, and again those that JWTs have names for."""
    said = {**document, "iss": _issuer(document), "jti": document["id"], "nbf": _seconds(document["validFrom"])}
    said["sub"] = document["credentialSubject"]["id"]
    if "validUntil" in document:
        said["exp"] = _seconds(document["validUntil"])
    return said


def _jwt(document: Mapping[str, Any], key: SigningKey) -> str:
    headers = {"kid": jwk_id(_issuer(document), key.public), "typ": "JWT"}
    return jwt.encode(claims(document), key.private, algorithm="EdDSA", headers=headers)


def _issuer(document: Mapping[str, Any]) -> str:
    issuer: Any = document["issuer"]
    return str(issuer["id"] if isinstance(issuer, Mapping) else issuer)


def _seconds(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())
