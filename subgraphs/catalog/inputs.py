"""Inputs of catalog: what GraphQL takes, what is validated, and what the services are told."""

from typing import Annotated

import strawberry
from pydantic import Field, StringConstraints

from shared.inputs import Input, Slug, Storable, Title

Description = Annotated[str, StringConstraints(max_length=10_000), Storable]


@strawberry.pydantic.input(description="A module of a new course.")
class ModuleInput(Input):
    title: Title = Field(description="3 to 255 characters.")


@strawberry.pydantic.input(description="A new course, as a draft.")
class CreateCourseInput(Input):
    title: Title = Field(description="3 to 255 characters.")
    slug: Slug = Field(description="3 to 100 of a-z, 0-9 and -; unique in the organization.")
    description: Description | None = Field("", description="What one learns, and for whom; up to 10,000 characters.")
    modules: list[ModuleInput] = Field([], max_length=100, description="Its modules in order; up to 100.")


@strawberry.pydantic.input(description="Changes to a course; what is left out stays as it is.")
class UpdateCourseInput(Input):
    id: strawberry.ID = Field(description="The course.")
    title: Title | None = Field(None, description="3 to 255 characters.")
    description: Description | None = Field(None, description="Up to 10,000 characters.")


@strawberry.pydantic.input(description="Who enrols in what.")
class EnrollInput(Input):
    course_id: strawberry.ID = Field(description="A published course.")
    user_id: strawberry.ID | None = Field(
        None, description="A member of the organization, for those who manage users; the viewer when omitted."
    )
