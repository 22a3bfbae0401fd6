"""What credentials knows beside the platform's engines: where it is reached."""

from shared.context import Platform
from subgraphs.credentials.settings import Settings


def verification_url(platform: Platform, code: str) -> str:
    """Where anybody can check the award with this code."""
    assert isinstance(platform.settings, Settings)
    return f"{platform.settings.public_url}/verify/{code}"
