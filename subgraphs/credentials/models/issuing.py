"""What it takes to issue: how certificates look, the keys of tenants, and what they have signed."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ColumnElement,
    DateTime,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    Text,
    false,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column

from shared.auth import Viewer
from shared.postgres import Tenanted
from subgraphs.credentials.models.kinds import Base, now, sees_everybody

_DEFAULT = text("is_default AND archived_at IS NULL")
_OF_COURSE = text("course_id IS NOT NULL AND archived_at IS NULL")


class CertificateTemplate(Tenanted, Base):
    """How certificates of the organization, or of one of its courses, look. The one that is the default, or names a
    course, is what has certificates issued as courses are completed."""

    __tablename__ = "certificate_template"
    __table_args__ = (
        ForeignKeyConstraint(["organization_id", "course_id"], ["course.organization_id", "course.id"]),
        CheckConstraint("NOT (is_default AND course_id IS NOT NULL)", name="certificate_template_default_check"),
        Index("certificate_template_default", "organization_id", unique=True, postgresql_where=_DEFAULT),
        Index("certificate_template_course", "organization_id", "course_id", unique=True, postgresql_where=_OF_COURSE),
    )

    name: Mapped[str] = mapped_column(Text)
    course_id: Mapped[UUID | None]
    is_default: Mapped[bool]
    layout: Mapped[str] = mapped_column(Text)
    paper: Mapped[str] = mapped_column(Text)
    primary: Mapped[str] = mapped_column(Text)
    secondary: Mapped[str] = mapped_column(Text)
    logo: Mapped[str | None] = mapped_column(Text)
    """A checked picture, as SVG."""

    signed_by: Mapped[list[dict[str, str]]] = mapped_column(JSONB)
    words: Mapped[dict[str, dict[str, str]]] = mapped_column(JSONB)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=now)
    archived_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    @hybrid_property
    def has_logo(self) -> bool:
        """Whether there is a logo, which need not be read for that."""
        return self.logo is not None

    @has_logo.inplace.expression
    @classmethod
    def _has_logo(cls) -> ColumnElement[bool]:
        return cls.logo.is_not(None)

    @classmethod
    def visible(cls, viewer: Viewer) -> ColumnElement[bool]:
        """Those who teach or manage users see all of the organization."""
        return true() if sees_everybody(viewer) else false()


class IssuerKey(Tenanted, Base):
    """A key that the tenant signs credentials with. One is in use; what retired ones have signed stays good."""

    __tablename__ = "issuer_key"
    __table_args__ = (
        Index("issuer_key_in_use", "organization_id", unique=True, postgresql_where=text("retired_at IS NULL")),
    )

    kid: Mapped[str] = mapped_column(Text)
    public: Mapped[bytes] = mapped_column(LargeBinary)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=now)
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
