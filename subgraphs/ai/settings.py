"""What ai reads beyond the shared settings. A request may take 10 seconds at the router, so its parts take less."""

from pydantic import Field, SecretStr, ValidationInfo, field_validator

from shared.model import ModelSettings
from shared.settings import Settings as SharedSettings


class Settings(ModelSettings, SharedSettings):
    """Ai asks a model, and keeps vectors."""

    embedding_seconds: float = Field(8.0, gt=0, le=9)
    """For one request of up to 256 texts, second tries included."""

    generation_seconds: float = Field(8.0, gt=0, le=9)
    """For the questions about an item, second tries included."""

    pinecone_api_key: SecretStr | None = Field(None, validation_alias="PINECONE_API_KEY")
    """Vectors are kept in Pinecone; without a key they are kept in PostgreSQL."""

    pinecone_host: str | None = Field(None, validation_alias="PINECONE_HOST")
    """The index's own address; without it Pinecone is asked for it."""

    pinecone_index: str | None = Field(None, validation_alias="PINECONE_INDEX")
    """The name of the index, `lms-content` unless it is said."""

    pinecone_controller_host: str | None = Field(None, validation_alias="PINECONE_CONTROLLER_HOST")
    """Where Pinecone is asked for the address of the index, unless it is Pinecone's own."""

    @field_validator("pinecone_host", "pinecone_index", "pinecone_controller_host")
    @classmethod
    def _has_key(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is not None and info.data.get("pinecone_api_key") is None:
            raise ValueError("is of use only with PINECONE_API_KEY")
        return value
