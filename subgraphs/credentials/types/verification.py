"""What anybody learns of a code."""

from datetime import datetime
from typing import Any

import strawberry

from shared.credentials import Reason
from subgraphs.credentials.models import AwardStatus

UNNAMED = "(not known yet)"


@strawberry.type(description="What anyone may learn of a credential; the names are those it was issued with.")
class PublicCredential:
    name: str = strawberry.field(description="What was earned.")
    recipient_name: str = strawberry.field(description="By whom.")
    issuer_name: str = strawberry.field(description="Who gave it.")
    issued_at: datetime = strawberry.field(description="When it was given.")
    status: AwardStatus = strawberry.field(description="Whether it still counts.")


@strawberry.type(description="Whether a credential is good, and what it says.")
class CredentialVerification:
    valid: bool = strawberry.field(description="Whether it was issued here and still counts.")
    reason: str | None = strawberry.field(description="Why not: UNKNOWN, REVOKED, EXPIRED or TAMPERED.")
    credential: PublicCredential | None = strawberry.field(
        description="What it says; null when it is unknown, or tampered with."
    )

    @classmethod
    def of(cls, found: dict[str, Any] | None) -> "CredentialVerification":
        """The answer for what the loader found."""
        reason = found["reason"] if found else Reason.UNKNOWN
        if found is None or reason == Reason.TAMPERED:
            return cls(valid=False, reason=reason, credential=None)
        credential = PublicCredential(
            name=found["badge_name"],
            recipient_name=found["recipient_name"] or UNNAMED,
            issuer_name=found["issuer_name"] or UNNAMED,
            issued_at=datetime.fromisoformat(found["issued_at"]),
            status=AwardStatus(found["status"]),
        )
        return cls(valid=reason is None, reason=reason, credential=credential)
