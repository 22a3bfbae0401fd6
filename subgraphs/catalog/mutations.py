"""What one changes in catalog: guard, transaction, service."""

from functools import partial

import strawberry

from shared.auth import organization_of, requires
from shared.graphql import Info
from shared.idempotency import once
from subgraphs.catalog import inputs, models, services
from subgraphs.catalog.types import (
    Course,
    CourseResult,
    CreateCourseResult,
    Enrollment,
    EnrollmentResult,
    EnrollResult,
    PublishCourseResult,
)


@strawberry.type
class Mutation:
    @strawberry.mutation(description="Makes a draft.", extensions=[requires("write:course")])
    async def create_course(
        self, info: Info, input: inputs.CreateCourseInput, idempotency_key: str | None = None
    ) -> CreateCourseResult:
        organization_id = organization_of(info.context.viewer)
        async with info.context.session() as session:
            create = partial(services.create_course, session, organization_id, input)
            return Course.of(await once(session, "createCourse", idempotency_key, input, models.Course, create))

    @strawberry.mutation(description="Changes a course.", extensions=[requires("write:course")])
    async def update_course(self, info: Info, input: inputs.UpdateCourseInput) -> CourseResult:
        async with info.context.session() as session:
            return Course.of(await services.update_course(session, info.context.viewer, input))

    @strawberry.mutation(
        description="Opens a course for enrolment; twice is the same as once.", extensions=[requires("write:course")]
    )
    async def publish_course(self, info: Info, id: strawberry.ID) -> PublishCourseResult:
        async with info.context.session() as session:
            return Course.of(await services.publish_course(session, info.context.viewer, id))

    @strawberry.mutation(
        description="Closes a course; who is enrolled keeps it.", extensions=[requires("delete:course")]
    )
    async def archive_course(self, info: Info, id: strawberry.ID) -> PublishCourseResult:
        async with info.context.session() as session:
            return Course.of(await services.archive_course(session, info.context.viewer, id))

    @strawberry.mutation(
        description="Enrols the viewer, or `userId` where the viewer manages users. Twice is the same as once.",
        extensions=[requires("read:course")],
    )
    async def enroll(self, info: Info, input: inputs.EnrollInput) -> EnrollResult:
        async with info.context.session() as session:
            return Enrollment.of(await services.enroll(session, info.context.viewer, input))

    @strawberry.mutation(
        description="Ends an enrolment: one's own, or anybody's for those who manage users.",
        extensions=[requires("read:course")],
    )
    async def withdraw(self, info: Info, id: strawberry.ID) -> EnrollmentResult:
        async with info.context.session() as session:
            return Enrollment.of(await services.withdraw(session, info.context.viewer, id))
