"""Courses, modules, enrolments, and the members that identity tells of."""

import sqlalchemy as sa
from alembic import op

from shared.migrations.tenancy import isolate

revision = "catalog_0001"
down_revision = None
branch_labels = ("catalog",)
depends_on = None


def upgrade() -> None:
    op.create_table(
        "course",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("status IN ('DRAFT', 'PUBLISHED', 'ARCHIVED')", name="course_status_check"),
        sa.PrimaryKeyConstraint("organization_id", "id"),
        sa.UniqueConstraint("organization_id", "slug", name="course_slug_key"),
    )
    op.create_index("course_status", "course", ["organization_id", "status", "id"], unique=False)
    op.create_table(
        "member",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.CheckConstraint("role IN ('STUDENT', 'TEACHER', 'ADMIN')", name="member_role_check"),
        sa.PrimaryKeyConstraint("organization_id", "id"),
        sa.UniqueConstraint("organization_id", "user_id", name="member_user_key"),
    )
    op.create_table(
        "enrollment",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("progress", sa.Float(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("status IN ('ACTIVE', 'COMPLETED', 'WITHDRAWN')", name="enrollment_status_check"),
        sa.CheckConstraint("progress BETWEEN 0 AND 1", name="enrollment_progress_check"),
        sa.ForeignKeyConstraint(
            ["organization_id", "course_id"], ["course.organization_id", "course.id"], ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("organization_id", "id"),
        sa.UniqueConstraint("organization_id", "course_id", "user_id", name="enrollment_user_key"),
    )
    op.create_index("enrollment_course", "enrollment", ["organization_id", "course_id", "id"], unique=False)
    op.create_index("enrollment_user", "enrollment", ["organization_id", "user_id", "id"], unique=False)
    op.create_table(
        "module",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "course_id"], ["course.organization_id", "course.id"], ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("organization_id", "id"),
        sa.UniqueConstraint("organization_id", "course_id", "position", name="module_position_key"),
    )
    for table in ("course", "member", "enrollment", "module"):
        isolate(table)


def downgrade() -> None:
    op.drop_table("module")
    op.drop_index("enrollment_user", table_name="enrollment")
    op.drop_index("enrollment_course", table_name="enrollment")
    op.drop_table("enrollment")
    op.drop_table("member")
    op.drop_index("course_status", table_name="course")
    op.drop_table("course")
