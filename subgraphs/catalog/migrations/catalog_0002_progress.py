"""Required items and who has completed which."""

import sqlalchemy as sa
from alembic import op

from shared.migrations.tenancy import isolate

revision = "catalog_0002"
down_revision = "catalog_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "item_completion",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "id"),
        sa.UniqueConstraint("organization_id", "item_id", "user_id", name="item_completion_user_key"),
    )
    op.create_index(
        "item_completion_course",
        "item_completion",
        ["organization_id", "course_id", "user_id", "item_id"],
        unique=False,
    )
    op.create_table(
        "required_item",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "course_id"], ["course.organization_id", "course.id"], ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("organization_id", "id"),
    )
    op.create_index("required_item_course", "required_item", ["organization_id", "course_id", "id"], unique=False)
    for table in ("item_completion", "required_item"):
        isolate(table)


def downgrade() -> None:
    op.drop_index("required_item_course", table_name="required_item")
    op.drop_table("required_item")
    op.drop_index("item_completion_course", table_name="item_completion")
    op.drop_table("item_completion")
