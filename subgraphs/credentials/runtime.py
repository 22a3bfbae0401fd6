"""What credentials knows beside the platform's engines: where it is reached, and how it signs."""

import hashlib
from functools import cache

from shared.certificates import Press
from shared.context import Platform
from shared.credentials import TenantKeys
from shared.objects import Objects
from subgraphs.credentials.services.addresses import Addresses
from subgraphs.credentials.services.issuing import Issuing
from subgraphs.credentials.services.printing import Printing
from subgraphs.credentials.settings import Settings, decoded


@cache
def issuing_of(platform: Platform) -> Issuing:
    """What signs in the names of tenants."""
    assert isinstance(platform.settings, Settings)
    return Issuing(TenantKeys(decoded(platform.settings.credential_secrets)), addresses_of(platform))


@cache
def printing_of(platform: Platform) -> Printing:
    """What prints certificates, and keeps them."""
    assert isinstance(platform.settings, Settings)
    return Printing(objects_of(platform.settings), addresses_of(platform))


@cache
def press_of(platform: Platform) -> Press:
    """What prints certificates for jobs, closed with the process."""
    press = Press()
    platform.resources.callback(press.close)
    return press


@cache
def objects_of(settings: Settings) -> Objects:
    """Where printed certificates lie. Clients get them from us, by their code, and not by addresses of the store."""
    secret = hashlib.sha256(b"certificates" + settings.router_secret.get_secret_value().encode()).digest()
    url = settings.object_store_url.get_secret_value() if settings.object_store_url else None
    return Objects(url, settings.home / "objects", secret, f"{settings.public_url}/media")


@cache
def addresses_of(platform: Platform) -> Addresses:
    """Where the public finds what credentials shows."""
    assert isinstance(platform.settings, Settings)
    return Addresses(platform.settings.public_url)
