"""Catalog's part of the big data set (`shared.volume`): courses and enrolments, and what identity and content would
have told of members and items."""

from collections.abc import Callable, Iterator

from shared.volume import texts
from shared.volume.copying import copying
from shared.volume.plan import COURSES, ENROLLMENTS, ITEMS, MODULES, PEOPLE, Enrollment, Tenant, tenants, time_of
from subgraphs.catalog.models import (
    Course,
    CourseStatus,
    EnrollmentStatus,
    ItemCompletion,
    Member,
    Module,
    RequiredItem,
)
from subgraphs.catalog.models import Enrollment as EnrollmentRow

_ENROLLMENT = "organization_id id course_id user_id status progress started_at completed_at"


async def seed(progress: Callable[[int, int], None]) -> int:
    """Writes all of it into empty tables; returns the rows."""
    async with copying("catalog", progress) as copy:
        copy.expect(COURSES * (1 + len(MODULES) + ITEMS) + PEOPLE + 2 * ENROLLMENTS)
        for tenant in tenants():
            await copy.rows(Course, "organization_id id slug title description status", _courses(tenant))
            await copy.rows(Module, "organization_id id course_id title position", _modules(tenant))
            await copy.rows(RequiredItem, "organization_id id course_id", _items(tenant))
            await copy.rows(Member, "organization_id id user_id role", _members(tenant))
            await copy.rows(EnrollmentRow, _ENROLLMENT, _enrollments(tenant))
            await copy.rows(ItemCompletion, "organization_id id item_id course_id user_id", _completions(tenant))
        return copy.done


def _courses(tenant: Tenant) -> Iterator[tuple[object, ...]]:
    for course in tenant.courses:
        title, description = texts.course_title(course.number), texts.course_description(course.number)
        slug = f"course-{course.number + 1}"
        yield tenant.id, course.id, slug, title, description, CourseStatus.PUBLISHED.value


def _modules(tenant: Tenant) -> Iterator[tuple[object, ...]]:
    for course in tenant.courses:
        for position, id in enumerate(course.module_ids, start=1):
            yield tenant.id, id, course.id, f"Part {position}", position


def _items(tenant: Tenant) -> Iterator[tuple[object, ...]]:
    for course in tenant.courses:
        for id in course.item_ids:
            yield tenant.id, id, course.id


def _members(tenant: Tenant) -> Iterator[tuple[object, ...]]:
    for person in tenant.people:
        yield tenant.id, person.membership_id, person.id, person.role.value


def _enrollments(tenant: Tenant) -> Iterator[tuple[object, ...]]:
    for it in tenant.enrollments:
        yield tenant.id, it.id, it.course.id, it.person.id, *_standing(it)


def _standing(it: Enrollment) -> tuple[object, ...]:
    if it.completed == ITEMS:
        return EnrollmentStatus.COMPLETED.value, 1.0, time_of(it.at), time_of(it.completed_at(ITEMS - 1))
    return EnrollmentStatus.ACTIVE.value, it.progress, time_of(it.at), None


def _completions(tenant: Tenant) -> Iterator[tuple[object, ...]]:
    for it, place in tenant.completions:
        yield tenant.id, it.completion_id(place), it.course.item_ids[place], it.course.id, it.person.id
