"""Jobs to test with, and workers that know kinds of the tests' own."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from shared.auth import Viewer
from shared.jobs import Work, Worker, begin_job
from tests.conftest import Subgraph, Tenant
from tests.credentials.certificates_kit import (
    ISSUE,
    complete,
    course_of,
    made,
)
from tests.credentials.conftest import (
    new_course,
    rows,
    students,
)


async def done_before(credentials: Subgraph, tenant: Tenant, count: int) -> tuple[UUID, list[Viewer]]:
    """A course that people, who have names, have completed before there was a template."""
    course_id, people = await new_course(credentials, tenant), students(tenant, count)
    await complete(credentials, tenant, course_id, *people)
    return course_id, people


async def issue(credentials: Subgraph, who: Viewer, course_id: UUID, key: str | None = None, **input: Any) -> Any:
    """What `issueCertificates` answers."""
    return await made(credentials, ISSUE, who, input={"courseId": course_of(course_id)} | input, key=key)


@asynccontextmanager
async def working(credentials: Subgraph, kind: str, take: Any, at_once: int) -> AsyncIterator[None]:
    """A worker that knows one kind of jobs, of the test's own."""
    worker = asyncio.create_task(Worker(credentials.platform, {kind: Work(take, at_once)}).run())
    try:
        yield
    finally:
        worker.cancel()
        await asyncio.gather(worker, return_exceptions=True)


async def begin(credentials: Subgraph, tenant: Tenant, kind: str, subjects: Sequence[UUID], **about: Any) -> UUID:
    """Begins a job of a kind of the test's own."""
    async with credentials.platform.database.begin(tenant.admin) as session:
        return (await begin_job(session, tenant.admin, kind, about, subjects)).id


async def shows(credentials: Subgraph, tenant: Tenant, statement: str, expected: Any, within: float = 20) -> None:
    """Waits until SQL finds this in the tenant."""
    async with asyncio.timeout(within):
        while await rows(credentials, tenant, statement) != [expected]:
            await asyncio.sleep(0.05)
