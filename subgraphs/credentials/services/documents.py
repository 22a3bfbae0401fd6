"""What the credential of an award says: its row, in the words of Open Badges."""

import uuid
from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.credentials import Badge, Issuer, Recipient, StatusList, issue
from subgraphs.credentials.models import AchievementKind, Award, Criterion, CriterionKind
from subgraphs.credentials.services.addresses import Addresses


def document_of(award: Award, slug: str, criteria: Mapping[UUID, str], addresses: Addresses) -> dict[str, Any]:
    """The credential of an award that has its names, not yet signed; `criteria` are those of its badge, in words."""
    issuer = Issuer(addresses.did(slug), award.issuer_name or "")
    statuses = StatusList(addresses.status_list(slug, award.status_list), issuer.id, ())
    badge = Badge(
        addresses.badge(slug, award.badge_id),
        award.badge_name,
        award.badge_description,
        criteria[award.badge_id],
        type="CertificateOfCompletion" if award.kind == AchievementKind.CERTIFICATE else None,
    )
    return issue(
        id=addresses.credential(award.code),
        issuer=issuer,
        badge=badge,
        # A new id each time, so that nobody can tell which credentials are one person's.
        recipient=Recipient(uuid.uuid4().urn, award.recipient_email or "", award.recipient_name),
        status=statuses.entry(award.status_position),
        valid_from=award.issued_at,
    )


_COMPLETED = "Complete the course."


async def criteria_in_words(session: AsyncSession, badge_ids: Collection[UUID]) -> dict[UUID, str]:
    """What each badge asks for, a line per criterion; a course that is certified, to be completed."""
    statement = select(Criterion).where(Criterion.badge_id.in_(badge_ids)).order_by(Criterion.position)
    lines: dict[UUID, list[str]] = defaultdict(list)
    for criterion in await session.scalars(statement):
        lines[criterion.badge_id].append(_in_words(criterion))
    return {badge_id: "\n".join(lines[badge_id]) or _COMPLETED for badge_id in badge_ids}


def _in_words(criterion: Criterion) -> str:
    match CriterionKind(criterion.kind):
        case CriterionKind.COMPLETE_COURSE:
            return "Complete a course."
        case CriterionKind.COMPLETE_ITEMS:
            return f"Complete {criterion.threshold:g} items of a course."
        case CriterionKind.PASS_ASSESSMENT:
            return f"Reach a score of {criterion.threshold:.0%} or more in an assessment."
