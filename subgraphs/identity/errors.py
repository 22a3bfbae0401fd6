"""The ways identity refuses a write."""

from datetime import datetime

import strawberry

from shared.errors import Error


@strawberry.type(description="The address or the password is wrong, or the account may not sign in here.")
class InvalidCredentials(Error):
    code: str = "INVALID_CREDENTIALS"
    message: str = "The email address or the password is wrong."


@strawberry.type(description="Too many failed attempts; even the right password is refused until `lockedUntil`.")
class AccountLocked(Error):
    code: str = "ACCOUNT_LOCKED"
    message: str = "There were too many failed attempts. Try again later."
    locked_until: datetime = strawberry.field(description="When signing in is possible again.")


@strawberry.type(description="Somebody has an account with this address already.")
class EmailTaken(Error):
    code: str = "EMAIL_TAKEN"
    message: str = "There is already an account with this email address."


@strawberry.type(
    description="The refresh token is unknown, expired, used before, or its session is over: sign in again."
)
class SessionExpired(Error):
    code: str = "SESSION_EXPIRED"
    message: str = "The session is over; sign in again."
