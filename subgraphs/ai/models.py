"""The tables of ai: what the others' events tell, the vectors made of it, and what the model was used for."""

from datetime import UTC, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    ColumnElement,
    DateTime,
    Index,
    MetaData,
    Text,
    UniqueConstraint,
    Uuid,
    and_,
    exists,
    false,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from shared.auth import Viewer
from shared.postgres import Model, Tenanted, one_of
from shared.vectors.table import vector_table


class QuestionKind(StrEnum):
    """As in assessment; the model makes no MULTIPLE_CHOICE."""

    SINGLE_CHOICE = "SINGLE_CHOICE"
    MULTIPLE_CHOICE = "MULTIPLE_CHOICE"
    TRUE_FALSE = "TRUE_FALSE"
    NUMERIC = "NUMERIC"
    SHORT_TEXT = "SHORT_TEXT"


class Operation(StrEnum):
    """What the model was used for."""

    EMBED_ITEM = "EMBED_ITEM"
    EMBED_QUERY = "EMBED_QUERY"
    GENERATE_QUESTIONS = "GENERATE_QUESTIONS"


class Base(Model):
    """The tables of ai's PostgreSQL schema."""

    __abstract__ = True
    metadata = MetaData()


vector_table(Base.metadata)


def _now() -> datetime:
    return datetime.now(UTC)


class Course(Tenanted, Base):
    """A course of catalog, as its events tell."""

    __tablename__ = "course"

    is_open: Mapped[bool]
    """Whether it has ever been published: what is in a draft is for teachers only."""

    module_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    """Its modules in their order."""


class Enrollment(Tenanted, Base):
    """Who is in which course, as catalog's events tell; somebody who withdrew is not."""

    __tablename__ = "enrollment"
    __table_args__ = (UniqueConstraint("organization_id", "user_id", "course_id", name="enrollment_user_key"),)

    course_id: Mapped[UUID]
    user_id: Mapped[UUID]


class Item(Tenanted, Base):
    """A published item of content in its newest version, as its events tell; nothing is ever unpublished."""

    __tablename__ = "item"
    __table_args__ = (
        Index("item_course", "organization_id", "course_id", "id"),
        Index("item_waiting", "embed_after", postgresql_where=text("embed_after IS NOT NULL")),
    )

    course_id: Mapped[UUID]
    module_id: Mapped[UUID]
    version: Mapped[int]
    title: Mapped[str] = mapped_column(Text)
    tags: Mapped[list[str]] = mapped_column(ARRAY(Text))
    text: Mapped[str] = mapped_column(Text)
    """The beginning of its text, as far as it is told; empty where there is none."""

    embed_after: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """When its vectors are to be made, or whoever is making them must have failed; null once they are there."""

    @classmethod
    def visible(cls, viewer: Viewer) -> ColumnElement[bool]:
        """Teachers see every published item; others those of open courses that they are in. The platform's login is
        bound to no tenant and sees none: its policy is there for making vectors."""
        if viewer.is_platform:
            return false()
        if "write:course" in viewer.scopes:
            return super().visible(viewer)
        is_in = exists().where(Enrollment.course_id == cls.course_id, Enrollment.user_id == viewer.user_id)
        return and_(exists().where(Course.id == cls.course_id, Course.is_open), is_in)


class Completion(Tenanted, Base):
    """Somebody has finished an item, as content's events tell; the ids are in the order of the times."""

    __tablename__ = "completion"
    __table_args__ = (Index("completion_user", "organization_id", "user_id", "id"),)

    item_id: Mapped[UUID]
    user_id: Mapped[UUID]


class ModelUse(Tenanted, Base):
    """One use of the model for a tenant, also one that came to nothing: what it took and what it costs."""

    __tablename__ = "model_use"
    __table_args__ = (
        CheckConstraint(one_of("operation", Operation), name="model_use_operation_check"),
        Index("model_use_time", "organization_id", "used_at"),
    )

    operation: Mapped[str] = mapped_column(Text)
    model: Mapped[str] = mapped_column(Text)
    prompt_tokens: Mapped[int] = mapped_column(BigInteger)
    completion_tokens: Mapped[int] = mapped_column(BigInteger)
    nano_dollars: Mapped[int] = mapped_column(BigInteger)
    """Billionths of a US dollar."""

    user_id: Mapped[UUID | None]
    """Who asked; null where nobody did."""

    used_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=_now, server_default=func.now())
