"""What consumers begin with, so that an event that ends its process is parked; replays of parked events."""

import sqlalchemy as sa
from alembic import op

from shared.migrations.tenancy import isolate

revision = "platform_0002"
down_revision = "platform_0001"
branch_labels = None
depends_on = None

_RETRY = ("retry_requested_at", "retry_began_at")


def upgrade() -> None:
    op.create_table(
        "consumer_start",
        sa.Column("source", sa.Text, primary_key=True),
        sa.Column("partition", sa.SmallInteger, primary_key=True),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("starts", sa.Integer, nullable=False),
    )
    isolate("consumer_start", "true")
    for name in _RETRY:
        op.add_column("parked_event", sa.Column(name, sa.DateTime(timezone=True)))
    op.create_index(
        "parked_event_retry", "parked_event", ["id"], postgresql_where=sa.text("retry_requested_at IS NOT NULL")
    )


def downgrade() -> None:
    op.drop_index("parked_event_retry", "parked_event")
    for name in _RETRY:
        op.drop_column("parked_event", name)
    op.drop_table("consumer_start")
