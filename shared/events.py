"""Events: typed, written to the outbox by the transaction that caused them, handled idempotently elsewhere.

The way of an event: `emit` writes an outbox row, the relay numbers and publishes it (`relay.py`), and consumers in any
subgraph apply it once and in order (`consumer.py`). One that cannot be applied is parked (`parking.py`).
"""

import zlib
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel
from sqlalchemy import BigInteger, SmallInteger, Text, Uuid, bindparam, func, insert, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import TypeEngine

from shared import audit, tables
from shared.auth import Viewer
from shared.postgres import Origin, act_for
from shared.telemetry import tracing


class Event(BaseModel):
    """Something that happened, named in the past tense: `class CoursePublished(Event, type="course.published")`.

    `id` is the aggregate: events of one aggregate keep their order. Payloads carry ids; what a person is called travels
    only where another subgraph must print it, and a long text only where one must read it. Fields with either are named
    as `unaudited`: they go with the outbox row after seven days, and the audit trail, which is kept, never has them.
    `stream="course_id"` keeps the order with other events of that course too: each that began after another's commit is
    told after it.
    """

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True, extra="ignore")

    type: ClassVar[str]
    stream: ClassVar[str] = "id"
    unaudited: ClassVar[frozenset[str]] = frozenset()
    id: UUID
    organization_id: UUID | None

    def __init_subclass__(
        cls,
        *,
        type: str | None = None,
        stream: str | None = None,
        unaudited: Iterable[str] = (),
        **options: Any,
    ) -> None:
        super().__init_subclass__(**options)
        if type is not None:
            cls.type = type
        if stream is not None:
            cls.stream = stream
        cls.unaudited = cls.unaudited | frozenset(unaudited)


Handle = Callable[[AsyncSession, Any], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Handler:
    """What a subgraph does on an event: `event` is its own reading of the payload, from the subgraph `source`."""

    source: str
    event: type[Event]
    handle: Handle


@dataclass(frozen=True, slots=True)
class Received:
    """An event as it came: from its stream, or from where it was parked. `data` is its payload as JSON."""

    source: str
    partition: int
    sequence: int
    type: str
    organization_id: UUID | None
    data: bytes
    trace_id: str | None
    traceparent: str | None = None  # the span that published it

    @classmethod
    def from_stream(cls, source: str, partition: int, entry: bytes, fields: Mapping[bytes, bytes]) -> Self:
        """What the relay published under this entry id (`17-0`)."""
        organization = fields[b"organizationId"].decode()
        return cls(
            source,
            partition,
            int(entry.split(b"-")[0]),
            fields[b"type"].decode(),
            UUID(organization) if organization else None,
            fields[b"data"],
            fields[b"traceId"].decode() or None,
            fields.get(b"traceparent", b"").decode() or None,
        )


class Handlers:
    """A subgraph's handlers by what they take."""

    def __init__(self, handlers: Iterable[Handler]) -> None:
        self._by_type: dict[tuple[str, str], list[Handler]] = defaultdict(list)
        for handler in handlers:
            self._by_type[handler.source, handler.event.type].append(handler)

    def take(self, event: Received) -> bool:
        """Whether there is a handler for the event."""
        return (event.source, event.type) in self._by_type

    async def apply(self, session: AsyncSession, event: Received) -> bool:
        """Runs what takes the event, in the event's tenant and trace; False when nothing does."""
        handlers = self._by_type.get((event.source, event.type))
        if not handlers:
            return False
        with tracing.span(f"process {event.type}", "consumer", event.traceparent, _described(event)):
            await act_for(session, Viewer(organization_id=event.organization_id))
            session.info["origin"] = Origin(trace_id=event.trace_id)
            for handler in handlers:
                await handler.handle(session, handler.event.model_validate_json(event.data))
            await session.flush()
        return True


def _described(event: Received) -> dict[str, str]:
    """OpenTelemetry's semantic conventions for messaging."""
    return {
        "messaging.system": "redis",
        "messaging.operation.type": "process",
        "messaging.operation.name": "process",
        "messaging.destination.name": stream_of(event.source, event.partition),
        "messaging.message.id": f"{event.sequence}-0",
        "lyceum.event.type": event.type,
        "lyceum.organization.id": str(event.organization_id or ""),
    }


def partition_of(key: UUID) -> int:
    """The partition of an aggregate, or of another key of events: CRC-32, the same in every process and version."""
    return zlib.crc32(key.bytes) % tables.PARTITIONS


# Only after the aggregate's lock is taken does the row get its id, so ids follow the order of commits per aggregate.
_locked = select(func.pg_advisory_xact_lock(bindparam("lock", type_=BigInteger)).label("locked")).cte("aggregate")
_columns: dict[str, TypeEngine[Any]] = {
    "organization_id": Uuid(),
    "partition": SmallInteger(),
    "type": Text(),
    "aggregate_id": Uuid(),
    "data": JSONB(),
    "trace_id": Text(),
    "traceparent": Text(),
}
_INSERT = insert(tables.outbox).from_select(
    list(_columns),
    select(*(bindparam(f"new_{name}", type_=type_) for name, type_ in _columns.items())).select_from(_locked),
)


async def emit(session: AsyncSession, event: Event, *, actor_id: UUID | None = None) -> None:
    """Writes the event and its audit row; both exist exactly if the transaction commits."""
    await emit_all(session, [event], actor_id=actor_id)


async def emit_all(session: AsyncSession, events: Sequence[Event], *, actor_id: UUID | None = None) -> None:
    """Writes events and their audit rows, in as many statements as for one; aggregates are locked in their order."""
    await session.flush()
    trace = session.info["origin"].trace_id, tracing.traceparent()
    await session.execute(_INSERT, [_row(event, *trace) for event in events])
    await audit.record_all(session, [_entry(event, actor_id) for event in events])


def _row(event: Event, trace_id: str | None, traceparent: str | None) -> dict[str, Any]:
    return {
        "lock": int.from_bytes(event.id.bytes[8:], signed=True),
        "new_organization_id": event.organization_id,
        "new_partition": partition_of(getattr(event, event.stream)),
        "new_type": event.type,
        "new_aggregate_id": event.id,
        "new_data": event.model_dump(mode="json", by_alias=True),
        "new_trace_id": trace_id,
        "new_traceparent": traceparent,
    }


def _entry(event: Event, actor_id: UUID | None) -> audit.Entry:
    return audit.Entry(
        event.type,
        event.type.rpartition(".")[0],
        event.id,
        organization_id=event.organization_id,
        user_id=actor_id,
        details=event.model_dump(mode="json", by_alias=True, exclude={"id", "organization_id", *event.unaudited}),
    )


def stream_of(subgraph: str, partition: int) -> str:
    """The Redis key of a stream; entry ids are sequences (`17-0`), so a reader knows at once what it has missed."""
    return f"events:{subgraph}:{partition}"
