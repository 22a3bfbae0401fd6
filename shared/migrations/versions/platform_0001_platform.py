"""The platform's tables: outbox, positions, parked events, audit, idempotency keys."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from shared.migrations.tenancy import TENANT, isolate

revision = "platform_0001"
down_revision = None
branch_labels = ("platform",)
depends_on = None


def _now() -> sa.Column:
    return sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now())


def upgrade() -> None:
    _outbox()
    _positions()
    _parked_event()
    _audit()
    _idempotency()


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("organization_id", sa.Uuid),
        sa.Column("partition", sa.SmallInteger, nullable=False),
        sa.Column("sequence", sa.BigInteger),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("aggregate_id", sa.Uuid, nullable=False),
        sa.Column("data", JSONB, nullable=False),
        sa.Column("trace_id", sa.Text),
        _now(),
    )
    op.create_index("outbox_unnumbered", "outbox", ["partition", "id"], postgresql_where=sa.text("sequence IS NULL"))
    op.create_index(
        "outbox_numbered",
        "outbox",
        ["partition", "sequence"],
        unique=True,
        postgresql_where=sa.text("sequence IS NOT NULL"),
    )
    op.create_index("outbox_organization", "outbox", ["organization_id", "id"])
    op.create_index("outbox_age", "outbox", ["created_at"])
    isolate("outbox", system=True)


def _positions() -> None:
    op.create_table(
        "outbox_position",
        sa.Column("partition", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("last", sa.BigInteger, nullable=False),
    )
    isolate("outbox_position", "false", system=True)
    op.create_table(
        "consumer_position",
        sa.Column("source", sa.Text, primary_key=True),
        sa.Column("partition", sa.SmallInteger, primary_key=True),
        sa.Column("last", sa.BigInteger, nullable=False),
    )
    isolate("consumer_position", "true")


def _parked_event() -> None:
    op.create_table(
        "parked_event",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("organization_id", sa.Uuid),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("partition", sa.SmallInteger, nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("data", JSONB, nullable=False),
        sa.Column("error", sa.Text, nullable=False),
        sa.Column("trace_id", sa.Text),
        _now(),
    )
    op.create_index("parked_event_organization", "parked_event", ["organization_id", "id"])
    isolate("parked_event", f"organization_id IS NOT DISTINCT FROM {TENANT}", system=True)


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("organization_id", sa.Uuid),
        sa.Column("user_id", sa.Uuid),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("resource_type", sa.Text, nullable=False),
        sa.Column("resource_id", sa.Uuid),
        sa.Column("details", JSONB, nullable=False),
        sa.Column("ip_address", sa.Text),
        sa.Column("user_agent", sa.Text),
        sa.Column("trace_id", sa.Text),
        _now(),
    )
    op.create_index("audit_organization", "audit", ["organization_id", "id"])
    isolate("audit", system=True)


def _idempotency() -> None:
    op.create_table(
        "idempotency",
        sa.Column("organization_id", sa.Uuid, primary_key=True),
        sa.Column("actor_id", sa.Uuid, primary_key=True),
        sa.Column("operation", sa.Text, primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("input_hash", sa.LargeBinary, nullable=False),
        sa.Column("result_id", sa.Uuid),
        _now(),
    )
    op.create_index("idempotency_age", "idempotency", ["created_at"])
    isolate("idempotency", system=True)


def downgrade() -> None:
    for table in ("idempotency", "audit", "parked_event", "consumer_position", "outbox_position", "outbox"):
        op.drop_table(table)
