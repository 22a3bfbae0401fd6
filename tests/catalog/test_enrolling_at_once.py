"""Many people enrolling at the same moment, and one person many times."""

import asyncio
from collections import Counter
from typing import Any

from tests.catalog.conftest import WITHDRAW, enroll, events, rows, students
from tests.conftest import Subgraph, Tenant


async def test_two_hundred_people_enrol_in_one_course_at_once(
    catalog: Subgraph, tenant: Tenant, course: dict[str, Any]
) -> None:
    people = students(tenant, 200)
    answers = await asyncio.gather(*(enroll(catalog, person, course) for person in people))
    assert Counter(answer["__typename"] for answer in answers) == {"Enrollment": 200}
    assert len({answer["id"] for answer in answers}) == 200
    enrolled = await rows(catalog, tenant, "SELECT user_id FROM enrollment")
    assert {row.user_id for row in enrolled} == {person.user_id for person in people}
    assert len(enrolled) == 200
    assert await events(catalog, tenant, "enrollment") == ["enrollment.created"] * 200


async def test_one_person_enrolling_fifty_times_at_once_is_in_the_course_once(
    catalog: Subgraph, tenant: Tenant, course: dict[str, Any]
) -> None:
    answers = await asyncio.gather(*(enroll(catalog, tenant.student, course) for _ in range(50)))
    assert len({answer["id"] for answer in answers}) == 1
    assert len(await rows(catalog, tenant, "SELECT 1 FROM enrollment")) == 1
    assert await events(catalog, tenant, "enrollment") == ["enrollment.created"]


async def test_enrolling_and_withdrawing_at_once_end_in_one_of_the_two(
    catalog: Subgraph, tenant: Tenant, course: dict[str, Any]
) -> None:
    made = await enroll(catalog, tenant.student, course)

    async def withdraw() -> None:
        answer = await catalog.ask(WITHDRAW, tenant.student, id=made["id"])
        assert answer.data["withdraw"]["status"] == "WITHDRAWN"

    async def come_back() -> None:
        assert (await enroll(catalog, tenant.student, course))["status"] == "ACTIVE"

    await asyncio.gather(*(act() for _ in range(20) for act in (withdraw, come_back)))
    told = await events(catalog, tenant, "enrollment")
    (status,) = (row.status for row in await rows(catalog, tenant, "SELECT status FROM enrollment"))
    expected = ["enrollment.created", "enrollment.withdrawn"]
    assert told == (expected * len(told))[: len(told)], "each event ends what the one before it said"
    assert status == ("ACTIVE" if told[-1] == "enrollment.created" else "WITHDRAWN")
