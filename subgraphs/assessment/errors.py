"""The ways assessment refuses a write."""

import strawberry

from shared.errors import Error


@strawberry.type(description="All attempts that the assessment allows are used up.")
class AttemptsExhausted(Error):
    code: str = "ATTEMPTS_EXHAUSTED"
    message: str = "You have used all attempts that this assessment allows."


@strawberry.type(description="The attempt has been graded already, or its time has run out.")
class AttemptClosed(Error):
    code: str = "ATTEMPT_CLOSED"
    message: str = "This attempt is closed: it was submitted before, or its time has run out."
