"""The GraphQL types of identity, and stubs of the entities that `node(id:)` can lead to."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry.federation.schema_directives import Key
from strawberry.federation.types import FieldSet
from strawberry.scalars import JSON

from shared.auth import Role, requires
from shared.auth import Viewer as Caller
from shared.cache import CachePolicy
from shared.connections import Connection, Page
from shared.errors import Forbidden, InvalidInput, NotFound, SlugTaken
from shared.graphql import Info, Node
from subgraphs.identity import models
from subgraphs.identity.errors import AccountLocked, EmailTaken, InvalidCredentials, SessionExpired
from subgraphs.identity.filters import MembersOf
from subgraphs.identity.models import Plan

_LIFETIME = 3600  # seconds; the brief's lifetime of organizations and branches in the cache


def _organization_key(viewer: Caller, uuid: UUID) -> str | None:
    # Only where the token itself says that the viewer may see it; any other goes to the database and its policies.
    return models.Organization.cache_key(uuid) if viewer.is_platform or viewer.organization_id == uuid else None


def _branch_key(viewer: Caller, uuid: UUID) -> str | None:
    return models.Branch.cache_key(viewer.organization_id, uuid) if viewer.organization_id else None


def _acting_for(info: Info, organization_id: UUID) -> None:
    """Scopes hold in the organization that the viewer acts for, and nowhere else."""
    viewer = info.context.viewer
    if not viewer.is_platform and viewer.organization_id != organization_id:
        raise Forbidden("Sign in to this organization first.")


def _named(settings: list[Any], keys: list[str] | None) -> list[Any]:
    return [setting for setting in settings if keys is None or setting.key in keys]


@strawberry.federation.type(keys=["id"], description="One setting of an organization.")
class OrganizationSetting(Node, model=models.OrganizationSetting):
    key: str = strawberry.field(description="Its name.")
    value: JSON = strawberry.field(description="Any JSON value.")


@strawberry.federation.type(keys=["id"], description="One setting of a branch.")
class BranchSetting(Node, model=models.BranchSetting):
    key: str = strawberry.field(description="Its name.")
    value: JSON = strawberry.field(description="Any JSON value.")


@strawberry.federation.type(keys=["id"], description="A tenant: a school, a company, a community.")
class Organization(Node, model=models.Organization, cache=CachePolicy(_organization_key, _LIFETIME)):
    name: str = strawberry.field(description="What people call it.")
    slug: str = strawberry.field(description="Its short name in addresses; unique on the platform.")
    description: str = strawberry.field(description="What it is, in a paragraph.")
    plan: Plan = strawberry.field(description="What it has subscribed to.")
    is_active: bool = strawberry.field(description="False once it has been closed: nobody signs in to it any more.")
    contact_email: str = strawberry.field(description="Where to write to.")
    contact_phone: str = strawberry.field(description="Where to call.")
    address: str = strawberry.field(description="Its postal address.")
    primary_color: str | None = strawberry.field(description="Its main colour, as #RRGGBB.")
    secondary_color: str | None = strawberry.field(description="Its second colour, as #RRGGBB.")
    logo_url: str | None = strawberry.field(description="Where its logo is.")

    @strawberry.field(description="Its places.")
    async def branches(self, info: Info, first: int | None = 10, after: str | None = None) -> "Connection[Branch]":
        place = (models.Branch.organization_id, self.uuid)
        return await info.context.load.page(Branch, Page.of(first, after), of=place)

    @strawberry.field(description="Who belongs to it.", extensions=[requires("manage:users")])
    async def members(
        self, info: Info, role: Role | None = None, first: int | None = 10, after: str | None = None
    ) -> "Connection[Membership] | None":
        _acting_for(info, self.uuid)
        place = (models.Membership.organization_id, self.uuid)
        return await info.context.load.page(Membership, Page.of(first, after), of=place, where=MembersOf(role))

    @strawberry.field(
        description="The keys of its partners, those that have ended among them.", extensions=[requires("manage:users")]
    )
    async def api_keys(
        self, info: Info, first: int | None = 10, after: str | None = None
    ) -> "Connection[ApiKey] | None":
        _acting_for(info, self.uuid)
        place = (models.ApiKey.organization_id, self.uuid)
        return await info.context.load.page(ApiKey, Page.of(first, after), of=place)

    @strawberry.field(description="Its settings, all or those named.", extensions=[requires("manage:users")])
    async def settings(self, info: Info, keys: list[str] | None = None) -> list[OrganizationSetting] | None:
        _acting_for(info, self.uuid)
        column = models.OrganizationSetting.organization_id
        return _named(await info.context.load.children(OrganizationSetting, column, self.uuid), keys)


@strawberry.federation.type(keys=["id"], description="A place of an organization.")
class Branch(Node, model=models.Branch, cache=CachePolicy(_branch_key, _LIFETIME)):
    name: str = strawberry.field(description="What people call it.")
    slug: str = strawberry.field(description="Its short name in addresses; unique in the organization.")
    address: str = strawberry.field(description="Street and number.")
    city: str = strawberry.field(description="The city it is in.")
    state: str = strawberry.field(description="The state, province or county.")
    country: str = strawberry.field(description="The country it is in.")
    postal_code: str = strawberry.field(description="The postal code.")
    latitude: float | None = strawberry.field(description="Degrees north, -90 to 90.")
    longitude: float | None = strawberry.field(description="Degrees east, -180 to 180.")
    is_active: bool = strawberry.field(description="Whether it is in use.")
    organization_id: strawberry.Private[UUID]

    @strawberry.field(description="The organization it belongs to.")
    async def organization(self, info: Info) -> Organization:
        return await _organization(info, self.organization_id)

    @strawberry.field(description="Its settings, all or those named.", extensions=[requires("manage:users")])
    async def settings(self, info: Info, keys: list[str] | None = None) -> list[BranchSetting] | None:
        _acting_for(info, self.organization_id)
        column = models.BranchSetting.branch_id
        return _named(await info.context.load.children(BranchSetting, column, self.uuid), keys)


@strawberry.federation.type(keys=["id"], description="A person.")
class User(Node, model=models.User):
    display_name: str = strawberry.field(description="The name others see.")
    locale: str = strawberry.field(description="The language they read, as a tag such as pt-BR.")
    time_zone: str = strawberry.field(description="Where their clock is, such as Europe/Lisbon.")
    created_at: datetime = strawberry.field(description="When the account was made.")
    email_address: strawberry.Private[str]

    @strawberry.field(description="Their address; null unless it is one's own, or one teaches or manages users here.")
    def email(self, info: Info) -> str | None:
        viewer = info.context.viewer
        seen = viewer.user_id == self.uuid or viewer.scopes & {"write:course", "manage:users"}
        return self.email_address if seen else None

    @strawberry.field(
        description="Where they belong: all of one's own; of others those here, for those who manage users.",
        extensions=[requires()],
    )
    async def memberships(self, info: Info) -> "list[Membership] | None":
        if info.context.viewer.user_id != self.uuid and "manage:users" not in info.context.viewer.scopes:
            raise Forbidden("This needs the scope manage:users.")
        return await info.context.load.children(Membership, models.Membership.user_id, self.uuid)


@strawberry.federation.type(
    keys=["id"],
    description="What a partner's programs send as `Authorization: Bearer lyceum_…`. It ends when it is revoked or "
    "expires, when the role of who made it ends or changes, and with its own account's membership.",
)
class ApiKey(Node, model=models.ApiKey):
    name: str = strawberry.field(description="What it is for.")
    secret_prefix: str = strawberry.field(name="prefix", description="How its secret begins, to tell it from others.")
    scopes: list[str] = strawberry.field(description="What it may do.")
    created_at: datetime = strawberry.field(description="When it was made.")
    last_used_at: datetime | None = strawberry.field(description="When it was last in use, to within a few minutes.")
    expires_at: datetime | None = strawberry.field(description="When it ends by itself; null for never.")
    revoked_at: datetime | None = strawberry.field(description="When it was ended.")
    user_id: strawberry.Private[UUID]
    created_by_id: strawberry.Private[UUID]

    @strawberry.field(description="The account that it acts as; it cannot sign in. Null once it is no member any more.")
    async def user(self, info: Info) -> User | None:
        return await info.context.load.one(User, self.user_id)

    @strawberry.field(description="Who made it; null for somebody who is no member any more, and for the platform.")
    async def created_by(self, info: Info) -> User | None:
        return await info.context.load.one(User, self.created_by_id)


@strawberry.federation.type(keys=["id"], description="What a person is in an organization.")
class Membership(Node, model=models.Membership):
    role: Role = strawberry.field(description="What they may do there.")
    user_id: strawberry.Private[UUID]
    organization_id: strawberry.Private[UUID]
    branch_id: strawberry.Private[UUID | None]

    @strawberry.field(description="Who belongs.")
    async def user(self, info: Info) -> User:
        found = await info.context.load.one(User, self.user_id)
        assert found is not None
        return found

    @strawberry.field(description="Where they belong.")
    async def organization(self, info: Info) -> Organization:
        return await _organization(info, self.organization_id)

    @strawberry.field(description="The place they belong to, if to one in particular.")
    async def branch(self, info: Info) -> Branch | None:
        return await info.context.load.one(Branch, self.branch_id)


@strawberry.type(description="Who is asking, and what they may do.")
class Viewer:
    scopes: list[str] = strawberry.field(description="What the access token allows, such as read:course.")
    caller: strawberry.Private[Caller]

    @strawberry.field(description="The person.")
    async def user(self, info: Info) -> User:
        found = await info.context.load.one(User, self.caller.user_id)
        assert found is not None
        return found

    @strawberry.field(description="The organization they act for; null for the platform's own login.")
    async def organization(self, info: Info) -> Organization | None:
        return await info.context.load.one(Organization, self.caller.organization_id)

    @strawberry.field(description="What they are there; null for the platform's own login.")
    async def membership(self, info: Info) -> Membership | None:
        column, organization_id = models.Membership.organization_id, self.caller.organization_id
        if organization_id is None:
            return None
        return await info.context.load.by(
            Membership, column, organization_id, among=MembersOf(user_id=self.caller.user_id)
        )

    @classmethod
    def of(cls, caller: Caller) -> "Viewer":
        return cls(scopes=sorted(caller.scopes), caller=caller)


@strawberry.type(description="A session: send `accessToken` as `Authorization: Bearer …`, and refresh it in time.")
class Tokens:
    access_token: str = strawberry.field(description="A JSON Web Token, good until `expiresAt`.")
    refresh_token: str = strawberry.field(description="Good once: for the next pair of tokens, within seven days.")
    expires_at: datetime = strawberry.field(description="When the access token expires.")
    viewer: Viewer = strawberry.field(description="Who is now signed in.")


@strawberry.type(description="A key that was just made.")
class NewApiKey:
    api_key: ApiKey = strawberry.field(description="The key as it will be listed.")
    secret: str = strawberry.field(description="What the partner sends. It is told here, and never again.")


@strawberry.type(description="What was deleted.")
class Deleted:
    id: strawberry.ID = strawberry.field(description="The id it had.")


async def _organization(info: Info, uuid: UUID) -> Organization:
    found = await info.context.load.one(Organization, uuid)
    assert found is not None
    return found


_BY_NODE_ID = Key(fields=FieldSet("nodeId"), resolvable=False)


@strawberry.federation.type(keys=[_BY_NODE_ID])
class Elsewhere(Node):
    """An entity of another subgraph behind `node(id:)`. Identity cannot know whether it exists.

    So it does not offer `id` itself: reading that takes the router to the owner, and an unknown id becomes null.
    """

    id: strawberry.ID = strawberry.federation.field(external=True)
    node_id: strawberry.ID = strawberry.federation.field(inaccessible=True)

    @classmethod
    async def resolve_references(cls, info: Info, keys: list[UUID]) -> list[Any]:
        return [None] * len(keys)


@strawberry.federation.type(keys=[_BY_NODE_ID])
class Course(Elsewhere):
    pass


@strawberry.federation.type(keys=[_BY_NODE_ID])
class Module(Elsewhere):
    pass


@strawberry.federation.type(keys=[_BY_NODE_ID])
class Enrollment(Elsewhere):
    pass


@strawberry.federation.type(keys=[_BY_NODE_ID])
class ContentItem(Elsewhere):
    pass


@strawberry.federation.type(keys=[_BY_NODE_ID])
class ContentVersion(Elsewhere):
    pass


@strawberry.federation.type(keys=[_BY_NODE_ID])
class Assessment(Elsewhere):
    pass


@strawberry.federation.type(keys=[_BY_NODE_ID])
class Attempt(Elsewhere):
    pass


@strawberry.federation.type(keys=[_BY_NODE_ID])
class Badge(Elsewhere):
    pass


@strawberry.federation.type(keys=[_BY_NODE_ID])
class Award(Elsewhere):
    pass


@strawberry.federation.type(keys=[_BY_NODE_ID])
class Certificate(Elsewhere):
    pass


@strawberry.federation.type(keys=[_BY_NODE_ID])
class CertificateTemplate(Elsewhere):
    pass


@strawberry.federation.type(keys=[_BY_NODE_ID])
class Job(Elsewhere):
    pass


OWN = (User, Organization, Branch, Membership, ApiKey, OrganizationSetting, BranchSetting)
"""What `node(id:)` finds here."""

ELSEWHERE = (
    *(Course, Module, Enrollment, ContentItem, ContentVersion, Assessment, Attempt),
    *(Badge, Award, Certificate, CertificateTemplate, Job),
)
"""What `node(id:)` leaves to the subgraph that owns it."""

LoginResult = Annotated[
    Tokens | InvalidCredentials | AccountLocked | InvalidInput,
    strawberry.union("LoginResult", description="A session, or why there is none."),
]
RefreshSessionResult = Annotated[
    Tokens | SessionExpired,
    strawberry.union("RefreshSessionResult", description="The next pair of tokens, or that it is time to sign in."),
]
RegisterResult = Annotated[
    Tokens | EmailTaken | NotFound | InvalidInput,
    strawberry.union("RegisterResult", description="The new account's first session, or what is in the way."),
]
CreateOrganizationResult = Annotated[
    Organization | SlugTaken | InvalidInput,
    strawberry.union("CreateOrganizationResult", description="The new organization, or what is in the way."),
]
OrganizationResult = Annotated[
    Organization | NotFound | InvalidInput,
    strawberry.union("OrganizationResult", description="The organization as it is now, or what is in the way."),
]
CreateBranchResult = Annotated[
    Branch | SlugTaken | NotFound | InvalidInput,
    strawberry.union("CreateBranchResult", description="The new branch, or what is in the way."),
]
BranchResult = Annotated[
    Branch | NotFound | InvalidInput,
    strawberry.union("BranchResult", description="The branch as it is now, or what is in the way."),
]
AddMemberResult = Annotated[
    Membership | EmailTaken | InvalidInput,
    strawberry.union("AddMemberResult", description="The new membership, or what is in the way."),
]
MembershipResult = Annotated[
    Membership | NotFound | InvalidInput,
    strawberry.union("MembershipResult", description="The membership as it is now, or what is in the way."),
]
CreateApiKeyResult = Annotated[
    NewApiKey | InvalidInput,
    strawberry.union("CreateApiKeyResult", description="The new key with its secret, or what is in the way."),
]
RevokeApiKeyResult = Annotated[
    ApiKey | NotFound,
    strawberry.union("RevokeApiKeyResult", description="The key, which is good for nothing any more, or NOT_FOUND."),
]
UserResult = Annotated[
    User | InvalidInput | AccountLocked,
    strawberry.union("UserResult", description="The viewer's account as it is now, or what is in the way."),
]
DeleteResult = Annotated[
    Deleted | NotFound | InvalidInput,
    strawberry.union("DeleteResult", description="What was deleted, or what is in the way."),
]
