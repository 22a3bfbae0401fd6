"""What one changes in credentials: guard, transaction, service. Progress is not among it: only events move that."""

import strawberry

from shared import ids
from shared.auth import requires
from shared.errors import NotFound, Rejected
from shared.graphql import Info
from shared.jobs import cancel_job
from subgraphs.credentials import inputs
from subgraphs.credentials.services import awards, badges, bulk, templates
from subgraphs.credentials.types import (
    ArchiveCertificateTemplateResult,
    Award,
    Badge,
    BeginJobResult,
    CancelJobResult,
    Certificate,
    CertificateTemplate,
    CreateBadgeResult,
    CreateCertificateTemplateResult,
    Job,
    RevokeAwardResult,
    RevokeCertificateResult,
    UpdateBadgeResult,
    UpdateCertificateTemplateResult,
)


@strawberry.type
class Mutation:
    @strawberry.mutation(
        description="Makes a badge. It counts what people have done before, too.",
        extensions=[requires("write:course")],
    )
    async def create_badge(
        self, info: Info, input: inputs.CreateBadgeInput, idempotency_key: str | None = None
    ) -> CreateBadgeResult:
        context = info.context
        return Badge.of(await badges.create_badge(context.session, context.viewer, input, idempotency_key))

    @strawberry.mutation(
        description="Changes what a badge is called and stands for.", extensions=[requires("write:course")]
    )
    async def update_badge(self, info: Info, input: inputs.UpdateBadgeInput) -> UpdateBadgeResult:
        async with info.context.session() as session:
            return Badge.of(await badges.update_badge(session, info.context.viewer, input))

    @strawberry.mutation(
        description="Takes an award back, for good: what its owner does later does not bring it back. Twice is the "
        "same as once. Owner, teachers and admins see the reason, of 1 to 1,000 characters.",
        extensions=[requires("manage:users")],
    )
    async def revoke_award(self, info: Info, id: strawberry.ID, reason: str) -> RevokeAwardResult:
        platform, viewer = info.context.platform, info.context.viewer
        async with info.context.session() as session:
            return Award.of(await awards.revoke_award(session, platform.cache, platform.live, viewer, id, reason))

    @strawberry.mutation(
        description="Makes a look for certificates. From the first default on, or the first of a course, certificates "
        "are issued as courses are completed.",
        extensions=[requires("manage:users")],
    )
    async def create_certificate_template(
        self, info: Info, input: inputs.CreateCertificateTemplateInput, idempotency_key: str | None = None
    ) -> CreateCertificateTemplateResult:
        context = info.context
        made = await templates.create_template(context.session, context.viewer, input, idempotency_key)
        return CertificateTemplate.of(made)

    @strawberry.mutation(
        description="Changes a look, also of the certificates that have it.", extensions=[requires("manage:users")]
    )
    async def update_certificate_template(
        self, info: Info, input: inputs.UpdateCertificateTemplateInput
    ) -> UpdateCertificateTemplateResult:
        return CertificateTemplate.of(await templates.update_template(info.context.session, info.context.viewer, input))

    @strawberry.mutation(
        description="Has a look used for no new certificate, for good; those that have it keep it. Twice is the same "
        "as once.",
        extensions=[requires("manage:users")],
    )
    async def archive_certificate_template(self, info: Info, id: strawberry.ID) -> ArchiveCertificateTemplateResult:
        async with info.context.session() as session:
            return CertificateTemplate.of(await templates.archive_template(session, info.context.viewer, id))

    @strawberry.mutation(
        description="Takes a certificate back, for good, as `revokeAward` does. It is not printed any more.",
        extensions=[requires("manage:users")],
    )
    async def revoke_certificate(self, info: Info, id: strawberry.ID, reason: str) -> RevokeCertificateResult:
        platform, viewer = info.context.platform, info.context.viewer
        async with info.context.session() as session:
            return Certificate.of(
                await awards.revoke_certificate(session, platform.cache, platform.live, viewer, id, reason)
            )

    @strawberry.mutation(
        description="Begins a job that issues and prints certificates of a course. Whoever has one keeps it, also when "
        "it was revoked.",
        extensions=[requires("write:course")],
    )
    async def issue_certificates(
        self, info: Info, input: inputs.IssueCertificatesInput, idempotency_key: str | None = None
    ) -> BeginJobResult:
        async with info.context.session() as session:
            return Job.of(await bulk.issue_certificates(session, info.context.viewer, input, idempotency_key))

    @strawberry.mutation(
        description="Begins a job that awards a badge to people, whatever they have reached of it. Whoever has the "
        "award keeps it, also when it was revoked.",
        extensions=[requires("write:course")],
    )
    async def issue_awards(
        self, info: Info, input: inputs.IssueAwardsInput, idempotency_key: str | None = None
    ) -> BeginJobResult:
        async with info.context.session() as session:
            return Job.of(await bulk.issue_awards(session, info.context.viewer, input, idempotency_key))

    @strawberry.mutation(
        description="Has a job go no further: what it has done stays, and so does one that has ended.",
        extensions=[requires("write:course")],
    )
    async def cancel_job(self, info: Info, id: strawberry.ID) -> CancelJobResult:
        context = info.context
        async with context.session() as session:
            job = await cancel_job(session, context.platform, context.viewer, ids.decode("job", id))
        if job is None:
            raise Rejected(NotFound())
        return Job.of(job)
