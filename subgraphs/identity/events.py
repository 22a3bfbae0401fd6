"""What identity publishes. The names are the brief's; payloads carry ids, never addresses or names of people."""

from uuid import UUID

from shared.events import Event


class OrganizationCreated(Event, type="organization.created"):
    slug: str


class OrganizationUpdated(Event, type="organization.updated"):
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
