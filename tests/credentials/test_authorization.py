"""Who may do what: every kind of caller at every mutation and at every root field."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from shared import ids
from shared.auth import Viewer
from shared.jobs import begin_job
from tests.conftest import Subgraph, Tenant
from tests.credentials.certificates_kit import certificates, complete, new_template
from tests.credentials.conftest import earn, nothing_changes, students, user_id

CALLERS = ("anonymous", "student", "teacher", "admin", "platform", "foreign")

CRITERIA = '[{kind: COMPLETE_COURSE, targetId: "%(course)s"}]'
MUTATIONS = {
    "createBadge": 'createBadge(input: {name: "New", description: "", criteria: ' + CRITERIA + "})",
    "updateBadge": 'updateBadge(input: {id: "%(badge)s", name: "Changed"})',
    "revokeAward": 'revokeAward(id: "%(award)s", reason: "Copied")',
    "createCertificateTemplate": 'createCertificateTemplate(input: {name: "New", courseId: "%(course)s"})',
    "updateCertificateTemplate": 'updateCertificateTemplate(input: {id: "%(template)s", name: "Changed"})',
    "archiveCertificateTemplate": 'archiveCertificateTemplate(id: "%(template)s")',
    "revokeCertificate": 'revokeCertificate(id: "%(certificate)s", reason: "Copied")',
    "issueCertificates": 'issueCertificates(input: {courseId: "%(course)s"})',
    "issueAwards": 'issueAwards(input: {badgeId: "%(badge)s", userIds: ["%(student)s"]})',
    "cancelJob": 'cancelJob(id: "%(job)s")',
}

# What becomes of it, in the order of CALLERS: a code of a top-level error, or the type of the answer.
OUTCOMES = {
    "createBadge": ("UNAUTHENTICATED", "FORBIDDEN", "Badge", "Badge", "FORBIDDEN", "InvalidInput"),
    "updateBadge": ("UNAUTHENTICATED", "FORBIDDEN", "Badge", "Badge", "NotFound", "NotFound"),
    "revokeAward": ("UNAUTHENTICATED", "FORBIDDEN", "FORBIDDEN", "Award", "NotFound", "NotFound"),
    "createCertificateTemplate": (
        *("UNAUTHENTICATED", "FORBIDDEN", "FORBIDDEN", "CertificateTemplate", "FORBIDDEN", "NotFound"),
    ),
    "updateCertificateTemplate": (
        *("UNAUTHENTICATED", "FORBIDDEN", "FORBIDDEN", "CertificateTemplate", "NotFound", "NotFound"),
    ),
    "archiveCertificateTemplate": (
        *("UNAUTHENTICATED", "FORBIDDEN", "FORBIDDEN", "CertificateTemplate", "NotFound", "NotFound"),
    ),
    "revokeCertificate": ("UNAUTHENTICATED", "FORBIDDEN", "FORBIDDEN", "Certificate", "NotFound", "NotFound"),
    "issueCertificates": ("UNAUTHENTICATED", "FORBIDDEN", "Job", "Job", "NotFound", "NotFound"),
    "issueAwards": ("UNAUTHENTICATED", "FORBIDDEN", "Job", "Job", "NotFound", "NotFound"),
    "cancelJob": ("UNAUTHENTICATED", "FORBIDDEN", "NotFound", "Job", "NotFound", "NotFound"),
}
DONE = ("Badge", "Award", "Certificate", "CertificateTemplate", "Job")


def caller(kind: str, tenant: Tenant, stranger: Tenant, root: Viewer) -> Viewer | None:
    """Somebody of this kind."""
    found: dict[str, Viewer | None] = {"anonymous": None, "platform": root, "foreign": stranger.admin}
    return found[kind] if kind in found else getattr(tenant, kind)


async def certified(credentials: Subgraph, tenant: Tenant, course_id: UUID) -> dict[str, str]:
    """A certificate of the tenant's student, its template, and a job of the admin that no worker takes."""
    template = await new_template(credentials, tenant)
    await complete(credentials, tenant, course_id, tenant.student)
    (certificate,) = await certificates(credentials, tenant.student)
    async with credentials.platform.database.begin(tenant.admin) as session:
        job = await begin_job(session, tenant.admin, "nothing", {}, [ids.new_id()])
    found = {"template": template["id"], "certificate": certificate["id"], "student": user_id(tenant.student)}
    return found | {"job": ids.encode("job", job.id)}


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
    places |= await certified(credentials, tenant, course_id)
    document = f"mutation {{ {MUTATIONS[mutation] % places} {{ __typename }} }}"
    who = caller(kind, tenant, stranger, root)
    if outcome in DONE:
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
