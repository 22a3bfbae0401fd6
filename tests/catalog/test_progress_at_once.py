"""Progress where two transactions meet: each must see what the other did, whichever commits first."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from shared.auth import Viewer
from shared.events import Event
from subgraphs.catalog import services
from subgraphs.catalog.inputs import EnrollInput
from tests.catalog.conftest import WITHDRAW, enroll, events, rows, students
from tests.catalog.content import apply, assert_counted, completed, handle, published, standing
from tests.conftest import Subgraph, Tenant

Act = Callable[[AsyncSession], Awaitable[Any]]


def taking(catalog: Subgraph, event: Event) -> Act:
    """Catalog's consumer takes an event."""
    return lambda session: handle(catalog, session, event)


def enrolling(who: Viewer, course: dict[str, Any]) -> Act:
    """Somebody enrols."""
    return lambda session: services.enroll(session, who, EnrollInput(course_id=course["id"]))


async def overlap(catalog: Subgraph, who: Viewer, first: Act, second: Act) -> None:
    """Two transactions: the second begins once the first has done all it does, which commits only later."""
    database = catalog.platform.database

    async def follow() -> None:
        async with database.begin(who) as session:
            await second(session)

    async with database.begin(who) as session:
        await first(session)
        following = asyncio.create_task(follow())
        await asyncio.sleep(0.15)
        assert not following.done(), "it decided on what was about to change"
    await following


async def test_two_completions_of_one_person_are_both_counted(
    catalog: Subgraph, tenant: Tenant, course: dict[str, Any]
) -> None:
    await enroll(catalog, tenant.student, course)
    items = [published(tenant, course) for _ in range(2)]
    await apply(catalog, tenant, *items)
    first, second = (taking(catalog, completed(tenant.student, item)) for item in items)
    await overlap(catalog, tenant.student, first, second)
    assert await standing(catalog, tenant, tenant.student) == ("COMPLETED", 1.0)
    assert await events(catalog, tenant, "enrollment.completed") == ["enrollment.completed"]


async def test_the_same_completion_in_two_transactions_counts_once(
    catalog: Subgraph, tenant: Tenant, course: dict[str, Any]
) -> None:
    await enroll(catalog, tenant.student, course)
    item = published(tenant, course)
    await apply(catalog, tenant, item)
    acts = [taking(catalog, completed(tenant.student, item)) for _ in range(2)]
    await overlap(catalog, tenant.student, *acts)
    assert len(await rows(catalog, tenant, "SELECT 1 FROM item_completion")) == 1
    assert await events(catalog, tenant, "enrollment.completed") == ["enrollment.completed"]


@pytest.mark.parametrize("is_publication_first", [True, False])
async def test_a_completion_and_a_publication_see_each_other(
    catalog: Subgraph, tenant: Tenant, course: dict[str, Any], is_publication_first: bool
) -> None:
    await enroll(catalog, tenant.student, course)
    items = [published(tenant, course) for _ in range(4)]
    await apply(catalog, tenant, *items[:3])
    acts = [taking(catalog, items[3]), taking(catalog, completed(tenant.student, items[0]))]
    await overlap(catalog, tenant.student, *(acts if is_publication_first else reversed(acts)))
    assert await standing(catalog, tenant, tenant.student) == ("ACTIVE", 0.25)


async def test_two_publications_see_each_other(catalog: Subgraph, tenant: Tenant, course: dict[str, Any]) -> None:
    await enroll(catalog, tenant.student, course)
    items = [published(tenant, course) for _ in range(4)]
    await apply(catalog, tenant, *items[:2], completed(tenant.student, items[0]))
    await overlap(catalog, tenant.student, *(taking(catalog, item) for item in items[2:]))
    assert await standing(catalog, tenant, tenant.student) == ("ACTIVE", 0.25)


@pytest.mark.parametrize("is_enrolling_first", [True, False])
@pytest.mark.parametrize("is_back", [True, False])
@pytest.mark.parametrize("what", ["completion", "publication"])
async def test_somebody_who_enrols_or_comes_back_sees_what_happens_meanwhile(
    catalog: Subgraph, tenant: Tenant, course: dict[str, Any], what: str, is_back: bool, is_enrolling_first: bool
) -> None:
    items = [published(tenant, course) for _ in range(3)]
    await apply(catalog, tenant, *items[:2], completed(tenant.student, items[0]))
    if is_back:
        made = await enroll(catalog, tenant.student, course)
        await catalog.ask(WITHDRAW, tenant.student, id=made["id"])
    event = completed(tenant.student, items[1]) if what == "completion" else items[2]
    acts = [enrolling(tenant.student, course), taking(catalog, event)]
    await overlap(catalog, tenant.student, *(acts if is_enrolling_first else reversed(acts)))
    expected = ("COMPLETED", 1.0) if what == "completion" else ("ACTIVE", 1 / 3)
    assert await standing(catalog, tenant, tenant.student) == expected
    await assert_counted(catalog, tenant)


@pytest.mark.parametrize("is_withdrawal_first", [True, False])
async def test_a_withdrawal_and_the_last_completion_end_in_an_order_that_makes_sense(
    catalog: Subgraph, tenant: Tenant, course: dict[str, Any], is_withdrawal_first: bool
) -> None:
    made = await enroll(catalog, tenant.student, course)
    item = published(tenant, course)
    await apply(catalog, tenant, item)
    acts: list[Act] = [
        lambda session: services.withdraw(session, tenant.student, made["id"]),
        taking(catalog, completed(tenant.student, item)),
    ]
    await overlap(catalog, tenant.student, *(acts if is_withdrawal_first else reversed(acts)))
    told = [kind.removeprefix("enrollment.") for kind in await events(catalog, tenant, "enrollment")]
    assert told == ["created", "withdrawn"] if is_withdrawal_first else ["created", "completed", "withdrawn"]
    assert await standing(catalog, tenant, tenant.student) == ("WITHDRAWN", 0.0 if is_withdrawal_first else 1.0)


async def test_people_do_not_wait_for_each_other(catalog: Subgraph, tenant: Tenant, course: dict[str, Any]) -> None:
    people = students(tenant, 2)
    await enroll(catalog, people[0], course)
    item = published(tenant, course)
    await apply(catalog, tenant, item)
    async with catalog.platform.database.begin(people[0]) as session:
        await handle(catalog, session, completed(people[0], item))
        async with asyncio.timeout(1):
            await enroll(catalog, people[1], course)
            await apply(catalog, tenant, completed(people[1], item))
    assert [await standing(catalog, tenant, person) for person in people] == [("COMPLETED", 1.0)] * 2
