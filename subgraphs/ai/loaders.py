"""Batched reads of ai: where the viewer may look, what is similar to items, and what to do next."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
from sqlalchemy import ARRAY, Select, Uuid, cast, func, null, nulls_first, select, text, union_all
from sqlalchemy.dialects.postgresql import aggregate_order_by

from shared.context import Context
from shared.statements import VIEWER, among, kept
from shared.vectors import SimilarQuery
from subgraphs.ai import recommending
from subgraphs.ai.models import Completion, Course, Enrollment, Item
from subgraphs.ai.recommending import Chunks, CourseItem
from subgraphs.ai.runtime import vectors_of

_COMPARING = 100  # rows of the request's budget for each item that is compared with all others

_IDS: Any = ARRAY(Uuid)
_NO_ID, _NO_IDS = cast(null(), Uuid), cast(null(), _IDS)


def _enrolled(*columns: Any) -> Select[Any]:
    return select(*columns).join(Enrollment, Enrollment.course_id == Course.id)


_OPEN = _enrolled(Course.id, Enrollment.user_id).where(among(Enrollment.user_id), Course.is_open)


class Match(NamedTuple):
    """An item that is near something."""

    item_id: UUID
    score: float
    """Cosine similarity, from -1 to 1."""


async def readable_courses(context: Context) -> frozenset[UUID] | None:
    """The courses whose items the viewer may find: None is all of them, which is for teachers."""
    if "write:course" in context.viewer.scopes:
        return None
    found: frozenset[UUID] = await context.load.add("courses", partial(_courses, context)).load(context.viewer.user_id)
    return found


async def similar_items(context: Context, item_id: UUID, first: int) -> list[Match]:
    """What is near an item; nothing for one that the viewer may not find."""
    found: list[Match] = await context.load.add(("similar", first), partial(_similar, context, first)).load(item_id)
    return found


async def recommended_items(context: Context, first: int) -> list[Match]:
    """What the viewer might do next."""
    found: list[Match] = await context.load.add("recommended", partial(_recommended, context)).load(first)
    return found


async def _courses(context: Context, user_ids: list[UUID]) -> Sequence[frozenset[UUID]]:
    found: dict[UUID, set[UUID]] = defaultdict(set)
    for row in await context.read(_OPEN, keys=user_ids):
        found[row.user_id].add(row.id)
    return [frozenset(found[user_id]) for user_id in user_ids]


async def _similar(context: Context, first: int, item_ids: list[UUID]) -> Sequence[list[Match]]:
    organization_id, courses = context.viewer.organization_id, await readable_courses(context)
    if organization_id is None or first == 0 or courses == frozenset():
        return [[] for _ in item_ids]
    context.load.spend(_COMPARING * len(item_ids))
    query = SimilarQuery(item_ids=frozenset(item_ids), course_ids=courses, first=first)
    found = await vectors_of(context.platform).similar(organization_id, query)
    return [[Match(hit.item_id, hit.similarity) for hit in found.get(item_id, ())] for item_id in item_ids]


async def _recommended(context: Context, firsts: list[int]) -> Sequence[list[Match]]:
    courses, done = await _learned(context)
    left = recommending.candidates(courses, set(done))
    reached = recommending.within_reach(left, max(firsts))
    if not reached:
        return [[] for _ in firsts]
    recent = done[: recommending.RECENT]
    chunks = await _chunks(context, {*recent, *(candidate.item_id for candidate in reached)}) if recent else {}
    found = [Match(*pair) for pair in recommending.ranked(reached, recent, chunks)]
    return [found[:first] for first in firsts]


async def _learned(context: Context) -> tuple[list[tuple[Sequence[UUID], list[CourseItem]]], list[UUID]]:
    """The viewer's courses, in the order they were joined, and what the viewer has finished, the last first."""
    viewer = context.viewer
    rows = await context.read(_learning("write:course" in viewer.scopes), viewer=viewer.user_id)
    context.load.spend(sum(len(row.item_ids or ()) for row in rows))
    found = [(row.modules, list(map(CourseItem, row.item_ids, row.module_ids))) for row in rows[1:]]
    return found, rows[0].item_ids or []


@kept
def _learning(drafts: bool) -> Any:
    """First a row with what the viewer has finished, then one for each of their courses that has items."""
    last_first = aggregate_order_by(Completion.item_id, Completion.id.desc())
    finished = select(*_row(func.array_agg(last_first, type_=_IDS))).where(Completion.user_id == VIEWER)
    row = _row(func.array_agg(Item.id), func.array_agg(Item.module_id), Course.module_ids, Enrollment.id)
    courses = _enrolled(*row).join(Item, Item.course_id == Course.id).where(Enrollment.user_id == VIEWER)
    if not drafts:
        courses = courses.where(Course.is_open)
    return union_all(finished, courses.group_by(Enrollment.id, Course.module_ids)).order_by(nulls_first(text("joined")))


def _row(item_ids: Any, module_ids: Any = _NO_IDS, modules: Any = _NO_IDS, joined: Any = _NO_ID) -> list[Any]:
    """What `_learning` selects: items and the module of each, the modules in their order, and the enrolment."""
    names = {"item_ids": item_ids, "module_ids": module_ids, "modules": modules, "joined": joined}
    return [column.label(name) for name, column in names.items()]


async def _chunks(context: Context, item_ids: Iterable[UUID]) -> dict[UUID, Chunks]:
    assert context.viewer.organization_id
    found: dict[UUID, list[object]] = defaultdict(list)
    for vector in await vectors_of(context.platform).of_items(context.viewer.organization_id, item_ids):
        found[vector.item_id].append(vector.embedding)
    return {item_id: np.array(embeddings, np.float32) for item_id, embeddings in found.items()}
