"""Who may do what: every kind of caller at every mutation and guarded field, at the root and nested."""

from typing import Any

import pytest

from shared.auth import Viewer
from tests.catalog.conftest import archived_course, create_course, enroll, nothing_changes, open_course, students
from tests.conftest import Subgraph, Tenant

CALLERS = ("anonymous", "student", "teacher", "admin", "platform", "foreign")

MUTATIONS = {
    "createCourse": 'createCourse(input: {title: "New", slug: "brand-new"})',
    "updateCourse": 'updateCourse(input: {id: "%(draft)s", title: "Changed"})',
    "publishCourse": 'publishCourse(id: "%(draft)s")',
    "archiveCourse": 'archiveCourse(id: "%(open)s")',
    "enroll": 'enroll(input: {courseId: "%(open)s"})',
    "withdraw": 'withdraw(id: "%(enrollment)s")',
}

# What becomes of it, in the order of CALLERS: a code of a top-level error, or the type of the answer.
OUTCOMES = {
    "createCourse": ("UNAUTHENTICATED", "FORBIDDEN", "Course", "Course", "FORBIDDEN", "Course"),
    "updateCourse": ("UNAUTHENTICATED", "FORBIDDEN", "Course", "Course", "NotFound", "NotFound"),
    "publishCourse": ("UNAUTHENTICATED", "FORBIDDEN", "Course", "Course", "NotFound", "NotFound"),
    "archiveCourse": ("UNAUTHENTICATED", "FORBIDDEN", "FORBIDDEN", "Course", "NotFound", "NotFound"),
    "enroll": ("UNAUTHENTICATED", "Enrollment", "Enrollment", "Enrollment", "NotFound", "NotFound"),
    "withdraw": ("UNAUTHENTICATED", "NotFound", "FORBIDDEN", "Enrollment", "NotFound", "NotFound"),
}


def caller(kind: str, tenant: Tenant, stranger: Tenant, root: Viewer) -> Viewer | None:
    """Somebody of this kind."""
    found: dict[str, Viewer | None] = {"anonymous": None, "platform": root, "foreign": stranger.admin}
    return found[kind] if kind in found else getattr(tenant, kind)


@pytest.mark.parametrize(
    ("mutation", "kind", "outcome"),
    [(name, kind, outcome) for name, row in OUTCOMES.items() for kind, outcome in zip(CALLERS, row, strict=True)],
)
async def test_each_caller_gets_the_answer_of_the_table_and_refusals_change_nothing(
    catalog: Subgraph, tenant: Tenant, stranger: Tenant, root: Viewer, mutation: str, kind: str, outcome: str
) -> None:
    (somebody,) = students(tenant, 1)
    draft, opened = await create_course(catalog, tenant), await open_course(catalog, tenant)
    enrollment = await enroll(catalog, somebody, opened)
    places = {"draft": draft["id"], "open": opened["id"], "enrollment": enrollment["id"]}
    document = f"mutation {{ {MUTATIONS[mutation] % places} {{ __typename }} }}"
    who = caller(kind, tenant, stranger, root)
    if outcome in ("Course", "Enrollment"):
        answer = await catalog.ask(document, who)
        assert answer.data == {mutation: {"__typename": outcome}}
        return
    async with nothing_changes(catalog, tenant, stranger):
        answer = await catalog.ask(document, who)
    if outcome == "NotFound":
        assert answer.data == {mutation: {"__typename": "NotFound"}}
    else:
        assert answer.codes == [outcome]
        assert answer.body["data"] is None


async def test_the_table_names_every_mutation(catalog: Subgraph) -> None:
    answer = await catalog.ask("{ __schema { mutationType { fields { name } } } }")
    assert {field["name"] for field in answer.data["__schema"]["mutationType"]["fields"]} == set(OUTCOMES)


ROOTS = {
    "course": "{ course(id: $id) { __typename } }",
    "courses": "{ courses { totalCount } }",
    "enrollment": "{ enrollment(id: $id) { __typename } }",
}


@pytest.mark.parametrize("field", ROOTS)
async def test_nobody_reads_without_signing_in_and_the_platform_sees_no_tenant(
    catalog: Subgraph, tenant: Tenant, root: Viewer, course: dict[str, Any], field: str
) -> None:
    declared = "($id: ID!)" if "$id" in ROOTS[field] else ""
    query = f"query{declared} {ROOTS[field]}"
    made = await enroll(catalog, tenant.student, course)
    for id in (course["id"], made["id"]):
        assert (await catalog.ask(query, None, id=id)).codes == ["UNAUTHENTICATED"]
        assert (await catalog.ask(query, root, id=id)).data[field] in (None, {"totalCount": 0})


NESTED_FOR_STUDENTS = {
    "course": '{ course(id: "%s") { enrollments { totalCount } } }',
    "courses": "{ courses { edges { node { enrollments { totalCount } } } } } # %s",
    "own enrolment": '{ course(id: "%s") { viewerEnrollment { course { enrollments { totalCount } } } } }',
    "presence": '{ course(id: "%s") { presence { course { enrollments { totalCount } } } } }',
    "module": '{ course(id: "%s") { modules { course { enrollments { totalCount } } } } }',
    "organization": '{ course(id: "%s") '
    "{ organization { courses { edges { node { enrollments { totalCount } } } } } } }",
    "enroll": 'mutation { enroll(input: {courseId: "%s"}) '
    "{ ... on Enrollment { course { enrollments { totalCount } } } } }",
}


@pytest.mark.parametrize("path", NESTED_FOR_STUDENTS)
async def test_a_student_is_refused_the_list_of_students_on_every_path(
    catalog: Subgraph, tenant: Tenant, course: dict[str, Any], path: str
) -> None:
    await enroll(catalog, tenant.student, course)
    answer = await catalog.ask(NESTED_FOR_STUDENTS[path] % course["id"], tenant.student)
    assert set(answer.codes) == {"FORBIDDEN"}
    assert "totalCount" not in str(answer.body["data"])


async def test_guarded_fields_of_entities_are_refused_to_anonymous_callers(
    catalog: Subgraph, tenant: Tenant, course: dict[str, Any]
) -> None:
    representations = [
        {"__typename": "Organization", "id": (await _organization_id(catalog, tenant, course))},
        {"__typename": "User", "id": "user_01h455vb4pex5vsknk084sn02q"},
        {"__typename": "Course", "id": course["id"]},
    ]
    selection = (
        "... on Organization { courses { totalCount } } ... on User { enrollments { totalCount } } "
        "... on Course { enrollments { totalCount } }"
    )
    answer = await catalog.entities(None, selection, *representations)
    assert set(answer.codes) == {"UNAUTHENTICATED"}
    assert "totalCount" not in str(answer.body["data"])


async def test_a_teacher_sees_archived_courses_and_a_student_does_not(catalog: Subgraph, tenant: Tenant) -> None:
    course = await archived_course(catalog, tenant)
    query = "query($id: ID) { course(id: $id) { status } }"
    assert (await catalog.ask(query, tenant.teacher, id=course["id"])).data == {"course": {"status": "ARCHIVED"}}
    assert (await catalog.ask(query, tenant.student, id=course["id"])).data == {"course": None}


async def _organization_id(catalog: Subgraph, tenant: Tenant, course: dict[str, Any]) -> str:
    query = "query($id: ID) { course(id: $id) { organization { id } } }"
    answer = await catalog.ask(query, tenant.teacher, id=course["id"])
    return answer.data["course"]["organization"]["id"]
