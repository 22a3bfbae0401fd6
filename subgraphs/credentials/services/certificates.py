"""Certificates: one for each completed course and person, given once, as awards are.

An organization issues them by itself as soon as it has a default template, or one of the course. What was completed
before is certified by a job.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import and_, or_, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from shared import ids
from shared.events import emit_all
from subgraphs.credentials.events import CertificateIssued
from subgraphs.credentials.models import (
    AchievementKind,
    Badge,
    CertificateTemplate,
    Course,
    CriterionKind,
    Evidence,
)
from subgraphs.credentials.services.awards import Earned, issue


class Terms(NamedTuple):
    """What a course's certificates are given for, and how they look."""

    title: str | None
    achievement_id: UUID | None
    achievement_name: str | None
    template_id: UUID | None


async def terms_of(session: AsyncSession, course_id: UUID, template_id: UUID | None = None) -> Terms | None:
    """The terms for a course that is known by its title, with the template that is asked for, or else that of the
    course, or else the default; None for any other course."""
    usable = CertificateTemplate.archived_at.is_(None)
    if template_id is not None:
        chosen = CertificateTemplate.id == template_id
    else:
        chosen = or_(CertificateTemplate.course_id == course_id, CertificateTemplate.is_default)
    template = (
        select(CertificateTemplate.id)
        .where(usable, chosen)
        .order_by(CertificateTemplate.course_id.is_(None))  # that of the course comes first
        .limit(1)
    )
    is_certified = and_(Badge.course_id == Course.id, Badge.kind == AchievementKind.CERTIFICATE)
    statement = (
        select(Course.title, Badge.id, Badge.name, template.scalar_subquery())
        .outerjoin(Badge, is_certified)
        .where(Course.id == course_id, Course.title.is_not(None))
    )
    row = (await session.execute(statement)).one_or_none()
    return Terms(row[0], row[1], row[2], row[3]) if row else None


async def certify(
    session: AsyncSession, organization_id: UUID, course_id: UUID, people: Sequence[UUID], terms: Terms | None
) -> None:
    """Gives people, who have completed the course, their certificates; nothing where there is no template."""
    if terms is None or terms.template_id is None or not people:
        return
    achievement_id = await _achievement(session, organization_id, course_id, terms)
    earned = [Earned(achievement_id, user_id) for user_id in people]
    issued = await issue(session, organization_id, earned, terms.template_id)
    if issued:
        await emit_all(session, [_issued(organization_id, course_id, row) for row in issued])


async def certify_waiting(session: AsyncSession, organization_id: UUID, course_id: UUID) -> None:
    """Certifies those who have completed a course whose title has only now arrived."""
    terms = await terms_of(session, course_id)
    if terms is not None and terms.template_id is not None:
        done = select(Evidence.user_id).where(
            Evidence.target_id == course_id, Evidence.kind == CriterionKind.COMPLETE_COURSE
        )
        people = (await session.execute(done)).scalars().all()
        await certify(session, organization_id, course_id, people, terms)


async def _achievement(session: AsyncSession, organization_id: UUID, course_id: UUID, terms: Terms) -> UUID:
    """What is achieved: the course, under the title that it has now."""
    if terms.achievement_id is not None and terms.achievement_name == terms.title:
        return terms.achievement_id
    own = {"organization_id": organization_id, "course_id": course_id, "kind": AchievementKind.CERTIFICATE}
    added = insert(Badge).values(id=ids.new_id(), name=terms.title, description="", **own)
    stored = added.on_conflict_do_update(
        index_elements=["organization_id", "course_id"],
        index_where=text("kind = 'CERTIFICATE'"),  # a parameter in it would not do for a generic plan
        set_={"name": terms.title},
    )
    return (await session.execute(stored.returning(Badge.id))).scalar_one()


def _issued(organization_id: UUID, course_id: UUID, row: Any) -> CertificateIssued:
    return CertificateIssued(id=row.id, organization_id=organization_id, course_id=course_id, user_id=row.user_id)
