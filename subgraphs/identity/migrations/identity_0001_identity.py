"""Organizations, branches, users, memberships and sessions."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shared.migrations.tenancy import TENANT, USER, isolate

revision = "identity_0001"
down_revision = None
branch_labels = ("identity",)
depends_on = None


def upgrade() -> None:
    op.create_table(
        "organization",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("contact_email", sa.Text(), nullable=False),
        sa.Column("contact_phone", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("plan", sa.Text(), nullable=False),
        sa.Column("subscription_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("primary_color", sa.Text(), nullable=True),
        sa.Column("secondary_color", sa.Text(), nullable=True),
        sa.Column("logo_url", sa.Text(), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("plan IN ('FREE', 'BASIC', 'PREMIUM', 'ENTERPRISE')", name="organization_plan_check"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("slug", name="organization_slug_key"),
    )
    op.create_table(
        "sign_in_attempt",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account", sa.LargeBinary(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("locks", sa.Integer(), nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("account", name="sign_in_attempt_account_key"),
    )
    op.create_table(
        "user",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("locale", sa.Text(), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("platform_role", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("platform_role = 'SUPER_ADMIN'", name="user_platform_role_check"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("email", name="user_email_key"),
    )
    op.create_table(
        "branch",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("postal_code", sa.Text(), nullable=False),
        sa.Column("latitude", sa.Numeric(precision=10, scale=8, asdecimal=False), nullable=True),
        sa.Column("longitude", sa.Numeric(precision=11, scale=8, asdecimal=False), nullable=True),
        sa.Column("resource_allocation", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("latitude BETWEEN -90 AND 90", name="branch_latitude_check"),
        sa.CheckConstraint("longitude BETWEEN -180 AND 180", name="branch_longitude_check"),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("organization_id", "id"),
        sa.UniqueConstraint("organization_id", "slug", name="branch_slug_key"),
    )
    op.create_table(
        "organization_setting",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("organization_id", "id"),
        sa.UniqueConstraint("organization_id", "key", name="organization_setting_key"),
    )
    op.create_table(
        "session",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=True),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end_reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("session_expiry", "session", ["expires_at"], unique=False)
    op.create_index("session_organization", "session", ["organization_id"], unique=False)
    op.create_index("session_user", "session", ["user_id"], unique=False)
    op.create_table(
        "branch_setting",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("branch_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "branch_id"], ["branch.organization_id", "branch.id"], ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("organization_id", "id"),
        sa.UniqueConstraint("organization_id", "branch_id", "key", name="branch_setting_key"),
    )
    op.create_table(
        "membership",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("branch_id", sa.Uuid(), nullable=True),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("role IN ('STUDENT', 'TEACHER', 'ADMIN')", name="membership_role_check"),
        sa.ForeignKeyConstraint(
            ["organization_id", "branch_id"],
            ["branch.organization_id", "branch.id"],
        ),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name="membership_user_fkey", initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("organization_id", "id"),
        sa.UniqueConstraint("organization_id", "user_id", name="membership_user_key"),
    )
    op.create_index("membership_role", "membership", ["organization_id", "role", "id"], unique=False)
    op.create_index("membership_user", "membership", ["user_id"], unique=False)
    op.create_table(
        "refresh_token",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["session_id"], ["session.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("hash", name="refresh_token_hash_key"),
    )
    op.create_index("refresh_token_session", "refresh_token", ["session_id"], unique=False)
    _isolate()


def _isolate() -> None:
    member_of = f"SELECT organization_id FROM membership WHERE user_id = {USER}"
    # A person sees the organizations they belong to; only the platform writes them.
    isolate("organization", f"id = {TENANT} OR id IN ({member_of})", "false", system=True)
    # One's own memberships in other organizations are seen, never written.
    isolate("membership", f"organization_id = {TENANT} OR user_id = {USER}", f"organization_id = {TENANT}", system=True)
    # People have no organization of their own: they are seen, and written, through a membership in this one.
    member = f'EXISTS (SELECT FROM membership WHERE user_id = "user".id AND organization_id = {TENANT})'
    isolate("user", f"id = {USER} OR {member}", system=True)
    for table in ("branch", "organization_setting", "branch_setting"):
        isolate(table, system=True)
    for table in ("session", "refresh_token", "sign_in_attempt"):
        isolate(table, "false", system=True)


def downgrade() -> None:
    for table in ("organization", "user"):  # their policies look into membership, which goes before them
        op.execute(f'DROP POLICY tenant ON "{table}"')
    op.drop_index("refresh_token_session", table_name="refresh_token")
    op.drop_table("refresh_token")
    op.drop_index("membership_user", table_name="membership")
    op.drop_index("membership_role", table_name="membership")
    op.drop_table("membership")
    op.drop_table("branch_setting")
    op.drop_index("session_user", table_name="session")
    op.drop_index("session_organization", table_name="session")
    op.drop_index("session_expiry", table_name="session")
    op.drop_table("session")
    op.drop_table("organization_setting")
    op.drop_table("branch")
    op.drop_table("user")
    op.drop_table("sign_in_attempt")
    op.drop_table("organization")
