"""Who may do what: every kind of caller at every mutation and at every root field."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from shared import ids
from shared.auth import Viewer
from tests.conftest import Subgraph, Tenant
from tests.credentials.conftest import earn, nothing_changes, students

CALLERS = ("anonymous", "student", "teacher", "admin", "platform", "foreign")

CRITERIA = '[{kind: COMPLETE_COURSE, targetId: "%(course)s"}]'
MUTATIONS = {
    "createBadge": 'createBadge(input: {name: "New", description: "", criteria: ' + CRITERIA + "})",
    "updateBadge": 'updateBadge(input: {id: "%(badge)s", name: "Changed"})',
    "revokeAward": 'revokeAward(id: "%(award)s", reason: "Copied")',
}

# What becomes of it, in the order of CALLERS: a code of a top-level error, or the type of the answer.
OUTCOMES = {
    "createBadge": ("UNAUTHENTICATED", "FORBIDDEN", "Badge", "Badge", "FORBIDDEN", "InvalidInput"),
    "updateBadge": ("UNAUTHENTICATED", "FORBIDDEN", "Badge", "Badge", "NotFound", "NotFound"),
    "revokeAward": ("UNAUTHENTICATED", "FORBIDDEN", "FORBIDDEN", "Award", "NotFound", "NotFound"),
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
    credentials: Subgraph,
    tenant: Tenant,
    stranger: Tenant,
    root: Viewer,
    badge: dict[str, Any],
    course_id: UUID,
    mutation: str,
    kind: str,
    outcome: str,
) -> None:
    award = await earn(credentials, tenant, tenant.student, badge)
    places = {"course": ids.encode("course", course_id), "badge": badge["id"], "award": award["id"]}
    document = f"mutation {{ {MUTATIONS[mutation] % places} {{ __typename }} }}"
    who = caller(kind, tenant, stranger, root)
    if outcome in ("Badge", "Award"):
        assert (await credentials.ask(document, who)).data == {mutation: {"__typename": outcome}}
        return
    async with nothing_changes(credentials, tenant, stranger):
        answer = await credentials.ask(document, who)
    if outcome.isupper():
        assert answer.codes == [outcome]
        assert answer.body["data"] is None
    else:
        assert answer.data == {mutation: {"__typename": outcome}}


async def test_the_table_names_every_mutation(credentials: Subgraph) -> None:
    answer = await credentials.ask("{ __schema { mutationType { fields { name } } } }")
    assert {field["name"] for field in answer.data["__schema"]["mutationType"]["fields"]} == set(OUTCOMES)


async def test_nobody_reads_badges_without_signing_in_and_the_platform_sees_no_tenant(
    credentials: Subgraph, root: Viewer, badge: dict[str, Any]
) -> None:
    one, all_ = "query($id: ID!) { badge(id: $id) { id } }", "{ badges { totalCount edges { node { id } } } }"
    assert (await credentials.ask(one, None, id=badge["id"])).codes == ["UNAUTHENTICATED"]
    assert (await credentials.ask(all_, None)).codes == ["UNAUTHENTICATED"]
    assert (await credentials.ask(one, root, id=badge["id"])).data == {"badge": None}
    assert (await credentials.ask(all_, root)).data == {"badges": {"totalCount": 0, "edges": []}}


async def test_lists_of_other_types_are_refused_to_anonymous_callers_or_empty(
    credentials: Subgraph, tenant: Tenant, root: Viewer, badge: dict[str, Any], course_id: UUID
) -> None:
    await earn(credentials, tenant, tenant.student, badge)
    course = {"__typename": "Course", "id": ids.encode("course", course_id)}
    assert (await credentials.entities(None, "... on Course { badges { totalCount } }", course)).codes == [
        "UNAUTHENTICATED"
    ]
    assert tenant.student.user_id
    user = {"__typename": "User", "id": ids.encode("user", tenant.student.user_id)}
    found = await credentials.entities(root, "... on User { awards { totalCount edges { node { id } } } }", user)
    assert found.data["_entities"] == [{"awards": {"totalCount": 0, "edges": []}}]


async def test_progress_of_others_is_for_teachers_and_admins(
    credentials: Subgraph, tenant: Tenant, stranger: Tenant, root: Viewer, badge: dict[str, Any], course_id: UUID
) -> None:
    await earn(credentials, tenant, tenant.student, badge)
    async with credentials.platform.database.begin(tenant.admin) as session:
        enrollment_id = await session.scalar(text("SELECT id FROM enrollment"))
    enrollment = {"__typename": "Enrollment", "id": ids.encode("enrollment", enrollment_id)}
    selection = "... on Enrollment { badgeProgress { ratio badge { id } award { id } criteria { met } user { id } } }"
    (other,) = students(tenant, 1)
    for who, count in (
        (tenant.student, 1),
        (tenant.teacher, 1),
        (tenant.admin, 1),
        (other, 0),
        (stranger.admin, 0),
        (root, 0),
        (None, 0),
    ):
        found = (await credentials.entities(who, selection, enrollment)).data["_entities"][0]["badgeProgress"]
        assert [it["ratio"] for it in found] == [1] * count, who
        assert all(it["award"] for it in found)
