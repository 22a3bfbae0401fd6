"""What credentials streams."""

from collections.abc import AsyncGenerator, AsyncIterator
from uuid import UUID

import strawberry

from shared import ids
from shared.auth import requires
from shared.errors import BadInput
from shared.graphql import Info
from shared.jobs import Job as JobRow
from shared.live import while_signed_in
from subgraphs.credentials.loaders import Earner, State, criteria_of, know, state_of
from subgraphs.credentials.models import Progress
from subgraphs.credentials.types import Badge, BadgeProgress, Job


@strawberry.type
class Subscription:
    @strawberry.subscription(
        description="The viewer's progress towards a badge: at once as it stands, then each change, within a second of "
        "its cause.",
        extensions=[requires("read:course")],
    )
    async def badge_progress(self, info: Info, badge_id: strawberry.ID) -> AsyncGenerator[BadgeProgress, None]:
        context = info.context
        states = while_signed_in(context.viewer, context.platform.revocations, _states(info, badge_id))
        async for state in states:
            yield state

    @strawberry.subscription(
        description="A job: at once as it stands, then as it goes on, at most four times a second; ends with the job.",
        extensions=[requires("read:course")],
    )
    async def job_progress(self, info: Info, job_id: strawberry.ID) -> AsyncGenerator[Job, None]:
        context = info.context
        states = while_signed_in(context.viewer, context.platform.revocations, _steps(info, job_id))
        async for state in states:
            yield state


async def _steps(info: Info, id: str) -> AsyncIterator[Job]:
    """A job now and after each step, until it has ended."""
    context, job_id = info.context, ids.decode("job", id)
    organization_id, shown = context.viewer.organization_id, None
    if job_id is None or organization_id is None:
        raise BadInput("`jobId` is not the id of a job you may see.", code="NOT_FOUND")
    async for _ in context.platform.live.changes(JobRow.topic(organization_id, job_id)):
        context.renew()
        job = await context.load.one(Job, job_id)
        if job is None:
            raise BadInput("`jobId` is not the id of a job you may see.", code="NOT_FOUND")
        if (job.position, job.status) != shown:
            yield job
        shown = (job.position, job.status)
        if job.finished_at is not None:
            return


async def _states(info: Info, id: str) -> AsyncIterator[BadgeProgress]:
    """The viewer's progress now and after each change, for as long as they may see the badge; one read each."""
    context, badge_id = info.context, ids.decode("badge", id)
    organization_id, user_id = context.viewer.organization_id, context.viewer.user_id
    if badge_id is None or organization_id is None:
        raise _not_found()
    assert user_id
    earner, shown = Earner(badge_id, user_id), None
    criteria = await criteria_of(context, badge_id)  # they never change
    async for _ in context.platform.live.changes(Progress.topic(organization_id, badge_id, user_id)):
        # A connection lasts long and carries many subscriptions: what it has loaded before is out of date.
        context.renew()
        state = await state_of(context, badge_id)
        if state is None:
            raise _not_found()
        know(context, earner, criteria, state.award)
        if _seen(state) != shown:
            yield BadgeProgress.of(Badge.of(state.badge), earner, state.progress)
        shown = _seen(state)


def _seen(state: State) -> tuple[UUID | None, str | None, dict[str, float] | None]:
    """What makes one state differ from another."""
    award, progress = state.award, state.progress
    return (
        award.id if award else None,
        award.status if award else None,
        progress.values if progress else None,
    )


def _not_found() -> BadInput:
    return BadInput("`badgeId` is not the id of a badge you may see.", code="NOT_FOUND")
