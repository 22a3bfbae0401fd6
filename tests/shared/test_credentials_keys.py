"""A tenant's keys: sealed for it alone, and published in the forms that the specifications have."""

import dataclasses
import uuid

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shared.credentials import KeyRefused, PublicKey, SealedKey, TenantKeys, did_document, did_web, jwks
from shared.credentials.multibase import base58, base64url, from_base58, from_base64url

OLD, NEW = b"o" * 32, b"n" * 32


def test_a_sealed_key_opens_again() -> None:
    keys = TenantKeys([NEW])
    key = keys.make(uuid.uuid4())
    opened = keys.open(keys.seal(key))
    assert opened.public == key.public
    assert opened.tenant == key.tenant
    assert key.public.verifies(opened.private.sign(b"message"), b"message")
    assert not key.public.verifies(opened.private.sign(b"message"), b"another")


def test_every_key_and_every_seal_is_another() -> None:
    keys, tenant = TenantKeys([NEW]), uuid.uuid4()
    key = keys.make(tenant)
    assert keys.make(tenant).public != key.public
    assert keys.seal(key).sealed != keys.seal(key).sealed


def test_a_new_secret_opens_what_the_old_one_sealed_and_seals_by_itself() -> None:
    key = TenantKeys.make(uuid.uuid4())
    both = TenantKeys([NEW, OLD])
    assert both.open(TenantKeys([OLD]).seal(key)).public == key.public
    with pytest.raises(KeyRefused):
        TenantKeys([OLD]).open(both.seal(key))


def sealed() -> SealedKey:
    keys = TenantKeys([NEW])
    return keys.seal(keys.make(uuid.uuid4()))


@pytest.mark.parametrize(
    "change",
    [
        {"tenant": uuid.uuid4()},
        {"kid": TenantKeys.make(uuid.uuid4()).public.kid},
        {"public": TenantKeys.make(uuid.uuid4()).public.raw},
        {"sealed": b""},
        {"sealed": b"short"},
        {"sealed": bytes(60)},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_key_opens_for_its_tenant_and_id_only(change: dict[str, object]) -> None:
    with pytest.raises(KeyRefused):
        TenantKeys([NEW]).open(dataclasses.replace(sealed(), **change))  # type: ignore[arg-type]


def test_a_key_of_which_any_bit_changed_does_not_open() -> None:
    stored = sealed()
    assert len(stored.sealed) == 60
    for position in range(60):
        content = bytearray(stored.sealed)
        content[position] ^= 1
        with pytest.raises(KeyRefused):
            TenantKeys([NEW]).open(dataclasses.replace(stored, sealed=bytes(content)))


@pytest.mark.parametrize("secrets", [[], [b"short"], [NEW, b"short"]])
def test_secrets_have_32_bytes(secrets: list[bytes]) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        TenantKeys(secrets)


def test_nothing_that_is_printed_shows_the_key() -> None:
    key = TenantKeys.make(uuid.uuid4())
    private = key.private.private_bytes_raw()
    assert private.hex() not in repr(key)
    assert base64url(private) not in repr(key)


def test_the_public_forms_are_those_of_the_specifications() -> None:
    # RFC 8037, A.1 to A.3
    secret = from_base64url("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A")
    key = PublicKey(Ed25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw())
    assert key.jwk["x"] == "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
    assert key.kid == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    # Data Integrity EdDSA Cryptosuites 1.0, B.1
    secret = from_base58("z3u2en7t5LR2WtQH5PfFqMqwVHBeXouLzo6haApm8XHqvjxq")[2:]
    key = PublicKey(Ed25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw())
    assert key.multibase == "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2"


@pytest.mark.parametrize("value", [b"", b"\0", b"\0\0\1", b"\xff" * 64, bytes(range(64))])
def test_base58_goes_both_ways(value: bytes) -> None:
    assert from_base58(base58(value)) == value


@pytest.mark.parametrize("text", ["", "u1", "z0", "zO", "zI", "zl", "z é", "z" + "2" * 200])
def test_what_is_no_base58_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"base58|substring"):
        from_base58(text)


@pytest.mark.parametrize(
    ("base", "did"),
    [
        ("https://learn.example", "did:web:learn.example:organizations:northlight"),
        ("https://learn.example/", "did:web:learn.example:organizations:northlight"),
        ("http://127.0.0.1:4000", "did:web:127.0.0.1%3A4000:organizations:northlight"),
        ("https://example.com:8443/lyceum/eu", "did:web:example.com%3A8443:lyceum:eu:organizations:northlight"),
    ],
)
def test_the_did_resolves_below_the_public_address(base: str, did: str) -> None:
    assert did_web(base, "northlight") == did


@pytest.mark.parametrize("base", ["learn.example", "ftp://learn.example", "https://", "https://a:b@learn.example"])
def test_what_is_no_public_address_makes_no_did(base: str) -> None:
    with pytest.raises(ValueError, match="public address"):
        did_web(base, "northlight")


def test_the_did_document_has_each_key_in_both_forms_and_no_private_part() -> None:
    new, old = (TenantKeys.make(uuid.uuid4()).public for _ in range(2))
    document = did_document("did:web:a.example", [new, old])
    methods = document["verificationMethod"]
    assert [method["type"] for method in methods] == ["Multikey", "JsonWebKey"] * 2
    assert document["assertionMethod"] == [method["id"] for method in methods]
    assert {method["controller"] for method in methods} == {document["id"]}
    assert [key["kid"] for key in jwks([new, old])["keys"]] == [new.kid, old.kid]
    assert not any("d" in key for key in jwks([new, old])["keys"])
