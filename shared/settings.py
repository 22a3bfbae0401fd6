"""What every subgraph reads from its environment. A missing variable stops the process and is named."""

import sys
from typing import Literal, Self

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Settings common to the subgraphs; a subgraph that reads more inherits from it in its own `settings.py`."""

    model_config = SettingsConfigDict(env_prefix="LYCEUM_", extra="ignore", frozen=True)

    database_url: SecretStr = Field(validation_alias="DATABASE_URL")
    """PostgreSQL, as the subgraph's tenant-bound login (`lyceum_<subgraph>`): row-level security applies."""

    system_database_url: SecretStr = Field(validation_alias="SYSTEM_DATABASE_URL")
    """PostgreSQL, as `lyceum_<subgraph>_system`: the relay, and in identity signing in and the platform login."""

    redis_url: SecretStr = Field(validation_alias="REDIS_URL")
    """Cache, event streams, presence and revocations (`redis://`, `rediss://` or `unix://`)."""

    mongodb_url: SecretStr | None = Field(default=None, validation_alias="MONGODB_URL")
    """MongoDB, for documents (`mongodb://` or `mongodb+srv://`); without it they are kept in PostgreSQL."""

    router_secret: SecretStr = Field(min_length=16)
    """What the router sends as `x-lyceum-router`; a request without it is refused."""

    jwks_url: str
    """Where identity's public keys are (`http(s)://`, or `file://` for keys that are handed out as a file)."""

    issuer: str = "https://lyceum.example"
    """The `iss` claim of access tokens."""

    audience: str = "lyceum"
    """The `aud` claim of access tokens."""

    environment: Literal["development", "production"] = "development"

    log_format: Literal["json", "console"] = "json"

    database_pool_size: int = Field(default=10, ge=1, le=200)
    """Connections kept per process and login; as many again may open under load."""

    @classmethod
    def load(cls) -> Self:
        """The settings from the environment; exits with status 78 (EX_CONFIG) and the names of what is wrong."""
        try:
            return cls()
        except ValidationError as error:
            for problem in error.errors():
                name = str(problem["loc"][0])
                variable = name if name.isupper() else f"LYCEUM_{name.upper()}"
                print(f"{variable}: {problem['msg']}", file=sys.stderr)
            sys.exit(78)
