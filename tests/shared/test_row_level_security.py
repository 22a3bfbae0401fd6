"""Row-level security over all schemas: no table without it, no login that could walk around it."""

from typing import Any

import asyncpg
import pytest
from sqlalchemy.engine import make_url

from shared import ids
from shared.migrations import logins
from shared.stack.project import Project
from shared.stack.running import Engines
from tests.shared.conftest import SUBGRAPHS, fetch

# Tables whose rows belong to no organization, and why nobody sees more in them than they should.
WITHOUT_TENANT = {
    "alembic_version": "no login may read it",
    "outbox_position": "numbers of the relay's; the tenant-bound login sees none",
    "consumer_position": "numbers of the consumer's",
    "consumer_start": "numbers of the consumer's",
    "pgqueuer": "seen through its header, which names the organization; it holds ids",
    "pgqueuer_log": "the tenant-bound login writes it and sees none",
    "pgqueuer_schedules": "nobody uses it; the tenant-bound login sees none",
    "pgqueuer_statistics": "the worker's; the tenant-bound login sees none",
    "organization": "is one itself: its id is the tenant",
    "user": "seen through a membership",
    "refresh_token": "of sessions; the tenant-bound login sees none",
    "sign_in_attempt": "before anybody is known; the tenant-bound login sees none",
}

_TABLES = """
SELECT n.nspname AS schema, c.relname AS name, c.relrowsecurity AS enabled, c.relforcerowsecurity AS forced,
       pg_get_userbyid(c.relowner) AS owner,
       EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'organization_id') AS has_tenant,
       ARRAY(SELECT polname::text FROM pg_policy WHERE polrelid = c.oid ORDER BY 1) AS policies,
       ARRAY(
           SELECT pg_get_expr(polqual, polrelid) FROM pg_policy WHERE polrelid = c.oid AND polname = 'tenant'
       ) AS seen,
       EXISTS (
           SELECT FROM pg_index i
           JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]
           WHERE i.indrelid = c.oid AND a.attname = 'organization_id' AND i.indpred IS NULL
       ) AS is_indexed
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND n.nspname = ANY($1)
ORDER BY 1, 2
"""


@pytest.fixture
def owner_url(engines: Engines) -> str:
    """The owner's address of the database that the subgraphs use."""
    return engines.addresses.database


@pytest.fixture
async def tables(owner_url: str, project: Project) -> list[Any]:
    """All tables of all subgraphs."""
    found = await fetch(owner_url, _TABLES, list(project.subgraphs))
    assert {row["schema"] for row in found} == set(project.subgraphs)
    assert len(found) > 20
    return found


async def test_every_table_has_row_level_security_that_binds_its_owner_too(tables: list[Any]) -> None:
    for row in tables:
        if row["name"] != "alembic_version":
            assert row["enabled"], row
            assert row["forced"], row
            assert "tenant" in row["policies"], row


async def test_every_table_belongs_to_tenants_or_is_named_as_an_exception(tables: list[Any]) -> None:
    without = {row["name"] for row in tables if not row["has_tenant"]}
    assert without <= set(WITHOUT_TENANT)
    for row in tables:
        if row["has_tenant"]:
            assert row["is_indexed"], f"{row['schema']}.{row['name']} has no index that begins with its organization"


async def test_policies_have_the_form_that_stays_index_friendly(tables: list[Any]) -> None:
    for row in tables:
        for condition in row["seen"]:
            assert "organization_id)::text" not in condition, row
            assert "current_setting" not in condition or "SELECT" in condition, row
            assert "IS NULL) OR" not in condition, row


async def test_the_logins_can_neither_bypass_it_nor_own_what_it_guards(owner_url: str, project: Project) -> None:
    names = [login for subgraph in project.subgraphs for login in logins(subgraph)]
    statement = """
        SELECT rolname, rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication AS is_mighty,
               (SELECT count(*) FROM pg_class WHERE relowner = r.oid)
               + (SELECT count(*) FROM pg_namespace WHERE nspowner = r.oid)
               + (SELECT count(*) FROM pg_proc WHERE proowner = r.oid) AS owned,
               (SELECT count(*) FROM pg_auth_members WHERE member = r.oid) AS memberships
        FROM pg_roles r WHERE rolname = ANY($1)
    """
    found = await fetch(owner_url, statement, names)
    assert {row["rolname"] for row in found} == set(names)
    for row in found:
        assert (row["is_mighty"], row["owned"], row["memberships"]) == (False, 0, 0), row


async def test_a_login_reaches_no_schema_but_its_own(owner_url: str, project: Project) -> None:
    for subgraph in project.subgraphs:
        for login in logins(subgraph):
            for schema in (*project.subgraphs, "public"):
                statement = "SELECT has_schema_privilege($1, $2, 'USAGE'), has_schema_privilege($1, $2, 'CREATE')"
                ((may_use, may_create),) = await fetch(owner_url, statement, login, schema)
                assert may_use == (schema == subgraph), (login, schema)
                assert not may_create, (login, schema)


async def test_a_login_cannot_read_another_subgraphs_tables(owner_url: str) -> None:
    url = make_url(owner_url).set(username="lyceum_catalog", drivername="postgresql")
    connection = await asyncpg.connect(url.render_as_string())
    for statement in ('SELECT 1 FROM identity."user"', "SELECT 1 FROM catalog.alembic_version", "SET ROLE postgres"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)
    await connection.close()


@pytest.mark.parametrize("subgraph", SUBGRAPHS)
async def test_the_audit_trail_can_only_grow(owner_url: str, subgraph: str) -> None:
    organization = ids.new_id()
    for login in logins(subgraph):
        url = make_url(owner_url).set(username=login, drivername="postgresql").render_as_string()
        connection = await asyncpg.connect(url, server_settings={"search_path": subgraph})
        await connection.execute("SELECT set_config('app.tenant', $1, false)", str(organization))
        insert = (
            "INSERT INTO audit (id, organization_id, action, resource_type, details) VALUES ($1, $2, 'a', 'b', '{}')"
        )
        await connection.execute(insert, ids.new_id(), organization)
        for statement in ("UPDATE audit SET action = 'nothing'", "DELETE FROM audit", "TRUNCATE audit"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
        await connection.close()
    statement = f"SELECT DISTINCT action FROM {subgraph}.audit WHERE organization_id = $1"
    assert [row[0] for row in await fetch(owner_url, statement, organization)] == ["a"]


async def test_no_login_may_truncate_or_change_the_schema(owner_url: str, project: Project) -> None:
    statement = """
        SELECT grantee, table_schema, table_name, privilege_type FROM information_schema.role_table_grants
        WHERE grantee = ANY($1) AND privilege_type NOT IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE')
    """
    names = [login for subgraph in project.subgraphs for login in logins(subgraph)]
    assert await fetch(owner_url, statement, names) == []
