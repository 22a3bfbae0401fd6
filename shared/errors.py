"""Refusals. Expected ones are values of the schema, raised as `Rejected` so that the transaction rolls back.

    Exception
    ├── Rejected(error)        becomes the union member `error` of the mutation it was raised in
    └── Refusal (GraphQLError) a top-level error; its message and `extensions.code` reach the client
        ├── Unauthenticated    UNAUTHENTICATED       nobody is signed in, or the token is not good (any more)
        ├── Forbidden          FORBIDDEN             signed in, but without the scope or the right
        ├── BadInput           BAD_USER_INPUT        an argument outside its limits; the message names it
        ├── QueryTooLarge      QUERY_TOO_LARGE       the operation touches more rows than one request may
        └── Unavailable        SERVICE_UNAVAILABLE   an engine behind this field is away; worth a retry

Anything else that a resolver raises is a fault: logged whole, answered as INTERNAL_SERVER_ERROR.
"""

from typing import ClassVar

import strawberry
from graphql import GraphQLError


@strawberry.interface(description="A refusal the caller can act on. `code` is stable; `message` is for people.")
class Error:
    code: str = strawberry.field(description="A stable, machine-readable reason.")
    message: str = strawberry.field(description="The reason for people, in English.")


@strawberry.federation.type(shareable=True, description="What is wrong with one field of the input.")
class FieldError:
    path: list[str] = strawberry.field(description="The argument, then field names and list indexes, all as strings.")
    message: str = strawberry.field(description="What is wrong, for people.")


@strawberry.federation.type(shareable=True, description="The input breaks a rule; `fields` says which and where.")
class InvalidInput(Error):
    code: str = "INVALID_INPUT"
    message: str = "The input is not valid."
    fields: list[FieldError] = strawberry.field(description="One entry per broken rule.")

    @classmethod
    def at(cls, *path: str, message: str) -> "InvalidInput":
        """The refusal of one field, such as `InvalidInput.at("input", "email", message=…)`."""
        return cls(fields=[FieldError(path=list(path), message=message)])


@strawberry.federation.type(
    shareable=True, description="Nothing the viewer may see has this id. A foreign id answers like an unknown one."
)
class NotFound(Error):
    code: str = "NOT_FOUND"
    message: str = "Nothing with this id was found."


@strawberry.federation.type(shareable=True, description="The slug is in use where it has to be unique.")
class SlugTaken(Error):
    code: str = "SLUG_TAKEN"
    message: str = "This slug is already in use."
    slug: str = strawberry.field(description="The slug that was asked for.")


@strawberry.federation.type(shareable=True, description="This is for people who are in the course.")
class NotEnrolled(Error):
    code: str = "NOT_ENROLLED"
    message: str = "Enrol in the course first."


class Rejected(Exception):
    """An expected refusal; `error` becomes a member of the mutation's union, and nothing is stored."""

    def __init__(self, error: Error) -> None:
        super().__init__(error.message)
        self.error = error


class Refusal(GraphQLError):
    """A top-level error that the client may read."""

    code: ClassVar[str]
    default: ClassVar[str]

    def __init__(self, message: str | None = None, code: str | None = None) -> None:
        super().__init__(message or self.default, extensions={"code": code or self.code})


class Unauthenticated(Refusal):
    code = "UNAUTHENTICATED"
    default = "Sign in first: send an access token as `Authorization: Bearer …`."


class Forbidden(Refusal):
    code = "FORBIDDEN"
    default = "You may not do this."


class BadInput(Refusal):
    code = "BAD_USER_INPUT"
    default = "The request holds a value that cannot be used."


class QueryTooLarge(Refusal):
    code = "QUERY_TOO_LARGE"
    default = "The operation touches more objects than one request may; ask for smaller pages."


class Unavailable(Refusal):
    code = "SERVICE_UNAVAILABLE"
    default = "This part of Lyceum is away for the moment; try again shortly."
