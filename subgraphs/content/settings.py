"""What content reads beyond the shared settings."""

from pathlib import Path

from pydantic import Field, SecretStr

from shared.settings import Settings as SharedSettings


class Settings(SharedSettings):
    """Content keeps files, which clients fetch from it or from a bucket, and it is searched."""

    home: Path = Path(".lyceum")
    """Where the embedded object store keeps its folder."""

    object_store_url: SecretStr | None = Field(None, validation_alias="OBJECT_STORE_URL")
    """A bucket (`s3://`, `gs://`, `az://`) to keep files in; without one they lie in a folder of `home`."""

    elasticsearch_url: SecretStr | None = Field(None, validation_alias="ELASTICSEARCH_URL")
    """Elasticsearch (`http(s)://[user:password@]host:port`); without it PostgreSQL is searched."""

    public_url: str = "http://127.0.0.1:8000"
    """Where clients reach this process itself, for the files of the folder."""
