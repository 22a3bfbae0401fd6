"""What can be searched, how it is asked for and what comes back, whichever engine answers."""

import base64
import math
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, Self
from uuid import UUID

from shared.errors import BadInput


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchDocument:
    """A content item as search knows it: plain text, of which the first 100,000 characters are found."""

    id: UUID
    organization_id: UUID
    course_id: UUID
    content_type: str
    """TEXT, VIDEO, AUDIO or QUIZ."""
    title: str
    text: str
    tags: tuple[str, ...] = ()
    difficulty: str
    """BEGINNER, INTERMEDIATE or ADVANCED."""
    duration_minutes: int | None = None
    is_published: bool
    version: int
    """Grows with every change of the item, from 1; an older one never replaces a newer one."""
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchQuery:
    """What somebody looks for, and where.

    In `text` all words must be found, in any field; `"…"` is a phrase, `-` excludes, `or` is either; the last word may
    be unfinished. Text without a word to look for (empty, only punctuation, only stop words) finds nothing.
    Filters: any value within one of them, all of them together; an empty one does not filter.
    """

    text: str
    course_ids: frozenset[UUID] | None = None
    """Only in these courses; None is all of the organization's."""
    drafts: bool = False
    """Whether unpublished items are found too."""
    types: frozenset[str] = frozenset()
    difficulties: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    first: int = 10
    after: "Cursor | None" = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TitleQuery:
    """The beginning of a title, or of a word in it and what follows, and where to look."""

    prefix: str
    course_ids: frozenset[UUID] | None = None
    drafts: bool = False
    first: int = 5


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in the list of hits, which is ordered by score, best first, and then by id."""

    score: float
    id: UUID

    def __str__(self) -> str:
        return base64.urlsafe_b64encode(struct.pack(">d", self.score) + self.id.bytes).decode()

    @classmethod
    def of(cls, cursor: str) -> Self:
        """The place that a client sends back; `BadInput` when it is none."""
        try:
            score, id = struct.unpack(">d16s", base64.b64decode(cursor, altchars=b"-_", validate=True))
        except (ValueError, struct.error):
            raise BadInput("`after` is not a cursor of this list.") from None
        place = cls(score, UUID(bytes=id))
        if not math.isfinite(score) or str(place) != cursor:
            raise BadInput("`after` is not a cursor of this list.")
        return place


@dataclass(frozen=True, slots=True)
class SearchHit:
    """An item that was found."""

    id: UUID
    score: float
    highlight: str | None
    """HTML: the best passage of the text, or the title if only that matches; matches in `<mark>`, all else escaped."""

    @property
    def cursor(self) -> Cursor:
        """Where the hit is in the list."""
        return Cursor(self.score, self.id)


@dataclass(frozen=True, slots=True)
class Facet:
    """A value, and how many items have it."""

    value: str
    count: int


@dataclass(frozen=True, slots=True)
class Facets:
    """The most frequent values first, at most 50 of each kind.

    Each kind counts what is found under all filters but its own: what the list would show if that value were chosen.
    """

    types: Sequence[Facet] = ()
    difficulties: Sequence[Facet] = ()
    tags: Sequence[Facet] = ()


@dataclass(frozen=True, slots=True)
class SearchResult:
    """A page of hits, and the size and shape of the whole list."""

    hits: Sequence[SearchHit] = ()
    has_next: bool = False
    total: int = 0
    facets: Facets = Facets()


class Search(Protocol):
    """An index of content items. Raises `Unavailable`, or an exception that is answered like it, when it is away."""

    async def put(self, documents: Iterable[SearchDocument]) -> None:
        """Adds or replaces documents, of any organizations; those that are there in a newer version stay."""

    async def remove(self, organization_id: UUID, ids: Iterable[UUID]) -> None:
        """Forgets documents. A later `put` of a newer version brings one back, and of an older one may: Elasticsearch
        remembers for a minute what it has removed. So an item's events must stay in order."""

    async def find(self, organization_id: UUID, query: SearchQuery) -> SearchResult:
        """What matches in this organization."""

    async def suggest(self, organization_id: UUID, query: TitleQuery) -> list[str]:
        """Different titles that complete the prefix, those that begin with it first, then in order."""

    async def count(self, organization_id: UUID) -> int:
        """How many documents of this organization there are."""

    async def refresh(self) -> None:
        """Returns once everything put or removed before is seen by `find`; without it that may take a second."""

    async def close(self) -> None:
        """Gives up its connections."""
