"""Identity's part of the big data set (`shared.volume`): organizations, and people with their memberships."""

from collections.abc import Callable, Iterator

from shared.volume.copying import copying
from shared.volume.plan import PEOPLE, TENANTS, Person, Tenant, tenants
from subgraphs.identity import passwords
from subgraphs.identity.demo_data import PASSWORD
from subgraphs.identity.models import Membership, Organization, Plan, User

_ORGANIZATION = "id name slug description contact_email contact_phone address plan is_active"
_USER = "id email display_name locale time_zone password_hash"


async def seed(progress: Callable[[int, int], None]) -> int:
    """Writes all of it into empty tables; returns the rows. Everybody has the password of the demo logins."""
    password_hash = await passwords.hashed(PASSWORD)
    async with copying("identity", progress) as copy:
        copy.expect(TENANTS + 2 * PEOPLE)
        for tenant in tenants():
            await copy.rows(Organization, _ORGANIZATION, [_organization(tenant)])
            await copy.rows(User, _USER, (_user(person, password_hash) for person in tenant.people))
            await copy.rows(Membership, "organization_id id user_id role", _memberships(tenant))
        return copy.done


def _organization(tenant: Tenant) -> tuple[object, ...]:
    mail, place = f"office@{tenant.slug}.example", f"{tenant.number + 1} School Road"
    about = "One of the organizations of the big data set."
    return tenant.id, tenant.name, tenant.slug, about, mail, "+351 210 000 000", place, Plan.PREMIUM.value, True


def _user(person: Person, password_hash: str) -> tuple[object, ...]:
    return person.id, person.email, person.name, "en", "UTC", password_hash


def _memberships(tenant: Tenant) -> Iterator[tuple[object, ...]]:
    for person in tenant.people:
        yield tenant.id, person.membership_id, person.id, person.role.value
