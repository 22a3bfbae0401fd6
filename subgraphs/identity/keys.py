"""The keys that sign access tokens, and the public halves that everybody verifies them with."""

import json
import time
from typing import Any

import jwt
from jwt.algorithms import OKPAlgorithm

from shared import ids
from shared.auth import Viewer, claims_of

_PUBLIC = ("kty", "crv", "kid", "x", "alg", "use")


class SigningKeys:
    """A private JWK Set of Ed25519 keys, as JSON, parsed once: the first signs, all of them verify."""

    def __init__(self, key_set: str, issuer: str, audience: str) -> None:
        self._documents: list[dict[str, Any]] = json.loads(key_set)["keys"]
        self._issuer, self._audience = issuer, audience
        self._private = OKPAlgorithm.from_jwk(self._documents[0])
        self._public = {document["kid"]: jwt.PyJWK(_published(document)) for document in self._documents}

    async def key(self, kid: str) -> jwt.PyJWK | None:
        """The public key with this id, for identity's own verification."""
        return self._public.get(kid)

    def sign(self, viewer: Viewer) -> str:
        """An access token (RFC 9068) that speaks for this viewer until `viewer.expires_at`."""
        claims = claims_of(viewer) | {
            "iss": self._issuer,
            "aud": self._audience,
            "iat": int(time.time()),
            "jti": str(ids.new_id()),
        }
        headers = {"kid": self._documents[0]["kid"], "typ": "at+jwt"}
        return jwt.encode(claims, self._private, algorithm="EdDSA", headers=headers)  # type: ignore[arg-type]

    def jwks(self) -> dict[str, Any]:
        """The JWK Set to publish; the private part stays out by naming what goes in."""
        return {"keys": [_published(document) for document in self._documents]}


def _published(document: dict[str, Any]) -> dict[str, Any]:
    return {name: document[name] for name in _PUBLIC if name in document}
