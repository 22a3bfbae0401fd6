"""What others tell: courses, items and assessments there are, people, and facts about these."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    DateTime,
    Float,
    Index,
    Text,
    UniqueConstraint,
    true,
)
from sqlalchemy.orm import Mapped, mapped_column

from shared.auth import Viewer
from shared.postgres import Tenanted, one_of
from subgraphs.credentials.models.kinds import Base, CriterionKind, sees_everybody


class Course(Tenanted, Base):
    """A course of catalog, as its events tell."""

    __tablename__ = "course"

    title: Mapped[str | None] = mapped_column(Text)
    """Null only until the event that tells it has arrived."""

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
    """What a person is called here, and what they read, as identity's events tell; without a name while only an award
    knows of them."""

    __tablename__ = "person"

    name: Mapped[str | None] = mapped_column(Text)
    email: Mapped[str | None] = mapped_column(Text)
    locale: Mapped[str | None] = mapped_column(Text)
    """Which language they read, as a tag such as pt-BR."""


class Organization(Tenanted, Base):
    """What the tenant is called, as identity's events tell; `id` is the organization's."""

    __tablename__ = "organization"
    __table_args__ = (Index("organization_slug", "slug"),)  # over all tenants: who reads its keys knows nothing else

    name: Mapped[str | None] = mapped_column(Text)
    slug: Mapped[str | None] = mapped_column(Text)
    """Never changes, so that the addresses in signed documents can hold it."""


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
    """When it happened: an item or the course was completed, an attempt started."""
