"""The tables that the platform keeps in each subgraph's PostgreSQL schema, beside the subgraph's own."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

metadata = MetaData()


def _now() -> Column[object]:
    return Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now())


outbox = Table(
    "outbox",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("organization_id", Uuid),  # null for what happens on the platform, outside any organization
    Column("partition", SmallInteger, nullable=False),
    Column("sequence", BigInteger),  # given by the relay once committed: 1, 2, 3 … without gaps per partition
    Column("type", Text, nullable=False),
    Column("aggregate_id", Uuid, nullable=False),
    Column("data", JSONB, nullable=False),
    Column("trace_id", Text),
    _now(),
    Column("traceparent", Text),  # the span that told of it (W3C Trace Context), while telemetry is on
    Index("outbox_unnumbered", "partition", "id", postgresql_where=text("sequence IS NULL")),
    Index("outbox_numbered", "partition", "sequence", unique=True, postgresql_where=text("sequence IS NOT NULL")),
    Index("outbox_organization", "organization_id", "id"),
    Index("outbox_age", "created_at"),
)

outbox_position = Table(
    "outbox_position",
    metadata,
    Column("partition", SmallInteger, primary_key=True),
    Column("last", BigInteger, nullable=False),
)
"""The highest sequence given per partition; it outlives the rows themselves."""

consumer_position = Table(
    "consumer_position",
    metadata,
    Column("source", Text, primary_key=True),
    Column("partition", SmallInteger, primary_key=True),
    Column("last", BigInteger, nullable=False),
)
"""How far this subgraph has applied another one's events; moves in the same transaction as their effect."""

consumer_start = Table(
    "consumer_start",
    metadata,
    Column("source", Text, primary_key=True),
    Column("partition", SmallInteger, primary_key=True),
    Column("sequence", BigInteger, nullable=False),
    Column("starts", Integer, nullable=False),
)
"""The event that a process began with, and how many began with the same one in a row without coming to an end of it."""

parked_event = Table(
    "parked_event",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("organization_id", Uuid),
    Column("source", Text, nullable=False),
    Column("partition", SmallInteger, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("type", Text, nullable=False),
    Column("data", JSONB, nullable=False),
    Column("error", Text, nullable=False),
    Column("trace_id", Text),
    _now(),
    Column("retry_requested_at", DateTime(timezone=True)),  # an operator asks for a replay
    Column(
        "retry_began_at", DateTime(timezone=True)
    ),  # a consumer has taken it; never cleared if the process died of it
    Index("parked_event_organization", "organization_id", "id"),
    Index("parked_event_retry", "id", postgresql_where=text("retry_requested_at IS NOT NULL")),
)
"""Events that a handler failed on again and again: kept for an operator, so that the others behind them go on."""

audit = Table(
    "audit",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("organization_id", Uuid),
    Column("user_id", Uuid),
    Column("action", Text, nullable=False),
    Column("resource_type", Text, nullable=False),
    Column("resource_id", Uuid),
    Column("details", JSONB, nullable=False),
    Column("ip_address", Text),
    Column("user_agent", Text),
    Column("trace_id", Text),
    _now(),
    Index("audit_organization", "organization_id", "id"),
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("organization_id", Uuid, primary_key=True),
    Column("actor_id", Uuid, primary_key=True),
    Column("operation", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("input_hash", LargeBinary, nullable=False),
    Column("result_id", Uuid),
    _now(),
    Index("idempotency_age", "created_at"),
)

job = Table(
    "job",
    metadata,
    Column("organization_id", Uuid, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("about", JSONB, nullable=False),  # ids that say what is to be done, as the subgraph names them
    Column("subjects", ARRAY(Uuid), nullable=False),  # to whom or what it is done, one after another
    Column("total", Integer, nullable=False),
    Column("position", Integer, nullable=False, server_default="0"),  # how many subjects have been dealt with
    Column("failed", Integer, nullable=False, server_default="0"),  # of these
    Column("failures", JSONB, nullable=False, server_default="[]"),  # why, for the first of them
    Column("starts", Integer, nullable=False, server_default="0"),  # how often the step from `position` was begun
    Column("created_by", Uuid, nullable=False),
    _now(),
    Column("finished_at", DateTime(timezone=True)),
    CheckConstraint("status IN ('QUEUED', 'RUNNING', 'DONE', 'FAILED', 'CANCELLED')", name="job_status_check"),
    CheckConstraint("position BETWEEN 0 AND total", name="job_position_check"),
    Index("job_unfinished", "id", postgresql_where=text("finished_at IS NULL")),
)
"""Work in steps that goes on by itself until all subjects have been dealt with; see `jobs`. It holds ids alone."""

PARTITIONS = 4
"""Streams per subgraph; an aggregate's events all go through one. Raising it needs every relay stopped once."""
