"""The Ed25519 keys that a tenant signs its credentials with: how they are made, kept and published."""

import hashlib
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.credentials.multibase import base58, base64url

# The multicodec of an Ed25519 public key (Controlled Identifiers 1.0, 2.2.2).
_ED25519 = b"\xed\x01"
_NONCE = 12


class KeyRefused(Exception):
    """The sealed key was made for another tenant or by another secret, or it has been changed."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """What everybody may know: the 32 bytes of an Ed25519 public key."""

    raw: bytes

    @property
    def kid(self) -> str:
        """The key's id: the thumbprint of its JWK (RFC 7638, RFC 8037 appendix A.3)."""
        members = {"crv": "Ed25519", "kty": "OKP", "x": base64url(self.raw)}
        return base64url(hashlib.sha256(json.dumps(members, separators=(",", ":")).encode()).digest())

    @property
    def multibase(self) -> str:
        """The key as a Multikey has it."""
        return base58(_ED25519 + self.raw)

    @property
    def jwk(self) -> dict[str, Any]:
        """The key as a JSON Web Key (RFC 8037)."""
        return {"kty": "OKP", "crv": "Ed25519", "x": base64url(self.raw), "kid": self.kid, "alg": "EdDSA", "use": "sig"}

    def verifies(self, signature: bytes, message: bytes) -> bool:
        """Whether the owner of this key signed the message."""
        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, message)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A tenant's key that can sign; its printed form does not show it."""

    tenant: UUID
    private: Ed25519PrivateKey

    @property
    def public(self) -> PublicKey:
        """The half to publish."""
        return PublicKey(self.private.public_key().public_bytes_raw())


@dataclass(frozen=True, slots=True)
class SealedKey:
    """A tenant's key as it is stored: `public` (32 bytes) is to publish, `sealed` (60 bytes) opens with the secret."""

    tenant: UUID
    kid: str
    public: bytes
    sealed: bytes


class TenantKeys:
    """Makes the keys of tenants, and seals them with AES-256-GCM so that the database alone signs nothing."""

    def __init__(self, secrets: Sequence[bytes]) -> None:
        """Each secret has 32 bytes. The first one seals and all of them open, so a new one goes in front of the old."""
        if not secrets or any(len(secret) != 32 for secret in secrets):
            raise ValueError("The secrets that seal keys have 32 bytes each.")
        self._ciphers = [AESGCM(secret) for secret in secrets]

    @staticmethod
    def make(tenant: UUID) -> SigningKey:
        """A new random key. An old one is kept: its public half verifies what it signed."""
        return SigningKey(tenant, Ed25519PrivateKey.generate())

    def seal(self, key: SigningKey) -> SealedKey:
        """The key to store, which opens for this tenant and under this id only."""
        nonce, public = secrets.token_bytes(_NONCE), key.public
        content = key.private.private_bytes_raw()
        sealed = nonce + self._ciphers[0].encrypt(nonce, content, _purpose(key.tenant, public.kid))
        return SealedKey(key.tenant, public.kid, public.raw, sealed)

    def open(self, stored: SealedKey) -> SigningKey:
        """The key that was sealed. Raises KeyRefused."""
        nonce, content = stored.sealed[:_NONCE], stored.sealed[_NONCE:]
        for cipher in self._ciphers:
            try:
                private = cipher.decrypt(nonce, content, _purpose(stored.tenant, stored.kid))
            except (InvalidTag, ValueError):  # ValueError: too short to have a nonce
                continue
            key = SigningKey(stored.tenant, Ed25519PrivateKey.from_private_bytes(private))
            # The public half lies open beside it; one that was exchanged must not be published for this key.
            if key.public.raw == stored.public:
                return key
        raise KeyRefused(f"The key {stored.kid} does not open.")


def _purpose(tenant: UUID, kid: str) -> bytes:
    return b"credential-key:" + tenant.bytes + b":" + kid.encode()
