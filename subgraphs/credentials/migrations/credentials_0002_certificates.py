"""Certificates: awards of completed courses, with how they look."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shared.migrations.tenancy import isolate

revision = "credentials_0002"
down_revision = "credentials_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "certificate_template",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=True),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("layout", sa.Text(), nullable=False),
        sa.Column("paper", sa.Text(), nullable=False),
        sa.Column("primary", sa.Text(), nullable=False),
        sa.Column("secondary", sa.Text(), nullable=False),
        sa.Column("logo", sa.Text(), nullable=True),
        sa.Column("signed_by", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("words", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("NOT (is_default AND course_id IS NOT NULL)", name="certificate_template_default_check"),
        sa.ForeignKeyConstraint(
            ["organization_id", "course_id"],
            ["course.organization_id", "course.id"],
        ),
        sa.PrimaryKeyConstraint("organization_id", "id"),
    )
    op.create_index(
        "certificate_template_course",
        "certificate_template",
        ["organization_id", "course_id"],
        unique=True,
        postgresql_where=sa.text("course_id IS NOT NULL AND archived_at IS NULL"),
    )
    op.create_index(
        "certificate_template_default",
        "certificate_template",
        ["organization_id"],
        unique=True,
        postgresql_where=sa.text("is_default AND archived_at IS NULL"),
    )
    op.add_column("award", sa.Column("kind", sa.Text(), server_default="BADGE", nullable=False))
    op.add_column("award", sa.Column("course_id", sa.Uuid(), nullable=True))
    op.add_column("award", sa.Column("template_id", sa.Uuid(), nullable=True))
    op.add_column("award", sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("award", sa.Column("printed", sa.Text(), nullable=True))
    op.create_index(
        "award_course",
        "award",
        ["organization_id", "course_id", "user_id"],
        unique=False,
        postgresql_where=sa.text("kind = 'CERTIFICATE'"),
    )
    op.create_foreign_key(
        "award_template_fkey",
        "award",
        "certificate_template",
        ["organization_id", "template_id"],
        ["organization_id", "id"],
    )
    op.create_check_constraint("award_kind_check", "award", "kind IN ('BADGE', 'CERTIFICATE')")
    op.create_check_constraint(
        "award_certifies_check",
        "award",
        "(kind = 'CERTIFICATE') = (course_id IS NOT NULL AND template_id IS NOT NULL)",
    )
    op.add_column("badge", sa.Column("kind", sa.Text(), server_default="BADGE", nullable=False))
    op.create_check_constraint("badge_kind_check", "badge", "kind IN ('BADGE', 'CERTIFICATE')")
    op.create_check_constraint("badge_certified_check", "badge", "kind = 'BADGE' OR course_id IS NOT NULL")
    op.create_index(
        "badge_certified",
        "badge",
        ["organization_id", "course_id"],
        unique=True,
        postgresql_where=sa.text("kind = 'CERTIFICATE'"),
    )
    op.add_column("course", sa.Column("title", sa.Text(), nullable=True))
    op.add_column("person", sa.Column("locale", sa.Text(), nullable=True))
    isolate("certificate_template")


def downgrade() -> None:
    op.drop_column("person", "locale")
    op.drop_column("course", "title")
    for name in ("badge_kind_check", "badge_certified_check"):
        op.drop_constraint(name, "badge")
    op.drop_index("badge_certified", table_name="badge", postgresql_where=sa.text("kind = 'CERTIFICATE'"))
    op.drop_column("badge", "kind")
    for name in ("award_template_fkey", "award_kind_check", "award_certifies_check"):
        op.drop_constraint(name, "award")
    op.drop_index("award_course", table_name="award", postgresql_where=sa.text("kind = 'CERTIFICATE'"))
    op.drop_column("award", "printed")
    op.drop_column("award", "completed_at")
    op.drop_column("award", "template_id")
    op.drop_column("award", "course_id")
    op.drop_column("award", "kind")
    op.drop_index(
        "certificate_template_default",
        table_name="certificate_template",
        postgresql_where=sa.text("is_default AND archived_at IS NULL"),
    )
    op.drop_index(
        "certificate_template_course",
        table_name="certificate_template",
        postgresql_where=sa.text("course_id IS NOT NULL AND archived_at IS NULL"),
    )
    op.drop_table("certificate_template")
