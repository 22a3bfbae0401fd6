"""Which credentials of a tenant are revoked: Bitstring Status List 1.0.

A credential has a position in a list, and the list has a bit for each position. Who checks a credential fetches the
whole list, so that we do not learn which one was checked; that works only while lists are long and shared.
"""

import gzip
import secrets
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shared.credentials.document import StatusEntry, instant
from shared.credentials.multibase import base64url
from shared.credentials.vocabulary import CREDENTIALS_CONTEXT

ENTRIES = 131_072
"""How many positions a list has: the least that the specification allows (3.3), 16 KiB."""

MOST = ENTRIES // 2
"""How many of them are given out: with half of them free, a random position is taken at most every second time."""

# How long others may use a copy of the list (`ttl`, in milliseconds), which is how long a revocation may stay unseen.
_CACHED = timedelta(minutes=5)


class StatusListFull(Exception):
    """The list has no room for so many more; start another one."""


@dataclass(frozen=True, slots=True)
class StatusList:
    """One list: `url` is where it is published, `issuer` the tenant's DID, `revoked` all that has to be stored."""

    url: str
    issuer: str
    revoked: Collection[int]

    def entry(self, position: int) -> StatusEntry:
        """What a credential at this position says about itself."""
        if not 0 <= position < ENTRIES:
            raise ValueError(f"A status list has {ENTRIES} positions.")
        return StatusEntry(id=f"{self.url}#{position}", statusListIndex=str(position), statusListCredential=self.url)

    def document(self, valid_from: datetime, valid_until: datetime) -> dict[str, Any]:
        """The list as a BitstringStatusListCredential, not yet signed.

        `valid_until` is when somebody who holds back newer lists is found out: a day after `valid_from` is enough.
        """
        return {
            "@context": [CREDENTIALS_CONTEXT],
            "id": self.url,
            "type": ["VerifiableCredential", "BitstringStatusListCredential"],
            "issuer": self.issuer,
            "validFrom": instant(valid_from),
            "validUntil": instant(valid_until),
            "credentialSubject": {
                "id": f"{self.url}#list",
                "type": "BitstringStatusList",
                "statusPurpose": "revocation",
                "encodedList": encoded(self.revoked),
                "ttl": _CACHED // timedelta(milliseconds=1),
            },
        }


def encoded(revoked: Iterable[int]) -> str:
    """The list as `encodedList` has it (3.3 and 3.4): position 0 is the first bit on the left, compressed, `u…`."""
    bits = bytearray(ENTRIES // 8)
    for position in revoked:
        bits[position // 8] |= 0x80 >> position % 8
    return "u" + base64url(gzip.compress(bytes(bits), mtime=0))


def free_positions(count: int, taken: Collection[int]) -> list[int]:
    """Random positions that are not taken. Raises StatusListFull.

    Random, because positions in order would tell everybody how many credentials came before, and which ones were
    awarded together. Two that choose at the same time can choose the same: what stores them has to be unique.
    """
    if len(taken) + count > MOST:
        raise StatusListFull
    chosen: dict[int, None] = {}
    while len(chosen) < count:
        position = secrets.randbelow(ENTRIES)
        if position not in taken:
            chosen[position] = None
    return list(chosen)
