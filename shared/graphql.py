"""What types and schemas are made of: `Node`, the federated `Schema`, and what clients see of faults."""

import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any, ClassVar, Self
from uuid import UUID

import asyncpg
import redis.exceptions
import sqlalchemy.exc
import strawberry
import structlog
from graphql import ASTValidationRule, GraphQLError
from strawberry.extensions import MaskErrors
from strawberry.federation.schema import FederationAny
from strawberry.pydantic import InputValidationError
from strawberry.schema.schema_converter import field_contains_type

from shared import ids
from shared.cache import CachePolicy
from shared.context import Context
from shared.errors import BadInput, Error, FieldError, InvalidInput, Refusal, Rejected, Unavailable
from shared.execution import Executor
from shared.limits import TOKENS, Documents
from shared.postgres import Model
from shared.telemetry import tracing
from shared.telemetry.operations import NamedOperations

log = structlog.get_logger()

Info = strawberry.Info[Context, None]

_ENTITIES = 1_000  # representations in one `_entities` call


@strawberry.interface(
    description="Anything with a globally unique, type-prefixed id (`course_…`), so that `node(id:)` finds it."
)
class Node:
    """A GraphQL object made of a stored row: it lists what is public, and copies same-named columns from the row.

    A subclass names its table, `class Course(Node, model=models.Course)`, and how it may be cached, if at all.
    Without a table it is a stub of another subgraph's entity.
    """

    id: strawberry.ID = strawberry.field(description="The id to refetch it by; its prefix names the type.")
    uuid: strawberry.Private[UUID]

    model: ClassVar[type[Model]]
    cache: ClassVar[CachePolicy | None] = None
    prefix: ClassVar[str]
    columns: ClassVar[tuple[str, ...]]

    def __init_subclass__(
        cls, *, model: type[Model] | None = None, cache: CachePolicy | None = None, **options: Any
    ) -> None:
        super().__init_subclass__(**options)
        cls.prefix = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in cls.__name__)[1:]
        cls.cache = cache
        if model is not None:
            cls.model = model

    @classmethod
    def copied(cls) -> tuple[str, ...]:
        """The names of the columns an object of this type is made of, `id` aside."""
        if "columns" not in cls.__dict__:
            fields = dataclasses.fields(cls)
            cls.columns = tuple(field.name for field in fields if field.init and field.name not in ("id", "uuid"))
        return cls.columns

    @classmethod
    def of(cls, row: Any) -> Self:
        """The object for a row; copying means that no row outlives its session."""
        return cls.stub(row.id, **{name: getattr(row, name) for name in cls.copied()})

    @classmethod
    def stub(cls, uuid: UUID, **values: Any) -> Self:
        """The object for an id alone; the router asks the owning subgraph for the rest."""
        return cls(id=strawberry.ID(ids.encode(cls.prefix, uuid)), uuid=uuid, **values)

    @classmethod
    async def resolve_references(cls, info: Info, keys: list[UUID]) -> "list[Self | None]":
        """The entities with these keys, in their order; None for what the viewer may not see."""
        return await info.context.load.all(cls, keys)


entity = partial(strawberry.federation.type, keys=["id", "nodeId"])
"""Decorates an entity that other subgraphs refer to by `id`, and identity's `node(id:)` by `nodeId`."""


@strawberry.type
class Refetched:
    """Gives an entity the key by which identity's `node(id:)` refers to it."""

    @strawberry.federation.field(inaccessible=True)
    def node_id(self) -> strawberry.ID:
        return self.id  # type: ignore[attr-defined]  # it is mixed into a `Node`


class Schema(strawberry.federation.Schema):
    """A subgraph's schema: federation 2.9, caches on, refusals as union members, faults masked and logged."""

    def __init__(
        self,
        query: type,
        mutation: type | None = None,
        subscription: type | None = None,
        types: Iterable[type] = (),
        rules: Iterable[type[ASTValidationRule]] = (),
    ) -> None:
        super().__init__(
            query,
            mutation,
            subscription,
            types=types,
            execution_context_class=Executor,
            federation_version="2.9",  # the newest that the MIT-licensed composers know
            extensions=[OperationGuard, *([NamedOperations] if tracing.is_on() else [])],
            exception_handlers=[
                _InvalidInputHandler(),
                *(_RejectedHandler(error) for error in _subclasses(Error)),
            ],
        )
        self.documents = Documents(self._schema, rules)

    async def entities_resolver(  # type: ignore[override]  # the base resolves one representation at a time
        self, info: strawberry.Info, representations: list[FederationAny]
    ) -> list[FederationAny]:
        """One call per entity type, trusting nothing of a representation but its key."""
        if len(representations) > _ENTITIES:
            raise BadInput(f"At most {_ENTITIES} representations may be asked for at once.")
        places: dict[str, list[tuple[int, UUID]]] = defaultdict(list)
        for index, representation in enumerate(representations):
            name, key = _key(representation)
            if key is not None:
                places[name].append((index, key))
        results: list[Any] = [None] * len(representations)
        for name, asked in places.items():
            for (index, _), entity in zip(asked, await self._entities_of(info, name, asked), strict=True):
                results[index] = entity
        return results

    async def _entities_of(self, info: Any, name: str, asked: list[tuple[int, UUID]]) -> list[Any]:
        definition = self.get_type_by_name(name)
        origin = getattr(definition, "origin", None)
        if origin is None or not issubclass(origin, Node):
            return [None] * len(asked)
        try:
            return await origin.resolve_references(info, [key for _, key in asked])
        except Exception as error:  # one entity type that fails must not take the others of the batch with it
            return [error] * len(asked)


def _key(representation: Any) -> tuple[str, UUID | None]:
    """The type and the key of a representation; no key when it is malformed, of another type, or missing."""
    if not isinstance(representation, dict):
        return "", None
    name, value = representation.get("__typename"), representation.get("id", representation.get("nodeId"))
    if not isinstance(name, str) or not isinstance(value, str):
        return "", None
    found = ids.parse(value)
    if found is None or found[0].replace("_", "") != name.lower():
        return name, None
    return name, found[1]


def _subclasses(type_: type[Any]) -> list[type[Any]]:
    return [found for child in type_.__subclasses__() for found in (child, *_subclasses(child))]


class _InvalidInputHandler(strawberry.ExceptionHandler[InputValidationError, InvalidInput]):
    def handle(self, exception: InputValidationError, *, field: Any, info: Any) -> InvalidInput:
        return InvalidInput(
            fields=[FieldError(path=detail.location, message=_sentence(detail.message)) for detail in exception.errors]
        )


def _sentence(message: str) -> str:
    return message.removeprefix("Value error, ").rstrip(".") + "."


class _RejectedHandler(strawberry.ExceptionHandler[Rejected]):
    """Answers `Rejected` wherever the union names this error; one per error type, since fields are matched by it."""

    def __init__(self, error_type: type) -> None:
        self.error_type = error_type

    def handle(self, exception: Rejected, *, field: Any, info: Any) -> Error | None:
        # Whichever error of the union comes first takes all that is raised: what the union does not name is a fault.
        return exception.error if field_contains_type(field, type(exception.error)) else None


class OperationGuard(MaskErrors):
    """What goes around an operation: its document is parsed and validated once for all requests, and of faults clients
    see no more than that there was one.

    Refusals and what the client did wrong pass; anything else is logged whole and answered without. It is one extension
    with one hook, since each costs every request.
    """

    def __init__(self) -> None:
        super().__init__(should_mask_error=_is_fault)

    def on_operation(self) -> Iterator[None]:
        """Before anything else of the operation, and after all of it."""
        context = self.execution_context
        schema: Any = context.schema
        context.parse_options["max_tokens"] = TOKENS
        # What cannot be parsed is refused by Strawberry, which tries it once more.
        with suppress(GraphQLError, RecursionError):
            context.graphql_document, context.pre_execution_errors = schema.documents.checked(context.query or "")
        yield from super().on_operation()

    def anonymise_error(self, error: GraphQLError) -> GraphQLError:
        refusal = refusal_of(error.original_error)
        if refusal is None:
            tracing.fail(error.original_error)
            log.error("resolver.failed", path=_path(error), exc_info=error.original_error)
        elif isinstance(refusal, Unavailable):
            tracing.fail(error.original_error)
            log.warning("engine.unavailable", path=_path(error), error=type(error.original_error).__name__)
        return GraphQLError(
            refusal.message if refusal else "Something went wrong on our side.",
            nodes=error.nodes,
            path=error.path,
            extensions=refusal.extensions if refusal else {"code": "INTERNAL_SERVER_ERROR"},
        )


def _path(error: GraphQLError) -> str:
    return ".".join(str(part) for part in error.path or ())


def _is_fault(error: GraphQLError) -> bool:
    cause = error.original_error
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        cause = cause.original_error
    if isinstance(cause, GraphQLError):
        # The executor's own: before a field has run, or with a place in the document, it is about what the client sent;
        # otherwise it is about a result.
        return error.path is not None and not isinstance(cause, Refusal) and cause.nodes is None
    return cause is not None


_AWAY = (
    OSError,  # includes TimeoutError and ConnectionError
    asyncpg.InterfaceError,  # a connection that broke while it was made; SQLAlchemy passes it on as it is
    redis.exceptions.ConnectionError,
    redis.exceptions.TimeoutError,
    sqlalchemy.exc.InterfaceError,
    sqlalchemy.exc.OperationalError,
    sqlalchemy.exc.TimeoutError,
)


def refusal_of(cause: BaseException | None) -> Refusal | None:
    """What a client may know of an exception: that an engine is away, or that a value cannot be stored."""
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        cause = cause.original_error
    if isinstance(cause, _AWAY) or getattr(cause, "connection_invalidated", False):
        return Unavailable()
    if isinstance(cause, UnicodeError):
        return BadInput("The request holds text that is not valid Unicode.")
    # Of a connection that PostgreSQL refuses, SQLAlchemy passes the driver's error on as it is.
    state = getattr(getattr(cause, "orig", cause), "sqlstate", None) or ""
    if state.startswith("22"):  # data exception: a NUL byte, a number out of range
        return BadInput()
    if state[:2] in ("08", "53", "57") or state == "55P03":  # connection, resources, shutdown or timeout, lock
        return Unavailable()
    return None
