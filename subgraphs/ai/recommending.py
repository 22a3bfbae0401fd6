"""What somebody might do next: pure functions of courses, of what is finished, and of vectors.

The rule: of a course, what is left of its first unfinished module comes before what is left of the second, and so on;
within such a step comes first what is nearest to what the learner has finished lately. Who has finished nothing gets
the first items of their courses.
"""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

RECENT = 20
"""How many finished items say what somebody is at."""

_WEIGHT = 0.9  # of an item, compared with the one that was finished after it
_MOST = 500

Chunks = NDArray[np.float32]
"""The vectors of an item's chunks, at length 1, in the shape (chunks, dimensions)."""


@dataclass(frozen=True, slots=True)
class CourseItem:
    """A published item."""

    id: UUID
    module_id: UUID


@dataclass(frozen=True, slots=True)
class Candidate:
    """An item that somebody has not finished."""

    item_id: UUID
    step: int
    """How many earlier modules of its course are not finished."""
    place: int
    """How many items of its course come before it that are not finished."""


def candidates(
    courses: Iterable[tuple[Sequence[UUID], Iterable[CourseItem]]], finished: AbstractSet[UUID]
) -> list[Candidate]:
    """What is left of courses, each given with its modules in order and its items."""
    found: list[Candidate] = []
    for module_ids, items in courses:
        position = {module_id: number for number, module_id in enumerate(module_ids)}
        left = [item for item in items if item.id not in finished]
        left.sort(key=lambda item: (position.get(item.module_id, len(position)), item.module_id, item.id))
        steps = {module_id: step for step, module_id in enumerate(dict.fromkeys(item.module_id for item in left))}
        found += [Candidate(item.id, steps[item.module_id], place) for place, item in enumerate(left)]
    return sorted(found, key=lambda candidate: (candidate.step, candidate.place))


def within_reach(candidates: Sequence[Candidate], first: int) -> Sequence[Candidate]:
    """Those that can be among so many first ones: whole steps, since it is within a step that nearness counts."""
    steps = {candidate.step for candidate in candidates[:first]}
    return [candidate for candidate in candidates if candidate.step in steps][:_MOST]


def ranked(
    candidates: Sequence[Candidate], recent: Sequence[UUID], chunks: Mapping[UUID, Chunks]
) -> list[tuple[UUID, float]]:
    """The candidates, best first, with the cosine between the nearest chunk of each and what was finished lately.

    `recent` begins with the last. The cosine is 0 where one of the two is not known.
    """
    profile = _profile([chunks[item_id] for item_id in recent if item_id in chunks])

    def score(candidate: Candidate) -> float:
        own = chunks.get(candidate.item_id)
        return 0.0 if profile is None or own is None else max(-1.0, min(1.0, float((own @ profile).max())))

    scored = [(candidate, score(candidate)) for candidate in candidates]
    scored.sort(key=lambda pair: (pair[0].step, -pair[1], pair[0].place))
    return [(candidate.item_id, score) for candidate, score in scored]


def _profile(finished: Sequence[Chunks]) -> NDArray[np.float32] | None:
    """The direction of what was finished, the last first."""
    if not finished:
        return None
    weights = _WEIGHT ** np.arange(len(finished))
    profile = weights @ np.stack([chunks.mean(axis=0) for chunks in finished])
    length = np.linalg.norm(profile)
    return (profile / length).astype(np.float32) if length > 0 else None
