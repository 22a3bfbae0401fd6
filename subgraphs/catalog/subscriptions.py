"""What catalog streams."""

from collections.abc import AsyncGenerator, AsyncIterator

import strawberry

from shared import ids
from shared.auth import requires
from shared.errors import BadInput
from shared.graphql import Info
from shared.live import while_signed_in
from subgraphs.catalog.presence import presence_key, presence_of
from subgraphs.catalog.types import Course, CoursePresence


@strawberry.type
class Subscription:
    @strawberry.subscription(
        description="Who has the course open. Subscribing is being present; leaving ends it, at the latest 30 s after "
        "a lost connection.",
        extensions=[requires("read:course")],
    )
    async def course_presence(self, info: Info, course_id: strawberry.ID) -> AsyncGenerator[CoursePresence, None]:
        context = info.context
        states = while_signed_in(context.viewer, context.platform.revocations, _states(info, course_id))
        async for state in states:
            yield state


async def _states(info: Info, course_id: str) -> AsyncIterator[CoursePresence]:
    """The people present, now and after each change, for as long as the viewer may see the course."""
    viewer, platform = info.context.viewer, info.context.platform
    presence = presence_of(platform)
    course = await _course(info, course_id)
    assert viewer.user_id
    key = presence_key(course.organization_id, course.uuid)
    shown = None
    async with presence.joined(key, viewer.user_id):
        async for _ in platform.live.changes(key):
            course = await _course(info, course_id)
            people = (await presence.people([key]))[0]
            if people != shown:
                yield CoursePresence(course=course, people=people)
            shown = people


async def _course(info: Info, course_id: str) -> Course:
    # A connection lasts long and carries many subscriptions: what it has loaded before is out of date.
    info.context.renew()
    course = await info.context.load.one(Course, ids.decode("course", course_id))
    if course is None:
        raise BadInput("`courseId` is not the id of a course you may see.", code="NOT_FOUND")
    return course
