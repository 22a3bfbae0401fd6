"""Items with their texts, vectors, what the others tell of courses and people, and what the model is used for."""

import sqlalchemy as sa
from alembic import op

from shared.migrations.tenancy import isolate
from shared.vectors.table import create_vector_table, drop_vector_table

revision = "ai_0001"
down_revision = None
branch_labels = ("ai",)
depends_on = None


def upgrade() -> None:
    op.create_table(
        "completion",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "id"),
    )
    op.create_index("completion_user", "completion", ["organization_id", "user_id", "id"], unique=False)
    op.create_table(
        "course",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("module_ids", sa.ARRAY(sa.Uuid()), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "id"),
    )
    op.create_table(
        "enrollment",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "id"),
        sa.UniqueConstraint("organization_id", "user_id", "course_id", name="enrollment_user_key"),
    )
    op.create_table(
        "item",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("module_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("tags", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("embed_after", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("organization_id", "id"),
    )
    op.create_index("item_course", "item", ["organization_id", "course_id", "id"], unique=False)
    op.create_index(
        "item_waiting", "item", ["embed_after"], unique=False, postgresql_where=sa.text("embed_after IS NOT NULL")
    )
    create_vector_table()
    op.create_table(
        "model_use",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("prompt_tokens", sa.BigInteger(), nullable=False),
        sa.Column("completion_tokens", sa.BigInteger(), nullable=False),
        sa.Column("nano_dollars", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("used_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "operation IN ('EMBED_ITEM', 'EMBED_QUERY', 'GENERATE_QUESTIONS')", name="model_use_operation_check"
        ),
        sa.PrimaryKeyConstraint("organization_id", "id"),
    )
    op.create_index("model_use_time", "model_use", ["organization_id", "used_at"], unique=False)
    for table in ("completion", "course", "enrollment", "model_use"):
        isolate(table)
    isolate("item", system=True)  # items of all tenants wait for their vectors


def downgrade() -> None:
    op.drop_index("model_use_time", table_name="model_use")
    op.drop_table("model_use")
    drop_vector_table()
    op.drop_index("item_waiting", table_name="item", postgresql_where=sa.text("embed_after IS NOT NULL"))
    op.drop_index("item_course", table_name="item")
    op.drop_table("item")
    op.drop_table("enrollment")
    op.drop_table("course")
    op.drop_index("completion_user", table_name="completion")
    op.drop_table("completion")
