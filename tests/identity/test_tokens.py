"""Who is let in at all: the router, and tokens that identity signed for this platform."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import OKPAlgorithm

from shared import ids
from tests.conftest import Subgraph
from tests.identity.conftest import LOGIN, PASSWORD, VIEWER, School, post, rows

QUERIES = [
    "{ viewer { scopes } }",
    "{ __schema { types { name } } }",
    "{ _service { sdl } }",
    "{ __typename }",
    "nonsense",
]


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("secret", [None, "", "wrong", "é", "x" * 10_000])
async def test_whoever_is_not_the_router_learns_nothing(
    identity: Subgraph, school: School, query: str, secret: str | None
) -> None:
    headers = [("authorization", f"Bearer {identity.sign(school.admin.viewer)}".encode())]
    if secret is not None:
        headers.append(("x-lyceum-router", secret.encode()))
    response = await identity.client.post("/graphql", json={"query": query}, headers=dict(headers))
    assert (response.status_code, response.text) == (403, "Subgraphs answer the router only.")


async def test_half_of_the_secret_is_not_the_secret(identity: Subgraph) -> None:
    secret = identity.platform.settings.router_secret.get_secret_value()
    for wrong in (secret[:-1], secret + "x", secret.swapcase(), f" {secret}x"):
        assert (await post(identity, "{ __typename }", secret=wrong)).status_code == 403
    assert (await post(identity, "{ __typename }", secret=secret)).status_code == 200


async def test_a_refused_mutation_does_nothing(identity: Subgraph, school: School) -> None:
    input = {"email": school.student.email, "password": PASSWORD}
    response = await identity.client.post("/graphql", json={"query": LOGIN, "variables": {"input": input}})
    assert response.status_code == 403
    assert await rows(identity, "SELECT 1 FROM session WHERE user_id = :id", id=school.student.uuid) == []


async def test_the_signing_keys_are_published_without_their_secret_half(identity: Subgraph) -> None:
    response = await identity.client.get("/.well-known/jwks.json")
    assert response.headers["cache-control"] == "public, max-age=300"
    for key in response.json()["keys"]:
        assert set(key) == {"kty", "crv", "kid", "x", "alg", "use"}
        assert (key["kty"], key["crv"], key["alg"], key["use"]) == ("OKP", "Ed25519", "EdDSA", "sig")


class Forger:
    """Makes tokens that are wrong in one way each, with the real key where the way needs it."""

    def __init__(self, identity: Subgraph, school: School) -> None:
        keys = identity.sign.__self__
        document = keys._documents[0]
        self.kid: str = document["kid"]
        self.private: Any = OKPAlgorithm.from_jwk(document)
        self.good = identity.sign(school.admin.viewer)
        self.claims: dict[str, Any] = jwt.decode(self.good, options={"verify_signature": False})

    def signed(self, claims: dict[str, Any] | None = None, key: Any = None, alg: str = "EdDSA", **headers: Any) -> str:
        """A token with other claims (None: without), another key or another header."""
        changed = {name: value for name, value in (self.claims | (claims or {})).items() if value is not None}
        named = {"kid": self.kid, "typ": "at+jwt"} | headers
        return jwt.encode(changed, key or self.private, algorithm=alg, headers=named)

    def by_hand(self, header: dict[str, Any], signature: bytes = b"") -> str:
        """A token that no library would make."""
        parts = [json.dumps(header).encode(), json.dumps(self.claims).encode(), signature]
        return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)

    def with_public_key_as_secret(self, *, raw: bool) -> str:
        """HS256, with the published key as the shared secret: the classic confusion."""
        public = self.private.public_key()
        form = (Encoding.Raw, PublicFormat.Raw) if raw else (Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        header, claims = self.by_hand({"alg": "HS256", "typ": "at+jwt", "kid": self.kid}).split(".")[:2]
        secret = public.public_bytes(*form)
        digest = hmac.new(secret, f"{header}.{claims}".encode(), hashlib.sha256).digest()
        return f"{header}.{claims}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"


Forgery = Callable[[Forger], str]

FORGERIES: dict[str, Forgery] = {
    "expired": lambda forger: forger.signed({"exp": int(time.time()) - 1}),
    "not yet issued": lambda forger: forger.signed({"iat": int(time.time()) + 3600}),
    "not yet good": lambda forger: forger.signed({"nbf": int(time.time()) + 3600}),
    "another audience": lambda forger: forger.signed({"aud": "another"}),
    "another issuer": lambda forger: forger.signed({"iss": "https://evil.example"}),
    "typ JWT": lambda forger: forger.signed(typ="JWT"),
    "typ of a refresh token": lambda forger: forger.signed(typ="rt+jwt"),
    "unknown kid": lambda forger: forger.signed(kid="0123456789abcdef"),
    "kid as a path": lambda forger: forger.signed(kid="../../../dev/null"),
    "another key": lambda forger: forger.signed(key=Ed25519PrivateKey.generate()),
    "another key in jwk": lambda forger: forger.signed(key=Ed25519PrivateKey.generate(), jwk={"kty": "OKP"}),
    "alg none": lambda forger: forger.by_hand({"alg": "none", "typ": "at+jwt", "kid": forger.kid}),
    "alg NONE": lambda forger: forger.by_hand({"alg": "NONE", "typ": "at+jwt", "kid": forger.kid}),
    "unsigned": lambda forger: forger.by_hand({"alg": "EdDSA", "typ": "at+jwt", "kid": forger.kid}),
    "signature of zeros": lambda forger: forger.by_hand(
        {"alg": "EdDSA", "typ": "at+jwt", "kid": forger.kid}, bytes(64)
    ),
    "HS256 with the public key": lambda forger: forger.with_public_key_as_secret(raw=True),
    "HS256 with the public PEM": lambda forger: forger.with_public_key_as_secret(raw=False),
    "HS256": lambda forger: forger.signed(key="a secret that is long enough for HS256", alg="HS256"),
    "crit": lambda forger: forger.signed(crit=["exp"]),
    **{
        f"without {name}": lambda forger, name=name: forger.signed({name: None})
        for name in ("exp", "iat", "sub", "aud", "iss", "jti", "sid", "role", "scope")
    },
    "sub of another kind": lambda forger: forger.signed({"sub": ids.encode("course", ids.new_id())}),
    "tid of another kind": lambda forger: forger.signed({"tid": ids.encode("user", ids.new_id())}),
    "unknown role": lambda forger: forger.signed({"role": "GOD"}),
    "claims swapped": lambda forger: ".".join(
        [forger.good.split(".")[0], forger.signed({"role": "SUPER_ADMIN"}).split(".")[1], forger.good.split(".")[2]]
    ),
    "cut short": lambda forger: forger.good[:-4],
    "two parts": lambda forger: forger.good.rpartition(".")[0],
    "nonsense": lambda _: "nonsense",
    "refresh token": lambda _: "rt_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "long": lambda _: "a." * 20_000,
}


@pytest.mark.parametrize("forgery", FORGERIES)
async def test_a_token_that_is_not_quite_right_is_refused(identity: Subgraph, school: School, forgery: str) -> None:
    token = FORGERIES[forgery](Forger(identity, school))
    answer = await identity.ask(VIEWER, headers={"authorization": f"Bearer {token}"})
    assert (answer.status, answer.codes) == (401, ["UNAUTHENTICATED"])
    assert answer.body["data"] is None
    assert answer.statements == []


async def test_the_forger_can_also_make_a_good_one(identity: Subgraph, school: School) -> None:
    """So that what is refused above is refused for its one fault."""
    forger = Forger(identity, school)
    for token in (forger.good, forger.signed(), forger.signed(typ="AT+JWT")):
        answer = await identity.ask(VIEWER, headers={"authorization": f"Bearer {token}"})
        assert answer.data["viewer"]["user"]["id"] == school.admin.id


@pytest.mark.parametrize("form", ["Basic {}", "{}", "Bearer", "Bearer  ", "Token {}", "bearer{}", "Bearer {} {}"])
async def test_another_scheme_is_refused(identity: Subgraph, school: School, form: str) -> None:
    token = identity.sign(school.admin.viewer)
    answer = await identity.ask(VIEWER, headers={"authorization": form.format(token, token)})
    assert (answer.status, answer.codes) == (401, ["UNAUTHENTICATED"])


async def test_the_scheme_is_read_in_whatever_case(identity: Subgraph, school: School) -> None:
    token = identity.sign(school.admin.viewer)
    answer = await identity.ask(VIEWER, headers={"authorization": f"bEARER  {token}"})
    assert answer.data["viewer"]["user"]["id"] == school.admin.id


async def test_a_token_that_was_good_is_refused_once_it_has_expired(
    identity: Subgraph, school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when the answer for it was remembered."""
    token = identity.sign(school.admin.viewer)
    bearer = {"authorization": f"Bearer {token}"}
    assert (await identity.ask(VIEWER, headers=bearer)).status == 200
    now = time.time
    monkeypatch.setattr("shared.auth.time.time", lambda: now() + 601)
    assert (await identity.ask(VIEWER, headers=bearer)).status == 401
