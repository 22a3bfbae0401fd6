"""The completion rate: counted over all tenants by the system login, which may read enrolments and write none."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from shared import ids
from shared.stack.running import Engines
from subgraphs.catalog.gauges import completion_rate
from tests.conftest import Subgraph
from tests.shared.conftest import fetch

_COURSE = "INSERT INTO catalog.course VALUES ($1, $2, 'a', 'A', '', 'PUBLISHED')"
_ENROLLMENT = """
INSERT INTO catalog.enrollment (organization_id, id, course_id, user_id, status, progress)
VALUES ($1, gen_random_uuid(), $2, gen_random_uuid(), $3, 0)
"""
_RATE = """
SELECT count(*) FILTER (WHERE status = 'COMPLETED')::float8 / count(*) FROM catalog.enrollment
WHERE status IN ('ACTIVE', 'COMPLETED')
"""


@pytest.fixture
async def enrolled(engines: Engines, catalog: Subgraph) -> str:
    """Enrolments of two tenants; the owner's address."""
    owner = engines.addresses.database
    for statuses in (("ACTIVE", "COMPLETED", "WITHDRAWN"), ("COMPLETED", "WITHDRAWN", "WITHDRAWN")):
        organization, course = ids.new_id(), ids.new_id()
        await fetch(owner, _COURSE, organization, course)
        for status in statuses:
            await fetch(owner, _ENROLLMENT, organization, course, status)
    return owner


async def test_it_counts_all_tenants_in_one_statement_and_leaves_out_who_withdrew(
    enrolled: str, catalog: Subgraph
) -> None:
    with catalog.counted() as statements:
        async with catalog.platform.database.system() as session:
            rate = await completion_rate(session)
    ((expected,),) = await fetch(enrolled, _RATE)
    assert rate == pytest.approx(expected)
    assert 0 < expected < 1
    assert len([statement for statement in statements if "enrollment" in statement]) == 1


async def test_the_system_login_writes_no_enrolment(enrolled: str, catalog: Subgraph) -> None:
    async with catalog.platform.database.system() as session:
        for statement in ("UPDATE enrollment SET progress = 1", "DELETE FROM enrollment"):
            result = await session.execute(text(statement))
            assert result.rowcount == 0  # type: ignore[attr-defined]
    insert = _ENROLLMENT.replace("$1", "gen_random_uuid()").replace("$2", "gen_random_uuid()")
    async with catalog.platform.database.system() as session:
        with pytest.raises(DBAPIError, match="row-level security"):
            await session.execute(text(insert.replace("$3", "'ACTIVE'")))
        await session.rollback()
