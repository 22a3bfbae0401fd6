"""What identity publishes. The names are the brief's; payloads carry ids.

Names and addresses of people travel in one event alone, `user.named`, for the subgraphs that must print them.
"""

from uuid import UUID

from shared.events import Event


class OrganizationCreated(Event, type="organization.created"):
    name: str
    slug: str


class OrganizationUpdated(Event, type="organization.updated"):
    """`name` and `slug` are what they are now, changed or not."""

    name: str
    slug: str
    fields: list[str]


class OrganizationDeleted(Event, type="organization.deleted"):
    """The organization was closed: nobody signs in to it any more, its data stays."""


class OrganizationSettingsUpdated(Event, type="organization.settings.updated"):
    key: str


class BranchCreated(Event, type="branch.created"):
    slug: str


class BranchUpdated(Event, type="branch.updated"):
    fields: list[str]


class BranchDeleted(Event, type="branch.deleted"):
    pass


class BranchSettingsUpdated(Event, type="branch.settings.updated"):
    key: str


class UserRegistered(Event, type="user.registered"):
    pass


class UserUpdated(Event, type="user.updated"):
    fields: list[str]


class UserNamed(Event, type="user.named", unaudited=("display_name", "email", "locale")):
    """What a member of the organization is called there and reached by, and which language they read: told when they
    join and whenever it changes, to each of their organizations. `id` is the person."""

    display_name: str
    email: str
    locale: str


class MembershipCreated(Event, type="membership.created"):
    user_id: UUID
    role: str


class MembershipUpdated(Event, type="membership.updated"):
    user_id: UUID
    role: str


class MembershipDeleted(Event, type="membership.deleted"):
    user_id: UUID


class SessionStarted(Event, type="session.started"):
    user_id: UUID


class SessionEnded(Event, type="session.ended"):
    user_id: UUID
    reason: str


class ApiKeyCreated(Event, type="api_key.created"):
    """`user_id` is the account that the key acts as."""

    user_id: UUID
    scopes: list[str]


class ApiKeyRevoked(Event, type="api_key.revoked"):
    reason: str
