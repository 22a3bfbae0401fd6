"""Badges, awards and certificates, and what they add to courses, enrolments and people."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import strawberry
from strawberry.federation.schema_directives import Key
from strawberry.federation.types import FieldSet
from strawberry.scalars import JSON

from shared import ids
from shared.auth import requires
from shared.connections import Connection, Page
from shared.graphql import Info, Node, Refetched, entity
from subgraphs.credentials import models
from subgraphs.credentials.loaders import (
    Asks,
    Earner,
    Reached,
    asks,
    award_of,
    certificate_of,
    credential_of,
    criteria_of,
    doubts_of,
    enrollment_of,
    progress_of,
    standings_of,
)
from subgraphs.credentials.models import AwardStatus, CriterionKind, Doubt, sees_everybody
from subgraphs.credentials.runtime import addresses_of
from subgraphs.credentials.types.asked import asks_for
from subgraphs.credentials.types.templates import CertificateTemplate

strawberry.enum(AwardStatus, description="Whether an award still counts.")
strawberry.enum(
    Doubt,
    description="TOO_FAST: two items of a course within a second. BEFORE_ENROLLMENT: done before joining the course.",
)

_ADMINISTERS = "manage:users"
_TARGETS = {CriterionKind.PASS_ASSESSMENT: "assessment"}


@strawberry.federation.type(keys=[Key(fields=FieldSet("id"), resolvable=False)], description="A tenant.")
class Organization(Node):
    pass


@strawberry.federation.type(keys=["id"], description="A person, with what they have earned.")
class User(Node):
    @strawberry.field(
        description="Their awards: one's own, or anybody's for those who teach or manage users here; null for others.",
        extensions=[requires("read:course")],
    )
    async def awards(self, info: Info, first: int | None = 10, after: str | None = None) -> "Connection[Award] | None":
        if info.context.viewer.user_id != self.uuid and not sees_everybody(info.context.viewer):
            return None
        return await info.context.load.page(Award, Page.of(first, after), of=(models.Award.user_id, self.uuid))

    @strawberry.field(
        description="Their certificates, to be seen by the same people; null for others.",
        extensions=[requires("read:course")],
    )
    async def certificates(
        self, info: Info, first: int | None = 10, after: str | None = None
    ) -> "Connection[Certificate] | None":
        if info.context.viewer.user_id != self.uuid and not sees_everybody(info.context.viewer):
            return None
        of = (models.Certificate.user_id, self.uuid)
        return await info.context.load.page(Certificate, Page.of(first, after), of=of)

    @classmethod
    async def resolve_references(cls, info: Info, keys: list[UUID]) -> "list[User | None]":
        return [cls.stub(key) for key in keys]


@strawberry.federation.type(keys=["id"], description="What is taught, with its badges.")
class Course(Node):
    @strawberry.field(
        description="Its badges; students see them once the course has been opened.",
        extensions=[requires("read:course")],
    )
    async def badges(self, info: Info, first: int | None = 10, after: str | None = None) -> "Connection[Badge]":
        return await info.context.load.page(Badge, Page.of(first, after), of=(models.Badge.course_id, self.uuid))

    @classmethod
    async def resolve_references(cls, info: Info, keys: list[UUID]) -> "list[Course | None]":
        return [cls.stub(key) for key in keys]


@strawberry.federation.type(keys=["id"], description="A person in a course, with their way to its badges.")
class Enrollment(Node):
    badge_progress: "list[BadgeProgress]" = strawberry.field(
        description="Progress towards each badge of the course: one's own, or anybody's for those who teach or manage "
        "users.",
        default_factory=list,
    )

    @strawberry.field(
        description="The certificate of the course, once it is completed and where its organization issues some: one's "
        "own, or anybody's for those who teach or manage users."
    )
    async def certificate(self, info: Info) -> "Certificate | None":
        enrollment = await enrollment_of(info.context, self.uuid)
        if enrollment is None:
            return None
        row = await certificate_of(info.context, enrollment.course_id, enrollment.user_id)
        return None if row is None else Certificate.of(row)

    @classmethod
    async def resolve_references(cls, info: Info, keys: list[UUID]) -> "list[Enrollment | None]":
        if not asks_for(info, "badgeProgress"):
            return [cls.stub(key) for key in keys]
        criteria = asks_for(info, "badgeProgress", "criteria")
        found = await standings_of(info.context, keys, criteria=criteria)
        rows = {row.id: row for standings in found.values() for row in standings}
        badges = {id: (Badge.of(row), asks(row.criteria) if criteria else None) for id, row in rows.items()}
        progress = {key: [BadgeProgress.standing(it, *badges[it.id]) for it in its] for key, its in found.items()}
        return [cls.stub(key, badge_progress=progress.get(key, [])) for key in keys]


@strawberry.type(description="One thing that a badge asks for.")
class BadgeCriterion:
    id: strawberry.ID = strawberry.field(description="What tells it from the others.")
    kind: CriterionKind = strawberry.field(description="What it asks for.")
    target_id: strawberry.ID = strawberry.field(description="The course or the assessment that it is about.")
    threshold: float = strawberry.field(
        description="How many items (COMPLETE_ITEMS) or which score from 0 to 1 (PASS_ASSESSMENT); else 1."
    )

    @classmethod
    def of(cls, row: Asks | models.Criterion) -> "BadgeCriterion":
        """What may be seen of a stored criterion."""
        kind = CriterionKind(row.kind)
        return cls(
            id=strawberry.ID(ids.encode("badge_criterion", row.id)),
            kind=kind,
            target_id=strawberry.ID(ids.encode(_TARGETS.get(kind, "course"), row.target_id)),
            threshold=row.threshold,
        )


@entity(description="Something to be earned by meeting all of its criteria.")
class Badge(Node, Refetched, model=models.Badge):
    name: str = strawberry.field(description="What it is called.")
    description: str = strawberry.field(description="What it stands for.")
    created_at: datetime = strawberry.field(description="When it was made.")
    organization_id: strawberry.Private[UUID]
    course_id: strawberry.Private[UUID | None]

    @strawberry.field(description="Who gives it.")
    def organization(self) -> Organization:
        return Organization.stub(self.organization_id)

    @strawberry.field(description="The course it belongs to, if to one in particular.")
    def course(self) -> Course | None:
        return None if self.course_id is None else Course.stub(self.course_id)

    @strawberry.field(description="What it asks for: all of it. Fixed once the badge is made.")
    async def criteria(self, info: Info) -> list[BadgeCriterion]:
        return [BadgeCriterion.of(row) for row in await criteria_of(info.context, self.uuid)]

    @strawberry.field(description="How near the viewer is to it.")
    async def viewer_progress(self, info: Info) -> "BadgeProgress | None":
        user_id = info.context.viewer.user_id
        return None if user_id is None else await BadgeProgress.load(info, self, user_id)

    @classmethod
    def along(
        cls, uuid: UUID, name: str, description: str, created_at: str, organization_id: str, course_id: str | None
    ) -> "Badge":
        """The badge that was read along with an award, as JSON."""
        return cls.stub(
            uuid,
            name=name,
            description=description,
            created_at=datetime.fromisoformat(created_at).astimezone(UTC),
            organization_id=UUID(organization_id),
            course_id=None if course_id is None else UUID(course_id),
        )

    @strawberry.field(description="To whom it was awarded; for those who teach.", extensions=[requires("write:course")])
    async def awards(self, info: Info, first: int | None = 10, after: str | None = None) -> "Connection[Award] | None":
        return await info.context.load.page(Award, Page.of(first, after), of=(models.Award.badge_id, self.uuid))


@strawberry.type(description="How far somebody is with one criterion.")
class CriterionProgress:
    criterion: BadgeCriterion = strawberry.field(
        description="What it asks for.",
        resolver=lambda root: BadgeCriterion.of(root.row),
        graphql_type=BadgeCriterion,
    )
    value: float = strawberry.field(description="Items completed, the best score from 0 to 1, or 1 for the course.")
    met: bool = strawberry.field(description="Whether that is enough.")
    row: strawberry.Private[Asks | models.Criterion]

    @classmethod
    def of(cls, row: Asks | models.Criterion, values: dict[str, float]) -> "CriterionProgress":
        """A criterion for somebody who has reached this by criterion."""
        value = values.get(str(row.id), 0.0)
        return cls(row=row, value=value, met=value >= row.threshold)


@strawberry.type(description="How near a learner is to a badge. Only the server moves it, from what really happened.")
class BadgeProgress:
    badge: "Badge" = strawberry.field(description="The badge.")
    ratio: float = strawberry.field(description="From 0 to 1: the mean over the criteria.")
    updated_at: datetime = strawberry.field(description="When it moved last; before that, when the badge was made.")
    values: strawberry.Private[dict[str, float]]
    earner: strawberry.Private[Earner]
    asks: strawberry.Private[list[Asks] | None] = None
    """The criteria, where they have been read already."""

    @strawberry.field(description="The learner.")
    def user(self) -> User:
        return User.stub(self.earner.user_id)

    @strawberry.field(description="One entry per criterion, in their order.", graphql_type=list[CriterionProgress])
    def criteria(self, info: Info) -> Any:
        # What is at hand costs a third of what has to be waited for, even if it need not wait.
        return self._criteria(info) if self.asks is None else self._progress(self.asks)

    async def _criteria(self, info: Info) -> list[CriterionProgress]:
        return self._progress(await criteria_of(info.context, self.earner.badge_id))

    def _progress(self, criteria: Sequence[Asks | models.Criterion]) -> list[CriterionProgress]:
        return [CriterionProgress.of(row, self.values) for row in criteria]

    @strawberry.field(description="The award, once all criteria have been met.")
    async def award(self, info: Info) -> "Award | None":
        row = await award_of(info.context, self.earner)
        return None if row is None else Award.of(row)

    @strawberry.field(
        description="What cannot be right about the facts that it counts; for those who manage users, null for others. "
        "Such facts count nevertheless: judge, and revoke the award if need be."
    )
    async def integrity(self, info: Info) -> list[Doubt] | None:
        return await _integrity(info, self.earner)

    @classmethod
    async def load(cls, info: Info, badge: "Badge", user_id: UUID) -> "BadgeProgress":
        """A person's progress towards a badge that the viewer sees."""
        earner = Earner(badge.uuid, user_id)
        return cls.of(badge, earner, await progress_of(info.context, earner))

    @classmethod
    def of(
        cls, badge: "Badge", earner: Earner, reached: Reached | None, criteria: list[Asks] | None = None
    ) -> "BadgeProgress":
        """The same from what is stored of it."""
        reached = reached or Reached(0.0, {}, badge.created_at)
        return cls(
            badge=badge,
            ratio=reached.ratio,
            updated_at=reached.updated_at,
            values=reached.values,
            earner=earner,
            asks=criteria,
        )

    @classmethod
    def standing(cls, row: Any, badge: "Badge", criteria: list[Asks] | None) -> "BadgeProgress":
        """The same for a row of `standings_of`, whose badge other rows may be of, too."""
        reached = Reached(row.ratio, row.values, row.updated_at) if row.updated_at else None
        return cls.of(badge, Earner(row.id, row.user_id), reached, criteria)


@entity(description="That somebody has earned a badge.")
class Award(Node, Refetched, model=models.Award):
    issued_at: datetime = strawberry.field(description="When it was given.")
    status: AwardStatus = strawberry.field(description="Whether it still counts.")
    code: str = strawberry.field(description="What anybody can check it by, with `verifyCredential`.")
    revoked_at: datetime | None = strawberry.field(description="When it was taken back.")
    revocation_reason: str | None = strawberry.field(description="Why it was taken back.")
    badge_id: strawberry.Private[UUID]
    user_id: strawberry.Private[UUID]
    badge_now: strawberry.Private[list[Any] | None]

    @strawberry.field(description="What was earned.", graphql_type=Badge)
    def badge(self, info: Info) -> Any:
        return self._badge(info) if self.badge_now is None else Badge.along(self.badge_id, *self.badge_now)

    async def _badge(self, info: Info) -> Badge:
        """For an award that has been changed just now."""
        found = await info.context.load.one(Badge, self.badge_id)
        assert found is not None
        return found

    @strawberry.field(description="By whom.")
    def user(self) -> User:
        return User.stub(self.user_id)

    @strawberry.field(description="The page where anybody can check it.")
    def verification_url(self, info: Info) -> str:
        return addresses_of(info.context.platform).verification(self.code)

    @strawberry.field(
        description="The Open Badges 3.0 credential (W3C Verifiable Credentials 2.0) with its proof. Signed when it is "
        "first asked for, and the same ever after."
    )
    async def credential(self, info: Info) -> JSON:
        return JSON((await credential_of(info.context, self.uuid)).document)

    @strawberry.field(description="The same credential as a signed JSON Web Token.")
    async def credential_jwt(self, info: Info) -> str:
        return (await credential_of(info.context, self.uuid)).jwt

    @strawberry.field(description="A PNG picture with the credential baked into it, for anybody.")
    def image_url(self, info: Info) -> str:
        return addresses_of(info.context.platform).image(self.code)

    @strawberry.field(
        description="What cannot be right about the facts that it was given for; for those who manage users."
    )
    async def integrity(self, info: Info) -> list[Doubt] | None:
        return await _integrity(info, Earner(self.badge_id, self.user_id))


@entity(description="That somebody has completed a course. It is a credential as an award is, and a page to print.")
class Certificate(Node, Refetched, model=models.Certificate):
    issued_at: datetime = strawberry.field(description="When it was given.")
    completed_at: datetime | None = strawberry.field(description="When the course was completed.")
    status: AwardStatus = strawberry.field(description="Whether it still counts.")
    code: str = strawberry.field(description="What anybody can check it by, with `verifyCredential`.")
    revoked_at: datetime | None = strawberry.field(description="When it was taken back.")
    revocation_reason: str | None = strawberry.field(description="Why it was taken back.")
    course_id: strawberry.Private[UUID]
    user_id: strawberry.Private[UUID]
    template_id: strawberry.Private[UUID]

    @strawberry.field(description="What was completed.")
    def course(self) -> Course:
        return Course.stub(self.course_id)

    @strawberry.field(description="By whom.")
    def user(self) -> User:
        return User.stub(self.user_id)

    @strawberry.field(description="How it looks; for those who teach or manage users, null for others.")
    async def template(self, info: Info) -> CertificateTemplate | None:
        return await info.context.load.one(CertificateTemplate, self.template_id)

    @strawberry.field(description="The page where anybody can check it.")
    def verification_url(self, info: Info) -> str:
        return addresses_of(info.context.platform).verification(self.code)

    @strawberry.field(
        description="The certificate as PDF, in the learner's language and with a QR code of the page to check it on; "
        "for anybody. It is printed when it is first asked for, and not any more once it is revoked."
    )
    def pdf_url(self, info: Info) -> str:
        return addresses_of(info.context.platform).pdf(self.code)

    @strawberry.field(
        description="The Open Badges 3.0 credential with its proof, as of an award: its achievement is the course, "
        "of the type CertificateOfCompletion."
    )
    async def credential(self, info: Info) -> JSON:
        return JSON((await credential_of(info.context, self.uuid)).document)

    @strawberry.field(description="The same credential as a signed JSON Web Token.")
    async def credential_jwt(self, info: Info) -> str:
        return (await credential_of(info.context, self.uuid)).jwt


async def _integrity(info: Info, earner: Earner) -> list[Doubt] | None:
    return await doubts_of(info.context, earner) if _ADMINISTERS in info.context.viewer.scopes else None
