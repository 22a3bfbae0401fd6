"""The GraphQL types of catalog, and what it adds to identity's people and organizations."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry

from shared.auth import requires
from shared.connections import Connection, Page
from shared.errors import Forbidden, InvalidInput, NotFound, SlugTaken
from shared.graphql import Info, Node, Refetched, entity
from subgraphs.catalog import filters, models
from subgraphs.catalog.errors import CourseNotOpen
from subgraphs.catalog.models import CourseStatus, EnrollmentStatus
from subgraphs.catalog.presence import presence_key, presence_of

strawberry.enum(CourseStatus, description="Where a course is in its life.")
strawberry.enum(EnrollmentStatus, description="How an enrolment stands.")

_USERS = 20


@strawberry.input(description="Which courses to list.")
class CourseFilter:
    status: CourseStatus | None = strawberry.field(default=None, description="Only courses of this status.")
    text: str | None = strawberry.field(default=None, description="Matches the title or the slug.")

    def narrowed(self) -> filters.Courses:
        """The same as conditions on rows."""
        return filters.Courses(self.status, self.text)


def narrowed(filter: CourseFilter | None) -> filters.Courses | None:
    """The filter of a list of courses, if there is one."""
    return filter.narrowed() if filter is not None else None


@strawberry.federation.type(keys=["id"], description="A tenant, with its courses.")
class Organization(Node):
    @strawberry.field(
        description="Its courses: for students the published ones and their own, for teachers all of them.",
        extensions=[requires("read:course")],
    )
    async def courses(
        self, info: Info, filter: CourseFilter | None = None, first: int | None = 10, after: str | None = None
    ) -> "Connection[Course]":
        if self.uuid != info.context.viewer.organization_id:
            raise Forbidden("Sign in to this organization to see its courses.")
        place = (models.Course.organization_id, self.uuid)
        return await info.context.load.page(Course, Page.of(first, after), of=place, where=narrowed(filter))

    @classmethod
    async def resolve_references(cls, info: Info, keys: list[UUID]) -> "list[Organization | None]":
        return [cls.stub(key) for key in keys]


@strawberry.federation.type(keys=["id"], description="A person, with their courses.")
class User(Node):
    @strawberry.field(
        description="The courses they are in: one's own, or anybody's for those who teach or manage users here.",
        extensions=[requires("read:course")],
    )
    async def enrollments(
        self, info: Info, status: EnrollmentStatus | None = None, first: int | None = 10, after: str | None = None
    ) -> "Connection[Enrollment] | None":
        viewer = info.context.viewer
        if viewer.user_id != self.uuid and not viewer.scopes & {"write:course", "manage:users"}:
            raise Forbidden("One sees one's own courses only.")
        place = (models.Enrollment.user_id, self.uuid)
        return await info.context.load.page(
            Enrollment, Page.of(first, after), of=place, where=filters.Enrollments(status)
        )

    @classmethod
    async def resolve_references(cls, info: Info, keys: list[UUID]) -> "list[User | None]":
        return [cls.stub(key) for key in keys]


@entity(description="What is taught.")
class Course(Node, Refetched, model=models.Course):
    slug: str = strawberry.field(description="Its short name in addresses; unique in the organization.")
    title: str = strawberry.field(description="What it is called.")
    description: str = strawberry.field(description="What one learns, and for whom.")
    status: CourseStatus = strawberry.field(description="Where it is in its life.")
    created_at: datetime = strawberry.field(description="When it was made.")
    organization_id: strawberry.Private[UUID]

    @strawberry.field(description="Who offers it.")
    def organization(self) -> Organization:
        return Organization.stub(self.organization_id)

    @strawberry.field(description="Its parts, in order.")
    async def modules(self, info: Info) -> "list[Module]":
        modules = await info.context.load.children(Module, models.Module.course_id, self.uuid)
        return sorted(modules, key=lambda module: module.position)

    @strawberry.field(
        description="Who is in it; for those who teach or manage users.", extensions=[requires("read:course")]
    )
    async def enrollments(
        self, info: Info, status: EnrollmentStatus | None = None, first: int | None = 10, after: str | None = None
    ) -> "Connection[Enrollment] | None":
        if not info.context.viewer.scopes & {"write:course", "manage:users"}:
            raise Forbidden("This needs the scope write:course or manage:users.")
        place = (models.Enrollment.course_id, self.uuid)
        return await info.context.load.page(
            Enrollment, Page.of(first, after), of=place, where=filters.Enrollments(status)
        )

    @strawberry.field(description="The viewer's own enrolment, if there is one.")
    async def viewer_enrollment(self, info: Info) -> "Enrollment | None":
        own = filters.EnrollmentsOf(info.context.viewer.user_id)
        return await info.context.load.by(Enrollment, models.Enrollment.course_id, self.uuid, among=own)

    @strawberry.field(description="Who has it open now.")
    async def presence(self, info: Info) -> "CoursePresence | None":
        key = presence_key(self.organization_id, self.uuid)
        people = await info.context.load.add("presence", presence_of(info.context.platform).people).load(key)
        return CoursePresence(course=self, people=people)


@entity(description="A part of a course.")
class Module(Node, Refetched, model=models.Module):
    title: str = strawberry.field(description="What it is called.")
    position: int = strawberry.field(description="Its place in the course, from 1.")
    course_id: strawberry.Private[UUID]

    @strawberry.field(description="The course it is part of.")
    async def course(self, info: Info) -> Course:
        return await _course(info, self.course_id)


@entity(description="A person in a course.")
class Enrollment(Node, Refetched, model=models.Enrollment):
    status: EnrollmentStatus = strawberry.field(description="How it stands.")
    progress: float = strawberry.field(description="Share of the required items completed, from 0 to 1.")
    started_at: datetime | None = strawberry.field(description="When it began.")
    completed_at: datetime | None = strawberry.field(description="When the course was completed.")
    course_id: strawberry.Private[UUID]
    user_id: strawberry.Private[UUID]

    @strawberry.field(description="Who is enrolled.")
    def user(self) -> User:
        return User.stub(self.user_id)

    @strawberry.field(description="In what.")
    async def course(self, info: Info) -> Course:
        return await _course(info, self.course_id)


@strawberry.type(description="Who has the course open now.")
class CoursePresence:
    course: Course = strawberry.field(description="The course.")
    people: strawberry.Private[list[UUID]]

    @strawberry.field(description="How many people.")
    def count(self) -> int:
        return len(self.people)

    @strawberry.field(description="The people, who came first first.")
    def users(self, first: int | None = _USERS) -> list[User]:
        limit = Page.of(_USERS if first is None else first).first
        return [User.stub(person) for person in self.people[:limit]]


async def _course(info: Info, uuid: UUID) -> Course:
    found = await info.context.load.one(Course, uuid)
    assert found is not None
    return found


CreateCourseResult = Annotated[
    Course | SlugTaken | InvalidInput,
    strawberry.union("CreateCourseResult", description="The new course, or what is in the way."),
]
PublishCourseResult = Annotated[
    Course | NotFound,
    strawberry.union("PublishCourseResult", description="The course as it is now, or that there is none."),
]
CourseResult = Annotated[
    Course | NotFound | InvalidInput,
    strawberry.union("CourseResult", description="The course as it is now, or what is in the way."),
]
EnrollResult = Annotated[
    Enrollment | CourseNotOpen | NotFound | InvalidInput,
    strawberry.union("EnrollResult", description="The enrolment, or what is in the way."),
]
EnrollmentResult = Annotated[
    Enrollment | NotFound,
    strawberry.union("EnrollmentResult", description="The enrolment as it is now, or that there is none."),
]
