"""Access tokens that identity never gave: signed with the stack's own key where a test needs one that is right.

They are put together by hand, because a library of JSON Web Tokens refuses to make most of the bad ones.
"""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from shared import ids
from shared.auth import SCOPES, Role

ISSUER, AUDIENCE = "https://lyceum.example", "lyceum"


class Mint:
    """Makes tokens with the signing key of one home."""

    def __init__(self, home: Path) -> None:
        self._key = json.loads((home / "signing-keys.json").read_text())["keys"][0]
        self._private = Ed25519PrivateKey.from_private_bytes(_bytes(self._key["d"]))

    def claims(self, user: str, organization: str, role: Role = Role.STUDENT, seconds: float = 600) -> dict[str, Any]:
        """What a good access token says."""
        now = time.time()
        return {
            "sub": user,
            "tid": organization,
            "sid": ids.encode("session", ids.new_id()),
            "role": role.value,
            "scope": " ".join(sorted(SCOPES[role])),
            "iss": ISSUER,
            "aud": AUDIENCE,
            "iat": int(now),
            "exp": int(now + seconds),
            "jti": str(ids.new_id()),
        }

    def sign(self, claims: dict[str, Any], sign: Callable[[bytes], bytes] | None = None, **header: Any) -> str:
        """A token with these claims; without `sign` signed with the right key. `header` changes its header."""
        usual = {"alg": "EdDSA", "kid": self._key["kid"], "typ": "at+jwt"}
        head = {name: value for name, value in (usual | header).items() if value is not None}
        signed = f"{_text(head)}.{_text(claims)}"
        return f"{signed}.{_base64url((sign or self._private.sign)(signed.encode()))}"

    def token(self, user: str, organization: str, role: Role = Role.STUDENT, seconds: float = 600) -> str:
        """A good token."""
        return self.sign(self.claims(user, organization, role, seconds))

    def forgeries(self, claims: dict[str, Any]) -> dict[str, str]:
        """Tokens that nobody may accept, by what is wrong with them; the claims alone would be good."""
        public = self._private.public_key()
        pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        now = int(time.time())
        head, body, signature = self.sign(claims).split(".")
        return {
            "expired": self.sign(claims | {"iat": now - 7200, "exp": now - 60}),
            "unsigned": self.sign(claims, lambda _: b"", alg="none"),
            "without its signature": f"{head}.{body}.",
            "HS256 with the public key": self.sign(claims, _hmac(public.public_bytes_raw()), alg="HS256"),
            "HS256 with the public key as PEM": self.sign(claims, _hmac(pem), alg="HS256"),
            "signed with another key": self.sign(claims, Ed25519PrivateKey.generate().sign),
            "with its own key in the header": self._with_own_key(claims),
            "changed after signing": f"{head}.{_text(claims | {'role': 'ADMIN'})}.{signature}",
            "an unknown key id": self.sign(claims, kid="nobody"),
            "no key id": self.sign(claims, kid=None),
            "for another audience": self.sign(claims | {"aud": "elsewhere"}),
            "of another issuer": self.sign(claims | {"iss": "https://elsewhere.example"}),
            "of the type JWT": self.sign(claims, typ="JWT"),
            "of the type rt+jwt": self.sign(claims, typ="rt+jwt"),
            "without a type": self.sign(claims, typ=None),
            "without an end": self.sign(_without(claims, "exp")),
            "without a session": self.sign(_without(claims, "sid")),
            "with a critical header": self.sign(claims, crit=["odd"], odd=True),
            "of an odd subject": self.sign(claims | {"sub": "root"}),
            "no token at all": "nonsense",
        }

    def _with_own_key(self, claims: dict[str, Any]) -> str:
        own = Ed25519PrivateKey.generate()
        jwk = {"kty": "OKP", "crv": "Ed25519", "x": _base64url(own.public_key().public_bytes_raw())}
        return self.sign(claims, own.sign, jwk=jwk, jku="https://elsewhere.example/jwks.json")


def _hmac(secret: bytes) -> Callable[[bytes], bytes]:
    return lambda signed: hmac.digest(secret, signed, hashlib.sha256)


def _without(claims: dict[str, Any], name: str) -> dict[str, Any]:
    return {other: value for other, value in claims.items() if other != name}


def _text(part: dict[str, Any]) -> str:
    return _base64url(json.dumps(part).encode())


def _base64url(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _bytes(value: str) -> bytes:
    return base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))
