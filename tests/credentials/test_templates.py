"""Looks of certificates: who makes and sees them, one default, and what is refused before it is stored."""

import base64
from typing import Any

import pytest

from shared import ids
from shared.auth import Role
from tests.conftest import Subgraph, Tenant, viewer
from tests.credentials.certificates_kit import ARCHIVE, CREATE, UPDATE, course_of, made, new_template
from tests.credentials.conftest import new_course, nothing_changes
from tests.shared.certificates import a_png

LIST = "{ certificateTemplates { totalCount edges { node { id isDefault archivedAt } } } }"


async def listed(credentials: Subgraph, tenant: Tenant) -> list[dict[str, Any]]:
    """All templates of the tenant."""
    found = (await credentials.ask(LIST, tenant.teacher)).data["certificateTemplates"]
    return [edge["node"] for edge in found["edges"]]


async def test_a_template_is_what_was_asked_for(credentials: Subgraph, tenant: Tenant) -> None:
    wording = {"language": "pt-BR", "heading": "Diploma de {organization}"}
    template = await new_template(
        credentials,
        tenant,
        layout="MODERN",
        paper="US_LETTER",
        primary="#123456",
        logo=base64.b64encode(a_png()).decode(),
        signatories=[{"name": "Ada", "role": "Dean"}],
        wording=[wording],
    )
    assert {name: template[name] for name in ("layout", "paper", "primary", "secondary", "hasLogo", "isDefault")} == {
        "layout": "MODERN",
        "paper": "US_LETTER",
        "primary": "#123456",
        "secondary": "#B08D57",
        "hasLogo": True,
        "isDefault": True,
    }
    assert template["signatories"] == [{"name": "Ada", "role": "Dean"}]
    assert template["wording"] == [wording | {"completed": None}]
    input = {"id": template["id"], "logo": "", "name": "Another name", "wording": []}
    changed = await made(credentials, UPDATE, tenant.admin, input=input)
    assert changed == template | {"hasLogo": False, "name": "Another name", "wording": []}


async def test_there_is_one_default_and_one_of_a_course(credentials: Subgraph, tenant: Tenant) -> None:
    first, second = await new_template(credentials, tenant), await new_template(credentials, tenant)
    course = course_of(await new_course(credentials, tenant))
    own, later = [await new_template(credentials, tenant, courseId=course) for _ in range(2)]
    state = {it["id"]: (it["isDefault"], it["archivedAt"] is not None) for it in await listed(credentials, tenant)}
    assert state == {
        first["id"]: (False, False),
        second["id"]: (True, False),
        own["id"]: (False, True),
        later["id"]: (False, False),
    }
    await made(credentials, UPDATE, tenant.admin, input={"id": first["id"], "isDefault": True})
    state = {it["id"]: it["isDefault"] for it in await listed(credentials, tenant)}
    assert (state[first["id"]], state[second["id"]]) == (True, False)
    async with nothing_changes(credentials, tenant):
        refused = await made(credentials, UPDATE, tenant.admin, input={"id": later["id"], "isDefault": True})
    assert [it["path"] for it in refused["fields"]] == [["input", "isDefault"]]


async def test_an_archived_one_stays_archived(credentials: Subgraph, tenant: Tenant) -> None:
    template = await new_template(credentials, tenant)
    archived = await made(credentials, ARCHIVE, tenant.admin, id=template["id"])
    async with nothing_changes(credentials, tenant):
        assert await made(credentials, ARCHIVE, tenant.admin, id=template["id"]) == archived


async def test_the_same_key_makes_one(credentials: Subgraph, tenant: Tenant) -> None:
    input = {"name": "Usual", "isDefault": True}
    first, second = [await made(credentials, CREATE, tenant.admin, input=input, key="k") for _ in range(2)]
    assert first["id"] == second["id"]
    assert len(await listed(credentials, tenant)) == 1


BAD = {
    "a colour": ({"primary": "red"}, ["input", "primary"]),
    "a colour of ornaments": ({"secondary": "#12345"}, ["input", "secondary"]),
    "no base64": ({"logo": "!"}, ["input", "logo"]),
    "no picture": ({"logo": base64.b64encode(b"GIF89a").decode()}, ["input", "logo"]),
    "a picture that leads outside": (
        {
            "logo": base64.b64encode(
                b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>'
            ).decode()
        },
        ["input", "logo"],
    ),
    "too many signatories": ({"signatories": [{"name": "A", "role": "B"}] * 4}, ["input", "signatories"]),
    "a signatory that no font prints": ({"signatories": [{"name": "ꯃꯩ", "role": "B"}]}, ["input", "signatories"]),
    "a wording that no font prints": ({"wording": [{"language": "en", "heading": "ꯃꯩ"}]}, ["input", "wording"]),
    "no language": ({"wording": [{"language": "!!"}]}, ["input", "wording"]),
    "a language twice": ({"wording": [{"language": "de"}, {"language": "DE"}]}, ["input", "wording"]),
    "a language that is not said completely": (
        {"wording": [{"language": "tlh", "heading": "Qapla'"}]},
        ["input", "wording"],
    ),
    "a name without a place": ({"wording": [{"language": "en", "name": "Somebody"}]}, ["input", "wording"]),
    "a short name": ({"name": "x"}, ["input", "name"]),
}


@pytest.mark.parametrize("case", BAD)
async def test_bad_input_is_refused_with_its_field(credentials: Subgraph, tenant: Tenant, case: str) -> None:
    changes, path = BAD[case]
    template = await new_template(credentials, tenant)
    async with nothing_changes(credentials, tenant):
        new = await made(credentials, CREATE, tenant.admin, input={"name": "Usual"} | changes)
        changed = await made(credentials, UPDATE, tenant.admin, input={"id": template["id"]} | changes)
    for refused in (new, changed):
        assert [it["path"][:2] for it in refused["fields"]] == [path], refused


async def test_a_course_has_to_be_ones_own(credentials: Subgraph, tenant: Tenant, stranger: Tenant) -> None:
    theirs = course_of(await new_course(credentials, stranger))
    for course in (theirs, ids.encode("course", ids.new_id()), "x"):
        async with nothing_changes(credentials, tenant, stranger):
            refused = await made(credentials, CREATE, tenant.admin, input={"name": "Usual", "courseId": course})
        assert refused["code"] == "NOT_FOUND"
    both = {"name": "Usual", "courseId": theirs, "isDefault": True}
    assert (await made(credentials, CREATE, tenant.admin, input=both))["code"] == "INVALID_INPUT"


async def test_only_those_who_manage_users_make_and_change_them(credentials: Subgraph, tenant: Tenant) -> None:
    template = await new_template(credentials, tenant)
    for who, code in ((tenant.teacher, "FORBIDDEN"), (tenant.student, "FORBIDDEN"), (None, "UNAUTHENTICATED")):
        assert (await credentials.ask(CREATE, who, input={"name": "Usual"})).codes == [code]
        assert (await credentials.ask(UPDATE, who, input={"id": template["id"]})).codes == [code]
        assert (await credentials.ask(ARCHIVE, who, id=template["id"])).codes == [code]
    assert (await credentials.ask(LIST, tenant.student)).codes == ["FORBIDDEN"]


async def test_other_tenants_see_and_change_nothing(credentials: Subgraph, tenant: Tenant, stranger: Tenant) -> None:
    template = await new_template(credentials, tenant)
    assert await listed(credentials, stranger) == []
    key = {"__typename": "CertificateTemplate", "id": template["id"]}
    for who in (*stranger.people, tenant.student, viewer(Role.SUPER_ADMIN)):
        found = await credentials.entities(who, "... on CertificateTemplate { name }", key)
        assert found.data["_entities"] == [None]
    async with nothing_changes(credentials, tenant, stranger):
        for document, variables in (
            (UPDATE, {"input": {"id": template["id"], "name": "Mine now"}}),
            (ARCHIVE, {"id": template["id"]}),
        ):
            assert (await made(credentials, document, stranger.admin, **variables))["__typename"] == "NotFound"
