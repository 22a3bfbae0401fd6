"""Progress: what the facts of other subgraphs make of the way to a badge, and nothing else does."""

from typing import Any
from uuid import UUID

import pytest

from shared import ids
from subgraphs.credentials.services.progress import share
from tests.conftest import Subgraph, Tenant
from tests.credentials.conftest import (
    apply,
    badge_uuid,
    course_done,
    create,
    earn,
    emitted,
    graded,
    item_done,
    items,
    named,
    new_assessment,
    new_course,
    nothing_changes,
    organization_named,
    progress,
    rows,
    score,
    students,
    user_id,
    whole,
)


@pytest.mark.parametrize(
    ("reached", "ratio"),
    [
        ([(0, 1)], 0),
        ([(1, 1)], 1),
        ([(1, 4)], 0.25),
        ([(9, 4)], 1),
        ([(0.35, 0.7), (0, 1)], 0.25),
        ([(2, 2), (0.7, 0.7), (1, 1)], 1),
    ],
)
def test_the_ratio_is_the_mean_of_what_each_criterion_has_come_to(
    reached: list[tuple[float, float]], ratio: float
) -> None:
    assert share(reached) == pytest.approx(ratio)


async def test_before_anything_has_happened_progress_is_nought(
    credentials: Subgraph, tenant: Tenant, badge: dict[str, Any]
) -> None:
    found = await progress(credentials, tenant.student, badge)
    assert (found["ratio"], found["award"]) == (0, None)
    assert found["badge"]["id"] == badge["id"]
    assert found["user"]["id"] == user_id(tenant.student)
    assert [(it["value"], it["met"], it["criterion"]["kind"]) for it in found["criteria"]] == [
        (0, False, "COMPLETE_ITEMS"),
        (0, False, "PASS_ASSESSMENT"),
    ]


async def test_each_fact_moves_it_and_the_last_one_earns_the_award(
    credentials: Subgraph, tenant: Tenant, badge: dict[str, Any], course_id: UUID, assessment_id: UUID
) -> None:
    who, seen = tenant.student, []
    for event in (
        item_done(who, course_id),
        graded(who, course_id, assessment_id, 0.35),
        graded(who, course_id, assessment_id, 0.2),
        item_done(who, course_id),
        graded(who, course_id, assessment_id, 0.7),
    ):
        await apply(credentials, tenant, event)
        found = await progress(credentials, who, badge)
        seen.append((found["ratio"], [it["value"] for it in found["criteria"]], found["award"] is not None))
    assert seen == [
        (0.25, [1, 0], False),
        (0.5, [1, 0.35], False),
        (0.5, [1, 0.35], False),  # the best score counts
        (0.75, [2, 0.35], False),
        (1, [2, 0.7], True),
    ]


async def test_more_than_was_asked_for_changes_values_and_no_ratio(
    credentials: Subgraph, tenant: Tenant, badge: dict[str, Any], course_id: UUID
) -> None:
    await earn(credentials, tenant, tenant.student, badge)
    await apply(credentials, tenant, item_done(tenant.student, course_id))
    found = await progress(credentials, tenant.student, badge)
    assert found["ratio"] == 1
    assert found["criteria"][0]["value"] == 3
    assert len(await emitted(credentials, tenant, "award.issued")) == 1


async def test_a_completed_course_counts_as_a_whole(credentials: Subgraph, tenant: Tenant, course_id: UUID) -> None:
    badge = await create(credentials, tenant.teacher, whole(course_id))
    assert (await progress(credentials, tenant.student, badge))["ratio"] == 0
    await apply(credentials, tenant, course_done(tenant.student, course_id))
    found = await progress(credentials, tenant.student, badge)
    assert (found["ratio"], found["award"]["status"]) == (1, "VALID")


async def test_a_badge_of_several_courses_takes_all_of_them(
    credentials: Subgraph, tenant: Tenant, course_id: UUID
) -> None:
    other = await new_course(credentials, tenant, items=1)
    assessment_id = await new_assessment(credentials, tenant, other)
    badge = await create(
        credentials, tenant.teacher, whole(course_id), whole(other), items(other, 1), score(assessment_id, 1)
    )
    assert "criteria" in badge, badge
    ratios = []
    for event in (
        course_done(tenant.student, course_id),
        course_done(tenant.student, other),
        item_done(tenant.student, other),
        graded(tenant.student, other, assessment_id, 1.0),
    ):
        await apply(credentials, tenant, event)
        ratios.append((await progress(credentials, tenant.student, badge))["ratio"])
    assert ratios == [0.25, 0.5, 0.75, 1]


async def test_the_award_holds_what_was_true_at_its_moment(
    credentials: Subgraph, tenant: Tenant, badge: dict[str, Any]
) -> None:
    await apply(credentials, tenant, named(tenant.student), organization_named(tenant))
    await earn(credentials, tenant, tenant.student, badge)
    await apply(credentials, tenant, named(tenant.student, "Renamed"), organization_named(tenant, "Renamed"))
    document = 'mutation($id: ID!) { updateBadge(input: {id: $id, name: "Renamed"}) { __typename } }'
    await credentials.ask(document, tenant.teacher, id=badge["id"])
    columns = "badge_name, badge_description, recipient_name, recipient_email, issuer_name"
    (award,) = await rows(credentials, tenant, f"SELECT {columns} FROM award")
    email = f"{tenant.student.user_id}@people.example"
    assert tuple(award) == ("Stargazer", "Knows the sky", "Ada Lovelace", email, "Northlight")


async def test_names_that_come_later_are_filled_in_once(
    credentials: Subgraph, tenant: Tenant, badge: dict[str, Any]
) -> None:
    await earn(credentials, tenant, tenant.student, badge)
    names = "SELECT recipient_name, recipient_email IS NOT NULL, issuer_name FROM award"
    assert [tuple(row) for row in await rows(credentials, tenant, names)] == [(None, False, None)]
    await apply(credentials, tenant, named(tenant.student))
    await apply(credentials, tenant, organization_named(tenant))
    await apply(credentials, tenant, named(tenant.student, "Renamed"), organization_named(tenant, "Renamed"))
    assert [tuple(row) for row in await rows(credentials, tenant, names)] == [("Ada Lovelace", True, "Northlight")]


async def test_every_step_is_audited_with_its_cause(
    credentials: Subgraph, tenant: Tenant, badge: dict[str, Any], course_id: UUID, assessment_id: UUID
) -> None:
    who = tenant.student
    facts = [item_done(who, course_id), graded(who, course_id, assessment_id, 0.7), item_done(who, course_id)]
    for fact in facts:
        await apply(credentials, tenant, fact)
    statement = "SELECT user_id, resource_id, details FROM audit WHERE action = 'progress.moved' ORDER BY id"
    found = await rows(credentials, tenant, statement)
    assert {(row.user_id, row.resource_id) for row in found} == {(who.user_id, badge_uuid(badge))}
    assert [row.details for row in found] == [
        {"before": before, "after": after, "cause": str(fact.id)}
        for fact, before, after in zip(facts, (0.0, 0.25, 0.75), (0.25, 0.75, 1.0), strict=True)
    ]


async def test_an_award_is_told_of_with_its_ids(credentials: Subgraph, tenant: Tenant, badge: dict[str, Any]) -> None:
    await apply(credentials, tenant, named(tenant.student))
    award = await earn(credentials, tenant, tenant.student, badge)
    assert await emitted(credentials, tenant, "award.issued") == [
        {
            "id": str(ids.decode("award", award["id"])),
            "organizationId": str(tenant.id),
            "badgeId": str(badge_uuid(badge)),
            "userId": str(tenant.student.user_id),
        }
    ]


async def test_facts_that_no_badge_asks_for_are_kept(credentials: Subgraph, tenant: Tenant, course_id: UUID) -> None:
    unknown = ids.new_id()
    who = tenant.student
    await apply(credentials, tenant, item_done(who, course_id), graded(who, unknown, unknown, 0.5))
    assert (await rows(credentials, tenant, "SELECT count(*) FROM evidence"))[0][0] == 2
    assert await rows(credentials, tenant, "SELECT 1 FROM progress") == []


async def test_what_was_told_before_changes_nothing(
    credentials: Subgraph, tenant: Tenant, badge: dict[str, Any], course_id: UUID, assessment_id: UUID
) -> None:
    who, item_id = tenant.student, ids.new_id()
    facts = [
        item_done(who, course_id, item_id),
        graded(who, course_id, assessment_id, 0.9),
        course_done(who, course_id),
    ]
    await apply(credentials, tenant, *facts)
    async with nothing_changes(credentials, tenant):
        await apply(credentials, tenant, *facts, *reversed(facts))
        # The same item and course under other ids, as no source would tell of them.
        await apply(credentials, tenant, item_done(who, course_id, item_id), course_done(who, course_id))


async def test_other_people_and_other_badges_are_left_alone(
    credentials: Subgraph, tenant: Tenant, badge: dict[str, Any], course_id: UUID
) -> None:
    (other,) = students(tenant, 1)
    elsewhere = await create(credentials, tenant.teacher, whole(await new_course(credentials, tenant)))
    await apply(credentials, tenant, item_done(tenant.student, course_id))
    assert (await progress(credentials, other, badge))["ratio"] == 0
    assert (await progress(credentials, tenant.student, elsewhere))["ratio"] == 0
    found = await rows(credentials, tenant, "SELECT user_id, ratio FROM progress")
    assert [tuple(row) for row in found] == [(tenant.student.user_id, 0.25)]


async def test_nothing_that_a_client_can_send_moves_progress(credentials: Subgraph) -> None:
    fields = (await credentials.ask("{ __schema { mutationType { fields { name } } } }")).data
    names = {field["name"] for field in fields["__schema"]["mutationType"]["fields"]}
    templates = {"createCertificateTemplate", "updateCertificateTemplate", "archiveCertificateTemplate"}
    given = {"issueAwards", "issueCertificates", "cancelJob", "revokeAward", "revokeCertificate"}
    assert names == {"createBadge", "updateBadge"} | templates | given


async def test_names_and_addresses_stay_out_of_the_audit_trail_and_of_what_is_told(
    credentials: Subgraph, tenant: Tenant, badge: dict[str, Any]
) -> None:
    await apply(credentials, tenant, named(tenant.student))
    await earn(credentials, tenant, tenant.student, badge)
    kept = "SELECT details::text AS text FROM audit UNION ALL SELECT data::text FROM outbox"
    found = await rows(credentials, tenant, kept)
    assert found
    for row in found:
        assert "Ada Lovelace" not in row.text
        assert "people.example" not in row.text
