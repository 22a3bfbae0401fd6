"""Chunks as both engines keep them: checked, at length 1, and only those of an item's newest version."""

import math
import re
from array import array
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from uuid import UUID

from shared.vectors.protocol import Embedding, Vector

_TEXT_LENGTH = 2_000  # 8 KB at most, of the 40 KB of metadata that Pinecone keeps with a vector
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")  # all but tab and line feed

Items = dict[UUID, list[Vector]]
"""The chunks of each item."""


def unit(embedding: Embedding, dimensions: int) -> list[float]:
    """The embedding at length 1, rounded to float32.

    Raises ValueError when it has not this number of dimensions, is not finite, or has no direction.
    """
    values = [float(value) for value in embedding]
    if len(values) != dimensions:
        raise ValueError(f"An embedding of this model has {dimensions} dimensions, not {len(values)}")
    length = math.hypot(*values)
    if not math.isfinite(length) or length == 0:
        raise ValueError(f"An embedding must be finite and have a direction; the length of this one is {length}")
    return array("f", (value / length for value in values)).tolist()


def mean_of(embeddings: Sequence[Embedding]) -> list[float]:
    """The mean of embeddings of one size, at whatever length it has."""
    return [math.fsum(values) / len(embeddings) for values in zip(*embeddings, strict=True)]


def checked(vectors: Iterable[Vector], dimensions: int) -> dict[UUID, Items]:
    """What is to be stored, by organization and item: one version of an item, and one vector per chunk id.

    Raises ValueError when an embedding cannot be stored.
    """
    found: dict[UUID, dict[UUID, dict[UUID, Vector]]] = defaultdict(dict)
    for vector in vectors:
        chunks = found[vector.organization_id].setdefault(vector.item_id, {})
        there = next(iter(chunks.values())).version if chunks else vector.version
        if vector.version > there:
            chunks.clear()
        if vector.version >= there:
            embedding = unit(vector.embedding, dimensions)
            chunks[vector.id] = replace(vector, text=_cleaned(vector.text), embedding=embedding)
    return {
        organization_id: {item_id: list(chunks.values()) for item_id, chunks in items.items()}
        for organization_id, items in found.items()
    }


def _cleaned(text: str) -> str:
    return _CONTROLS.sub(" ", text[:_TEXT_LENGTH])
