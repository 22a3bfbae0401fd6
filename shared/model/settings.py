"""What a subgraph with a model reads: `class Settings(ModelSettings, SharedSettings)`."""

from decimal import Decimal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.model.prices import Price


class ModelSettings(BaseSettings):
    """OpenAI, or any server with its API, when there is a key for it; else the model inside the process."""

    model_config = SettingsConfigDict(env_prefix="LYCEUM_", extra="ignore", frozen=True, hide_input_in_errors=True)

    openai_api_key: SecretStr | None = Field(None, validation_alias="OPENAI_API_KEY")

    openai_base_url: str | None = Field(None, validation_alias="OPENAI_BASE_URL")
    """Another server with the same API (`http(s)://host[:port]/path`); what it takes for a key must be set too."""

    openai_embedding_model: str = Field(
        "text-embedding-3-small", validation_alias="OPENAI_EMBEDDING_MODEL", min_length=1
    )

    openai_embedding_dimensions: int = Field(1536, validation_alias="OPENAI_EMBEDDING_DIMENSIONS", ge=1, le=16_000)

    openai_generation_model: str = Field("gpt-6-luna", validation_alias="OPENAI_GENERATION_MODEL", min_length=1)

    openai_reasoning_effort: str = Field("none", validation_alias="OPENAI_REASONING_EFFORT")
    """Sent as `reasoning_effort`; empty for models that do not know it."""

    openai_prices: dict[str, Price] = Field({}, validation_alias="OPENAI_PRICES")
    """US dollars for a million tokens in and out, `{"model": [0.1, 0.5]}`, where `prices.py` is out of date."""

    embedding_seconds: float = Field(10.0, gt=0)
    """For one request of up to 256 texts, second tries included."""

    generation_seconds: float = Field(20.0, gt=0)

    @field_validator("openai_api_key")
    @classmethod
    def _can_be_sent(cls, key: SecretStr | None) -> SecretStr | None:
        value = "-" if key is None else key.get_secret_value()
        if not value.isascii() or not value.isprintable() or not value or " " in value:
            raise ValueError("must be printable ASCII without spaces, and not empty")
        return key

    @field_validator("openai_base_url")
    @classmethod
    def _is_address(cls, url: str | None, info: ValidationInfo) -> str | None:
        if url is None:
            return None
        parts = urlsplit(url)
        is_plain = parts.scheme in ("http", "https") and not (parts.username or parts.query or parts.fragment)
        if not is_plain or not parts.hostname or parts.port == 0:
            raise ValueError("must be http(s)://host[:port][/path]")
        if info.data.get("openai_api_key") is None:
            raise ValueError("is of use only with OPENAI_API_KEY")
        return url

    @field_validator("openai_prices")
    @classmethod
    def _are_prices(cls, prices: dict[str, Price]) -> dict[str, Price]:
        if any(each < 0 or each > Decimal(1_000_000) for price in prices.values() for each in price):
            raise ValueError("must be dollars for a million tokens")
        return prices
