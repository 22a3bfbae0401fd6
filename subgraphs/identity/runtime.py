"""What identity holds beside the platform's engines: its signing keys, and what sessions are made with."""

from functools import cache

from shared.context import Platform
from shared.graphql import Info
from subgraphs.identity.keys import SigningKeys
from subgraphs.identity.services.sessions import Sessions
from subgraphs.identity.settings import Settings


@cache
def signing_keys(settings: Settings) -> SigningKeys:
    """The signing keys, read once."""
    return SigningKeys(settings.key_set(), settings.issuer, settings.audience)


def sessions_of(info: Info) -> Sessions:
    """What sessions are made with and ended through in this process."""
    return sessions_with(info.context.platform)


def sessions_with(platform: Platform) -> Sessions:
    """The same, where there is no request."""
    assert isinstance(platform.settings, Settings)
    return Sessions(platform.settings, signing_keys(platform.settings), platform.revocations)
