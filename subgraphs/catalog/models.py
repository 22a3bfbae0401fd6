"""The tables of catalog."""

from datetime import UTC, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    DateTime,
    Float,
    ForeignKeyConstraint,
    Index,
    MetaData,
    Text,
    UniqueConstraint,
    exists,
    false,
    func,
    or_,
    select,
)
from sqlalchemy.orm import Mapped, mapped_column

from shared.auth import Role, Viewer
from shared.postgres import Model, Tenanted, one_of


class CourseStatus(StrEnum):
    """Where a course is in its life."""

    DRAFT = "DRAFT"
    PUBLISHED = "PUBLISHED"
    ARCHIVED = "ARCHIVED"


class EnrollmentStatus(StrEnum):
    """How an enrolment stands."""

    ACTIVE = "ACTIVE"
    COMPLETED = "COMPLETED"
    WITHDRAWN = "WITHDRAWN"


class Base(Model):
    """The tables of catalog's PostgreSQL schema."""

    __abstract__ = True
    metadata = MetaData()


def _now() -> datetime:
    return datetime.now(UTC)


class Course(Tenanted, Base):
    """What is taught; its slug is unique in its organization."""

    __tablename__ = "course"
    __table_args__ = (
        UniqueConstraint("organization_id", "slug", name="course_slug_key"),
        CheckConstraint(one_of("status", CourseStatus), name="course_status_check"),
        Index("course_status", "organization_id", "status", "id"),
    )

    slug: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text, default="")
    status: Mapped[str] = mapped_column(Text, default=CourseStatus.DRAFT)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=_now, server_default=func.now())

    @classmethod
    def visible(cls, viewer: Viewer) -> ColumnElement[bool]:
        """Teachers see every course; students the published ones, and those they are enrolled in whatever became of
        them."""
        if "write:course" in viewer.scopes:
            return super().visible(viewer)
        enrolled = exists().where(Enrollment.course_id == cls.id, Enrollment.user_id == viewer.user_id)
        return or_(cls.status == CourseStatus.PUBLISHED, enrolled)


class Module(Tenanted, Base):
    """A part of a course, in its place."""

    __tablename__ = "module"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organization_id", "course_id"], ["course.organization_id", "course.id"], ondelete="CASCADE"
        ),
        UniqueConstraint("organization_id", "course_id", "position", name="module_position_key"),
    )

    course_id: Mapped[UUID]
    title: Mapped[str] = mapped_column(Text)
    position: Mapped[int]

    @classmethod
    def visible(cls, viewer: Viewer) -> ColumnElement[bool]:
        """A module is seen by those who see its course."""
        if "write:course" in viewer.scopes:
            return super().visible(viewer)
        return cls.course_id.in_(select(Course.id).where(Course.id == cls.course_id, Course.visible(viewer)))


class Enrollment(Tenanted, Base):
    """A person in a course."""

    __tablename__ = "enrollment"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organization_id", "course_id"], ["course.organization_id", "course.id"], ondelete="CASCADE"
        ),
        UniqueConstraint("organization_id", "course_id", "user_id", name="enrollment_user_key"),
        CheckConstraint(one_of("status", EnrollmentStatus), name="enrollment_status_check"),
        CheckConstraint("progress BETWEEN 0 AND 1", name="enrollment_progress_check"),
        Index("enrollment_course", "organization_id", "course_id", "id"),
        Index("enrollment_user", "organization_id", "user_id", "id"),
    )

    course_id: Mapped[UUID]
    user_id: Mapped[UUID]
    status: Mapped[str] = mapped_column(Text, default=EnrollmentStatus.ACTIVE)
    progress: Mapped[float] = mapped_column(Float, default=0.0)
    started_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True), default=_now)
    completed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    @classmethod
    def visible(cls, viewer: Viewer) -> ColumnElement[bool]:
        """Teachers and those who manage users see all enrolments, others their own, the platform none."""
        if viewer.is_platform:  # its login counts enrolments for operators
            return false()
        if viewer.scopes & {"write:course", "manage:users"}:
            return super().visible(viewer)
        return cls.user_id == viewer.user_id


class Member(Tenanted, Base):
    """Who belongs to an organization, as identity's events tell: `id` is the membership's."""

    __tablename__ = "member"
    __table_args__ = (
        UniqueConstraint("organization_id", "user_id", name="member_user_key"),
        CheckConstraint(one_of("role", (Role.STUDENT, Role.TEACHER, Role.ADMIN)), name="member_role_check"),
    )

    user_id: Mapped[UUID]
    role: Mapped[str] = mapped_column(Text)


class RequiredItem(Tenanted, Base):
    """What one has to complete in a course: an item that content has published there."""

    __tablename__ = "required_item"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organization_id", "course_id"], ["course.organization_id", "course.id"], ondelete="CASCADE"
        ),
        Index("required_item_course", "organization_id", "course_id", "id"),
    )

    course_id: Mapped[UUID]


class ItemCompletion(Tenanted, Base):
    """That a person has completed an item, as content's events tell; the item and the enrolment may become known
    later."""

    __tablename__ = "item_completion"
    __table_args__ = (
        UniqueConstraint("organization_id", "item_id", "user_id", name="item_completion_user_key"),
        Index("item_completion_course", "organization_id", "course_id", "user_id", "item_id"),
    )

    item_id: Mapped[UUID]
    course_id: Mapped[UUID]
    user_id: Mapped[UUID]
