"""Batched reads of ai: where the viewer may look, what is similar to items, and what to do next."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
from sqlalchemy import Select, select

from shared.context import Context
from shared.vectors import SimilarQuery
from subgraphs.ai import recommending
from subgraphs.ai.models import Completion, Course, Enrollment, Item
from subgraphs.ai.recommending import Chunks, CourseItem
from subgraphs.ai.runtime import vectors_of

_COMPARING = 100  # rows of the request's budget for each item that is compared with all others


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
    statement = _enrolled(Course.id, Enrollment.user_id).where(Enrollment.user_id.in_(user_ids), Course.is_open)
    found: dict[UUID, set[UUID]] = defaultdict(set)
    async with context.session() as session:
        for course_id, user_id in await session.execute(statement):
            found[user_id].add(course_id)
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
    courses = _enrolled(Course.id, Course.module_ids).where(Enrollment.user_id == viewer.user_id)
    if "write:course" not in viewer.scopes:
        courses = courses.where(Course.is_open)
    finished = select(Completion.item_id).where(Completion.user_id == viewer.user_id).order_by(Completion.id.desc())
    async with context.session() as session:
        modules = {row.id: row.module_ids for row in await session.execute(courses.order_by(Enrollment.id))}
        items = select(Item.id, Item.module_id, Item.course_id).where(Item.course_id.in_(modules))
        rows = (await session.execute(items)).all()
        done = list((await session.execute(finished)).scalars())
    context.load.spend(len(rows) + len(done))
    found: dict[UUID, list[CourseItem]] = {course_id: [] for course_id in modules}
    for row in rows:
        found[row.course_id].append(CourseItem(row.id, row.module_id))
    return [(modules[course_id], items) for course_id, items in found.items()], done


async def _chunks(context: Context, item_ids: Iterable[UUID]) -> dict[UUID, Chunks]:
    assert context.viewer.organization_id
    found: dict[UUID, list[object]] = defaultdict(list)
    for vector in await vectors_of(context.platform).of_items(context.viewer.organization_id, item_ids):
        found[vector.item_id].append(list(vector.embedding))
    return {item_id: np.array(embeddings, np.float32) for item_id, embeddings in found.items()}


def _enrolled(*columns: Any) -> Select[Any]:
    return select(*columns).join(Enrollment, Enrollment.course_id == Course.id)
