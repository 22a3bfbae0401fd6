"""People are looked for one by one in a tenant, however many it has."""

from alembic import op

from shared.migrations.tenancy import TENANT, USER

revision = "identity_0003"
down_revision = "identity_0002"
branch_labels = None
depends_on = None

_OWN = f'SELECT FROM membership WHERE user_id = "user".id AND organization_id = {TENANT}'


def upgrade() -> None:
    # Without OFFSET the planner may read all memberships of the tenant into a hash first, since it takes every tenant
    # for a small one: 25 ms for 50 people of 58,000, instead of 0.5.
    _see(f"EXISTS ({_OWN} OFFSET 0)")


def downgrade() -> None:
    _see(f"EXISTS ({_OWN})")


def _see(member: str) -> None:
    condition = f"id = {USER} OR {member}"
    op.execute(f'ALTER POLICY tenant ON "user" USING ({condition}) WITH CHECK ({condition})')
