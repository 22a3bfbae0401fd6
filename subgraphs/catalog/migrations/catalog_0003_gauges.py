"""Lets the system login count enrolments of all tenants; it may still write none."""

from alembic import op

from shared.migrations import logins

revision = "catalog_0003"
down_revision = "catalog_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _, system_login = logins(op.get_context().opts["version_table_schema"])
    op.execute(f"CREATE POLICY counted ON enrollment FOR SELECT TO {system_login} USING (true)")


def downgrade() -> None:
    op.execute("DROP POLICY counted ON enrollment")
