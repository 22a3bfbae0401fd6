"""Loads the demo badges, once. Who has earned them comes of what the other subgraphs tell, as it does for any badge."""

from collections.abc import Callable
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.auth import Viewer
from shared.demo import demo_id
from shared.events import emit
from shared.postgres import Database
from subgraphs.credentials.consumers import open_course
from subgraphs.credentials.demo_data import BADGES, DemoBadge, DemoCriterion
from subgraphs.credentials.events import BadgeCreated, CoursePublished
from subgraphs.credentials.models import Badge, Criterion
from subgraphs.credentials.settings import Settings


async def seed(progress: Callable[[int, int], None]) -> int:
    """Adds what is missing; returns how many badges it made. Running it again makes nothing."""
    database = Database("credentials", Settings.load())
    made, done, total = 0, 0, sum(map(len, BADGES.values()))
    try:
        for slug, badges in BADGES.items():
            for badge in badges:
                async with database.begin(Viewer(organization_id=demo_id("organization", slug))) as session:
                    made += await _badge(session, slug, badge)
                done += 1
                progress(done, total)
    finally:
        await database.close()
    return made


async def _badge(session: AsyncSession, slug: str, demo: DemoBadge) -> int:
    organization_id, id = demo_id("organization", slug), demo_id("badge", slug, demo.course, demo.name)
    course_id = demo_id("course", slug, demo.course)
    if await session.scalar(select(Badge.id).where(Badge.id == id)):
        return 0
    own = {"organization_id": organization_id}
    # What catalog's events will tell too, once this subgraph runs.
    await open_course(session, CoursePublished(id=course_id, **own))
    session.add(Badge(**own, id=id, course_id=course_id, name=demo.name, description=demo.description))
    await session.flush()
    for position, criterion in enumerate(demo.criteria):
        session.add(_criterion(slug, demo, id, position, criterion))
    await emit(session, BadgeCreated(id=id, course_id=course_id, **own))
    return 1


def _criterion(slug: str, demo: DemoBadge, badge_id: UUID, position: int, criterion: DemoCriterion) -> Criterion:
    course_id = demo_id("course", slug, demo.course)
    is_quiz = criterion.kind == "PASS_ASSESSMENT"
    return Criterion(
        id=demo_id("badge_criterion", str(badge_id), criterion.kind),
        organization_id=demo_id("organization", slug),
        badge_id=badge_id,
        position=position,
        kind=criterion.kind,
        target_id=demo_id("assessment", slug, demo.course) if is_quiz else course_id,
        course_id=course_id,
        threshold=criterion.threshold,
    )
