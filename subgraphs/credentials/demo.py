"""Loads the demo badges and the looks of certificates, once. Who has earned them comes of what the other subgraphs
tell, as it does for any badge."""

from collections.abc import Callable
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.auth import Viewer
from shared.certificates import Paper
from shared.demo import demo_id
from shared.events import emit
from shared.postgres import Database
from subgraphs.credentials.consumers import open_course
from subgraphs.credentials.demo_data import BADGES, TEMPLATES, DemoBadge, DemoCriterion, DemoTemplate
from subgraphs.credentials.events import BadgeCreated, CertificateTemplateCreated, CoursePublished
from subgraphs.credentials.models import Badge, CertificateTemplate, Criterion
from subgraphs.credentials.settings import Settings


async def seed(progress: Callable[[int, int], None]) -> int:
    """Adds what is missing; returns how many badges and templates it made. Running it again makes nothing."""
    database = Database("credentials", Settings.load())
    made, done, total = 0, 0, len(TEMPLATES) + sum(map(len, BADGES.values()))
    try:
        for slug, template in TEMPLATES.items():
            async with database.begin(Viewer(organization_id=demo_id("organization", slug))) as session:
                made += await _template(session, slug, template)
            done += 1
            progress(done, total)
        for slug, badges in BADGES.items():
            for badge in badges:
                async with database.begin(Viewer(organization_id=demo_id("organization", slug))) as session:
                    made += await _badge(session, slug, badge)
                done += 1
                progress(done, total)
    finally:
        await database.close()
    return made


async def _template(session: AsyncSession, slug: str, demo: DemoTemplate) -> int:
    own = {"organization_id": demo_id("organization", slug), "id": demo_id("certificate_template", slug)}
    if await session.scalar(select(CertificateTemplate.id).where(CertificateTemplate.id == own["id"])):
        return 0
    template = CertificateTemplate(
        **own,
        name=demo.name,
        is_default=True,
        layout=demo.layout,
        paper=Paper.A4,
        primary=demo.primary,
        secondary=demo.secondary,
        signed_by=[{"name": demo.signatory, "role": demo.role}],
        words={},
    )
    session.add(template)
    await emit(session, CertificateTemplateCreated(**own, course_id=None))
    return 1


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
