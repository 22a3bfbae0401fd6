"""Items with their versions, media and completions, texts, the search index, and what catalog tells of."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shared.documents.table import create_document_table, drop_document_table
from shared.migrations.tenancy import isolate
from shared.search.table import create_search_table, drop_search_table

revision = "content_0001"
down_revision = None
branch_labels = ("content",)
depends_on = None


def upgrade() -> None:
    op.create_table(
        "course",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "id"),
    )
    create_document_table()
    op.create_table(
        "enrollment",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "id"),
        sa.UniqueConstraint("organization_id", "course_id", "user_id", name="enrollment_user_key"),
    )
    op.create_table(
        "module",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "id"),
    )
    create_search_table()
    op.create_table(
        "item",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("module_id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("difficulty", sa.Text(), nullable=False),
        sa.Column("tags", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("duration_minutes", sa.Integer(), nullable=True),
        sa.Column("link", sa.Text(), nullable=True),
        sa.Column("media_id", sa.Uuid(), nullable=True),
        sa.Column("media_type", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("text_id", sa.Uuid(), nullable=True),
        sa.Column("draft", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("scheduled_for", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("difficulty IN ('BEGINNER', 'INTERMEDIATE', 'ADVANCED')", name="item_difficulty_check"),
        sa.CheckConstraint("type IN ('TEXT', 'VIDEO', 'AUDIO', 'QUIZ')", name="item_type_check"),
        sa.ForeignKeyConstraint(
            ["organization_id", "module_id"],
            ["module.organization_id", "module.id"],
        ),
        sa.PrimaryKeyConstraint("organization_id", "id"),
    )
    op.create_index("item_course", "item", ["organization_id", "course_id", "id"], unique=False)
    op.create_index(
        "item_due", "item", ["scheduled_for"], unique=False, postgresql_where=sa.text("scheduled_for IS NOT NULL")
    )
    op.create_index("item_module", "item", ["organization_id", "module_id", "id"], unique=False)
    op.create_table(
        "completion",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "item_id"], ["item.organization_id", "item.id"], ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("organization_id", "id"),
        sa.UniqueConstraint("organization_id", "item_id", "user_id", name="completion_user_key"),
    )
    op.create_index("completion_user", "completion", ["organization_id", "user_id", "id"], unique=False)
    op.create_table(
        "media",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id", "item_id"], ["item.organization_id", "item.id"], ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("organization_id", "id"),
    )
    op.create_index("media_item", "media", ["organization_id", "item_id"], unique=False)
    op.create_table(
        "version",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("text_id", sa.Uuid(), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "item_id"], ["item.organization_id", "item.id"], ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("organization_id", "id"),
        sa.UniqueConstraint("organization_id", "item_id", "number", name="version_number_key"),
    )
    for table in ("course", "module", "enrollment", "completion", "media"):
        isolate(table)
    for table in ("item", "version"):
        isolate(table, system=True)  # the schedule publishes, and indexing reads, items of all tenants


def downgrade() -> None:
    op.drop_table("version")
    op.drop_index("media_item", table_name="media")
    op.drop_table("media")
    op.drop_index("completion_user", table_name="completion")
    op.drop_table("completion")
    op.drop_index("item_module", table_name="item")
    op.drop_index("item_due", table_name="item", postgresql_where=sa.text("scheduled_for IS NOT NULL"))
    op.drop_index("item_course", table_name="item")
    op.drop_table("item")
    drop_search_table()
    op.drop_table("module")
    op.drop_table("enrollment")
    drop_document_table()
    op.drop_table("course")
