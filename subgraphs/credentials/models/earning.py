"""What comes of facts about people: badges, how near they are to them, awards and certificates."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    DateTime,
    Float,
    ForeignKeyConstraint,
    Index,
    Text,
    UniqueConstraint,
    and_,
    exists,
    false,
    func,
    or_,
    select,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, aliased, mapped_column

from shared.auth import Viewer
from shared.postgres import Tenanted, one_of
from subgraphs.credentials.models.kinds import AchievementKind, AwardStatus, Base, CriterionKind, now, sees_everybody
from subgraphs.credentials.models.told import Course

_CERTIFIES = text("kind = 'CERTIFICATE'")


class Badge(Tenanted, Base):
    """Something to be earned by meeting all of its criteria; or, as a CERTIFICATE, a course that is certified: who has
    completed it may be given that, and nobody sees it among the badges."""

    __tablename__ = "badge"
    __table_args__ = (
        ForeignKeyConstraint(["organization_id", "course_id"], ["course.organization_id", "course.id"]),
        CheckConstraint(one_of("kind", AchievementKind), name="badge_kind_check"),
        CheckConstraint("kind = 'BADGE' OR course_id IS NOT NULL", name="badge_certified_check"),
        Index("badge_course", "organization_id", "course_id", "id"),
        Index("badge_certified", "organization_id", "course_id", unique=True, postgresql_where=_CERTIFIES),
    )

    kind: Mapped[str] = mapped_column(Text, default=AchievementKind.BADGE, server_default="BADGE")
    course_id: Mapped[UUID | None]
    name: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=now, server_default=func.now())

    @classmethod
    def visible(cls, viewer: Viewer) -> ColumnElement[bool]:
        """Teachers see every badge; students those of opened courses or of none, and those that they have."""
        is_badge = cls.kind == AchievementKind.BADGE
        if "write:course" in viewer.scopes:
            return is_badge
        opened = cls.course_id.in_(select(Course.id).where(Course.id == cls.course_id, Course.is_open))
        own = aliased(Award)  # not to be taken for the award of a statement that reads both
        awarded = exists().where(own.badge_id == cls.id, own.user_id == viewer.user_id)
        return and_(is_badge, or_(cls.course_id.is_(None), opened, awarded))


class Criterion(Tenanted, Base):
    """One thing that a badge asks for. It never changes."""

    __tablename__ = "criterion"
    __table_args__ = (
        ForeignKeyConstraint(["organization_id", "badge_id"], ["badge.organization_id", "badge.id"]),
        CheckConstraint(one_of("kind", CriterionKind), name="criterion_kind_check"),
        CheckConstraint("threshold > 0", name="criterion_threshold_check"),
        UniqueConstraint("organization_id", "badge_id", "position", name="criterion_position_key"),
        Index("criterion_target", "organization_id", "target_id", "kind"),
    )

    badge_id: Mapped[UUID]
    position: Mapped[int]
    kind: Mapped[str] = mapped_column(Text)
    target_id: Mapped[UUID]
    course_id: Mapped[UUID]
    """The course that the target is, or belongs to."""

    threshold: Mapped[float] = mapped_column(Float)


class Progress(Tenanted, Base):
    """How near a person is to a badge. The row exists from the first fact that counts."""

    __tablename__ = "progress"
    __table_args__ = (
        ForeignKeyConstraint(["organization_id", "badge_id"], ["badge.organization_id", "badge.id"]),
        UniqueConstraint("organization_id", "badge_id", "user_id", name="progress_user_key"),
        CheckConstraint("ratio BETWEEN 0 AND 1", name="progress_ratio_check"),
    )

    badge_id: Mapped[UUID]
    user_id: Mapped[UUID]
    ratio: Mapped[float] = mapped_column(Float)
    values: Mapped[dict[str, float]] = mapped_column(JSONB)
    """What has been reached, by criterion."""

    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))

    @classmethod
    def visible(cls, viewer: Viewer) -> ColumnElement[bool]:
        """Teachers and those who manage users see everybody's; anybody else their own."""
        return true() if sees_everybody(viewer) else cls.user_id == viewer.user_id

    @staticmethod
    def cache_key(organization_id: UUID, badge_id: UUID, user_id: UUID) -> str:
        """Where it is cached: the brief's `badge_progress:{user_id}:{badge_id}`, under its organization."""
        return f"org:{organization_id}:badge_progress:{user_id}:{badge_id}"

    @staticmethod
    def topic(organization_id: UUID, badge_id: UUID, user_id: UUID) -> str:
        """The live topic of its changes."""
        return f"org:{organization_id}:badge:{badge_id}:user:{user_id}"


_UNNAMED = text("recipient_name IS NULL OR issuer_name IS NULL")
_REVOKED = text("status = 'REVOKED'")


class Award(Tenanted, Base):
    """That a person has earned a badge, with the names as they were then. Given once, and never again when revoked.

    `Certificate` is one of those that are for a course: code, signature and revocation are the same.
    """

    __tablename__ = "award"
    __table_args__ = (
        ForeignKeyConstraint(["organization_id", "badge_id"], ["badge.organization_id", "badge.id"]),
        ForeignKeyConstraint(["organization_id", "user_id"], ["person.organization_id", "person.id"]),
        UniqueConstraint("organization_id", "badge_id", "user_id", name="award_user_key"),
        UniqueConstraint("organization_id", "status_list", "status_position", name="award_status_key"),
        UniqueConstraint("code", name="award_code_key"),  # over all tenants: whoever checks it knows nothing else
        ForeignKeyConstraint(
            ["organization_id", "template_id"],
            ["certificate_template.organization_id", "certificate_template.id"],
            name="award_template_fkey",
        ),
        CheckConstraint(one_of("kind", AchievementKind), name="award_kind_check"),
        CheckConstraint(
            "(kind = 'CERTIFICATE') = (course_id IS NOT NULL AND template_id IS NOT NULL)", name="award_certifies_check"
        ),
        CheckConstraint(one_of("status", AwardStatus), name="award_status_check"),
        CheckConstraint("(status = 'REVOKED') = (revoked_at IS NOT NULL)", name="award_revoked_check"),
        Index("award_badge", "organization_id", "badge_id", "id"),
        Index("award_person", "organization_id", "user_id", "id"),
        Index("award_course", "organization_id", "course_id", "user_id", postgresql_where=_CERTIFIES),
        Index("award_unnamed", "organization_id", "user_id", postgresql_where=_UNNAMED),
        Index("award_revoked", "organization_id", "status_list", postgresql_where=_REVOKED),
    )

    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": AchievementKind.BADGE.value}  # noqa: RUF012  # read once

    kind: Mapped[str] = mapped_column(Text, server_default="BADGE")
    badge_id: Mapped[UUID]
    user_id: Mapped[UUID]
    code: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    issued_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    revocation_reason: Mapped[str | None] = mapped_column(Text)
    badge_name: Mapped[str] = mapped_column(Text)
    badge_description: Mapped[str] = mapped_column(Text)
    recipient_name: Mapped[str | None] = mapped_column(Text)
    """Null, like the other names, only until identity's first event of them has arrived."""

    recipient_email: Mapped[str | None] = mapped_column(Text)
    issuer_name: Mapped[str | None] = mapped_column(Text)
    status_list: Mapped[int]
    """Which of the tenant's status lists tells whether it is revoked, counted from 1."""

    status_position: Mapped[int]
    """Where in that list, at random, so that it tells nothing of how many awards there are."""

    course_id: Mapped[UUID | None]
    """The course that is certified, as the following ones null for a badge."""

    template_id: Mapped[UUID | None]
    """How the certificate looks."""

    completed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """When the course was completed."""

    printed: Mapped[str | None] = mapped_column(Text)
    """Which printing of the certificate lies in the object store: the digest of all that is on it."""

    @classmethod
    def visible(cls, viewer: Viewer) -> ColumnElement[bool]:
        """Those that are of badges, or in a subclass of courses, among those that the viewer may see."""
        return and_(cls.kind == cls.__mapper__.polymorphic_identity, cls.seen_by(viewer))

    @classmethod
    def seen_by(cls, viewer: Viewer) -> ColumnElement[bool]:
        """Teachers and those who manage users see all; anybody else their own. The platform's login is bound to no
        tenant and sees none: its policy is there for whoever checks a code."""
        if viewer.is_platform:
            return false()
        return true() if sees_everybody(viewer) else cls.user_id == viewer.user_id

    @hybrid_property
    def badge_now(self) -> list[Any] | None:
        """Its badge, read along with it where a statement asks for that: name, description, when it was made, tenant
        and course."""
        return None

    @badge_now.inplace.expression
    @classmethod
    def _badge_now(cls) -> ColumnElement[Any]:
        badge = aliased(Badge)  # not to be taken for the badge of a statement that reads both
        columns = (badge.name, badge.description, badge.created_at, badge.organization_id, badge.course_id)
        of_award = select(func.jsonb_build_array(*columns, type_=JSONB)).where(badge.id == cls.badge_id)
        return of_award.correlate_except(badge).scalar_subquery()

    @staticmethod
    def cache_key(code: str) -> str:
        """Where its verification is cached: the brief's `verification:{code}`; who asks knows no organization."""
        return f"verification:{code}"


class Certificate(Award):
    """That a person has completed a course; a row of the same table, to be seen by the same people."""

    __mapper_args__ = {"polymorphic_identity": AchievementKind.CERTIFICATE.value}  # noqa: RUF012
