"""The tenant's identity on the web: its did:web, the DID document with its public keys, and the same as a JWK Set.

Each key is in the DID document twice, since the two kinds of proof name their key in two forms: as a Multikey, which a
Data Integrity proof names, and as a JsonWebKey, which the `kid` of a JWT names (VC-JOSE-COSE 1.0, 4.2).
"""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, urlsplit

from shared.credentials.keys import PublicKey

_CONTEXTS = [
    "https://www.w3.org/ns/did/v1",
    "https://w3id.org/security/multikey/v1",
    "https://w3id.org/security/jwk/v1",
]


def did_web(base: str, slug: str) -> str:
    """The DID of the organization below our public address, such as `did:web:host%3A4000:organizations:slug`.

    It resolves to `{base}/organizations/{slug}/did.json`, always by https (did:web method, 2.5.2). Raises ValueError
    for a base that is no http(s) address or holds a login.
    """
    parts = urlsplit(base)
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        raise ValueError("The public address has to be http(s)://host[:port][/path].")
    authority = parts.hostname + (f":{parts.port}" if parts.port else "")
    path = [part for part in parts.path.split("/") if part]
    return "did:web:" + ":".join(quote(part, safe="") for part in [authority, *path, "organizations", slug])


def multikey_id(did: str, key: PublicKey) -> str:
    """The verification method that a Data Integrity proof names."""
    return f"{did}#{key.multibase}"


def jwk_id(did: str, key: PublicKey) -> str:
    """The verification method that a JWT names."""
    return f"{did}#{key.kid}"


def did_document(did: str, keys: Sequence[PublicKey]) -> dict[str, Any]:
    """The DID document (DID Core 1.0, 5). The first key is the current one; older ones stay, for what they signed.

    A key that must not be trusted any more is left out, and with it goes every credential that it signed.
    """
    methods = [method for key in keys for method in _methods(did, key)]
    return {
        "@context": _CONTEXTS,
        "id": did,
        "verificationMethod": methods,
        "assertionMethod": [method["id"] for method in methods],
    }


def jwks(keys: Sequence[PublicKey]) -> dict[str, Any]:
    """The JWK Set (RFC 7517, 5) of the same keys, for those who know JWTs but no DIDs."""
    return {"keys": [key.jwk for key in keys]}


def _methods(did: str, key: PublicKey) -> list[dict[str, Any]]:
    return [
        {
            "id": multikey_id(did, key),
            "type": "Multikey",
            "controller": did,
            "publicKeyMultibase": key.multibase,
        },
        {
            "id": jwk_id(did, key),
            "type": "JsonWebKey",
            "controller": did,
            "publicKeyJwk": key.jwk,
        },
    ]
