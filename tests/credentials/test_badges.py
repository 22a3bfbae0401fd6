"""Badges: what teachers may make, what is refused and where, and who sees them."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from shared import ids
from shared.events import Event
from subgraphs.credentials import events
from tests.conftest import Subgraph, Tenant
from tests.credentials.conftest import (
    CREATE,
    UPDATE,
    apply,
    create,
    described,
    earn,
    emitted,
    item_done,
    items,
    new_assessment,
    new_course,
    nothing_changes,
    own,
    rows,
    score,
    whole,
)

LIST = "query($course: ID) { badges(courseId: $course) { totalCount edges { node { id } } } }"
NOWHERE = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
TARGET = ["input", "criteria", "0", "targetId"]
THRESHOLD = ["input", "criteria", "0", "threshold"]


async def listed(credentials: Subgraph, who: Any, course: str | None = None) -> list[str]:
    """The ids of the badges that somebody sees."""
    found = (await credentials.ask(LIST, who, course=course)).data["badges"]
    return [edge["node"]["id"] for edge in found["edges"]]


async def update(credentials: Subgraph, who: Any, **input: Any) -> dict[str, Any]:
    """What `updateBadge` answers."""
    return (await credentials.ask(UPDATE, who, input=input)).data["updateBadge"]


async def test_a_badge_is_made_with_its_criteria_in_their_order(
    credentials: Subgraph, tenant: Tenant, course_id: UUID, assessment_id: UUID
) -> None:
    course = ids.encode("course", course_id)
    criteria = [score(assessment_id, 0.5), whole(course_id), items(course_id, 3)]
    made = await create(credentials, tenant.teacher, *criteria, courseId=course, name="  Stargazer  ")
    assert (made["name"], made["description"]) == ("Stargazer", "Knows the sky")
    assert made["course"] == {"id": course}
    assert made["organization"] == {"id": ids.encode("organization", tenant.id)}
    assert [{name: it[name] for name in ("kind", "targetId", "threshold")} for it in made["criteria"]] == [
        criteria[0],
        criteria[1] | {"threshold": 1},
        criteria[2],
    ]
    assert {ids.parse(it["id"])[0] for it in made["criteria"] if ids.parse(it["id"])} == {"badge_criterion"}
    (event,) = await emitted(credentials, tenant, "badge.created")
    assert event == {
        "id": str(ids.decode("badge", made["id"])),
        "organizationId": str(tenant.id),
        "courseId": str(course_id),
    }


BAD: dict[str, tuple[dict[str, Any], list[str]]] = {
    "no criteria": ({"criteria": []}, ["input", "criteria"]),
    "too many criteria": ({"criteria": [whole(ids.new_id()) for _ in range(21)]}, ["input", "criteria"]),
    "short name": ({"name": "ab"}, ["input", "name"]),
    "long description": ({"description": "x" * 2_001}, ["input", "description"]),
    "no items": ({"criteria": [items(NOWHERE, 0)]}, THRESHOLD),
    "negative items": ({"criteria": [items(NOWHERE, -1)]}, THRESHOLD),
    "half an item": ({"criteria": [items(NOWHERE, 1.5)]}, THRESHOLD),
    "no score": ({"criteria": [score(NOWHERE, 0)]}, THRESHOLD),
    "too high a score": ({"criteria": [score(NOWHERE, 1.01)]}, THRESHOLD),
    "a score in percent": ({"criteria": [score(NOWHERE, 70)]}, THRESHOLD),
    "half a course": ({"criteria": [whole(NOWHERE) | {"threshold": 0.5}]}, THRESHOLD),
    "two courses": ({"criteria": [whole(NOWHERE) | {"threshold": 2}]}, THRESHOLD),
}


@pytest.mark.parametrize("case", BAD)
async def test_what_breaks_a_rule_of_the_input_is_named(credentials: Subgraph, tenant: Tenant, case: str) -> None:
    values, path = BAD[case]
    async with nothing_changes(credentials, tenant):
        answer = await credentials.ask(CREATE, tenant.teacher, input=described(whole(NOWHERE)) | values)
    refused = answer.data["createBadge"]
    assert refused["__typename"] == "InvalidInput"
    assert path in [field["path"] for field in refused["fields"]]


@pytest.mark.parametrize("threshold", ["Infinity", "NaN", "1e400"])
async def test_a_threshold_that_is_no_number_is_refused(credentials: Subgraph, tenant: Tenant, threshold: str) -> None:
    target = ids.encode("course", NOWHERE)
    criterion = f'{{kind: COMPLETE_ITEMS, targetId: "{target}", threshold: {threshold}}}'
    input = f'{{name: "Name", description: "", criteria: [{criterion}]}}'
    document = f"mutation {{ createBadge(input: {input}) {{ __typename }} }}"
    async with nothing_changes(credentials, tenant):
        answer = await credentials.ask(document, tenant.teacher)
    assert "errors" in answer.body or answer.data["createBadge"]["__typename"] == "InvalidInput"


@pytest.mark.parametrize(
    "target",
    ["nonsense", ids.encode("assessment", NOWHERE), ids.encode("course", NOWHERE), ids.encode("badge", NOWHERE), ""],
)
async def test_criteria_that_point_nowhere_are_named(credentials: Subgraph, tenant: Tenant, target: str) -> None:
    for kind in ("COMPLETE_COURSE", "COMPLETE_ITEMS", "PASS_ASSESSMENT"):
        async with nothing_changes(credentials, tenant):
            refused = await create(credentials, tenant.teacher, {"kind": kind, "targetId": target})
        assert refused["__typename"] == "InvalidInput"
        assert [field["path"] for field in refused["fields"]] == [TARGET]


async def test_an_id_of_the_other_kind_points_nowhere(
    credentials: Subgraph, tenant: Tenant, course_id: UUID, assessment_id: UUID
) -> None:
    swapped = [items(assessment_id, 1), whole(assessment_id), score(course_id, 1)]
    refused = await create(credentials, tenant.teacher, *swapped)
    assert [field["path"][2:] for field in refused["fields"]] == [[str(place), "targetId"] for place in range(3)]


async def test_criteria_that_point_at_another_tenant_answer_like_those_that_point_nowhere(
    credentials: Subgraph, tenant: Tenant, stranger: Tenant
) -> None:
    course_id = await new_course(credentials, stranger, items=3)
    assessment_id = await new_assessment(credentials, stranger, course_id)
    foreign = [items(course_id, 1), whole(course_id), score(assessment_id, 0.5)]
    unknown = [items(ids.new_id(), 1), whole(ids.new_id()), score(ids.new_id(), 0.5)]
    async with nothing_changes(credentials, tenant, stranger):
        answers = [
            await credentials.ask(CREATE, tenant.teacher, input=described(*criteria)) for criteria in (foreign, unknown)
        ]
    assert answers[0].body == answers[1].body
    assert len(answers[0].statements) == len(answers[1].statements)
    assert len(answers[0].data["createBadge"]["fields"]) == 3


async def test_more_items_than_there_are_can_be_reached_by_nobody(
    credentials: Subgraph, tenant: Tenant, course_id: UUID
) -> None:
    refused = await create(credentials, tenant.teacher, items(course_id, 4))
    assert refused["fields"] == [
        {"path": THRESHOLD, "message": "Nobody can reach this: the course has 3 published items."}
    ]
    assert (await create(credentials, tenant.teacher, items(course_id, 3)))["__typename"] == "Badge"
    empty = await new_course(credentials, tenant)
    assert (await create(credentials, tenant.teacher, items(empty, 1)))["fields"][0]["path"] == THRESHOLD


async def test_the_same_target_twice_for_one_kind_is_refused(
    credentials: Subgraph, tenant: Tenant, course_id: UUID
) -> None:
    refused = await create(credentials, tenant.teacher, items(course_id, 1), whole(course_id), items(course_id, 2))
    assert [field["path"] for field in refused["fields"]] == [["input", "criteria", "2", "targetId"]]
    assert (await create(credentials, tenant.teacher, items(course_id, 1), whole(course_id)))["__typename"] == "Badge"


@pytest.mark.parametrize("is_foreign", [True, False])
async def test_an_unknown_course_is_not_found(
    credentials: Subgraph, tenant: Tenant, stranger: Tenant, course_id: UUID, is_foreign: bool
) -> None:
    unknown = await new_course(credentials, stranger) if is_foreign else ids.new_id()
    async with nothing_changes(credentials, tenant):
        made = await create(credentials, tenant.teacher, whole(course_id), courseId=ids.encode("course", unknown))
    assert made["__typename"] == "NotFound"


async def test_what_is_on_its_way_is_waited_for(credentials: Subgraph, tenant: Tenant, course_id: UUID) -> None:
    assessment = events.AssessmentCreated(**own(tenant), course_id=course_id)
    later: list[Event] = [events.ItemPublished(**own(tenant), course_id=course_id), assessment]
    making = asyncio.create_task(create(credentials, tenant.teacher, items(course_id, 4), score(assessment.id, 1)))
    await asyncio.sleep(0.25)
    await apply(credentials, tenant, *later)
    assert (await making)["__typename"] == "Badge"


async def test_a_key_makes_one_badge(credentials: Subgraph, tenant: Tenant, course_id: UUID) -> None:
    made = [
        (await credentials.ask(CREATE, tenant.teacher, input=described(whole(course_id)), key="k")).data["createBadge"]
        for _ in range(2)
    ]
    assert made[0] == made[1]
    other = await credentials.ask(CREATE, tenant.teacher, input=described(items(course_id, 1)), key="k")
    assert other.data["createBadge"]["code"] == "IDEMPOTENCY_MISMATCH"
    assert (await rows(credentials, tenant, "SELECT count(*) FROM badge"))[0][0] == 1


async def test_a_badge_is_renamed_and_keeps_its_criteria(
    credentials: Subgraph, tenant: Tenant, badge: dict[str, Any]
) -> None:
    renamed = await update(credentials, tenant.teacher, id=badge["id"], name="Renamed", description="")
    assert renamed == badge | {"name": "Renamed", "description": ""}
    assert (await emitted(credentials, tenant, "badge.updated"))[0]["fields"] == ["description", "name"]
    async with nothing_changes(credentials, tenant):
        assert await update(credentials, tenant.teacher, id=badge["id"]) == renamed
        refused = await update(credentials, tenant.teacher, id=badge["id"], name="x")
        assert refused["fields"][0]["path"] == ["input", "name"]
    fields = (await credentials.ask('{ __type(name: "UpdateBadgeInput") { inputFields { name } } }')).data["__type"]
    assert {field["name"] for field in fields["inputFields"]} == {"id", "name", "description"}


async def test_students_see_badges_of_opened_courses_and_of_none(credentials: Subgraph, tenant: Tenant) -> None:
    opened, draft = [await new_course(credentials, tenant, items=1, is_open=it) for it in (True, False)]
    made = {
        name: (await create(credentials, tenant.teacher, whole(opened), courseId=course))["id"]
        for name, course in (
            ("opened", ids.encode("course", opened)),
            ("draft", ids.encode("course", draft)),
            ("of none", None),
        )
    }
    assert set(await listed(credentials, tenant.teacher)) == set(made.values())
    assert set(await listed(credentials, tenant.student)) == {made["opened"], made["of none"]}
    for course_id, names in ((opened, ["opened"]), (draft, [])):
        course = ids.encode("course", course_id)
        assert await listed(credentials, tenant.student, course) == [made[name] for name in names]
    assert await listed(credentials, tenant.teacher, "nonsense") == []
    await apply(credentials, tenant, events.CoursePublished(**own(tenant, id=draft)))
    assert len(await listed(credentials, tenant.student)) == 3


async def test_whoever_has_a_badge_sees_it_even_if_its_course_is_a_draft(
    credentials: Subgraph, tenant: Tenant, course_id: UUID
) -> None:
    draft = ids.encode("course", await new_course(credentials, tenant, is_open=False))
    made = await create(credentials, tenant.teacher, items(course_id, 1), courseId=draft)
    assert await listed(credentials, tenant.student) == []
    await apply(credentials, tenant, item_done(tenant.student, course_id))
    assert await listed(credentials, tenant.student) == [made["id"]]
    query = "{ awards { edges { node { badge { id name } } } } }"
    user = {"__typename": "User", "id": ids.encode("user", tenant.student.user_id)}  # type: ignore[arg-type]
    answer = await credentials.entities(tenant.student, f"... on User {query}", user)
    assert answer.data["_entities"][0]["awards"]["edges"][0]["node"]["badge"]["id"] == made["id"]


async def test_a_course_lists_its_badges_page_by_page(credentials: Subgraph, tenant: Tenant, course_id: UUID) -> None:
    course = ids.encode("course", course_id)
    made = [(await create(credentials, tenant.teacher, whole(course_id), courseId=course))["id"] for _ in range(5)]
    query = "badges(first: 2, after: $after) { totalCount pageInfo { hasNextPage endCursor } edges { node { id } } }"
    found: list[str] = []
    after: str | None = None
    for has_next in (True, True, False):
        document = (
            "query($r: [_Any!]!, $after: String) "
            f"{{ _entities(representations: $r) {{ ... on Course {{ {query} }} }} }}"
        )
        answer = await credentials.ask(
            document, tenant.student, r=[{"__typename": "Course", "id": course}], after=after
        )
        page = answer.data["_entities"][0]["badges"]
        found += [edge["node"]["id"] for edge in page["edges"]]
        assert (page["totalCount"], page["pageInfo"]["hasNextPage"]) == (5, has_next)
        after = page["pageInfo"]["endCursor"]
    assert found == made


async def test_teachers_see_to_whom_a_badge_was_awarded(
    credentials: Subgraph, tenant: Tenant, badge: dict[str, Any]
) -> None:
    award = await earn(credentials, tenant, tenant.student, badge)
    query = "query($id: ID!) { badge(id: $id) { awards { totalCount edges { node { id user { id } } } } } }"
    found = (await credentials.ask(query, tenant.teacher, id=badge["id"])).data["badge"]["awards"]
    assert found["edges"][0]["node"] == {"id": award["id"], "user": {"id": ids.encode("user", tenant.student.user_id)}}  # type: ignore[arg-type]
    refused = await credentials.ask(query, tenant.student, id=badge["id"])
    assert refused.codes == ["FORBIDDEN"]
    assert refused.body["data"] == {"badge": {"awards": None}}
