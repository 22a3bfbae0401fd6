"""What credentials knows beside the platform's engines: where it is reached, and how it signs."""

from functools import cache

from shared.context import Platform
from shared.credentials import TenantKeys
from subgraphs.credentials.services.addresses import Addresses
from subgraphs.credentials.services.issuing import Issuing
from subgraphs.credentials.settings import Settings, decoded


@cache
def issuing_of(platform: Platform) -> Issuing:
    """What signs in the names of tenants."""
    assert isinstance(platform.settings, Settings)
    return Issuing(TenantKeys(decoded(platform.settings.credential_secrets)), addresses_of(platform))


@cache
def addresses_of(platform: Platform) -> Addresses:
    """Where the public finds what credentials shows."""
    assert isinstance(platform.settings, Settings)
    return Addresses(platform.settings.public_url)
