"""The ways ai refuses a write."""

import strawberry

from shared.errors import Error


@strawberry.type(
    description="The model did not answer in time, refused, or answered nonsense; it may help to try again."
)
class AiUnavailable(Error):
    code: str = "AI_UNAVAILABLE"
    message: str = "The model is away for the moment; try again shortly."
