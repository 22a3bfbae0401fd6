"""The tables of content. The text of a version is a document; rows hold all else."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    ColumnElement,
    DateTime,
    ForeignKeyConstraint,
    Index,
    MetaData,
    Text,
    UniqueConstraint,
    and_,
    exists,
    false,
    func,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column
from strawberry import UNSET

from shared.auth import Viewer
from shared.documents.table import document_table
from shared.postgres import Model, Tenanted, one_of
from shared.search.table import search_table
from shared.statements import VIEWER


class ContentType(StrEnum):
    """What an item is."""

    TEXT = "TEXT"
    VIDEO = "VIDEO"
    AUDIO = "AUDIO"
    QUIZ = "QUIZ"


class Difficulty(StrEnum):
    """How much an item asks of its reader."""

    BEGINNER = "BEGINNER"
    INTERMEDIATE = "INTERMEDIATE"
    ADVANCED = "ADVANCED"


class Base(Model):
    """The tables of content's PostgreSQL schema."""

    __abstract__ = True
    metadata = MetaData()


def _now() -> datetime:
    return datetime.now(UTC)


def _time(**options: Any) -> Any:
    return mapped_column(DateTime(timezone=True), **options)


class Course(Tenanted, Base):
    """A course of catalog, as its events tell."""

    __tablename__ = "course"

    is_open: Mapped[bool]
    """Whether it has ever been published: what is in a draft is for teachers only."""


class Module(Tenanted, Base):
    """A module of catalog, as its events tell."""

    __tablename__ = "module"

    course_id: Mapped[UUID]


class Enrollment(Tenanted, Base):
    """Who is in which course, as catalog's events tell; somebody who withdrew is not."""

    __tablename__ = "enrollment"
    __table_args__ = (UniqueConstraint("organization_id", "course_id", "user_id", name="enrollment_user_key"),)

    course_id: Mapped[UUID]
    user_id: Mapped[UUID]


class Item(Tenanted, Base):
    """A content item, as its readers see it: the published version, or the first draft while there is none.

    Changes of a published item wait in `draft` until they are published too.
    """

    __tablename__ = "item"
    __table_args__ = (
        ForeignKeyConstraint(["organization_id", "module_id"], ["module.organization_id", "module.id"]),
        CheckConstraint(one_of("type", ContentType), name="item_type_check"),
        CheckConstraint(one_of("difficulty", Difficulty), name="item_difficulty_check"),
        Index("item_module", "organization_id", "module_id", "id"),
        Index("item_course", "organization_id", "course_id", "id"),
        Index("item_due", "scheduled_for", postgresql_where=text("scheduled_for IS NOT NULL")),
    )

    course_id: Mapped[UUID]
    module_id: Mapped[UUID]
    type: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    difficulty: Mapped[str] = mapped_column(Text)
    tags: Mapped[list[str]] = mapped_column(ARRAY(Text))
    duration_minutes: Mapped[int | None]
    link: Mapped[str | None] = mapped_column(Text)
    media_id: Mapped[UUID | None]
    """The uploaded file that it plays, see `media_key`."""

    media_type: Mapped[str | None] = mapped_column(Text)
    version: Mapped[int] = mapped_column(default=1)
    text_id: Mapped[UUID | None]
    """The document with its text."""

    draft: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    """Values of the columns above that wait to be published, as JSON."""

    published_at: Mapped[datetime | None] = _time()
    scheduled_for: Mapped[datetime | None] = _time()
    revision: Mapped[int] = mapped_column(BigInteger, default=1)
    """Grows with every change, so that the search index never goes back."""

    created_at: Mapped[datetime] = _time(default=_now, server_default=func.now())
    updated_at: Mapped[datetime] = _time(default=_now, onupdate=_now, server_default=func.now())

    @classmethod
    def visible(cls, viewer: Viewer) -> ColumnElement[bool]:
        """Teachers see every item; others the published ones of courses that have been opened. The platform's login is
        bound to no tenant and sees none: its policy is there for the schedule and for indexing."""
        if viewer.is_platform:
            return false()
        if "write:course" in viewer.scopes:
            return super().visible(viewer)
        return and_(cls.published_at.is_not(None), exists().where(Course.id == cls.course_id, Course.is_open))

    @hybrid_property
    def completed_at(self) -> datetime | None:
        """When the viewer completed it, where a statement reads that along with it; unset for an item in a session."""
        return UNSET

    @completed_at.inplace.expression
    @classmethod
    def _completed_at(cls) -> ColumnElement[Any]:
        own = select(Completion.completed_at).where(Completion.item_id == cls.id, Completion.user_id == VIEWER)
        return own.correlate_except(Completion).scalar_subquery()

    @property
    def next_text_id(self) -> UUID | None:
        """The document with the text that publishing shows: the one that waits, if one does."""
        waiting = (self.draft or {}).get("text_id", self.text_id)
        return UUID(str(waiting)) if waiting else None


class Version(Tenanted, Base):
    """A published version of an item; its document is never changed."""

    __tablename__ = "version"
    __table_args__ = (
        ForeignKeyConstraint(["organization_id", "item_id"], ["item.organization_id", "item.id"], ondelete="CASCADE"),
        UniqueConstraint("organization_id", "item_id", "number", name="version_number_key"),
    )

    item_id: Mapped[UUID]
    number: Mapped[int]
    title: Mapped[str] = mapped_column(Text)
    text_id: Mapped[UUID | None]
    published_at: Mapped[datetime] = _time(default=_now)

    @classmethod
    def visible(cls, viewer: Viewer) -> ColumnElement[bool]:
        """Versions are for teachers; the platform's login sees none, as of items."""
        return super().visible(viewer) if "write:course" in viewer.scopes and not viewer.is_platform else false()


class Completion(Tenanted, Base):
    """Somebody has finished an item."""

    __tablename__ = "completion"
    __table_args__ = (
        ForeignKeyConstraint(["organization_id", "item_id"], ["item.organization_id", "item.id"], ondelete="CASCADE"),
        UniqueConstraint("organization_id", "item_id", "user_id", name="completion_user_key"),
        Index("completion_user", "organization_id", "user_id", "id"),
    )

    item_id: Mapped[UUID]
    user_id: Mapped[UUID]
    completed_at: Mapped[datetime] = _time(default=_now)

    @classmethod
    def visible(cls, viewer: Viewer) -> ColumnElement[bool]:
        """Teachers see everybody's, anybody else their own."""
        return super().visible(viewer) if "write:course" in viewer.scopes else cls.user_id == viewer.user_id


class Media(Tenanted, Base):
    """A file of an item: announced with its hash and size, good once it has been uploaded and agrees with both."""

    __tablename__ = "media"
    __table_args__ = (
        ForeignKeyConstraint(["organization_id", "item_id"], ["item.organization_id", "item.id"], ondelete="CASCADE"),
        Index("media_item", "organization_id", "item_id"),
    )

    item_id: Mapped[UUID]
    file_name: Mapped[str] = mapped_column(Text)
    media_type: Mapped[str] = mapped_column(Text)
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(Text)
    uploaded_at: Mapped[datetime | None] = _time()

    def arriving_key(self) -> str:
        """Where the client sends the object; it is moved from there before it is judged."""
        return f"{self.organization_id}/arriving/{self.id}"


document_table(Base.metadata)
search_table(Base.metadata)


def media_key(organization_id: UUID, item_id: UUID, media_id: UUID) -> str:
    """Where a file that was taken lies in the object store, out of reach of the address it was sent to."""
    return f"{organization_id}/{item_id}/{media_id}"
