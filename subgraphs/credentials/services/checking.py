"""Checking what we have issued: that what is stored is what was signed, for this award, and that it still counts."""

from collections.abc import Sequence
from typing import Any

from shared.credentials import PublicKey, Reason, StatusList, instant, printable, says_the_same, verify
from subgraphs.credentials.models import Award, AwardStatus, Credential
from subgraphs.credentials.services.addresses import Addresses


def reason_against(
    award: Award, slug: str | None, credential: Credential | None, keys: Sequence[PublicKey]
) -> Reason | None:
    """Why the award does not hold; None when it does. `keys` are the tenant's, and trusted."""
    revoked = award.status == AwardStatus.REVOKED
    if credential is None:
        return Reason.REVOKED if revoked else None
    addresses = Addresses(credential.public_url)
    issuer, url = addresses.did(slug or ""), addresses.status_list(slug or "", award.status_list)
    statuses = StatusList(url, issuer, [award.status_position] if revoked else [])
    reason = verify(credential.document, issuer, keys, statuses).reason
    if reason in (Reason.TAMPERED, Reason.UNKNOWN):  # another issuer's can only have been put here
        return Reason.TAMPERED
    is_whole = _is_of(credential.document, award, addresses) and says_the_same(
        credential.jwt, credential.document, issuer, keys
    )
    return reason if is_whole else Reason.TAMPERED


def _is_of(document: dict[str, Any], award: Award, addresses: Addresses) -> bool:
    """Whether a document that verifies is this award's, and says what the row says, which is what we show.

    A tenant signs many: one of them in another's place would verify as well.
    """
    subject = document["credentialSubject"]
    achievement = subject["achievement"]
    said = {
        "id": document["id"],
        "issuer": document["issuer"]["name"],
        "recipient": [it["identityHash"] for it in subject["identifier"] if it["identityType"] == "name"],
        "badge": (achievement["name"], achievement["description"]),
        "time": document["validFrom"],
        "position": document["credentialStatus"]["statusListIndex"],
    }
    return said == {
        "id": addresses.credential(award.code),
        "issuer": printable(award.issuer_name or ""),
        "recipient": [printable(award.recipient_name)] if award.recipient_name else [],
        "badge": (printable(award.badge_name), printable(award.badge_description)),
        "time": instant(award.issued_at),
        "position": str(award.status_position),
    }
