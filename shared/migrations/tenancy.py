"""Row-level security for the tables of a migration. A table without it fails the catalogue test.

The policies have the one form that stays index-friendly: a stable expression, evaluated once per statement, compared
with a bare column. An unset tenant gives NULL and so no rows.
"""

from alembic import op

from shared.migrations import logins

TENANT = "(SELECT nullif(current_setting('app.tenant', true), '')::uuid)"
"""The organization this transaction acts for."""

USER = "(SELECT nullif(current_setting('app.user', true), '')::uuid)"
"""The person this transaction acts for."""


_OWN = f"organization_id = {TENANT}"


def isolate(table: str, seen: str = _OWN, written: str | None = None, *, system: bool = False) -> None:
    """Lets the subgraph's tenant-bound login see only the rows of one condition, and write only those of another.

    `system` lets the system login see and write all rows; without it that login sees none.
    """
    tenant_login, system_login = logins(op.get_context().opts["version_table_schema"])
    op.execute(f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY')
    op.execute(f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY')
    op.execute(f'CREATE POLICY tenant ON "{table}" TO {tenant_login} USING ({seen}) WITH CHECK ({written or seen})')
    if system:
        op.execute(f'CREATE POLICY system ON "{table}" TO {system_login} USING (true) WITH CHECK (true)')
