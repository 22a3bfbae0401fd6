"""Content's part of the big data set (`shared.volume`): items with their texts, what people have completed, what
catalog would have told of courses and people, and the search index."""

from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack

from shared.documents import Documents, open_store
from shared.postgres import Database
from shared.search import open_search
from shared.volume.copying import Copying, copying
from shared.volume.plan import COURSES, ENROLLMENTS, ITEMS, MODULES, Kind, Tenant, tenants, time_of, volume_id
from shared.volume.texts import lesson
from subgraphs.content.documents import ItemText
from subgraphs.content.models import Completion, Course, Enrollment, Item, Module, Version
from subgraphs.content.runtime import texts_in
from subgraphs.content.search import put_all
from subgraphs.content.settings import Settings

_ITEM = (
    "organization_id id course_id module_id type title difficulty tags duration_minutes version text_id published_at "
    "revision"
)
_VERSION = "organization_id id item_id number title text_id published_at"
_AT_ONCE = 500


async def seed(progress: Callable[[int, int], None]) -> int:
    """Writes all of it into empty tables; returns the rows."""
    settings = Settings.load()
    async with copying("content", progress) as copy, AsyncExitStack() as resources:
        copy.expect(COURSES * (1 + len(MODULES) + 4 * ITEMS) + 2 * ENROLLMENTS)
        database = Database("content", settings)
        resources.push_async_callback(database.close)
        store = open_store("content", settings.mongodb_url, database)
        resources.push_async_callback(store.close)
        search = open_search(settings.elasticsearch_url, database)
        resources.push_async_callback(search.close)
        for tenant in tenants():
            await _rows(copy, tenant)
            await _texts(copy, texts_in(store), tenant)
        async for count, _ in put_all(database, search, texts_in(store)):
            copy.note(count)
        return copy.done


async def _rows(copy: Copying, tenant: Tenant) -> None:
    await copy.rows(Course, "organization_id id is_open", _courses(tenant))
    await copy.rows(Module, "organization_id id course_id", _modules(tenant))
    await copy.rows(Item, _ITEM, _items(tenant))
    await copy.rows(Version, _VERSION, _versions(tenant))
    await copy.rows(Enrollment, "organization_id id course_id user_id", _enrollments(tenant))
    await copy.rows(Completion, "organization_id id item_id user_id completed_at", _completions(tenant))


async def _texts(copy: Copying, texts: Documents[ItemText], tenant: Tenant) -> None:
    found = [
        ItemText(
            id=volume_id(Kind.TEXT, number),
            organization_id=tenant.id,
            item_id=item_id,
            text=lesson(course.number, place).text,
        )
        for course in tenant.courses
        for place, (number, item_id, _) in enumerate(course.items)
    ]
    for start in range(0, len(found), _AT_ONCE):
        await texts.insert(tenant.id, found[start : start + _AT_ONCE])
        copy.note(len(found[start : start + _AT_ONCE]))


def _courses(tenant: Tenant) -> Iterator[tuple[object, ...]]:
    for course in tenant.courses:
        yield tenant.id, course.id, True


def _modules(tenant: Tenant) -> Iterator[tuple[object, ...]]:
    for course in tenant.courses:
        for id in course.module_ids:
            yield tenant.id, id, course.id


def _items(tenant: Tenant) -> Iterator[tuple[object, ...]]:
    for course in tenant.courses:
        for place, (number, id, module_id) in enumerate(course.items):
            it, text_id = lesson(course.number, place), volume_id(Kind.TEXT, number)
            shown = (it.type, it.title, it.difficulty, it.tags, it.minutes)
            yield tenant.id, id, course.id, module_id, *shown, 1, text_id, tenant.began, 1


def _versions(tenant: Tenant) -> Iterator[tuple[object, ...]]:
    for course in tenant.courses:
        for place, (number, item_id, _) in enumerate(course.items):
            id, text_id = volume_id(Kind.VERSION, number), volume_id(Kind.TEXT, number)
            yield tenant.id, id, item_id, 1, lesson(course.number, place).title, text_id, tenant.began


def _enrollments(tenant: Tenant) -> Iterator[tuple[object, ...]]:
    for it in tenant.enrollments:
        yield tenant.id, it.id, it.course.id, it.person.id


def _completions(tenant: Tenant) -> Iterator[tuple[object, ...]]:
    for it, place in tenant.completions:
        id, item_id = it.completion_id(place), it.course.item_ids[place]
        yield tenant.id, id, item_id, it.person.id, time_of(it.completed_at(place))
