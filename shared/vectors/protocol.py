"""What is kept of an item's meaning, how near ones are asked for and what comes back, whichever engine answers."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID


class Embedding(Protocol):
    """Numbers that a model made of a text: a list, a tuple, an `array` or a one-dimensional NumPy array."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[Any]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Vector:
    """A chunk of a content item, and its embedding.

    Only the direction of an embedding counts: it is kept at length 1, as float32.
    """

    id: UUID
    """The chunk's, unique within its item."""
    organization_id: UUID
    item_id: UUID
    course_id: UUID
    is_published: bool
    version: int
    """The item's, which grows with every change of it, from 1; an older one never replaces a newer one."""
    text: str = ""
    """The chunk, of which the first 2,000 characters are kept."""
    embedding: Embedding


@dataclass(frozen=True, slots=True, kw_only=True)
class VectorQuery:
    """A place among the embeddings, and which items may be near it."""

    embedding: Embedding
    course_ids: frozenset[UUID] | None = None
    """Only in these courses; None is all of the organization's."""
    drafts: bool = False
    """Whether unpublished items are found too."""
    excluded: frozenset[UUID] = frozenset()
    """Items that are not found, such as the one that others are compared with; at most 1,000."""
    first: int = 5
    """From 0 to 100 items."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SimilarQuery:
    """Items, and which others may be near them; both must be in these courses, and published unless drafts count."""

    item_ids: frozenset[UUID]
    """At most 1,000."""
    course_ids: frozenset[UUID] | None = None
    """None is all of the organization's."""
    drafts: bool = False
    first: int = 5
    """From 0 to 100 others for each item."""


@dataclass(frozen=True, slots=True)
class VectorHit:
    """An item that is near, by its nearest chunk."""

    item_id: UUID
    similarity: float
    """The cosine of the angle between the two embeddings, from -1 to 1."""
    chunk_id: UUID
    text: str


class Vectors(Protocol):
    """The embeddings that one model made of items. Those of another model are not seen, however they got there.

    Embeddings of the wrong number of dimensions, with a NaN or infinity in them or without a direction raise
    `ValueError`, before anything is written. An engine that is away raises `Unavailable`, or an exception that is
    answered like it.
    """

    async def put(self, vectors: Iterable[Vector]) -> None:
        """Replaces all chunks of these items, of any organizations and of whichever model, by these.

        So all chunks of an item must be in one call. Of several versions of an item the newest counts; what is there
        in a newer one stays.
        """

    async def remove(self, organization_id: UUID, item_ids: Iterable[UUID]) -> None:
        """Forgets items. A later `put` of any version brings one back, so an item's events must stay in order."""

    async def nearest(self, organization_id: UUID, query: VectorQuery) -> list[VectorHit]:
        """The items of this organization with the most similar chunks: best first, then by id."""

    async def similar(self, organization_id: UUID, query: SimilarQuery) -> dict[UUID, list[VectorHit]]:
        """For each item the others whose nearest chunk is most similar to the mean of its own chunks: best first, then
        by id. What nothing is found for is not in the answer, as an item without chunks."""

    async def of_items(self, organization_id: UUID, item_ids: Iterable[UUID]) -> Sequence[Vector]:
        """All chunks of at most 1,000 items, unpublished ones too, by item and chunk id; unknown items have none."""

    async def count(self, organization_id: UUID) -> int:
        """How many chunks of this organization there are, of whichever model."""

    async def refresh(self) -> None:
        """Returns once everything put or removed here before is seen by the other calls."""

    async def close(self) -> None:
        """Gives up its connections."""
