"""What a document is, and what a collection of them can do, whatever keeps it."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, Protocol, TypeVar
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from shared import ids
from shared.connections import Page

SECONDS = 3.0
"""How long any call may take; then it fails with `TimeoutError`, which is an engine that is away."""


def _whole_milliseconds(time: datetime) -> datetime:
    return time.astimezone(UTC).replace(microsecond=time.microsecond // 1000 * 1000)


def _now() -> datetime:
    return _whole_milliseconds(datetime.now(UTC))


class Document(BaseModel):
    """What every document has; a collection's class adds its own fields, which together are the content."""

    model_config = ConfigDict(frozen=True, validate_by_name=True)

    indexed: ClassVar[str | None] = None
    """The field that `find` must be fast on however many documents the tenant has, such as `item_id`."""

    id: UUID = Field(default_factory=ids.new_id)
    organization_id: UUID
    version: int = Field(default=1, ge=1)
    created_at: Annotated[AwareDatetime, AfterValidator(_whole_milliseconds)] = Field(default_factory=_now)
    """UTC, in whole milliseconds: MongoDB keeps no finer time."""


D = TypeVar("D", bound=Document)


class Different(Exception):
    """A document with this id is stored already, with other content. A fault of the caller: ids are made once."""


class Documents(Protocol[D]):
    """A collection of documents. One of another tenant is treated as if it did not exist.

    Every call may raise what `shared.graphql` answers as SERVICE_UNAVAILABLE while the engine is away. Calls that store
    raise `BadInput` for what cannot be kept (see `shared.documents.content`), and `ValueError` for a document of
    another tenant than the one named.
    """

    async def get(self, organization_id: UUID, ids: Sequence[UUID]) -> list[D | None]:
        """The documents with these ids, in their order; None where there is none."""

    async def find(self, organization_id: UUID, where: Mapping[str, Any], page: Page) -> list[D]:
        """Up to `page.first + 1` documents whose fields have these values, ordered by id, after `page.after`.

        The one too many says that the list goes on. Values are single ones (no lists or objects); `{}` finds all.
        """

    async def insert(self, organization_id: UUID, documents: Sequence[D]) -> None:
        """Stores new documents. Storing one again with the same content changes nothing, so a retry is harmless.

        Raises `Different` for an id that is in use with other content; others of the same call may be stored then.
        """

    async def replace(self, organization_id: UUID, document: D, version: int) -> bool:
        """Stores the content as `version + 1` if `version` is still the stored one; False if not, or if unknown."""

    async def append(self, organization_id: UUID, id: UUID, field: str, value: Any) -> bool:
        """Adds a value to the end of a list field and counts the version up, atomically; False if the id is unknown."""

    async def delete(self, organization_id: UUID, ids: Sequence[UUID]) -> None:
        """Removes documents, such as orphans that no row points at; unknown ids are passed over."""


class Store(Protocol):
    """The engine that keeps a subgraph's collections."""

    def collection(self, name: str, kind: type[D]) -> Documents[D]:
        """The collection of this name, whose documents are of this class."""

    async def ping(self) -> None:
        """Raises when the engine does not answer."""

    async def close(self) -> None:
        """Lets go of what it holds."""
