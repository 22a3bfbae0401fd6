"""How certificates look."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import strawberry

from shared.certificates import Layout, Paper
from shared.graphql import Node, Refetched, entity
from subgraphs.credentials import models

if TYPE_CHECKING:
    from subgraphs.credentials.types.earning import Course

_HERE = "subgraphs.credentials.types.earning"


@strawberry.type(description="Who signs certificates, above a line.")
class Signatory:
    name: str = strawberry.field(description="Their name.")
    role: str = strawberry.field(description="What they sign as.")


@strawberry.type(description="What certificates say in one language instead of Lyceum's own words; null for ours.")
class CertificateWording:
    language: str = strawberry.field(description="A language tag, such as pt-BR.")
    heading: str | None = strawberry.field(description="The heading.", default=None)
    before_name: str | None = strawberry.field(description="What stands before the learner's name.", default=None)
    name: str | None = strawberry.field(description="The learner; holds `{name}`.", default=None)
    after_name: str | None = strawberry.field(description="What stands between name and course.", default=None)
    after_course: str | None = strawberry.field(description="What follows the course's title.", default=None)
    completed: str | None = strawberry.field(description="What stands before the day of completion.", default=None)
    verify: str | None = strawberry.field(description="What stands before the address to verify at.", default=None)
    logo: str | None = strawberry.field(description="What a screen reader says of the logo.", default=None)
    code: str | None = strawberry.field(description="What a screen reader says of the QR code.", default=None)


@entity(description="How certificates of the organization, or of one of its courses, look.")
class CertificateTemplate(Node, Refetched, model=models.CertificateTemplate):
    name: str = strawberry.field(description="What it is called among templates.")
    is_default: bool = strawberry.field(
        description="Whether courses without a template of their own have this one. While there is a default, or one "
        "of the course, certificates are issued as courses are completed."
    )
    layout: Layout = strawberry.field(description="How it is arranged.")
    paper: Paper = strawberry.field(description="The page.")
    primary: str = strawberry.field(description="The colour of heading, title and frame.")
    secondary: str = strawberry.field(description="The colour of ornaments.")
    has_logo: bool = strawberry.field(description="Whether it has a logo.")
    created_at: datetime = strawberry.field(description="When it was made.")
    archived_at: datetime | None = strawberry.field(description="Since when it is used for no new certificate.")
    course_id: strawberry.Private[UUID | None]
    signed_by: strawberry.Private[list[dict[str, Any]]]
    words: strawberry.Private[dict[str, dict[str, Any]]]

    @strawberry.field(description="The course whose certificates look so; null for those of the organization.")
    def course(self) -> Annotated["Course", strawberry.lazy(_HERE)] | None:
        from subgraphs.credentials.types.earning import Course  # noqa: PLC0415  # which has a field of our type

        return None if self.course_id is None else Course.stub(self.course_id)

    @strawberry.field(description="Who signs, in the order of reading.")
    def signatories(self) -> list[Signatory]:
        return [Signatory(**it) for it in self.signed_by]

    @strawberry.field(description="Words of the organization's own, by language.")
    def wording(self) -> list[CertificateWording]:
        return [CertificateWording(language=tag, **texts) for tag, texts in self.words.items()]
