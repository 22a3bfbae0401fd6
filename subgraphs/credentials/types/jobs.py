"""Jobs: work for many people that goes on by itself."""

from datetime import datetime
from typing import Any
from uuid import UUID

import strawberry

from shared import jobs
from shared.graphql import Node, Refetched, entity
from shared.jobs import JobStatus
from subgraphs.credentials.models import JobKind
from subgraphs.credentials.types.earning import User

strawberry.enum(
    JobStatus,
    description="QUEUED: not begun. DONE: everybody has been dealt with. FAILED: a fault has ended it; begin another, "
    "which leaves out what is done. CANCELLED: somebody has ended it.",
)
strawberry.enum(
    JobKind,
    description="ISSUE_CERTIFICATES: certificates of a course, printed. ISSUE_AWARDS: awards of a badge.",
)


@strawberry.type(description="Why one person of a job was left out, or got less than the others.")
class JobError:
    code: str = strawberry.field(description="UNKNOWN_USER, NOT_COMPLETED or UNPRINTABLE.")
    message: str = strawberry.field(description="The reason for people, in English.")
    user_id: strawberry.Private[UUID]

    @strawberry.field(description="The person.")
    def user(self) -> User:
        return User.stub(self.user_id)


@entity(description="Work for many people that goes on by itself, whatever becomes of the process that does it.")
class Job(Node, Refetched, model=jobs.Job):
    kind: JobKind = strawberry.field(description="What it does.")
    status: JobStatus = strawberry.field(description="How far it is.")
    total: int = strawberry.field(description="How many people it is for.")
    failed: int = strawberry.field(description="How many of those that are done have an error.")
    created_at: datetime = strawberry.field(description="When it was asked for.")
    finished_at: datetime | None = strawberry.field(description="When it ended, however it did.")
    position: strawberry.Private[int]
    failures: strawberry.Private[list[dict[str, Any]]]

    @strawberry.field(description="How many people have been dealt with, with an error or without.")
    def done(self) -> int:
        return self.position

    @strawberry.field(description="The errors of the first 100 people who have one.")
    def errors(self) -> list[JobError]:
        return [JobError(code=it["code"], message=it["message"], user_id=UUID(it["subject"])) for it in self.failures]
