"""The plan of the big data set: as large as it says, the same each time, and every id once."""

from itertools import pairwise

from shared import ids
from shared.auth import Role
from shared.volume import plan, texts


def test_it_is_as_large_as_it_says() -> None:
    tenants = list(plan.tenants())
    numbers = [it.number for tenant in tenants for it in tenant.enrollments]
    assert numbers == list(range(plan.ENROLLMENTS))
    assert len(tenants) == plan.TENANTS
    assert [person.number for tenant in tenants for person in tenant.people] == list(range(plan.PEOPLE))
    assert [course.number for tenant in tenants for course in tenant.courses] == list(range(plan.COURSES))


def test_one_tenant_has_much_and_the_others_a_long_tail() -> None:
    sizes = [len(tenant.people) for tenant in plan.tenants()]
    assert sizes[0] > 0.25 * plan.PEOPLE
    assert sizes == sorted(sizes, reverse=True)
    assert all({person.role for person in tenant.people} == set(Role) - {Role.SUPER_ADMIN} for tenant in plan.tenants())


def test_every_id_is_there_once() -> None:
    tenant = list(plan.tenants())[-1]
    found = [tenant.id]
    found += [id for person in tenant.people for id in (person.id, person.membership_id)]
    for course in tenant.courses:
        found += [course.id, *course.module_ids, *course.item_ids, *course.assessment_ids, *course.badge_ids]
    found += [id for it in tenant.enrollments for id in (it.id, it.attempt_id)]
    found += [it.completion_id(place) for it, place in tenant.completions]
    assert len(set(found)) == len(found)
    assert {id.version for id in found} == {7}


def test_nobody_is_in_a_course_twice_and_things_happen_after_one_another() -> None:
    tenant = list(plan.tenants())[-1]
    pairs = {(it.person.id, it.course.id) for it in tenant.enrollments}
    assert len(pairs) == len(tenant.enrollments)
    assert all(one.id < other.id for one, other in pairwise(tenant.enrollments))
    for it, place in tenant.completions:
        assert plan.time_of(it.at) < plan.time_of(it.completed_at(place)) == ids.time_of(it.completion_id(place))


def test_another_run_makes_the_same() -> None:
    one, other = list(plan.tenants())[-1], list(plan.tenants())[-1]
    assert one.enrollments == other.enrollments
    assert texts.lesson(7, 3) == texts.lesson(7 + len(texts.SUBJECTS) * len(texts.DIFFICULTIES), 3)
