"""Certificates: given once for each completed course, to be checked by anybody, printed, and taken back."""

import hashlib
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from shared import ids
from shared.auth import Role
from subgraphs.credentials import events
from tests.conftest import Subgraph, Tenant, viewer
from tests.credentials.certificates_kit import (
    ARCHIVE,
    OF_ENROLLMENT,
    REVOKE,
    UPDATE,
    certificates,
    complete,
    course_of,
    made,
    new_template,
)
from tests.credentials.conftest import (
    apply,
    course_done,
    emitted,
    join,
    named,
    new_course,
    nothing_changes,
    organization_named,
    rows,
    user_id,
    verify,
)
from tests.credentials.issuing_kit import awards_of, body, get, path_of
from tests.shared.certificates import codes, lines

DONE_AT = datetime(2026, 3, 14, 9, 30, tzinfo=UTC)


@pytest.fixture
async def template(credentials: Subgraph, tenant: Tenant) -> dict[str, Any]:
    """The tenant's default template."""
    return await new_template(credentials, tenant)


@pytest.fixture
async def certificate(
    credentials: Subgraph, tenant: Tenant, template: dict[str, Any], course_id: UUID
) -> dict[str, Any]:
    """The student's certificate."""
    await complete(credentials, tenant, course_id, tenant.student, completed_at=DONE_AT)
    (found,) = await certificates(credentials, tenant.student)
    return found


async def printed(credentials: Subgraph, certificate: dict[str, Any]) -> bytes:
    """The PDF of a certificate."""
    answer = await get(credentials, path_of(certificate["pdfUrl"]))
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/pdf"
    return answer.content


async def test_a_completed_course_is_certified(
    credentials: Subgraph, tenant: Tenant, certificate: dict[str, Any], template: dict[str, Any], course_id: UUID
) -> None:
    assert certificate["status"] == "VALID"
    assert certificate["course"]["id"] == course_of(course_id)
    assert certificate["user"]["id"] == user_id(tenant.student)
    assert certificate["completedAt"] == DONE_AT.isoformat()
    assert certificate["template"] is None  # of staff only
    (as_staff,) = await certificates(credentials, tenant.teacher, tenant.student)
    assert as_staff["template"]["id"] == template["id"]
    assert await emitted(credentials, tenant, "certificate.issued") == [
        {
            "id": str(ids.decode("certificate", certificate["id"])),
            "organizationId": str(tenant.id),
            "courseId": str(course_id),
            "userId": str(tenant.student.user_id),
        }
    ]
    assert await emitted(credentials, tenant, "award.issued") == []


async def test_it_is_given_once_however_often_the_event_comes(
    credentials: Subgraph, tenant: Tenant, certificate: dict[str, Any], course_id: UUID
) -> None:
    async with nothing_changes(credentials, tenant):
        await apply(credentials, tenant, course_done(tenant.student, course_id))


async def test_without_a_template_nothing_is_certified(credentials: Subgraph, tenant: Tenant, course_id: UUID) -> None:
    other = await new_course(credentials, tenant)
    await new_template(credentials, tenant, courseId=course_of(other))
    await new_template(credentials, tenant, isDefault=False)
    await complete(credentials, tenant, course_id, tenant.student)
    assert await certificates(credentials, tenant.student) == []
    await complete(credentials, tenant, other, tenant.student)
    assert [it["course"]["id"] for it in await certificates(credentials, tenant.student)] == [course_of(other)]


async def test_the_template_of_the_course_goes_before_the_default(
    credentials: Subgraph, tenant: Tenant, course_id: UUID, template: dict[str, Any]
) -> None:
    own = await new_template(credentials, tenant, courseId=course_of(course_id))
    await complete(credentials, tenant, course_id, tenant.student)
    assert (await made(credentials, ARCHIVE, tenant.admin, id=own["id"]))["archivedAt"]
    other = viewer(Role.STUDENT, tenant.id)
    await complete(credentials, tenant, course_id, other)
    used = [
        (await certificates(credentials, tenant.admin, who))[0]["template"]["id"] for who in (tenant.student, other)
    ]
    assert used == [own["id"], template["id"]]


async def test_whoever_completes_a_course_before_its_title_is_known_is_certified_then(
    credentials: Subgraph, tenant: Tenant, template: dict[str, Any]
) -> None:
    course_id = await new_course(credentials, tenant, title=None)
    await complete(credentials, tenant, course_id, tenant.student)
    assert await certificates(credentials, tenant.student) == []
    told = events.CourseCreated(id=course_id, organization_id=tenant.id, title="Late Latin")
    await apply(credentials, tenant, told)
    (found,) = await certificates(credentials, tenant.student)
    assert (await verify(credentials, found["code"]))["credential"]["name"] == "Late Latin"


async def test_an_enrolment_leads_to_it(
    credentials: Subgraph, tenant: Tenant, template: dict[str, Any], course_id: UUID
) -> None:
    others = [viewer(Role.STUDENT, tenant.id) for _ in range(3)]
    made_ids = await join(credentials, tenant, course_id, *others)
    await complete(credentials, tenant, course_id, *others[:2])
    keys = [{"__typename": "Enrollment", "id": ids.encode("enrollment", it)} for it in made_ids]
    answer = await credentials.entities(tenant.teacher, OF_ENROLLMENT, *keys)
    found = [it["certificate"] for it in answer.data["_entities"]]
    assert [it and it["user"]["id"] for it in found] == [user_id(others[0]), user_id(others[1]), None]
    own = (await credentials.entities(others[0], OF_ENROLLMENT, *keys)).data["_entities"]
    assert [it["certificate"] is None for it in own] == [False, True, True]


async def test_anybody_may_check_it(credentials: Subgraph, certificate: dict[str, Any]) -> None:
    found = await verify(credentials, certificate["code"])
    assert found["valid"]
    assert found["credential"]["name"] == "Astronomy"
    assert found["credential"]["recipientName"] == "Learner 0"
    page = await get(credentials, path_of(certificate["verificationUrl"]))
    assert "<dt>Course</dt><dd><bdi>Astronomy</bdi></dd>" in page.text
    assert certificate["pdfUrl"] in page.text
    document = body(await get(credentials, f"/credentials/{certificate['code']}"))
    achievement = document["credentialSubject"]["achievement"]
    assert achievement["achievementType"] == "CertificateOfCompletion"
    assert achievement["criteria"] == {"narrative": "Complete the course."}
    described = body(await get(credentials, path_of(achievement["id"]), "application/json"))
    assert described["achievementType"] == "CertificateOfCompletion"


async def test_it_is_not_among_badges_and_awards(
    credentials: Subgraph, tenant: Tenant, certificate: dict[str, Any], course_id: UUID
) -> None:
    query = "query($id: ID!) { badges(first: 100) { totalCount } of: badges(courseId: $id) { totalCount } }"
    for who in tenant.people:
        found = (await credentials.ask(query, who, id=course_of(course_id))).data
        assert (found["badges"]["totalCount"], found["of"]["totalCount"]) == (0, 0)
    assert await awards_of(credentials, tenant.student) == []
    revoke = 'mutation($id: ID!) { revokeAward(id: $id, reason: "x") { __typename } }'
    uuid = ids.decode("certificate", certificate["id"])
    assert uuid
    answer = await credentials.ask(revoke, tenant.admin, id=ids.encode("award", uuid))
    assert answer.data["revokeAward"]["__typename"] == "NotFound"


async def test_the_print_says_who_has_completed_what_and_where_to_check_it(
    credentials: Subgraph, certificate: dict[str, Any]
) -> None:
    pdf = await printed(credentials, certificate)
    text = "\n".join(lines(pdf))
    for said in ("Learner 0", "Astronomy", "Northlight", "14 March 2026"):
        assert said in text
    assert codes(pdf) == [certificate["verificationUrl"]]


async def test_it_is_printed_in_the_language_and_script_of_the_learner(
    credentials: Subgraph, tenant: Tenant, template: dict[str, Any], course_id: UUID
) -> None:
    await apply(credentials, tenant, organization_named(tenant), named(tenant.student, "山田 花子", "ja"))
    await complete(credentials, tenant, course_id, tenant.student, names=False, completed_at=DONE_AT)
    (found,) = await certificates(credentials, tenant.student)
    text = "\n".join(lines(await printed(credentials, found)))
    assert "修了証" in text
    assert "2026年3月14日" in text.replace(" ", "")
    assert "山田" in text
    await apply(credentials, tenant, named(tenant.student, "山田 花子", "de"))
    assert "14. März 2026" in "\n".join(lines(await printed(credentials, found)))


async def test_it_is_printed_once_and_again_when_its_look_changes(
    credentials: Subgraph, tenant: Tenant, certificate: dict[str, Any], template: dict[str, Any]
) -> None:
    first = await printed(credentials, certificate)
    (before,) = await rows(credentials, tenant, "SELECT id, printed FROM award")
    folder = credentials.platform.settings.home / "objects" / str(tenant.id) / "certificates" / str(before.id)
    (file,) = folder.iterdir()
    assert file.name == f"{before.printed}.pdf"
    file.write_bytes(b"%PDF as it was printed")  # what is stored is what is sent
    assert await printed(credentials, certificate) == b"%PDF as it was printed"
    signatories = [{"name": "Grace Hopper", "role": "Dean"}]
    await made(credentials, UPDATE, tenant.admin, input={"id": template["id"], "signatories": signatories})
    again = await printed(credentials, certificate)
    assert "Grace Hopper" in "\n".join(lines(again))
    assert "Grace Hopper" not in "\n".join(lines(first))
    (file,) = folder.iterdir()
    assert hashlib.sha256(file.read_bytes()).digest() == hashlib.sha256(again).digest()


async def test_a_print_that_is_lost_is_made_again(
    credentials: Subgraph, tenant: Tenant, certificate: dict[str, Any]
) -> None:
    first = await printed(credentials, certificate)
    (row,) = await rows(credentials, tenant, "SELECT id FROM award")
    folder = credentials.platform.settings.home / "objects" / str(tenant.id) / "certificates" / str(row.id)
    next(folder.iterdir()).unlink()
    assert await printed(credentials, certificate) == first


async def test_a_name_that_cannot_be_printed_is_said_and_the_certificate_holds(
    credentials: Subgraph, tenant: Tenant, template: dict[str, Any], course_id: UUID
) -> None:
    await apply(credentials, tenant, organization_named(tenant), named(tenant.student, "ꯃꯩꯇꯩ"))  # Meitei
    await complete(credentials, tenant, course_id, tenant.student, names=False)
    (found,) = await certificates(credentials, tenant.student)
    answer = await get(credentials, path_of(found["pdfUrl"]))
    assert answer.status_code == 422
    assert "No font for the script Meetei" in answer.json()["title"]
    assert (await verify(credentials, found["code"]))["valid"]


async def test_without_names_there_is_nothing_to_print_yet(
    credentials: Subgraph, tenant: Tenant, template: dict[str, Any], course_id: UUID
) -> None:
    await complete(credentials, tenant, course_id, tenant.student, names=False)
    (found,) = await certificates(credentials, tenant.student)
    assert (await get(credentials, path_of(found["pdfUrl"]))).status_code == 503
    await apply(credentials, tenant, organization_named(tenant), named(tenant.student, "Ada"))
    assert "Ada" in "\n".join(lines(await printed(credentials, found)))


async def test_a_revoked_one_shows_at_once_everywhere(
    credentials: Subgraph, tenant: Tenant, certificate: dict[str, Any], course_id: UUID
) -> None:
    assert (await verify(credentials, certificate["code"]))["valid"]  # cached now
    found = await made(credentials, REVOKE, tenant.admin, id=certificate["id"], reason="Somebody else wrote it")
    assert (found["status"], found["revocationReason"]) == ("REVOKED", "Somebody else wrote it")
    checked = await verify(credentials, certificate["code"])
    assert (checked["valid"], checked["reason"]) == (False, "REVOKED")
    assert (await get(credentials, path_of(certificate["pdfUrl"]))).status_code == 410
    assert "Revoked" in (await get(credentials, path_of(certificate["verificationUrl"]))).text
    async with nothing_changes(credentials, tenant):
        again = await made(credentials, REVOKE, tenant.admin, id=certificate["id"], reason="Another reason")
        await apply(credentials, tenant, course_done(tenant.student, course_id))
    assert again == found
    assert len(await emitted(credentials, tenant, "certificate.revoked")) == 1


@pytest.mark.parametrize("reason", ["", " ", "x" * 1_001])
async def test_a_revocation_has_a_reason(
    credentials: Subgraph, tenant: Tenant, certificate: dict[str, Any], reason: str
) -> None:
    async with nothing_changes(credentials, tenant):
        found = await made(credentials, REVOKE, tenant.admin, id=certificate["id"], reason=reason)
    assert [it["path"] for it in found["fields"]] == [["reason"]]


async def test_other_tenants_see_nothing_of_it(
    credentials: Subgraph, tenant: Tenant, stranger: Tenant, certificate: dict[str, Any]
) -> None:
    key = {"__typename": "Certificate", "id": certificate["id"]}
    other = viewer(Role.STUDENT, tenant.id)
    for who, sees in [
        *((it, False) for it in stranger.people),
        (other, False),
        (viewer(Role.SUPER_ADMIN), False),
        *((it, True) for it in tenant.people),
    ]:
        (found,) = (await credentials.entities(who, "... on Certificate { code }", key)).data["_entities"]
        assert (found is not None) is sees, who.role
    for who in stranger.people[:2]:
        assert await certificates(credentials, who, tenant.student) == []
    user = {"__typename": "User", "id": user_id(tenant.student)}
    (hidden,) = (await credentials.entities(other, "... on User { certificates { totalCount } }", user)).data[
        "_entities"
    ]
    assert hidden["certificates"] is None
    async with nothing_changes(credentials, tenant, stranger):
        refused = await made(credentials, REVOKE, stranger.admin, id=certificate["id"], reason="Mine")
    assert refused["code"] == "NOT_FOUND"


async def test_only_those_who_manage_users_take_it_back(
    credentials: Subgraph, tenant: Tenant, certificate: dict[str, Any]
) -> None:
    for who in (tenant.teacher, tenant.student):
        assert (await credentials.ask(REVOKE, who, id=certificate["id"], reason="x")).codes == ["FORBIDDEN"]
    assert (await credentials.ask(REVOKE, id=certificate["id"], reason="x")).codes == ["UNAUTHENTICATED"]


@pytest.mark.parametrize("code", ["0" * 16, "short", "%00", "x" * 300])
async def test_an_unknown_code_has_no_print(credentials: Subgraph, code: str) -> None:
    assert (await get(credentials, f"/credentials/{code}/certificate.pdf")).status_code == 404


async def test_the_statements_do_not_depend_on_how_many_there_are(
    credentials: Subgraph, tenant: Tenant, template: dict[str, Any]
) -> None:
    courses = [await new_course(credentials, tenant) for _ in range(3)]
    people = [viewer(Role.STUDENT, tenant.id) for _ in range(3)]
    for course_id in courses:
        await complete(credentials, tenant, course_id, *people)
    selection = "... on User { certificates { edges { node { code pdfUrl template { name } course { id } } } } }"
    keys = [{"__typename": "User", "id": user_id(who)} for who in people]
    for several in (keys[:1], keys):
        answer = await credentials.entities(tenant.admin, selection, *several)
        assert len(answer.data["_entities"][0]["certificates"]["edges"]) == 3
        assert len([it for it in answer.statements if it != "BEGIN"]) == 2
