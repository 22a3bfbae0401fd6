"""What credentials reads beyond the shared settings."""

from shared.settings import Settings as SharedSettings


class Settings(SharedSettings):
    """Credentials prints addresses where anybody can check what it has issued."""

    public_url: str = "http://127.0.0.1:8000"
    """Where anybody reaches this process itself: addresses of verification begin with it."""
