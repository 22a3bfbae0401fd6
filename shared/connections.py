"""Relay connections with keyset cursors: a page costs the same wherever it starts."""

import base64
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, Self, TypeVar
from uuid import UUID

import strawberry

from shared.errors import BadInput

T = TypeVar("T")

_USUAL = 10
_LARGEST = 100


@dataclass(frozen=True, slots=True)
class Page:
    """A slice of a list that is ordered by id: `first` rows after the row `after`."""

    first: int
    after: UUID | None = None

    @classmethod
    def of(cls, first: int | None, after: str | None = None) -> Self:
        """The page a client asks for, ten rows unless it says how many; `BadInput` names what is out of its limits."""
        first = _USUAL if first is None else first
        if not 0 <= first <= _LARGEST:
            raise BadInput(f"`first` must be between 0 and {_LARGEST}; it is {first}.")
        return cls(first, None if after is None else _uuid_of(after))


def cursor_of(uuid: UUID) -> str:
    """The opaque cursor of a row."""
    return base64.urlsafe_b64encode(uuid.bytes).decode().rstrip("=")


def _uuid_of(cursor: str) -> UUID:
    try:
        uuid = UUID(bytes=base64.b64decode(cursor + "==", altchars=b"-_", validate=True))
    except ValueError:
        raise BadInput("`after` is not a cursor of this list.") from None
    if cursor_of(uuid) != cursor:
        raise BadInput("`after` is not a cursor of this list.")
    return uuid


@strawberry.federation.type(shareable=True, description="Where a page lies in its list.")
class PageInfo:
    has_next_page: bool = strawberry.field(description="Whether there are rows after this page.")
    has_previous_page: bool = strawberry.field(description="Whether the page was asked for `after` a cursor.")
    start_cursor: str | None = strawberry.field(description="The cursor of the first edge.")
    end_cursor: str | None = strawberry.field(description="What to pass as `after` for the next page.")


@strawberry.type(description="One object of a list, with its cursor.")
class Edge(Generic[T]):
    cursor: str = strawberry.field(description="Opaque; pass it as `after` to go on from here.")
    node: T = strawberry.field(description="The object itself.")


@strawberry.type(description="A page of a list, with where it lies in it.")
class Connection(Generic[T]):
    edges: list[Edge[T]] = strawberry.field(description="The objects of this page, in order.")
    page_info: PageInfo = strawberry.field(description="Whether and where the list goes on.")
    count: strawberry.Private[Callable[[], Awaitable[int]]]
    counted: strawberry.Private[int | None]

    @strawberry.field(description="How many objects the whole list has; counted only when asked for.")
    def total_count(self) -> int:
        # Not a coroutine, of which each costs more than the rest of a short list.
        return self.counted if self.counted is not None else self.count()  # type: ignore[return-value]  # it is awaited


def connection_of(nodes: list[Any], page: Page, count: Callable[[], Awaitable[int]]) -> Connection[Any]:
    """The connection for up to `page.first + 1` nodes: the one too many says that the list goes on. A list that is all
    on its first page need not be counted."""
    shown = nodes[: page.first]
    edges = [Edge(cursor=cursor_of(node.uuid), node=node) for node in shown]
    info = PageInfo(
        has_next_page=len(nodes) > page.first,
        has_previous_page=page.after is not None,
        start_cursor=edges[0].cursor if edges else None,
        end_cursor=edges[-1].cursor if edges else None,
    )
    is_all = page.after is None and not info.has_next_page
    return Connection(edges=edges, page_info=info, count=count, counted=len(shown) if is_all else None)
