"""Credentials' part of the big data set (`shared.volume`): badges, facts about people and what comes of them, and what
the others would have told of courses, items, assessments and people."""

from collections.abc import Callable, Iterator
from itertools import count
from typing import NamedTuple
from uuid import UUID

import orjson

from shared.credentials.status import ENTRIES, MOST
from shared.volume.copying import Copying, copying
from shared.volume.plan import (
    COURSES,
    ENROLLMENTS,
    GOOD,
    ITEMS,
    PEOPLE,
    READER_ITEMS,
    TENANTS,
    Course,
    Enrollment,
    Kind,
    Tenant,
    code_of,
    tenants,
    time_of,
    volume_id,
)
from subgraphs.credentials import models
from subgraphs.credentials.models import CODE_LENGTH, CODE_LETTERS, AwardStatus, CriterionKind
from subgraphs.credentials.services.progress import share

_ITEMS, _COURSE, _QUIZ = CriterionKind.COMPLETE_ITEMS, CriterionKind.COMPLETE_COURSE, CriterionKind.PASS_ASSESSMENT

_BADGES: tuple[tuple[str, str, tuple[tuple[CriterionKind, float], ...]], ...] = (
    ("Reader", "Has completed half of the course.", ((_ITEMS, READER_ITEMS),)),
    ("Graduate", "Has completed the whole course.", ((_COURSE, 1),)),
    ("Examined", "Knows what the first lessons are about.", ((_ITEMS, 3), (_QUIZ, GOOD))),
)
"""Name, description and criteria of the badges of a course, which has the first one, two, or all of them."""

_CRITERION = "organization_id id badge_id position kind target_id course_id threshold"
_PROGRESS = "organization_id id badge_id user_id ratio values updated_at"
_EVIDENCE = "organization_id id kind user_id target_id subject_id course_id value made_at"
_AWARD = (
    "organization_id id badge_id user_id code status issued_at badge_name badge_description recipient_name "
    "recipient_email issuer_name status_list status_position"
)


class Standing(NamedTuple):
    """How far somebody is with a badge."""

    number: int
    place: int
    values: dict[str, float]
    ratio: float
    at: int


async def seed(progress: Callable[[int, int], None]) -> int:
    """Writes all of it into empty tables; returns the rows."""
    async with copying("credentials", progress) as copy:
        copy.expect(TENANTS + PEOPLE + COURSES * (6 + ITEMS) + 2 * ENROLLMENTS + ENROLLMENTS // 2)
        for tenant in tenants():
            await _known(copy, tenant)
            await copy.rows(models.Badge, "organization_id id course_id name description", _badges(tenant))
            await copy.rows(models.Criterion, _CRITERION, _criteria(tenant))
            await copy.rows(models.Evidence, _EVIDENCE, _evidence(tenant))
            await copy.rows(models.Progress, _PROGRESS, _progress(tenant))
            await copy.rows(models.Award, _AWARD, _awards(tenant))
        return copy.done


async def _known(copy: Copying, tenant: Tenant) -> None:
    """What the others tell."""
    own = tenant.id
    await copy.rows(models.Organization, "organization_id id name slug", [(own, own, tenant.name, tenant.slug)])
    people = ((own, it.id, it.name, it.email) for it in tenant.people)
    await copy.rows(models.Person, "organization_id id name email", people)
    courses = ((own, course.id, True) for course in tenant.courses)
    await copy.rows(models.Course, "organization_id id is_open", courses)
    items = ((own, id, it.id) for it in tenant.courses for id in it.item_ids)
    await copy.rows(models.RequiredItem, "organization_id id course_id", items)
    quizzes = ((own, id, it.id) for it in tenant.courses for id in it.assessment_ids)
    await copy.rows(models.Assessment, "organization_id id course_id", quizzes)
    enrolled = ((own, it.id, it.course.id, it.person.id, time_of(it.at)) for it in tenant.enrollments)
    await copy.rows(models.Enrollment, "organization_id id course_id user_id began_at", enrolled)


def _badges(tenant: Tenant) -> Iterator[tuple[object, ...]]:
    for course in tenant.courses:
        for id, (name, description, _) in zip(course.badge_ids, _BADGES, strict=False):
            yield tenant.id, id, course.id, name, description


def _criteria(tenant: Tenant) -> Iterator[tuple[object, ...]]:
    for course in tenant.courses:
        for place, badge_id in enumerate(course.badge_ids):
            for position, (kind, threshold) in enumerate(_BADGES[place][2]):
                target_id = course.assessment_ids[0] if kind == _QUIZ else course.id
                id = _criterion_id(course, place, position)
                yield tenant.id, id, badge_id, position, kind.value, target_id, course.id, threshold


def _criterion_id(course: Course, place: int, position: int) -> UUID:
    return volume_id(Kind.CRITERION, (course.number * len(_BADGES) + place) * 2 + position)


def _evidence(tenant: Tenant) -> Iterator[tuple[object, ...]]:
    for it in tenant.enrollments:
        person, course = it.person.id, it.course
        for place in range(it.completed):
            fact = (it.completion_id(place), _ITEMS.value, person, course.id, course.item_ids[place])
            yield tenant.id, *fact, course.id, 1.0, time_of(it.completed_at(place))
        if it.score is not None:
            fact = (it.attempt_id, _QUIZ.value, person, course.assessment_ids[0], it.attempt_id)
            yield tenant.id, *fact, course.id, it.score, time_of(it.tried_at)
        if it.completed == ITEMS:
            yield tenant.id, it.id, _COURSE.value, person, course.id, course.id, course.id, 1.0, time_of(it.at)


def _standings(it: Enrollment) -> Iterator[Standing]:
    """By all facts, as `services.progress` would count them: there is none before the first fact that counts."""
    reached = {_ITEMS: float(it.completed), _COURSE: float(it.completed == ITEMS), _QUIZ: it.score or 0.0}
    for place in range(len(it.course.badge_ids)):
        criteria = _BADGES[place][2]
        values = [reached[kind] for kind, _ in criteria]
        if any(values):
            named = {str(_criterion_id(it.course, place, position)): value for position, value in enumerate(values)}
            ratio = share((reached[kind], threshold) for kind, threshold in criteria)
            yield Standing(it.number * len(_BADGES) + place, place, named, ratio, it.tried_at)


def _progress(tenant: Tenant) -> Iterator[tuple[object, ...]]:
    for it in tenant.enrollments:
        for standing in _standings(it) if it.completed else ():
            id = volume_id(Kind.PROGRESS, standing.number, standing.at)
            badge_id, values = it.course.badge_ids[standing.place], orjson.dumps(standing.values).decode()
            yield tenant.id, id, badge_id, it.person.id, standing.ratio, values, time_of(standing.at)


def _awards(tenant: Tenant) -> Iterator[tuple[object, ...]]:
    taken = count()
    for it in tenant.enrollments:
        for standing in _standings(it) if it.completed else ():
            if standing.ratio >= 1:
                yield tenant.id, *_award(tenant, it, standing), *_place(next(taken))


def _award(tenant: Tenant, it: Enrollment, standing: Standing) -> tuple[object, ...]:
    name, description, _ = _BADGES[standing.place]
    id = volume_id(Kind.AWARD, standing.number, standing.at)
    code = code_of(it, standing.place, CODE_LETTERS, CODE_LENGTH)
    given = (id, it.course.badge_ids[standing.place], it.person.id, code, AwardStatus.VALID.value, time_of(standing.at))
    return *given, name, description, it.person.name, it.person.email, tenant.name


def _place(number: int) -> tuple[int, int]:
    """A list and a position in it, all over it: multiplying by an odd number takes each position once."""
    return 1 + number // MOST, number % MOST * 40_503 % ENTRIES
