"""Inputs of ai: what GraphQL takes, what is validated, and what the services are told."""

import strawberry
from pydantic import Field

from shared.inputs import Input
from shared.model import Difficulty

strawberry.enum(Difficulty, description="How much an item asks of its reader.")


@strawberry.pydantic.input(description="What to ask about, and how.")
class GenerateQuestionsInput(Input):
    content_item_id: strawberry.ID = Field(description="A published item with a text.")
    difficulty: Difficulty = Field(Difficulty.BEGINNER, description="How hard the questions are to be.")
    count: int = Field(5, ge=1, le=20, description="How many, 1 to 20; there are fewer where the text gives no more.")
