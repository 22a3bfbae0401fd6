"""What the graph refuses, and that each refusal says why in a code that clients can act on."""

from typing import Any

import pytest

from shared import ids
from tests.graph.clients import PRESENCE, Graph, codes_of
from tests.graph.school import CREATE_COURSE, ENROLL, PUBLISH, School

BY_ID = """
query($id: ID!) {
  course(id: $id) { id }
  organization(id: $id) { id }
  user(id: $id) { id }
  enrollment(id: $id) { id }
  node(id: $id) { __typename id }
}
"""
KINDS = ("course", "organization", "user", "enrollment", "module", "membership", "branch", "session", "badge")
MALFORMED = ["", "course_", "_", "nonsense", "course_\x00", "é" * 30, "../../etc/passwd", "{{7*7}}", "' OR 1=1 --"]
UNKNOWN = [ids.encode(kind, ids.new_id()) for kind in KINDS]


@pytest.mark.parametrize(
    ("field", "path"),
    [
        ("courses(first: 101) { totalCount }", ["courses"]),
        ("courses(first: -1) { totalCount }", ["courses"]),
        ('courses(after: "nonsense") { totalCount }', ["courses"]),
        ("organizations(first: 101) { totalCount }", ["organizations"]),
        ("viewer { organization { branches(first: 101) { totalCount } } }", ["viewer", "organization", "branches"]),
        ("viewer { organization { members(first: 101) { totalCount } } }", ["viewer", "organization", "members"]),
        ("viewer { organization { courses(first: 101) { totalCount } } }", ["viewer", "organization", "courses"]),
        ("viewer { user { enrollments(first: 101) { totalCount } } }", ["viewer", "user", "enrollments"]),
    ],
)
async def test_a_page_outside_its_limits_is_refused(graph: Graph, school: School, field: str, path: list[str]) -> None:
    answer = await graph.ask(f"{{ {field} }}", school.admin.token)
    assert answer.codes == ["BAD_USER_INPUT"]
    assert answer.body["errors"][0]["path"] == path


async def test_pages_of_presence_and_of_a_class_are_limited_too(graph: Graph, school: School) -> None:
    course = await school.course()
    query = "query($id: ID!) { course(id: $id) { title enrollments(first: 101) { totalCount } } }"
    answer = await graph.ask(query, school.teacher.token, id=course["id"])
    assert answer.codes == ["BAD_USER_INPUT"]
    assert answer.partial["course"] == {"title": course["title"], "enrollments": None}


@pytest.mark.parametrize("id", MALFORMED + UNKNOWN, ids=[*map(repr, MALFORMED), *(id.split("_")[0] for id in UNKNOWN)])
async def test_a_malformed_id_answers_like_an_unknown_one(graph: Graph, school: School, id: str) -> None:
    read = await graph.ask(BY_ID, school.admin.token, id=id)
    assert read.data == {"course": None, "organization": None, "user": None, "enrollment": None, "node": None}
    published = await graph.ask(PUBLISH, school.teacher.token, id=id)
    assert published.data["publishCourse"] == {"__typename": "NotFound", "code": "NOT_FOUND"}
    assert (await school.enroll(id))["__typename"] == "NotFound"


async def test_somebody_who_is_not_there_cannot_be_enrolled(graph: Graph, school: School) -> None:
    course = await school.course()
    for user in (*MALFORMED, *UNKNOWN):
        assert (await school.enroll(course["id"], user))["__typename"] == "InvalidInput"
    assert (await school.enroll((await school.course(published=False))["id"]))["__typename"] == "CourseNotOpen"


@pytest.mark.parametrize(
    ("query", "scope"),
    [
        ('mutation { createCourse(input: {title: "Mine", slug: "mine"}) { __typename } }', "write:course"),
        ('mutation { publishCourse(id: "course_01h455vb4pex5vsknk084sn02q") { __typename } }', "write:course"),
        ('mutation { archiveCourse(id: "course_01h455vb4pex5vsknk084sn02q") { __typename } }', "delete:course"),
        ('mutation { updateCourse(input: {id: "x", title: "Mine"}) { __typename } }', "write:course"),
        ('mutation { removeMember(id: "membership_01h455vb4pex5vsknk084sn02q") { __typename } }', "manage:users"),
        (
            'mutation { addMember(input: {email: "a@b.example", displayName: "A", role: ADMIN}) { __typename } }',
            "manage:users",
        ),
        ('mutation { deleteBranch(id: "branch_01h455vb4pex5vsknk084sn02q") { __typename } }', "manage:organization"),
    ],
)
async def test_a_student_cannot_do_what_teachers_and_admins_do(
    graph: Graph, school: School, query: str, scope: str
) -> None:
    student = await school.add()
    answer = await graph.ask(query, student.token)
    assert answer.codes == ["FORBIDDEN"]
    assert scope in answer.body["errors"][0]["message"]


@pytest.mark.parametrize(
    ("query", "hidden"),
    [
        ("{ courses(first: 1) { edges { node { enrollments { totalCount } } } } }", 1),
        ("{ viewer { organization { courses(first: 1) { edges { node { enrollments { totalCount } } } } } } }", 1),
        ("{ viewer { organization { members { totalCount } settings { key } } } }", 2),
        ("{ viewer { user { enrollments { edges { node { course { enrollments { totalCount } } } } } } } }", 1),
    ],
)
async def test_a_nested_path_obeys_the_same_rule(graph: Graph, school: School, query: str, hidden: int) -> None:
    student, course = await school.add(), await school.course()
    await school.enroll(course["id"], token=student.token)
    answer = await graph.ask(query, student.token)
    assert answer.codes == ["FORBIDDEN"] * hidden
    assert answer.partial is not None


async def test_others_are_shown_by_name_only(graph: Graph, school: School) -> None:
    student, other = await school.add(), await school.add()
    query = "query($id: ID!) { user(id: $id) { displayName email memberships { role } enrollments { totalCount } } }"
    answer = await graph.ask(query, student.token, id=other.id)
    assert answer.partial == {
        "user": {"displayName": other.name, "email": None, "memberships": None, "enrollments": None}
    }
    assert answer.codes == ["FORBIDDEN", "FORBIDDEN"]


ANONYMOUS = {
    "course": '{ course(id: "x") { id } }',
    "courses": "{ courses { totalCount } }",
    "enrollment": '{ enrollment(id: "x") { id } }',
    "organization": '{ organization(slug: "demo") { name } }',
    "organizations": "{ organizations { totalCount } }",
    "user": '{ user(id: "x") { displayName } }',
    "node": '{ node(id: "x") { id } }',
    "createCourse": 'mutation { createCourse(input: {title: "Mine", slug: "mine"}) { __typename } }',
    "publishCourse": 'mutation { publishCourse(id: "x") { __typename } }',
    "enroll": 'mutation { enroll(input: {courseId: "x"}) { __typename } }',
    "withdraw": 'mutation { withdraw(id: "x") { __typename } }',
    "logout": "mutation { logout }",
    "addMember": 'mutation { addMember(input: {email: "a@b.example", displayName: "A", role: ADMIN}) { __typename } }',
    "updateProfile": 'mutation { updateProfile(input: {displayName: "A"}) { __typename } }',
}


@pytest.mark.parametrize("field", ANONYMOUS)
async def test_nobody_in_particular_learns_nothing(graph: Graph, field: str) -> None:
    answer = await graph.ask(ANONYMOUS[field])
    assert answer.codes == ["UNAUTHENTICATED"]
    assert answer.body["errors"][0]["path"] == [field]
    assert not any((answer.partial or {}).values())


async def test_only_the_viewer_is_null_for_nobody(graph: Graph) -> None:
    assert (await graph.ask("{ viewer { scopes } }")).data == {"viewer": None}


@pytest.mark.parametrize("way", ["watch", "watch_sse"])
@pytest.mark.parametrize(("signed_in", "code"), [(False, "UNAUTHENTICATED"), (True, "NOT_FOUND")])
async def test_a_stream_of_nothing_ends_with_its_reason(
    graph: Graph, school: School, way: str, signed_in: bool, code: str
) -> None:
    token = school.teacher.token if signed_in else None
    for id in ("nonsense", UNKNOWN[0], school.teacher.id):
        async with getattr(graph, way)(PRESENCE, token, courseId=id) as feed:
            assert codes_of(await feed.end(within=5)) == [code]


@pytest.mark.parametrize(
    ("query", "variables"),
    [
        ("query($id: ID!) { course(id: $id) { id } }", {}),
        ("query($first: Int) { courses(first: $first) { totalCount } }", {"first": "many"}),
        ("query($first: Int) { courses(first: $first) { totalCount } }", {"first": 2**40}),
        (CREATE_COURSE, {"input": {"title": "No slug"}}),
        (CREATE_COURSE, {"input": {"title": "Odd", "slug": "odd", "organizationId": "x"}}),
        (ENROLL, {"input": None}),
        ("{ noSuchField }", {}),
        ("{ courses { totalCount }", {}),
        ("", {}),
    ],
)
async def test_a_request_that_makes_no_sense_is_the_clients_fault(
    graph: Graph, school: School, query: str, variables: dict[str, Any]
) -> None:
    answer = await graph.ask(query, school.teacher.token, **variables)
    assert answer.body["errors"]
    assert answer.partial is None
    assert "INTERNAL_SERVER_ERROR" not in answer.codes
    assert answer.status in (200, 400)


HOSTILE_TEXT = [
    "NUL \x00",
    "\ud800 alone",
    "\u202eright to left",
    "a" * 60_000,
    "%s %d {0} ${x}",
    "<script>",
    "👩‍🚀" * 50,
]


@pytest.mark.parametrize("text", HOSTILE_TEXT, ids=range(len(HOSTILE_TEXT)))
async def test_hostile_text_is_stored_as_it_is_or_refused(graph: Graph, school: School, text: str) -> None:
    input = {"title": text, "slug": f"hostile-{HOSTILE_TEXT.index(text)}"}
    answer = await graph.ask(CREATE_COURSE, school.teacher.token, input=input)
    if answer.partial is None:
        assert answer.codes in (["BAD_USER_INPUT"], ["BAD_REQUEST"])
    else:
        made = answer.data["createCourse"]
        assert made["__typename"] == "InvalidInput" or made["title"] == text
    found = await graph.ask(
        "query($t: String) { courses(filter: {text: $t}) { totalCount } }", school.admin.token, t=text
    )
    assert "INTERNAL_SERVER_ERROR" not in found.codes
