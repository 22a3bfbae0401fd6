"""What credentials reads beyond the shared settings."""

import base64
import binascii
from pathlib import Path

from pydantic import Field, SecretStr, field_validator

from shared.credentials import did_web
from shared.settings import Settings as SharedSettings

_SECRET = 32


class Settings(SharedSettings):
    """Credentials signs, and prints addresses where anybody can check what it has issued."""

    public_url: str = "http://127.0.0.1:8000"
    """Where anybody reaches this process: all addresses in what it signs begin so, and have to answer for ever."""

    home: Path = Path(".lyceum")
    """Where the embedded object store keeps its folder."""

    object_store_url: SecretStr | None = Field(None, validation_alias="OBJECT_STORE_URL")
    """A bucket (`s3://`, `gs://`, `az://`) for printed certificates; without one they lie in a folder of `home`."""

    credential_secrets: SecretStr
    """What the signing keys of tenants are sealed with: 32 random bytes in base64, or more such separated by commas.
    The first seals and all of them open, so a new one goes in front of the old."""

    @field_validator("public_url")
    @classmethod
    def _is_address(cls, value: str) -> str:
        did_web(value, "organization")  # raises ValueError for what cannot be an issuer
        return value.rstrip("/")

    @field_validator("credential_secrets")
    @classmethod
    def _are_secrets(cls, value: SecretStr) -> SecretStr:
        decoded(value)
        return value


def decoded(secrets: SecretStr) -> list[bytes]:
    """The secrets that keys are sealed with. Raises ValueError, without any of them, for what are none."""
    try:
        found = [base64.b64decode(it.strip(), validate=True) for it in secrets.get_secret_value().split(",")]
    except (binascii.Error, ValueError):
        found = []
    if not found or any(len(secret) != _SECRET for secret in found):
        raise ValueError(f"This takes one or more secrets of {_SECRET} bytes in base64, separated by commas") from None
    return found
