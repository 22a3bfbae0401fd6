"""Badges, facts about people, progress, awards, and what others tell of courses, assessments and people."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shared.migrations.tenancy import isolate

revision = "credentials_0001"
down_revision = None
branch_labels = ("credentials",)
depends_on = None


def upgrade() -> None:
    op.create_table(
        "assessment",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "id"),
    )
    op.create_table(
        "course",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "id"),
    )
    op.create_table(
        "enrollment",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("organization_id", "id"),
        sa.UniqueConstraint("organization_id", "course_id", "user_id", name="enrollment_user_key"),
    )
    op.create_table(
        "evidence",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("target_id", sa.Uuid(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "kind IN ('COMPLETE_COURSE', 'COMPLETE_ITEMS', 'PASS_ASSESSMENT')", name="evidence_kind_check"
        ),
        sa.CheckConstraint("value BETWEEN 0 AND 1", name="evidence_value_check"),
        sa.PrimaryKeyConstraint("organization_id", "id"),
        sa.UniqueConstraint(
            "organization_id", "user_id", "kind", "target_id", "subject_id", name="evidence_subject_key"
        ),
    )
    op.create_index("evidence_target", "evidence", ["organization_id", "target_id", "kind", "user_id"], unique=False)
    op.create_table(
        "organization",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("slug", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("organization_id", "id"),
    )
    op.create_index("organization_slug", "organization", ["slug"], unique=False)
    op.create_table(
        "person",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("organization_id", "id"),
    )
    op.create_table(
        "required_item",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "id"),
    )
    op.create_index("required_item_course", "required_item", ["organization_id", "course_id"], unique=False)
    op.create_table(
        "badge",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "course_id"],
            ["course.organization_id", "course.id"],
        ),
        sa.PrimaryKeyConstraint("organization_id", "id"),
    )
    op.create_index("badge_course", "badge", ["organization_id", "course_id", "id"], unique=False)
    op.create_table(
        "award",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("badge_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revocation_reason", sa.Text(), nullable=True),
        sa.Column("badge_name", sa.Text(), nullable=False),
        sa.Column("badge_description", sa.Text(), nullable=False),
        sa.Column("recipient_name", sa.Text(), nullable=True),
        sa.Column("recipient_email", sa.Text(), nullable=True),
        sa.Column("issuer_name", sa.Text(), nullable=True),
        sa.Column("status_list", sa.Integer(), nullable=False),
        sa.Column("status_position", sa.Integer(), nullable=False),
        sa.CheckConstraint("(status = 'REVOKED') = (revoked_at IS NOT NULL)", name="award_revoked_check"),
        sa.CheckConstraint("status IN ('VALID', 'REVOKED')", name="award_status_check"),
        sa.ForeignKeyConstraint(
            ["organization_id", "badge_id"],
            ["badge.organization_id", "badge.id"],
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "user_id"],
            ["person.organization_id", "person.id"],
        ),
        sa.PrimaryKeyConstraint("organization_id", "id"),
        sa.UniqueConstraint("code", name="award_code_key"),
        sa.UniqueConstraint("organization_id", "badge_id", "user_id", name="award_user_key"),
        sa.UniqueConstraint("organization_id", "status_list", "status_position", name="award_status_key"),
    )
    op.create_index("award_badge", "award", ["organization_id", "badge_id", "id"], unique=False)
    op.create_index("award_person", "award", ["organization_id", "user_id", "id"], unique=False)
    op.create_index(
        "award_unnamed",
        "award",
        ["organization_id", "user_id"],
        unique=False,
        postgresql_where=sa.text("recipient_name IS NULL OR issuer_name IS NULL"),
    )
    op.create_index(
        "award_revoked",
        "award",
        ["organization_id", "status_list"],
        unique=False,
        postgresql_where=sa.text("status = 'REVOKED'"),
    )
    op.create_table(
        "issuer_key",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kid", sa.Text(), nullable=False),
        sa.Column("public", sa.LargeBinary(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("organization_id", "id"),
    )
    op.create_index(
        "issuer_key_in_use",
        "issuer_key",
        ["organization_id"],
        unique=True,
        postgresql_where=sa.text("retired_at IS NULL"),
    )
    op.create_table(
        "credential",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("jwt", sa.Text(), nullable=False),
        sa.Column("public_url", sa.Text(), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "id"],
            ["award.organization_id", "award.id"],
        ),
        sa.PrimaryKeyConstraint("organization_id", "id"),
    )
    op.create_table(
        "criterion",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("badge_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("target_id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("threshold", sa.Float(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('COMPLETE_COURSE', 'COMPLETE_ITEMS', 'PASS_ASSESSMENT')", name="criterion_kind_check"
        ),
        sa.CheckConstraint("threshold > 0", name="criterion_threshold_check"),
        sa.ForeignKeyConstraint(
            ["organization_id", "badge_id"],
            ["badge.organization_id", "badge.id"],
        ),
        sa.PrimaryKeyConstraint("organization_id", "id"),
        sa.UniqueConstraint("organization_id", "badge_id", "position", name="criterion_position_key"),
    )
    op.create_index("criterion_target", "criterion", ["organization_id", "target_id", "kind"], unique=False)
    op.create_table(
        "progress",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("badge_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("ratio", sa.Float(), nullable=False),
        sa.Column("values", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("ratio BETWEEN 0 AND 1", name="progress_ratio_check"),
        sa.ForeignKeyConstraint(
            ["organization_id", "badge_id"],
            ["badge.organization_id", "badge.id"],
        ),
        sa.PrimaryKeyConstraint("organization_id", "id"),
        sa.UniqueConstraint("organization_id", "badge_id", "user_id", name="progress_user_key"),
    )
    for table in ("course", "required_item", "assessment", "enrollment", "person"):
        isolate(table)
    for table in ("badge", "criterion", "evidence", "progress"):
        isolate(table)
    # Nobody but the tenant itself signs in its name or reads its keys: whoever checks a credential finds the tenant by
    # a code or a slug, and reads all the rest as that tenant.
    for table in ("issuer_key", "credential"):
        isolate(table)
    for table in ("award", "organization"):
        isolate(table, system=True)


def downgrade() -> None:
    op.drop_table("progress")
    op.drop_index("criterion_target", table_name="criterion")
    op.drop_table("criterion")
    op.drop_table("credential")
    op.drop_index("issuer_key_in_use", table_name="issuer_key", postgresql_where=sa.text("retired_at IS NULL"))
    op.drop_table("issuer_key")
    op.drop_index("award_revoked", table_name="award", postgresql_where=sa.text("status = 'REVOKED'"))
    op.drop_index(
        "award_unnamed", table_name="award", postgresql_where=sa.text("recipient_name IS NULL OR issuer_name IS NULL")
    )
    op.drop_index("award_person", table_name="award")
    op.drop_index("award_badge", table_name="award")
    op.drop_table("award")
    op.drop_index("badge_course", table_name="badge")
    op.drop_table("badge")
    op.drop_index("required_item_course", table_name="required_item")
    op.drop_table("required_item")
    op.drop_table("person")
    op.drop_index("organization_slug", table_name="organization")
    op.drop_table("organization")
    op.drop_index("evidence_target", table_name="evidence")
    op.drop_table("evidence")
    op.drop_table("enrollment")
    op.drop_table("course")
    op.drop_table("assessment")
