"""Inputs of credentials: what GraphQL takes, what is validated, and what the services are told."""

from typing import Annotated

import strawberry
from pydantic import Field, StringConstraints, ValidationInfo, field_validator

from shared.certificates import Layout, Paper
from shared.inputs import Color, Input, Storable, Title
from subgraphs.credentials.models import CriterionKind

strawberry.enum(CriterionKind, description="What a criterion asks for.")
strawberry.enum(
    Layout,
    name="CertificateLayout",
    description="How a certificate is arranged. CLASSIC: centred, in a double frame. MODERN: at the side where reading "
    "begins, beside a band of colour.",
)
strawberry.enum(Paper, name="CertificatePaper", description="The page of a certificate, in landscape.")

MOST = 10_000
"""How many people a job is for at most."""

Description = Annotated[str, StringConstraints(max_length=2_000), Storable]
Threshold = Annotated[float, Field(gt=0, allow_inf_nan=False)]


@strawberry.pydantic.input(description="One thing that a new badge asks for.")
class CriterionInput(Input):
    kind: CriterionKind = Field(description="What it asks for.")
    target_id: strawberry.ID = Field(
        description="COMPLETE_COURSE and COMPLETE_ITEMS: a course. PASS_ASSESSMENT: an assessment."
    )
    threshold: Threshold = Field(
        1.0,
        description="COMPLETE_ITEMS: how many items, a whole number from 1 to the number of published ones. "
        "PASS_ASSESSMENT: which score, more than 0 and at most 1. COMPLETE_COURSE: 1.",
    )

    @field_validator("threshold")
    @classmethod
    def _check_threshold(cls, threshold: float, info: ValidationInfo) -> float:
        kind = info.data.get("kind")
        if kind == CriterionKind.COMPLETE_ITEMS and not threshold.is_integer():
            raise ValueError("The number of items is a whole number")
        if kind == CriterionKind.PASS_ASSESSMENT and threshold > 1:
            raise ValueError("A score is at most 1")
        if kind == CriterionKind.COMPLETE_COURSE and threshold != 1:
            raise ValueError("A course is completed as a whole: the threshold of COMPLETE_COURSE is 1")
        return threshold


@strawberry.pydantic.input(description="A new badge. Whoever has met all criteria already gets it soon.")
class CreateBadgeInput(Input):
    name: Title = Field(description="3 to 255 characters.")
    description: Description = Field(description="What it stands for; up to 2,000 characters of plain text.")
    course_id: strawberry.ID | None = Field(None, description="The course it belongs to; null for one of its own.")
    criteria: Annotated[list[CriterionInput], Field(min_length=1, max_length=20)] = Field(
        description="1 to 20, which all have to be met; each target once per kind."
    )


@strawberry.pydantic.input(
    description="Changes to a badge; what is left out stays as it is. Its criteria are fixed: what people have earned "
    "or work towards must go on meaning what it meant, so other criteria make another badge. Awards keep the name that "
    "they were issued with."
)
class UpdateBadgeInput(Input):
    id: strawberry.ID = Field(description="The badge.")
    name: Title | None = Field(None, description="3 to 255 characters.")
    description: Description | None = Field(None, description="Up to 2,000 characters of plain text.")


Line = Annotated[str, StringConstraints(min_length=1, max_length=100), Storable]
Said = Annotated[str, StringConstraints(max_length=200), Storable]
Language = Annotated[str, StringConstraints(min_length=2, max_length=35), Storable]
People = Annotated[list[strawberry.ID], Field(min_length=1, max_length=MOST)]


@strawberry.pydantic.input(description="Who signs certificates, above a line; up to 100 characters each.")
class SignatoryInput(Input):
    name: Line = Field(description="Their name.")
    role: Line = Field(description="What they sign as.")


@strawberry.pydantic.input(
    description="What certificates say in one language instead of Lyceum's own words: up to 200 characters each, empty "
    "for nothing at all, null for ours. A language that Lyceum does not speak has to be given completely. "
    "`{organization}` stands for the organization's name."
)
class WordingInput(Input):
    language: Language = Field(description="A language tag, such as pt-BR.")
    heading: Said | None = Field(None, description="Such as: Certificate of completion. It cannot be empty.")
    before_name: Said | None = Field(None, description="Such as: This is to certify that.")
    name: Said | None = Field(None, description="The learner; holds `{name}`.")
    after_name: Said | None = Field(None, description="Such as: has completed the course.")
    after_course: Said | None = Field(None, description="What follows the course's title.")
    completed: Said | None = Field(None, description="Such as: Completed on.")
    verify: Said | None = Field(None, description="Such as: Verify at.")
    logo: Said | None = Field(None, description="What a screen reader says of the logo. It cannot be empty.")
    code: Said | None = Field(None, description="What a screen reader says of the QR code. It cannot be empty.")


Signatories = Annotated[list[SignatoryInput], Field(max_length=3)]
Wordings = Annotated[list[WordingInput], Field(max_length=20)]
Picture = Annotated[str, StringConstraints(max_length=200_000), Storable]

_LOGO = "A PNG of at most 1,500 pixels a side or an SVG of shapes, of at most 150,000 bytes, in base64."


def _once_each(wording: list[WordingInput] | None) -> list[WordingInput] | None:
    languages = [it.language.lower() for it in wording or ()]
    if len(set(languages)) < len(languages):
        raise ValueError("Each language can be given once")
    return wording


@strawberry.pydantic.input(
    description="A new look for certificates. It is tried in print: what does not come out right is refused."
)
class CreateCertificateTemplateInput(Input):
    name: Title = Field(description="What it is called among templates: 3 to 255 characters.")
    course_id: strawberry.ID | None = Field(
        None, description="The course whose certificates look so; it takes the place of the course's template before."
    )
    is_default: bool = Field(
        False,
        description="Whether certificates of all other courses look so; it takes the place of the default before.",
    )
    layout: Layout = Field(Layout.CLASSIC, description="How it is arranged.")
    paper: Paper = Field(Paper.A4, description="The page.")
    primary: Color = Field("#1F3A5F", description="Of heading, title and frame; darkened where it could not be read.")
    secondary: Color = Field("#B08D57", description="Of ornaments.")
    logo: Picture | None = Field(None, description=_LOGO)
    signatories: Signatories = Field([], description="Up to 3, in the order of reading.")
    wording: Wordings = Field([], description="Words of one's own, for up to 20 languages, each once.")

    @field_validator("wording")
    @classmethod
    def _check_wording(cls, wording: list[WordingInput]) -> list[WordingInput]:
        _once_each(wording)
        return wording


@strawberry.pydantic.input(
    description="Changes to a template; what is left out stays as it is. Certificates that have it change with it."
)
class UpdateCertificateTemplateInput(Input):
    id: strawberry.ID = Field(description="The template.")
    name: Title | None = Field(None, description="3 to 255 characters.")
    is_default: bool | None = Field(None, description="Whether it is the default; not for the template of a course.")
    layout: Layout | None = Field(None, description="How it is arranged.")
    paper: Paper | None = Field(None, description="The page.")
    primary: Color | None = Field(None, description="Of heading, title and frame.")
    secondary: Color | None = Field(None, description="Of ornaments.")
    logo: Picture | None = Field(None, description=f"{_LOGO} An empty text takes it away.")
    signatories: Signatories | None = Field(None, description="All of them, up to 3.")
    wording: Wordings | None = Field(None, description="All of it, for up to 20 languages, each once.")

    @field_validator("wording")
    @classmethod
    def _check_wording(cls, wording: list[WordingInput] | None) -> list[WordingInput] | None:
        return _once_each(wording)


@strawberry.pydantic.input(description="Certificates for people who have completed a course.")
class IssueCertificatesInput(Input):
    course_id: strawberry.ID = Field(description="The course.")
    user_ids: People | None = Field(
        None,
        description="1 to 10,000 people, each once (the router takes 256 kB a request, some 7,500 ids); null for all "
        "who have completed the course and have no certificate of it, if they are no more than 10,000.",
    )
    template_id: strawberry.ID | None = Field(
        None, description="How they look; null for the course's template, or else the default one."
    )


@strawberry.pydantic.input(description="A badge for many people.")
class IssueAwardsInput(Input):
    badge_id: strawberry.ID = Field(description="The badge.")
    user_ids: People = Field(
        description="1 to 10,000 people, each once (the router takes 256 kB a request, some 7,500 ids)."
    )
