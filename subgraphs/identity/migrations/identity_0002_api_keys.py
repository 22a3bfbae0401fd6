"""API keys of partners."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shared.migrations.tenancy import isolate

revision = "identity_0002"
down_revision = "identity_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "api_key",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("secret_prefix", sa.Text(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("scopes", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("created_by_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name="api_key_user_fkey"),
        sa.ForeignKeyConstraint(["created_by_id"], ["user.id"], name="api_key_created_by_fkey"),
        sa.PrimaryKeyConstraint("organization_id", "id"),
        sa.UniqueConstraint("hash", name="api_key_hash_key"),
    )
    op.create_index("api_key_user", "api_key", ["organization_id", "user_id"], unique=False)
    op.create_index("api_key_created_by", "api_key", ["organization_id", "created_by_id"], unique=False)
    isolate("api_key", system=True)


def downgrade() -> None:
    op.drop_index("api_key_created_by", table_name="api_key")
    op.drop_index("api_key_user", table_name="api_key")
    op.drop_table("api_key")
