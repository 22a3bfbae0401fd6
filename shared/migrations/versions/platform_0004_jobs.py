"""Jobs, and the queue of PgQueuer that has their steps run."""

import sqlalchemy as sa
from alembic import op
from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment
from sqlalchemy.dialects.postgresql import JSONB

from shared.jobs import queue_settings
from shared.migrations.tenancy import isolate

revision = "platform_0004"
down_revision = "platform_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "job",
        sa.Column("organization_id", sa.Uuid, primary_key=True),
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("about", JSONB, nullable=False),
        sa.Column("subjects", sa.ARRAY(sa.Uuid), nullable=False),
        sa.Column("total", sa.Integer, nullable=False),
        sa.Column("position", sa.Integer, nullable=False, server_default="0"),
        sa.Column("failed", sa.Integer, nullable=False, server_default="0"),
        sa.Column("failures", JSONB, nullable=False, server_default="[]"),
        sa.Column("starts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("created_by", sa.Uuid, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("status IN ('QUEUED', 'RUNNING', 'DONE', 'FAILED', 'CANCELLED')", name="job_status_check"),
        sa.CheckConstraint("position BETWEEN 0 AND total", name="job_position_check"),
    )
    op.create_index("job_unfinished", "job", ["id"], postgresql_where=sa.text("finished_at IS NULL"))
    isolate("job", system=True)
    _queue()


def _queue() -> None:
    """PgQueuer's own tables, which know no organization: what a job is about is in its row, and in the queue its id."""
    _run(QueryBuilderEnvironment(queue_settings(_subgraph())).build_install_query())
    # The transaction that makes a job enqueues it, and reads no more of the queue than its own organization's; all
    # else is the worker's, which has the system login.
    isolate("pgqueuer", "headers ->> 'organization' = (SELECT current_setting('app.tenant', true))", system=True)
    isolate("pgqueuer_log", "false", "true", system=True)
    for table in ("pgqueuer_schedules", "pgqueuer_statistics"):
        isolate(table, "false", system=True)


def downgrade() -> None:
    _run(QueryBuilderEnvironment(queue_settings(_subgraph())).build_uninstall_query())
    op.drop_index("job_unfinished", "job")
    op.drop_table("job")


def _subgraph() -> str:
    return op.get_context().opts["version_table_schema"]


def _run(statements: str) -> None:
    """Several statements at once, which only the driver itself takes."""
    connection = op.get_bind().connection.dbapi_connection
    assert connection
    connection.run_async(lambda driver: driver.execute(statements))
