"""Assessments, attempts, question sets, and the courses and enrolments that catalog tells of."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shared.documents.table import create_document_table, drop_document_table
from shared.migrations.tenancy import isolate

revision = "assessment_0001"
down_revision = None
branch_labels = ("assessment",)
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
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "id"),
        sa.UniqueConstraint("organization_id", "course_id", "user_id", name="enrollment_user_key"),
    )
    op.create_table(
        "assessment",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("passing_score", sa.Float(), nullable=False),
        sa.Column("max_attempts", sa.Integer(), nullable=True),
        sa.Column("time_limit_minutes", sa.Integer(), nullable=True),
        sa.Column("points", sa.Float(), nullable=False),
        sa.Column("question_set_id", sa.Uuid(), nullable=False),
        sa.Column("question_set_number", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("max_attempts >= 1", name="assessment_max_attempts_check"),
        sa.CheckConstraint("passing_score BETWEEN 0 AND 1", name="assessment_passing_score_check"),
        sa.CheckConstraint("points > 0", name="assessment_points_check"),
        sa.CheckConstraint("time_limit_minutes BETWEEN 1 AND 1440", name="assessment_time_limit_check"),
        sa.ForeignKeyConstraint(
            ["organization_id", "course_id"],
            ["course.organization_id", "course.id"],
        ),
        sa.PrimaryKeyConstraint("organization_id", "id"),
    )
    op.create_index("assessment_course", "assessment", ["organization_id", "course_id", "id"], unique=False)
    op.create_table(
        "attempt",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("assessment_id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("enrollment_id", sa.Uuid(), nullable=False),
        sa.Column("question_set_id", sa.Uuid(), nullable=False),
        sa.Column("passing_score", sa.Float(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deadline", sa.DateTime(timezone=True), nullable=True),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("score", sa.Float(), nullable=True),
        sa.Column("passed", sa.Boolean(), nullable=True),
        sa.Column("answers", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("results", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.CheckConstraint(
            "(status = 'GRADED') = (score IS NOT NULL AND passed IS NOT NULL AND results IS NOT NULL)",
            name="attempt_graded_check",
        ),
        sa.CheckConstraint("status IN ('IN_PROGRESS', 'GRADED')", name="attempt_status_check"),
        sa.CheckConstraint("score BETWEEN 0 AND 1", name="attempt_score_check"),
        sa.ForeignKeyConstraint(
            ["organization_id", "assessment_id"],
            ["assessment.organization_id", "assessment.id"],
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "enrollment_id"],
            ["enrollment.organization_id", "enrollment.id"],
        ),
        sa.PrimaryKeyConstraint("organization_id", "id"),
    )
    op.create_index(
        "attempt_assessment", "attempt", ["organization_id", "assessment_id", "user_id", "id"], unique=False
    )
    op.create_index(
        "attempt_deadline", "attempt", ["deadline"], unique=False, postgresql_where=sa.text("status = 'IN_PROGRESS'")
    )
    op.create_index("attempt_enrollment", "attempt", ["organization_id", "enrollment_id"], unique=False)
    op.create_index(
        "attempt_open",
        "attempt",
        ["organization_id", "assessment_id", "enrollment_id"],
        unique=True,
        postgresql_where=sa.text("status = 'IN_PROGRESS'"),
    )
    for table in ("course", "enrollment", "assessment"):
        isolate(table)
    isolate("attempt", system=True)  # the clock closes overdue attempts of all tenants


def downgrade() -> None:
    op.drop_index("attempt_open", table_name="attempt", postgresql_where=sa.text("status = 'IN_PROGRESS'"))
    op.drop_index("attempt_enrollment", table_name="attempt")
    op.drop_index("attempt_deadline", table_name="attempt", postgresql_where=sa.text("status = 'IN_PROGRESS'"))
    op.drop_index("attempt_assessment", table_name="attempt")
    op.drop_table("attempt")
    op.drop_index("assessment_course", table_name="assessment")
    op.drop_table("assessment")
    op.drop_table("enrollment")
    drop_document_table()
    op.drop_table("course")
