"""Jobs: work on many subjects (people, say) that goes on by itself, in short steps, and survives its process.

The transaction that asks for a job stores its row and puts its first step into the queue (PgQueuer). A worker in each
process of the subgraph takes steps from the queue. A step deals with the next few subjects; then one transaction moves
the row on and queues the next step, behind those of other jobs, so that a big job does not hold up a small one.

What goes wrong, and what comes of it:

- A process is killed: its step is taken again, by any process, once it has sent no sign of life for 10 seconds. So a
  step may run twice, and has to be idempotent; what it has told of its progress counts once.
- An engine is away: the step is tried again after growing pauses, for as long as it takes.
- A step fails, or ends its process: each beginning is counted before it, and the fifth is the last. Then the job is
  FAILED; a step that has failed stays in the queue, held, with its traceback in `pgqueuer_log`, for an operator.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
import orjson
import structlog
from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver, AsyncpgPoolDriver
from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment, QueryQueueBuilder, QuerySchedulerBuilder
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.core.qm import QueueManager
from pgqueuer.domain.errors import PgqException, RetryRequested
from pgqueuer.domain.models import Job as Queued
from pgqueuer.domain.settings import DBSettings, Durability
from pgqueuer.domain.types import Channel
from pgqueuer.ports.driver import Driver
from sqlalchemy import ColumnElement, case, cast, func, select, update
from sqlalchemy.dialects.postgresql import JSONB, JSONPATH
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped

from shared import ids, tables
from shared.auth import Viewer
from shared.consumer import is_away
from shared.context import Platform
from shared.postgres import Model, after_commit

log = structlog.get_logger()

_SIGN_OF_LIFE = timedelta(seconds=10)
_LOOK = timedelta(seconds=5)  # a new step is announced; this is for those that are tried again
_STARTS = 5
_LONGEST_PAUSE = 30  # seconds between tries while an engine is away
_FIRST_ONES = cast("$[0 to 99]", JSONPATH)  # failures that are kept


class JobStatus(StrEnum):
    """How far a job is."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    DONE = "DONE"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


class Job(Model):
    """A job as it is stored; see `tables.job`."""

    __table__ = tables.job

    organization_id: Mapped[UUID]
    kind: Mapped[str]
    status: Mapped[str]
    about: Mapped[dict[str, Any]]
    subjects: Mapped[list[UUID]]
    total: Mapped[int]
    position: Mapped[int]
    failed: Mapped[int]
    failures: Mapped[list[dict[str, str]]]
    starts: Mapped[int]
    created_by: Mapped[UUID]
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]

    @classmethod
    def visible(cls, viewer: Viewer) -> ColumnElement[bool]:
        """Those who manage users see all jobs of the organization; others those that they have begun."""
        everybody = "manage:users" in viewer.scopes and not viewer.is_platform
        return cls.created_by.is_not(None) if everybody else cls.created_by == viewer.user_id

    @staticmethod
    def topic(organization_id: UUID, job_id: UUID) -> str:
        """The live topic of its progress."""
        return f"org:{organization_id}:job:{job_id}"


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a subject could not be dealt with; `code` is stable, `message` is for people."""

    subject: UUID
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Step:
    """The next subjects of a job. `viewer` acts for its organization, as who has begun it."""

    job_id: UUID
    about: Mapping[str, Any]
    subjects: Sequence[UUID]
    viewer: Viewer


@dataclass(frozen=True, slots=True)
class Work:
    """What is done for a kind of jobs: `take` deals with at most `at_once` subjects, which should take a second or two
    and must take less than 30. It is idempotent, and tells of the subjects that failed."""

    take: Callable[[Platform, Step], Awaitable[Sequence[Failure]]]
    at_once: int


class _Place(NamedTuple):
    """Which step of which job."""

    organization_id: UUID
    job_id: UUID
    kind: str
    position: int


class TooManyStarts(Exception):
    """The step has begun as often as it may, and has never come to its end."""


async def begin_job(
    session: AsyncSession, viewer: Viewer, kind: str, about: Mapping[str, Any], subjects: Sequence[UUID]
) -> Job:
    """Stores a job and queues its first step, in the caller's transaction. `about` holds ids as text, and no names."""
    assert viewer.organization_id
    assert viewer.user_id
    now = datetime.now(UTC)
    job = Job(
        id=ids.new_id(),
        organization_id=viewer.organization_id,
        kind=kind,
        status=JobStatus.QUEUED if subjects else JobStatus.DONE,
        about=dict(about),
        subjects=list(subjects),
        total=len(subjects),
        position=0,
        failed=0,
        failures=[],
        starts=0,
        created_by=viewer.user_id,
        created_at=now,
        finished_at=None if subjects else now,
    )
    session.add(job)
    await session.flush()
    if subjects:
        await _enqueue(session, _Place(job.organization_id, job.id, kind, 0))
    return job


async def cancel_job(session: AsyncSession, platform: Platform, viewer: Viewer, job_id: UUID | None) -> Job | None:
    """Has the job go no further than the step that it is at; one that has ended stays as it is. None when the viewer
    sees no such job."""
    statement = select(Job).where(Job.id == job_id, Job.visible(viewer)).with_for_update()
    job: Job | None = (await session.execute(statement)).scalar_one_or_none()
    if job is not None and job.finished_at is None:
        job.status, job.finished_at = JobStatus.CANCELLED, datetime.now(UTC)
        after_commit(session, partial(platform.live.publish, Job.topic(job.organization_id, job.id)))
    return job


def queue_settings(subgraph: str) -> DBSettings:
    """The names of PgQueuer's objects in the subgraph's schema, whatever the environment says. Channels belong to the
    whole database, so each subgraph has its own."""
    return DBSettings(
        prefix="",
        db_schema=None,
        channel=Channel(f"jobs_{subgraph}"),
        function="pgqueuer_changed",
        trigger="pgqueuer_changed",
        queue_status_type="pgqueuer_status",
        queue_table="pgqueuer",
        queue_table_log="pgqueuer_log",
        statistics_table="pgqueuer_statistics",
        schedules_table="pgqueuer_schedules",
        durability=Durability.durable,
    )


class Worker:
    """Takes steps of this subgraph's jobs, for as long as it runs: at most two at a time in this process."""

    def __init__(self, platform: Platform, kinds: Mapping[str, Work]) -> None:
        self._platform, self._kinds = platform, kinds

    async def run(self) -> None:
        """Runs until cancelled; starts over whenever PostgreSQL was away."""
        while True:
            try:
                async with self._platform.database.plain_pool(3) as pool:
                    await self._recover()
                    await self._serve(AsyncpgPoolDriver(pool))
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, SQLAlchemyError, PgqException) as error:
                log.warning("jobs.interrupted", error=type(error).__name__)
            await asyncio.sleep(1)

    async def _serve(self, driver: Driver) -> None:
        settings = queue_settings(self._platform.subgraph)
        manager = QueueManager(_queries(driver, settings), settings.channel)
        for kind in self._kinds:  # steps of others are left to those who know them
            manager.entrypoint(kind, on_failure="hold")(self._run_step)
        options: dict[str, Any] = {"batch_size": 1, "max_concurrent_tasks": 2, "heartbeat_timeout": _SIGN_OF_LIFE}
        serving = asyncio.create_task(manager.run(_LOOK, **options, shutdown_on_listener_failure=True))
        try:
            await asyncio.shield(serving)
        finally:
            # A step that is cancelled would be struck off the queue, so it comes to its end; who cannot wait for that
            # kills the process, and then another one takes the step again.
            manager.shutdown.set()
            await asyncio.wait([serving])

    async def _recover(self) -> None:
        """Queues the steps of unfinished jobs that the queue lacks, should any have been struck off it."""
        unfinished = select(Job.organization_id, Job.id, Job.kind, Job.position).where(Job.finished_at.is_(None))
        async with self._platform.database.system() as session:
            for row in (await session.execute(unfinished)).all():
                await _enqueue(session, _Place(*row))

    async def _run_step(self, queued: Queued) -> None:
        place = _place_of(queued)
        try:
            await self._take(place)
        except TooManyStarts:
            await self._end(place)
            raise
        except Exception as error:
            log.exception("job.step_failed", job=str(place.job_id), position=place.position)
            if is_away(error):
                await self._take_back(place)
            pause = timedelta(seconds=min(2**queued.attempts, _LONGEST_PAUSE))
            raise RetryRequested(pause, reason=type(error).__name__) from error

    async def _take(self, place: _Place) -> None:
        step = await self._begin(place)
        if step is not None:
            failures = await self._kinds[place.kind].take(self._platform, step)
            await self._move_on(place, len(step.subjects), failures)

    async def _begin(self, place: _Place) -> Step | None:
        """Counts the start, committed at once. None when the job is elsewhere by now, or over."""
        async with self._platform.database.begin(_acting(place)) as session:
            started = update(Job).where(*_is_at(place)).values(status=JobStatus.RUNNING, starts=Job.starts + 1)
            last = place.position + self._kinds[place.kind].at_once
            next_ones = tables.job.c.subjects[place.position + 1 : last]
            columns = (Job.starts, Job.created_by, Job.about, next_ones.label("subjects"))
            row = (await session.execute(started.returning(*columns))).one_or_none()
        if row is None:
            return None
        if row.starts > _STARTS:
            raise TooManyStarts(f"It has begun {_STARTS} times.")
        viewer = Viewer(organization_id=place.organization_id, user_id=row.created_by)
        return Step(place.job_id, row.about, row.subjects, viewer)

    async def _move_on(self, place: _Place, count: int, failures: Sequence[Failure]) -> None:
        """Counts the subjects and queues the next step; nothing if another process has done so, or it was cancelled."""
        new = [{"subject": str(it.subject), "code": it.code, "message": it.message} for it in failures]
        is_over = Job.position + count >= Job.total
        moved = (
            update(Job)
            .where(*_is_at(place))
            .values(
                position=Job.position + count,
                failed=Job.failed + len(failures),
                failures=func.jsonb_path_query_array(Job.failures.op("||")(cast(new, JSONB)), _FIRST_ONES),
                starts=0,
                status=case((is_over, JobStatus.DONE), else_=JobStatus.RUNNING),
                finished_at=case((is_over, func.now())),
            )
        )
        async with self._platform.database.begin(_acting(place)) as session:
            row = (await session.execute(moved.returning(Job.position, Job.finished_at))).one_or_none()
            if row is not None and row.finished_at is None:
                await _enqueue(session, place._replace(position=row.position))
            after_commit(session, partial(self._platform.live.publish, Job.topic(place.organization_id, place.job_id)))

    async def _take_back(self, place: _Place) -> None:
        with suppress(OSError, SQLAlchemyError):  # it is counted then, which is no harm
            async with self._platform.database.begin(_acting(place)) as session:
                await session.execute(update(Job).where(*_is_at(place)).values(starts=Job.starts - 1))

    async def _end(self, place: _Place) -> None:
        log.error("job.failed", job=str(place.job_id), position=place.position)
        ended = update(Job).where(*_is_at(place)).values(status=JobStatus.FAILED, finished_at=func.now())
        async with self._platform.database.begin(_acting(place)) as session:
            await session.execute(ended)
            after_commit(session, partial(self._platform.live.publish, Job.topic(place.organization_id, place.job_id)))


def _acting(place: _Place) -> Viewer:
    return Viewer(organization_id=place.organization_id)


def _is_at(place: _Place) -> list[ColumnElement[bool]]:
    return [Job.id == place.job_id, Job.position == place.position, Job.finished_at.is_(None)]


_ANYWHERE = queue_settings("any")
"""Whoever enqueues names no channel: the trigger of the table does."""


async def _enqueue(session: AsyncSession, place: _Place) -> None:
    """Queues the step within the session's transaction, unless it is in the queue already."""
    connection = await (await session.connection()).get_raw_connection()
    driver = connection.driver_connection
    assert isinstance(driver, asyncpg.Connection)
    organization = str(place.organization_id)
    payload = {"organization": organization, "job": str(place.job_id), "position": place.position}
    await _queries(AsyncpgDriver(driver), _ANYWHERE).enqueue(
        place.kind,
        orjson.dumps(payload),
        dedupe_key=f"{place.job_id}:{place.position}",
        headers={"organization": organization},  # row-level security goes by it
        on_conflict="skip",
    )


def _place_of(queued: Queued) -> _Place:
    payload = orjson.loads(queued.payload or b"")
    return _Place(UUID(payload["organization"]), UUID(payload["job"]), queued.entrypoint, payload["position"])


def _queries(driver: Driver, settings: DBSettings) -> Queries:
    return Queries(
        driver, QueryBuilderEnvironment(settings), QueryQueueBuilder(settings), QuerySchedulerBuilder(settings)
    )
