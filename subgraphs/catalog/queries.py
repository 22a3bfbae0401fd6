"""The root fields one reads catalog by."""

import strawberry

from shared import ids
from shared.auth import requires
from shared.connections import Connection, Page
from shared.graphql import Info
from subgraphs.catalog import models
from subgraphs.catalog.types import Course, CourseFilter, Enrollment, narrowed


@strawberry.type
class Query:
    @strawberry.field(
        description="A course of the viewer's organization, by id or by slug.", extensions=[requires("read:course")]
    )
    async def course(self, info: Info, id: strawberry.ID | None = None, slug: str | None = None) -> Course | None:
        if id is not None:
            return await info.context.load.one(Course, ids.decode("course", id))
        return await info.context.load.by(Course, models.Course.slug, slug) if slug else None

    @strawberry.field(
        description="The courses of the viewer's organization: for students the published ones and their own.",
        extensions=[requires("read:course")],
    )
    async def courses(
        self, info: Info, filter: CourseFilter | None = None, first: int | None = 10, after: str | None = None
    ) -> Connection[Course]:
        return await info.context.load.page(Course, Page.of(first, after), where=narrowed(filter))

    @strawberry.field(
        description="An enrolment: one's own, or anybody's for those who teach or manage users.",
        extensions=[requires("read:course")],
    )
    async def enrollment(self, info: Info, id: strawberry.ID) -> Enrollment | None:
        return await info.context.load.one(Enrollment, ids.decode("enrollment", id))
