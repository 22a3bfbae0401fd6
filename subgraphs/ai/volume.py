"""Ai's part of the big data set (`shared.volume`): items with their vectors, and what the others would have told of
courses, people and what they have completed."""

from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack

from shared.model import Embeddings, Model, chunks_of, open_model
from shared.postgres import Database
from shared.vectors import Vector
from shared.volume.copying import Copying, copying
from shared.volume.plan import COURSES, ENROLLMENTS, ITEMS, Tenant, tenants
from shared.volume.plan import Course as PlannedCourse
from shared.volume.texts import ASPECTS, SUBJECTS, lesson
from subgraphs.ai.models import Completion, Course, Enrollment, Item
from subgraphs.ai.runtime import vectors_in
from subgraphs.ai.services.embedding import vectors_for
from subgraphs.ai.settings import Settings

_ITEM = "organization_id id course_id module_id version title tags text"

Embedded = dict[str, tuple[list[str], Embeddings]]
"""The chunks of each different lesson and their embeddings, by its title."""


async def seed(progress: Callable[[int, int], None]) -> int:
    """Writes all of it into empty tables; returns the rows. The model is asked once for each different text."""
    settings = Settings.load()
    async with copying("ai", progress) as copy, AsyncExitStack() as resources:
        copy.expect(COURSES * (1 + 2 * ITEMS) + 2 * ENROLLMENTS)
        database = Database("ai", settings)
        resources.push_async_callback(database.close)
        model = open_model(settings)
        resources.push_async_callback(model.close)
        vectors = vectors_in(settings, database, model)
        resources.push_async_callback(vectors.close)
        embedded = await _embedded(model)
        for tenant in tenants():
            await _rows(copy, tenant)
            for course in tenant.courses:
                await vectors.put(_vectors(tenant, course, embedded))
                copy.note(ITEMS)
        return copy.done


async def _rows(copy: Copying, tenant: Tenant) -> None:
    await copy.rows(Course, "organization_id id is_open module_ids", _courses(tenant))
    await copy.rows(Item, _ITEM, _items(tenant))
    await copy.rows(Enrollment, "organization_id id course_id user_id", _enrollments(tenant))
    await copy.rows(Completion, "organization_id id item_id user_id", _completions(tenant))


async def _embedded(model: Model) -> Embedded:
    lessons = (lesson(course, item) for course in range(len(SUBJECTS)) for item in range(len(ASPECTS)))
    chunks = {it.title: chunks_of(it.title, it.text) for it in lessons}
    return {title: (texts, await model.embed(texts)) for title, texts in chunks.items()}


def _vectors(tenant: Tenant, course: PlannedCourse, embedded: Embedded) -> Iterator[Vector]:
    for place, (_, id, module_id) in enumerate(course.items):
        it = lesson(course.number, place)
        item = Item(organization_id=tenant.id, id=id, course_id=course.id, module_id=module_id, version=1)
        yield from vectors_for(item, *embedded[it.title])


def _courses(tenant: Tenant) -> Iterator[tuple[object, ...]]:
    for course in tenant.courses:
        yield tenant.id, course.id, True, list(course.module_ids)


def _items(tenant: Tenant) -> Iterator[tuple[object, ...]]:
    for course in tenant.courses:
        for place, (_, id, module_id) in enumerate(course.items):
            it = lesson(course.number, place)
            yield tenant.id, id, course.id, module_id, 1, it.title, it.tags, it.text


def _enrollments(tenant: Tenant) -> Iterator[tuple[object, ...]]:
    for it in tenant.enrollments:
        yield tenant.id, it.id, it.course.id, it.person.id


def _completions(tenant: Tenant) -> Iterator[tuple[object, ...]]:
    for it, place in tenant.completions:
        yield tenant.id, it.completion_id(place), it.course.item_ids[place], it.person.id
