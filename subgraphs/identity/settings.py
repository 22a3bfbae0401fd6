"""What identity reads beyond the shared settings."""

from pathlib import Path

from pydantic import Field, SecretStr, ValidationInfo, field_validator

from shared.settings import Settings as SharedSettings


class Settings(SharedSettings):
    """Identity signs access tokens, so it alone holds the private keys."""

    signing_keys: SecretStr | None = None
    """A private JWK Set (RFC 7517) of Ed25519 keys. The first signs; all are published, so that keys can rotate."""

    signing_keys_file: Path | None = Field(default=None, validate_default=True)
    """The same as a file. One of both is required."""

    access_token_minutes: int = Field(default=30, ge=1, le=60)
    """How long an access token is good (the brief's 30 minutes)."""

    api_key_token_minutes: int = Field(default=10, ge=1, le=60)
    """How long the access token that the router gets for an API key is good; streams of partners end with it."""

    refresh_token_days: int = Field(default=7, ge=1, le=30)
    """How long an unused refresh token is good (the brief's 7 days)."""

    session_days: int = Field(default=30, ge=1, le=365)
    """How long a session may be refreshed before its person signs in again (ASVS 10.4.8)."""

    @field_validator("signing_keys_file")
    @classmethod
    def _is_the_one(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        if (value is None) == (info.data.get("signing_keys") is None):
            raise ValueError("Set LYCEUM_SIGNING_KEYS or LYCEUM_SIGNING_KEYS_FILE, and not both")
        return value

    def key_set(self) -> str:
        """The private JWK Set, as JSON."""
        if self.signing_keys_file is not None:
            return self.signing_keys_file.read_text()
        assert self.signing_keys is not None
        return self.signing_keys.get_secret_value()
