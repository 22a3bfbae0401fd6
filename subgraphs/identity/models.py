"""The tables of identity."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    ColumnElement,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    MetaData,
    Numeric,
    Text,
    UniqueConstraint,
    false,
    func,
    true,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from shared.auth import Role, Viewer
from shared.postgres import Model, Tenanted, one_of


class Plan(StrEnum):
    """What an organization has subscribed to."""

    FREE = "FREE"
    BASIC = "BASIC"
    PREMIUM = "PREMIUM"
    ENTERPRISE = "ENTERPRISE"


class Base(Model):
    """The tables of identity's PostgreSQL schema."""

    __abstract__ = True
    metadata = MetaData()


def _now() -> datetime:
    return datetime.now(UTC)


def _time() -> Any:
    return mapped_column(DateTime(timezone=True), default=_now, server_default=func.now())


def _organization_key() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["organization_id"], ["organization.id"], ondelete="CASCADE")


class Organization(Base):
    """A tenant."""

    __tablename__ = "organization"
    __table_args__ = (
        UniqueConstraint("slug", name="organization_slug_key"),
        CheckConstraint(one_of("plan", Plan), name="organization_plan_check"),
    )

    name: Mapped[str] = mapped_column(Text)
    slug: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text, default="")
    contact_email: Mapped[str] = mapped_column(Text)
    contact_phone: Mapped[str] = mapped_column(Text)
    address: Mapped[str] = mapped_column(Text)
    plan: Mapped[str] = mapped_column(Text)
    subscription_expires_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    primary_color: Mapped[str | None] = mapped_column(Text)
    secondary_color: Mapped[str | None] = mapped_column(Text)
    logo_url: Mapped[str | None] = mapped_column(Text)
    is_active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = _time()

    @staticmethod
    def cache_key(organization_id: UUID) -> str:
        """Where it is cached: the brief's `org:{orgId}`."""
        return f"org:{organization_id}"


class Setting(Tenanted, Base):
    """One key of somebody's settings, for those who manage users."""

    __abstract__ = True

    key: Mapped[str] = mapped_column(Text)
    value: Mapped[Any] = mapped_column(JSONB)

    @classmethod
    def visible(cls, viewer: Viewer) -> ColumnElement[bool]:
        """The rule of the fields that list them, on every other path too."""
        return true() if "manage:users" in viewer.scopes else false()


class OrganizationSetting(Setting):
    """One key of an organization's settings."""

    __tablename__ = "organization_setting"
    __table_args__ = (_organization_key(), UniqueConstraint("organization_id", "key", name="organization_setting_key"))


class Branch(Tenanted, Base):
    """A place of an organization."""

    __tablename__ = "branch"
    __table_args__ = (
        _organization_key(),
        UniqueConstraint("organization_id", "slug", name="branch_slug_key"),
        CheckConstraint("latitude BETWEEN -90 AND 90", name="branch_latitude_check"),
        CheckConstraint("longitude BETWEEN -180 AND 180", name="branch_longitude_check"),
    )

    name: Mapped[str] = mapped_column(Text)
    slug: Mapped[str] = mapped_column(Text)
    address: Mapped[str] = mapped_column(Text)
    city: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    country: Mapped[str] = mapped_column(Text)
    postal_code: Mapped[str] = mapped_column(Text)
    latitude: Mapped[float | None] = mapped_column(Numeric(10, 8, asdecimal=False))
    longitude: Mapped[float | None] = mapped_column(Numeric(11, 8, asdecimal=False))
    resource_allocation: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    is_active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = _time()

    @staticmethod
    def cache_key(organization_id: UUID, branch_id: UUID) -> str:
        """Where it is cached: the brief's `org:{orgId}:branch:{branchId}`."""
        return f"org:{organization_id}:branch:{branch_id}"


class BranchSetting(Setting):
    """One key of a branch's settings."""

    __tablename__ = "branch_setting"
    __table_args__ = (
        UniqueConstraint("organization_id", "branch_id", "key", name="branch_setting_key"),
        ForeignKeyConstraint(
            ["organization_id", "branch_id"], ["branch.organization_id", "branch.id"], ondelete="CASCADE"
        ),
    )

    branch_id: Mapped[UUID]


class User(Base):
    """A person. One account may belong to several organizations, so it carries none; memberships do."""

    __tablename__ = "user"
    __table_args__ = (
        UniqueConstraint("email", name="user_email_key"),
        CheckConstraint("platform_role = 'SUPER_ADMIN'", name="user_platform_role_check"),
    )

    email_address: Mapped[str] = mapped_column("email", Text)
    display_name: Mapped[str] = mapped_column(Text)
    locale: Mapped[str] = mapped_column(Text, default="en")
    time_zone: Mapped[str] = mapped_column(Text, default="UTC")
    password_hash: Mapped[str | None] = mapped_column(Text)
    platform_role: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = _time()


class Membership(Tenanted, Base):
    """What a person is in an organization."""

    __tablename__ = "membership"
    __table_args__ = (
        _organization_key(),
        UniqueConstraint("organization_id", "user_id", name="membership_user_key"),
        CheckConstraint(one_of("role", (Role.STUDENT, Role.TEACHER, Role.ADMIN)), name="membership_role_check"),
        # Checked at commit: a new member's row is what lets the tenant write and see the new person's.
        ForeignKeyConstraint(
            ["user_id"], ["user.id"], deferrable=True, initially="DEFERRED", name="membership_user_fkey"
        ),
        ForeignKeyConstraint(["organization_id", "branch_id"], ["branch.organization_id", "branch.id"]),
        Index("membership_user", "user_id"),
        Index("membership_role", "organization_id", "role", "id"),
    )

    user_id: Mapped[UUID]
    branch_id: Mapped[UUID | None]
    role: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = _time()

    @classmethod
    def visible(cls, viewer: Viewer) -> ColumnElement[bool]:
        """Everybody sees their own memberships; those who manage users see all of their organization."""
        if "manage:users" in viewer.scopes:
            return super().visible(viewer)
        return cls.user_id == viewer.user_id


class Session(Base):
    """A sign-in, and the family of its refresh tokens. Only the system login sees it."""

    __tablename__ = "session"
    __table_args__ = (
        Index("session_user", "user_id"),
        Index("session_organization", "organization_id"),
        Index("session_expiry", "expires_at"),
    )

    organization_id: Mapped[UUID | None]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))
    created_at: Mapped[datetime] = _time()
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    end_reason: Mapped[str | None] = mapped_column(Text)


class RefreshToken(Base):
    """One link of a session's chain; only its SHA-256 is stored."""

    __tablename__ = "refresh_token"
    __table_args__ = (
        UniqueConstraint("hash", name="refresh_token_hash_key"),
        Index("refresh_token_session", "session_id"),
    )

    session_id: Mapped[UUID] = mapped_column(ForeignKey("session.id", ondelete="CASCADE"))
    hash: Mapped[bytes] = mapped_column(LargeBinary)
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class ApiKey(Tenanted, Base):
    """What a partner sends instead of an access token; only its SHA-256 is stored.

    It acts as `user_id`, an account of its own that cannot sign in: what it does is not laid to the person who made it,
    and it sees nothing of the other organizations which that person belongs to.
    """

    __tablename__ = "api_key"
    __table_args__ = (
        _organization_key(),
        UniqueConstraint("hash", name="api_key_hash_key"),
        ForeignKeyConstraint(["user_id"], ["user.id"], name="api_key_user_fkey"),
        ForeignKeyConstraint(["created_by_id"], ["user.id"], name="api_key_created_by_fkey"),
        Index("api_key_user", "organization_id", "user_id"),
        Index("api_key_created_by", "organization_id", "created_by_id"),
    )

    name: Mapped[str] = mapped_column(Text)
    secret_prefix: Mapped[str] = mapped_column(Text)
    hash: Mapped[bytes] = mapped_column(LargeBinary)
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    user_id: Mapped[UUID]
    created_by_id: Mapped[UUID]
    created_at: Mapped[datetime] = _time()
    last_used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    expires_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    @classmethod
    def visible(cls, viewer: Viewer) -> ColumnElement[bool]:
        """Those who manage users see the keys of their organization; everybody else sees none."""
        return true() if "manage:users" in viewer.scopes else false()


class SignInAttempt(Base):
    """Failed sign-ins per address, known or not, so that a lock says nothing about who has an account."""

    __tablename__ = "sign_in_attempt"
    __table_args__ = (UniqueConstraint("account", name="sign_in_attempt_account_key"),)

    account: Mapped[bytes] = mapped_column(LargeBinary)
    failures: Mapped[int]
    locks: Mapped[int]
    locked_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
