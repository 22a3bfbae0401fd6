"""The tables of assessment. The questions of an assessment are a document; rows hold what lists and rules need."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
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
    false,
    func,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from shared.auth import Viewer
from shared.documents.table import document_table
from shared.postgres import Model, Tenanted, one_of


class QuestionKind(StrEnum):
    """How a question is answered."""

    SINGLE_CHOICE = "SINGLE_CHOICE"
    MULTIPLE_CHOICE = "MULTIPLE_CHOICE"
    TRUE_FALSE = "TRUE_FALSE"
    NUMERIC = "NUMERIC"
    SHORT_TEXT = "SHORT_TEXT"


class AttemptStatus(StrEnum):
    """Where an attempt is in its life."""

    IN_PROGRESS = "IN_PROGRESS"
    GRADED = "GRADED"


class Base(Model):
    """The tables of assessment's PostgreSQL schema."""

    __abstract__ = True
    metadata = MetaData()


document_table(Base.metadata)

_OPEN = text(f"status = '{AttemptStatus.IN_PROGRESS}'")


def _now() -> datetime:
    return datetime.now(UTC)


class Course(Tenanted, Base):
    """A course of catalog, as its events tell."""

    __tablename__ = "course"

    is_open: Mapped[bool]
    """Whether it has ever been published: what is in a draft is for teachers only."""


class Enrollment(Tenanted, Base):
    """A person in a course, as catalog's events tell. The row stays when they withdraw, as their attempts do."""

    __tablename__ = "enrollment"
    __table_args__ = (UniqueConstraint("organization_id", "course_id", "user_id", name="enrollment_user_key"),)

    course_id: Mapped[UUID]
    user_id: Mapped[UUID]
    is_active: Mapped[bool]
    """False while they have withdrawn."""


class Assessment(Tenanted, Base):
    """A quiz of a course, with the rules that new attempts start under."""

    __tablename__ = "assessment"
    __table_args__ = (
        ForeignKeyConstraint(["organization_id", "course_id"], ["course.organization_id", "course.id"]),
        CheckConstraint("passing_score BETWEEN 0 AND 1", name="assessment_passing_score_check"),
        CheckConstraint("max_attempts >= 1", name="assessment_max_attempts_check"),
        CheckConstraint("time_limit_minutes BETWEEN 1 AND 1440", name="assessment_time_limit_check"),
        CheckConstraint("points > 0", name="assessment_points_check"),
        Index("assessment_course", "organization_id", "course_id", "id"),
    )

    course_id: Mapped[UUID]
    title: Mapped[str] = mapped_column(Text)
    passing_score: Mapped[float] = mapped_column(Float)
    max_attempts: Mapped[int | None]
    time_limit_minutes: Mapped[int | None]
    points: Mapped[float] = mapped_column(Float)
    """The sum of its questions' points: its weight in the grade of the course."""

    question_set_id: Mapped[UUID]
    question_set_number: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=_now, server_default=func.now())

    @classmethod
    def visible(cls, viewer: Viewer) -> ColumnElement[bool]:
        """Teachers see every assessment; students those of courses that have been opened."""
        if "write:course" in viewer.scopes:
            return super().visible(viewer)
        return cls.course_id.in_(select(Course.id).where(Course.id == cls.course_id, Course.is_open))


class Attempt(Tenanted, Base):
    """One go of a person at an assessment, graded once: by what they submit, or by their time running out."""

    __tablename__ = "attempt"
    __table_args__ = (
        ForeignKeyConstraint(["organization_id", "assessment_id"], ["assessment.organization_id", "assessment.id"]),
        ForeignKeyConstraint(["organization_id", "enrollment_id"], ["enrollment.organization_id", "enrollment.id"]),
        CheckConstraint(one_of("status", AttemptStatus), name="attempt_status_check"),
        CheckConstraint("score BETWEEN 0 AND 1", name="attempt_score_check"),
        CheckConstraint(
            "(status = 'GRADED') = (score IS NOT NULL AND passed IS NOT NULL AND results IS NOT NULL)",
            name="attempt_graded_check",
        ),
        Index("attempt_assessment", "organization_id", "assessment_id", "user_id", "id"),
        Index("attempt_enrollment", "organization_id", "enrollment_id"),
        Index("attempt_open", "organization_id", "assessment_id", "enrollment_id", unique=True, postgresql_where=_OPEN),
        Index("attempt_deadline", "deadline", postgresql_where=_OPEN),  # of all tenants: see services.close_overdue
    )

    assessment_id: Mapped[UUID]
    course_id: Mapped[UUID]
    user_id: Mapped[UUID]
    enrollment_id: Mapped[UUID]
    question_set_id: Mapped[UUID]
    """The questions it was started with, whatever becomes of the assessment meanwhile."""

    passing_score: Mapped[float] = mapped_column(Float)
    """What it took to pass when it was started."""

    status: Mapped[str] = mapped_column(Text, default=AttemptStatus.IN_PROGRESS)
    started_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    deadline: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    submitted_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """Null if its time ran out before."""

    score: Mapped[float | None] = mapped_column(Float)
    passed: Mapped[bool | None]
    answers: Mapped[list[dict[str, Any]] | None] = mapped_column(JSONB(none_as_null=True))
    """What was submitted, for whoever questions a grade: a list of `documents.Answer`."""

    results: Mapped[list[dict[str, Any]] | None] = mapped_column(JSONB(none_as_null=True))
    """A list of `documents.Result`; a question without one got no points."""

    @classmethod
    def visible(cls, viewer: Viewer) -> ColumnElement[bool]:
        """Teachers see all attempts; anybody else their own. The platform's login is bound to no tenant and sees none:
        its policy is there for the clock."""
        if viewer.is_platform:
            return false()
        if "write:course" in viewer.scopes:
            return super().visible(viewer)
        return cls.user_id == viewer.user_id
