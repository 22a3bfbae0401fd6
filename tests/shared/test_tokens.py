"""Access tokens: only a good one, of this kind, for this audience, signed by a known key, makes a viewer."""

import asyncio
import base64
import hashlib
import hmac
import json
import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import OKPAlgorithm

from shared import ids
from shared.auth import SCOPES, Role, TokenVerifier, Viewer, claims_of
from shared.errors import Unauthenticated, Unavailable
from tests.conftest import viewer

ISSUER, AUDIENCE, KID = "https://lyceum.example", "lyceum", "the-key"
KEY, OTHER = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()


class Keys:
    """The published keys, and which were asked for."""

    def __init__(self) -> None:
        document = json.loads(OKPAlgorithm.to_jwk(KEY.public_key())) | {"kid": KID, "alg": "EdDSA"}
        self._key = jwt.PyJWK(document)
        self.asked: list[str] = []

    async def key(self, kid: str) -> jwt.PyJWK | None:
        """The key with this id."""
        self.asked.append(kid)
        return self._key if kid == KID else None


@pytest.fixture
def keys() -> Keys:
    """Where the verifier gets its keys from."""
    return Keys()


@pytest.fixture
def verifier(keys: Keys) -> TokenVerifier:
    """A verifier that has seen nothing yet."""
    return TokenVerifier(keys, ISSUER, AUDIENCE)


def somebody() -> Viewer:
    """Whom a token speaks for."""
    return viewer(Role.TEACHER, ids.new_id())


def claims(**changes: Any) -> dict[str, Any]:
    """Good claims with some changes; None takes one away."""
    good = claims_of(somebody()) | {"iss": ISSUER, "aud": AUDIENCE, "iat": int(time.time()), "jti": str(ids.new_id())}
    return {name: value for name, value in (good | changes).items() if value is not None}


def token(payload: dict[str, Any], key: Any = KEY, algorithm: str = "EdDSA", **headers: Any) -> str:
    """A token with these claims, signed as identity signs unless changed."""
    named = {"kid": KID, "typ": "at+jwt"} | headers
    kept = {name: value for name, value in named.items() if value is not None}
    return jwt.encode(payload, key, algorithm=algorithm, headers=kept)


def with_header(signed: str, **changes: Any) -> str:
    """The token with another header and the old signature."""
    header, payload, signature = signed.split(".")
    decoded = json.loads(base64.urlsafe_b64decode(header + "==")) | changes
    return f"{_encoded(decoded)}.{payload}.{signature}"


def _encoded(part: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


@pytest.mark.parametrize("role", list(Role))
async def test_a_good_token_says_who_asks(verifier: TokenVerifier, role: Role) -> None:
    who = viewer(role, None if role == Role.SUPER_ADMIN else ids.new_id())
    assert await verifier.verify(token(claims(**{"tid": None} | claims_of(who)))) == who
    assert who.scopes == SCOPES[role]


PUBLIC_PEM = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
PUBLIC_RAW = KEY.public_key().public_bytes_raw()


def hs256(secret: bytes) -> str:
    """Signed with what everybody knows, as if it were a secret; PyJWT would not sign with a PEM."""
    signed = f"{_encoded({'alg': 'HS256', 'typ': 'at+jwt', 'kid': KID})}.{_encoded(claims())}"
    signature = hmac.new(secret, signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


FORGED = {
    "nothing": lambda: "",
    "nonsense": lambda: "nonsense",
    "two dots": lambda: "..",
    "a NUL": lambda: "\x00.\x00.\x00",
    "not ASCII": lambda: "é.é.é",
    "very long": lambda: "a" * 100_000,
    "alg none": lambda: jwt.encode(claims(), None, algorithm="none", headers={"kid": KID, "typ": "at+jwt"}),
    "alg none with the old signature": lambda: with_header(token(claims()), alg="none"),
    "HS256 with the public key as PEM": lambda: hs256(PUBLIC_PEM),
    "HS256 with the raw public key": lambda: hs256(PUBLIC_RAW),
    "another key": lambda: token(claims(), OTHER),
    "an unknown kid": lambda: token(claims(), kid="another"),
    "a kid that is a path": lambda: token(claims(), kid="../../etc/passwd"),
    "no kid": lambda: token(claims(), kid=None),
    "typ JWT": lambda: token(claims(), typ="JWT"),
    "typ of a refresh token": lambda: token(claims(), typ="rt+jwt"),
    "no typ": lambda: token(claims(), typ=None),
    "a changed payload": lambda: ".".join(
        [(signed := token(claims()).split("."))[0], _encoded(claims(role="ADMIN")), signed[2]]
    ),
    "a cut signature": lambda: token(claims())[:-4],
    "another issuer": lambda: token(claims(iss="https://evil.example")),
    "another audience": lambda: token(claims(aud="another")),
    "several audiences, none of them ours": lambda: token(claims(aud=["one", "two"])),
    "expired": lambda: token(claims(exp=int(time.time()) - 1)),
    "issued in the future": lambda: token(claims(iat=int(time.time()) + 600)),
    "not valid yet": lambda: token(claims(nbf=int(time.time()) + 600)),
    "exp that is no number": lambda: token(claims(exp="never")),
    "a user id of another kind": lambda: token(claims(sub=ids.encode("course", ids.new_id()))),
    "a malformed user id": lambda: token(claims(sub="user_nonsense")),
    "a malformed session id": lambda: token(claims(sid="nonsense")),
    "a session id that is a number": lambda: token(claims(sid=7)),
    "a malformed organization": lambda: token(claims(tid="nonsense")),
    "an organization that is a list": lambda: token(claims(tid=["a"])),
    "an unknown role": lambda: token(claims(role="GOD")),
    "scopes that are a list": lambda: token(claims(scope=["read:course"])),
    **{f"no {name}": lambda name=name: token(claims(**{name: None})) for name in
       ("exp", "iat", "sub", "aud", "iss", "jti", "sid", "role", "scope")},
}  # fmt: skip


@pytest.mark.parametrize("kind", FORGED)
async def test_any_other_token_is_refused_with_the_same_code_each_time(verifier: TokenVerifier, kind: str) -> None:
    forged = FORGED[kind]()
    for _ in range(2):
        with pytest.raises(Unauthenticated) as caught:
            await verifier.verify(forged)
        assert caught.value.extensions == {"code": "UNAUTHENTICATED"}
        assert caught.value.message == (
            "The access token has expired; refresh the session."
            if kind == "expired"
            else "The access token is not valid."
        )


async def test_a_token_of_the_wrong_kind_does_not_even_ask_for_a_key(verifier: TokenVerifier, keys: Keys) -> None:
    for kind in ("typ JWT", "alg none", "HS256 with the public key as PEM", "nonsense"):
        with pytest.raises(Unauthenticated):
            await verifier.verify(FORGED[kind]())
    assert keys.asked == []


async def test_a_token_is_verified_once_and_refused_from_the_moment_it_expires(
    verifier: TokenVerifier, keys: Keys
) -> None:
    signed = token(claims(exp=int(time.time()) + 1))
    first = await verifier.verify(signed)
    assert await verifier.verify(signed) == first
    assert keys.asked == [KID]
    await asyncio.sleep(first.expires_at - time.time())
    with pytest.raises(Unauthenticated, match="expired"):
        await verifier.verify(signed)
    assert signed not in verifier._viewers


async def test_no_key_to_be_had_is_not_the_callers_fault(keys: Keys) -> None:
    class Away:
        async def key(self, kid: str) -> jwt.PyJWK | None:
            raise Unavailable

    with pytest.raises(Unavailable):
        await TokenVerifier(Away(), ISSUER, AUDIENCE).verify(token(claims()))


async def test_only_so_many_tokens_are_remembered(verifier: TokenVerifier, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TokenVerifier, "_KEPT", 3)
    for _ in range(6):
        await verifier.verify(token(claims()))
    assert len(verifier._viewers) == 3
