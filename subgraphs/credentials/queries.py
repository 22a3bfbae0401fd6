"""The root fields one reads credentials by."""

import strawberry

from shared import ids
from shared.auth import requires
from shared.connections import Connection, Page
from shared.graphql import Info
from subgraphs.credentials.filters import BadgesOf
from subgraphs.credentials.loaders import verified
from subgraphs.credentials.models import as_code
from subgraphs.credentials.types import Badge, CertificateTemplate, CredentialVerification, Job


@strawberry.type
class Query:
    @strawberry.field(
        description="A badge: for students, of a course that has been opened, or of none in particular.",
        extensions=[requires("read:course")],
    )
    async def badge(self, info: Info, id: strawberry.ID) -> Badge | None:
        return await info.context.load.one(Badge, ids.decode("badge", id))

    @strawberry.field(
        description="The badges of the viewer's organization, or of one of its courses.",
        extensions=[requires("read:course")],
    )
    async def badges(
        self, info: Info, course_id: strawberry.ID | None = None, first: int | None = 10, after: str | None = None
    ) -> Connection[Badge]:
        where = BadgesOf(ids.decode("course", course_id)) if course_id is not None else None
        return await info.context.load.page(Badge, Page.of(first, after), where=where)

    @strawberry.field(
        description="The looks that certificates of the viewer's organization have or had.",
        extensions=[requires("write:course")],
    )
    async def certificate_templates(
        self, info: Info, first: int | None = 10, after: str | None = None
    ) -> Connection[CertificateTemplate]:
        return await info.context.load.page(CertificateTemplate, Page.of(first, after))

    @strawberry.field(
        description="A job: one's own, or any of the organization for those who manage users.",
        extensions=[requires("read:course")],
    )
    async def job(self, info: Info, id: strawberry.ID) -> Job | None:
        return await info.context.load.one(Job, ids.decode("job", id))

    @strawberry.field(
        description="The jobs that the viewer has begun, or all of the organization for those who manage users; the "
        "oldest first.",
        extensions=[requires("read:course")],
    )
    async def jobs(self, info: Info, first: int | None = 10, after: str | None = None) -> Connection[Job]:
        return await info.context.load.page(Job, Page.of(first, after))

    @strawberry.field(
        description="Public: anyone may check a credential by its code. Small letters, spaces and hyphens do not "
        "matter, nor does O for 0, or I and L for 1."
    )
    async def verify_credential(self, info: Info, code: str) -> CredentialVerification:
        wanted = as_code(code)
        return CredentialVerification.of(await verified(info.context, wanted) if wanted else None)
