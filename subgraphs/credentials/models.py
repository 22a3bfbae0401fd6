"""The tables of credentials: what others tell of courses and people, facts about people, and what comes of them."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ColumnElement,
    DateTime,
    Float,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    MetaData,
    Text,
    UniqueConstraint,
    exists,
    false,
    func,
    or_,
    select,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, aliased, mapped_column

from shared.auth import Viewer
from shared.postgres import Model, Tenanted, one_of


class CriterionKind(StrEnum):
    """What a badge asks for, and what a fact about a person is."""

    COMPLETE_COURSE = "COMPLETE_COURSE"
    COMPLETE_ITEMS = "COMPLETE_ITEMS"
    PASS_ASSESSMENT = "PASS_ASSESSMENT"  # noqa: S105  # no password


class AwardStatus(StrEnum):
    """Whether an award still counts."""

    VALID = "VALID"
    REVOKED = "REVOKED"


class Doubt(StrEnum):
    """What about somebody's evidence cannot be right; the rules are in `loaders`."""

    TOO_FAST = "TOO_FAST"
    BEFORE_ENROLLMENT = "BEFORE_ENROLLMENT"


CODE_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base32: no I, L, O or U, which are misread."""

CODE_LENGTH = 16
"""80 bits: nobody finds a code by trying."""

_AS_READ = str.maketrans("OIL", "011", " -")


def as_code(text: str) -> str | None:
    """The code that somebody has typed, however they have spelt it; None when it cannot be one."""
    code = text.upper().translate(_AS_READ)
    return code if len(code) == CODE_LENGTH and set(code) <= set(CODE_LETTERS) else None


class Base(Model):
    """The tables of credentials' PostgreSQL schema."""

    __abstract__ = True
    metadata = MetaData()


def _now() -> datetime:
    return datetime.now(UTC)


def sees_everybody(viewer: Viewer) -> bool:
    """Whether the viewer may see what others of the tenant have reached."""
    return bool(viewer.scopes & {"write:course", "manage:users"})


class Course(Tenanted, Base):
    """A course of catalog, as its events tell."""

    __tablename__ = "course"

    is_open: Mapped[bool]
    """Whether it has ever been published: what is in a draft is for teachers only."""


class RequiredItem(Tenanted, Base):
    """An item that content has published in a course."""

    __tablename__ = "required_item"
    __table_args__ = (Index("required_item_course", "organization_id", "course_id"),)

    course_id: Mapped[UUID]


class Assessment(Tenanted, Base):
    """An assessment, as its own subgraph tells."""

    __tablename__ = "assessment"

    course_id: Mapped[UUID]


class Enrollment(Tenanted, Base):
    """A person in a course, as catalog's events tell; the row stays when they withdraw, as what they did does."""

    __tablename__ = "enrollment"
    __table_args__ = (UniqueConstraint("organization_id", "course_id", "user_id", name="enrollment_user_key"),)

    course_id: Mapped[UUID]
    user_id: Mapped[UUID]
    began_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    @classmethod
    def visible(cls, viewer: Viewer) -> ColumnElement[bool]:
        """Teachers and those who manage users see all enrolments; anybody else their own."""
        return true() if sees_everybody(viewer) else cls.user_id == viewer.user_id


class Person(Tenanted, Base):
    """What a person is called here, as identity's events tell; without a name while only an award knows of them."""

    __tablename__ = "person"

    name: Mapped[str | None] = mapped_column(Text)
    email: Mapped[str | None] = mapped_column(Text)


class Organization(Tenanted, Base):
    """What the tenant is called, as identity's events tell; `id` is the organization's."""

    __tablename__ = "organization"
    __table_args__ = (Index("organization_slug", "slug"),)  # over all tenants: who reads its keys knows nothing else

    name: Mapped[str | None] = mapped_column(Text)
    slug: Mapped[str | None] = mapped_column(Text)
    """Never changes, so that the addresses in signed documents can hold it."""


class Badge(Tenanted, Base):
    """Something to be earned by meeting all of its criteria."""

    __tablename__ = "badge"
    __table_args__ = (
        ForeignKeyConstraint(["organization_id", "course_id"], ["course.organization_id", "course.id"]),
        Index("badge_course", "organization_id", "course_id", "id"),
    )

    course_id: Mapped[UUID | None]
    name: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=_now, server_default=func.now())

    @classmethod
    def visible(cls, viewer: Viewer) -> ColumnElement[bool]:
        """Teachers see every badge; students those of opened courses or of none, and those that they have."""
        if "write:course" in viewer.scopes:
            return super().visible(viewer)
        opened = cls.course_id.in_(select(Course.id).where(Course.id == cls.course_id, Course.is_open))
        own = aliased(Award)  # not to be taken for the award of a statement that reads both
        awarded = exists().where(own.badge_id == cls.id, own.user_id == viewer.user_id)
        return or_(cls.course_id.is_(None), opened, awarded)


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


class Evidence(Tenanted, Base):
    """A fact about a person that another subgraph told, once: `id` is the completion, the attempt or the enrolment.

    Facts are kept whether or not a badge asks for them, so that a badge made later counts what really happened.
    """

    __tablename__ = "evidence"
    __table_args__ = (
        UniqueConstraint("organization_id", "user_id", "kind", "target_id", "subject_id", name="evidence_subject_key"),
        CheckConstraint(one_of("kind", CriterionKind), name="evidence_kind_check"),
        CheckConstraint("value BETWEEN 0 AND 1", name="evidence_value_check"),
        Index("evidence_target", "organization_id", "target_id", "kind", "user_id"),
    )

    kind: Mapped[str] = mapped_column(Text)
    user_id: Mapped[UUID]
    target_id: Mapped[UUID]
    """What a criterion would name: the course, or the assessment."""

    subject_id: Mapped[UUID]
    """What counts once: the item, the attempt, or the course."""

    course_id: Mapped[UUID]
    value: Mapped[float] = mapped_column(Float)
    """The score of an attempt, from 0 to 1; 1 for what is completed."""

    made_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """When its subgraph made `id`: an item was completed, an attempt started, a person enrolled."""


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
    """That a person has earned a badge, with the names as they were then. Given once, and never again when revoked."""

    __tablename__ = "award"
    __table_args__ = (
        ForeignKeyConstraint(["organization_id", "badge_id"], ["badge.organization_id", "badge.id"]),
        ForeignKeyConstraint(["organization_id", "user_id"], ["person.organization_id", "person.id"]),
        UniqueConstraint("organization_id", "badge_id", "user_id", name="award_user_key"),
        UniqueConstraint("organization_id", "status_list", "status_position", name="award_status_key"),
        UniqueConstraint("code", name="award_code_key"),  # over all tenants: whoever checks it knows nothing else
        CheckConstraint(one_of("status", AwardStatus), name="award_status_check"),
        CheckConstraint("(status = 'REVOKED') = (revoked_at IS NOT NULL)", name="award_revoked_check"),
        Index("award_badge", "organization_id", "badge_id", "id"),
        Index("award_person", "organization_id", "user_id", "id"),
        Index("award_unnamed", "organization_id", "user_id", postgresql_where=_UNNAMED),
        Index("award_revoked", "organization_id", "status_list", postgresql_where=_REVOKED),
    )

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

    @classmethod
    def visible(cls, viewer: Viewer) -> ColumnElement[bool]:
        """Teachers and those who manage users see all awards; anybody else their own. The platform's login is bound to
        no tenant and sees none: its policy is there for whoever checks a code."""
        if viewer.is_platform:
            return false()
        return true() if sees_everybody(viewer) else cls.user_id == viewer.user_id

    @staticmethod
    def cache_key(code: str) -> str:
        """Where its verification is cached: the brief's `verification:{code}`; who asks knows no organization."""
        return f"verification:{code}"


class IssuerKey(Tenanted, Base):
    """A key that the tenant signs credentials with. One is in use; what retired ones have signed stays good."""

    __tablename__ = "issuer_key"
    __table_args__ = (
        Index("issuer_key_in_use", "organization_id", unique=True, postgresql_where=text("retired_at IS NULL")),
    )

    kid: Mapped[str] = mapped_column(Text)
    public: Mapped[bytes] = mapped_column(LargeBinary)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=_now)
    retired_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class Credential(Tenanted, Base):
    """An award as it was signed, once and for ever; `id` is the award's."""

    __tablename__ = "credential"
    __table_args__ = (ForeignKeyConstraint(["organization_id", "id"], ["award.organization_id", "award.id"]),)

    document: Mapped[dict[str, Any]] = mapped_column(JSON)  # JSONB would put its members into another order
    jwt: Mapped[str] = mapped_column(Text)
    public_url: Mapped[str] = mapped_column(Text)
    """Where we were reached when it was signed: all addresses in it begin so."""

    signed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
