"""Inputs of credentials: what GraphQL takes, what is validated, and what the services are told."""

from typing import Annotated

import strawberry
from pydantic import Field, StringConstraints, ValidationInfo, field_validator

from shared.inputs import Input, Storable, Title
from subgraphs.credentials.models import CriterionKind

strawberry.enum(CriterionKind, description="What a criterion asks for.")

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
