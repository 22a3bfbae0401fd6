"""What tests of credentials begin with: courses, items and assessments that others have told of, and badges."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from shared import ids
from shared.auth import Role, Viewer
from shared.events import Event
from subgraphs.credentials import events
from subgraphs.credentials.consumers import handlers
from tests.conftest import Subgraph, Tenant, viewer

BADGE = """
__typename
... on Badge { id name description course { id } organization { id } criteria { id kind targetId threshold } }
... on Error { code message }
... on InvalidInput { fields { path message } }
"""
CREATE = f"""
mutation($input: CreateBadgeInput!, $key: String) {{ createBadge(input: $input, idempotencyKey: $key) {{ {BADGE} }} }}
"""
UPDATE = f"mutation($input: UpdateBadgeInput!) {{ updateBadge(input: $input) {{ {BADGE} }} }}"
AWARD = """
__typename
... on Award { id status code verificationUrl issuedAt revokedAt revocationReason badge { id } user { id } }
... on Error { code message }
... on InvalidInput { fields { path message } }
"""
REVOKE = f"mutation($id: ID!, $reason: String!) {{ revokeAward(id: $id, reason: $reason) {{ {AWARD} }} }}"
PROGRESS = """
query($id: ID!) {
  badge(id: $id) {
    viewerProgress {
      ratio updatedAt badge { id } user { id }
      criteria { value met criterion { id kind } }
      award { id status code }
    }
  }
}
"""
VERIFY = """
query($code: String!) {
  verifyCredential(code: $code) { valid reason credential { name recipientName issuerName issuedAt status } }
}
"""

_STORED = " UNION ALL ".join(
    f"SELECT '{table}' AS kind, t::text AS row FROM {table} t"
    for table in (
        *("course", "required_item", "assessment", "enrollment", "person", "organization"),
        *("badge", "criterion", "evidence", "progress", "award", "audit", "idempotency"),
        *("certificate_template", "job", "pgqueuer"),
    )
)
_STORED += """
UNION ALL SELECT 'event', concat_ws(' ', id, type, aggregate_id, data) FROM outbox
ORDER BY kind, row
"""


async def handle(credentials: Subgraph, session: Any, event: Event) -> None:
    """What credentials does on an event, whoever sends it."""
    taken = [it for it in handlers(credentials.platform) if isinstance(event, it.event)]
    assert taken
    for handler in taken:
        await handler.handle(session, event)


async def apply(credentials: Subgraph, tenant: Tenant, *happened: Event) -> None:
    """Applies events of a tenant in one transaction, as the consumer does with what it reads at once."""
    async with credentials.platform.database.begin(Viewer(organization_id=tenant.id)) as session:
        for event in happened:
            await handle(credentials, session, event)


def own(tenant: Tenant, **values: Any) -> dict[str, Any]:
    """The ids of a new event of a tenant."""
    return {"id": ids.new_id(), "organization_id": tenant.id} | values


async def new_course(
    credentials: Subgraph, tenant: Tenant, *, items: int = 0, is_open: bool = True, title: str | None = "Astronomy"
) -> UUID:
    """A course with so many published items."""
    course_id = ids.new_id()
    happened: list[Event] = [events.CourseCreated(**own(tenant, id=course_id), title=title)]
    if is_open:
        happened.append(events.CoursePublished(**own(tenant, id=course_id)))
    happened += [events.ItemPublished(**own(tenant), course_id=course_id) for _ in range(items)]
    await apply(credentials, tenant, *happened)
    return course_id


async def new_assessment(credentials: Subgraph, tenant: Tenant, course_id: UUID) -> UUID:
    """An assessment of a course."""
    event = events.AssessmentCreated(**own(tenant), course_id=course_id)
    await apply(credentials, tenant, event)
    return event.id


async def join(credentials: Subgraph, tenant: Tenant, course_id: UUID, *people: Viewer) -> list[UUID]:
    """Enrols people; returns the ids of their enrolments."""
    made = [events.EnrollmentCreated(**own(tenant), course_id=course_id, user_id=who.user_id) for who in people]
    await apply(credentials, tenant, *made)
    return [event.id for event in made]


def item_done(who: Viewer, course_id: UUID, item_id: UUID | None = None, **values: Any) -> events.ItemCompleted:
    """Somebody completes an item, a new one unless given."""
    facts = {"id": ids.new_id(), "organization_id": who.organization_id, "item_id": item_id or ids.new_id()}
    return events.ItemCompleted(**facts | {"course_id": course_id, "user_id": who.user_id} | values)


def graded(who: Viewer, course_id: UUID, assessment_id: UUID, score: float, **values: Any) -> events.AttemptGraded:
    """Somebody's attempt is graded."""
    facts = {"id": ids.new_id(), "organization_id": who.organization_id, "user_id": who.user_id, "score": score}
    return events.AttemptGraded(**facts | {"course_id": course_id, "assessment_id": assessment_id} | values)


def course_done(who: Viewer, course_id: UUID, **values: Any) -> events.EnrollmentCompleted:
    """Somebody completes a course."""
    facts = {"id": ids.new_id(), "organization_id": who.organization_id, "user_id": who.user_id}
    return events.EnrollmentCompleted(**facts | {"course_id": course_id} | values)


def named(who: Viewer, name: str = "Ada Lovelace", locale: str = "en") -> events.UserNamed:
    """Identity tells what somebody is called."""
    assert who.user_id
    return events.UserNamed(
        id=who.user_id,
        organization_id=who.organization_id,
        display_name=name,
        email=f"{who.user_id}@people.example",
        locale=locale,
    )


def organization_named(tenant: Tenant, name: str = "Northlight") -> events.OrganizationUpdated:
    """Identity tells what the organization is called."""
    return events.OrganizationUpdated(
        id=tenant.id, organization_id=tenant.id, name=name, slug=f"northlight-{tenant.id}"
    )


def items(course_id: UUID, threshold: float) -> dict[str, Any]:
    """A criterion: so many items of a course."""
    return {"kind": "COMPLETE_ITEMS", "targetId": ids.encode("course", course_id), "threshold": threshold}


def score(assessment_id: UUID, threshold: float) -> dict[str, Any]:
    """A criterion: a score at an assessment."""
    return {"kind": "PASS_ASSESSMENT", "targetId": ids.encode("assessment", assessment_id), "threshold": threshold}


def whole(course_id: UUID) -> dict[str, Any]:
    """A criterion: all of a course."""
    return {"kind": "COMPLETE_COURSE", "targetId": ids.encode("course", course_id)}


def described(*criteria: dict[str, Any], **values: Any) -> dict[str, Any]:
    """The input of a new badge."""
    return {"name": "Stargazer", "description": "Knows the sky", "criteria": list(criteria)} | values


async def create(credentials: Subgraph, who: Viewer, *criteria: dict[str, Any], **values: Any) -> dict[str, Any]:
    """What `createBadge` answers."""
    return (await credentials.ask(CREATE, who, input=described(*criteria, **values))).data["createBadge"]


async def progress(credentials: Subgraph, who: Viewer, badge: dict[str, Any]) -> dict[str, Any]:
    """The viewer's progress towards a badge."""
    return (await credentials.ask(PROGRESS, who, id=badge["id"])).data["badge"]["viewerProgress"]


async def verify(credentials: Subgraph, code: str) -> dict[str, Any]:
    """What anybody learns of a code."""
    return (await credentials.ask(VERIFY, code=code)).data["verifyCredential"]


_COUNTED = """
SELECT count(*) AS steps,
       bool_and(EXISTS (SELECT FROM consumer_position p
                        WHERE p.source = 'credentials' AND p.partition = o.partition AND p.last >= o.sequence)
       ) AS is_over
FROM outbox o WHERE aggregate_id = :id AND type IN ('badge.created', 'badge.counted')
"""


async def counted(credentials: Subgraph, tenant: Tenant, badge: dict[str, Any]) -> int:
    """Waits until the subgraph's own consumer has counted a new badge for everybody; returns in how many steps."""
    async with asyncio.timeout(20):
        while True:
            (found,) = await rows(credentials, tenant, _COUNTED, id=badge_uuid(badge))
            if found.is_over:
                return found.steps
            await asyncio.sleep(0.05)


def students(tenant: Tenant, count: int) -> list[Viewer]:
    """More people of an organization."""
    return [viewer(Role.STUDENT, tenant.id) for _ in range(count)]


def user_id(who: Viewer) -> str:
    """Somebody's public id."""
    assert who.user_id
    return ids.encode("user", who.user_id)


def badge_uuid(badge: dict[str, Any]) -> UUID:
    """The UUID of a badge that was made."""
    found = ids.decode("badge", badge["id"])
    assert found
    return found


async def rows(credentials: Subgraph, tenant: Tenant, statement: str, **values: Any) -> list[Any]:
    """What SQL finds in a tenant, or has changed there."""
    async with credentials.platform.database.begin(tenant.admin) as session:
        result = await session.execute(text(statement), values)
        return list(result.all()) if result.returns_rows else []  # type: ignore[attr-defined]  # a cursor's result


async def stored(credentials: Subgraph, tenant: Tenant) -> list[Any]:
    """Everything that credentials keeps of a tenant."""
    return await rows(credentials, tenant, _STORED)


async def emitted(credentials: Subgraph, tenant: Tenant, type: str) -> list[dict[str, Any]]:
    """The events of a type, in order."""
    found = await rows(credentials, tenant, "SELECT data FROM outbox WHERE type = :type ORDER BY id", type=type)
    return [row.data for row in found]


@asynccontextmanager
async def nothing_changes(credentials: Subgraph, *tenants: Tenant) -> AsyncIterator[None]:
    """Holds that what happens inside stores nothing: no row, no audit, no event."""
    before = [await stored(credentials, tenant) for tenant in tenants]
    yield
    assert [await stored(credentials, tenant) for tenant in tenants] == before


@pytest.fixture
async def course_id(credentials: Subgraph, tenant: Tenant) -> UUID:
    """An open course with three items that the tenant's student is in."""
    course_id = await new_course(credentials, tenant, items=3)
    await join(credentials, tenant, course_id, tenant.student)
    return course_id


@pytest.fixture
async def assessment_id(credentials: Subgraph, tenant: Tenant, course_id: UUID) -> UUID:
    """An assessment of that course."""
    return await new_assessment(credentials, tenant, course_id)


@pytest.fixture
async def badge(credentials: Subgraph, tenant: Tenant, course_id: UUID, assessment_id: UUID) -> dict[str, Any]:
    """A badge of that course for two items and a score of 0.7."""
    course = ids.encode("course", course_id)
    made = await create(credentials, tenant.teacher, items(course_id, 2), score(assessment_id, 0.7), courseId=course)
    assert made["__typename"] == "Badge", made
    return made


async def earn(credentials: Subgraph, tenant: Tenant, who: Viewer, badge: dict[str, Any]) -> dict[str, Any]:
    """Has somebody meet all criteria of the badge of the fixture; returns their award."""
    (course_id,) = {ids.decode("course", badge["course"]["id"])}
    (assessment_id,) = {
        ids.decode("assessment", it["targetId"]) for it in badge["criteria"] if it["kind"] == "PASS_ASSESSMENT"
    }
    assert course_id
    assert assessment_id
    done = [item_done(who, course_id) for _ in range(2)]
    await apply(credentials, tenant, *done, graded(who, course_id, assessment_id, 0.9))
    award = (await progress(credentials, who, badge))["award"]
    assert award is not None
    return award
