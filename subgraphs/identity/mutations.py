"""What one changes in identity: guard, transaction, service."""

from datetime import UTC, datetime
from functools import partial
from uuid import UUID

import strawberry

from shared.auth import Viewer as Caller
from shared.auth import organization_of, requires
from shared.graphql import Info
from shared.idempotency import once
from subgraphs.identity import inputs, models
from subgraphs.identity.runtime import sessions_of
from subgraphs.identity.services import accounts, api_keys, members, organizations
from subgraphs.identity.services.sessions import Grant
from subgraphs.identity.types import (
    AddMemberResult,
    ApiKey,
    Branch,
    BranchResult,
    CreateApiKeyResult,
    CreateBranchResult,
    CreateOrganizationResult,
    Deleted,
    DeleteResult,
    LoginResult,
    Membership,
    MembershipResult,
    NewApiKey,
    Organization,
    OrganizationResult,
    RefreshSessionResult,
    RegisterResult,
    RevokeApiKeyResult,
    Tokens,
    User,
    UserResult,
    Viewer,
)


def _tokens(info: Info, grant: Grant) -> Tokens:
    info.context.viewer = grant.viewer  # what is read below the tokens is read as the one who has just signed in,
    info.context.renew()  # and nothing that was loaded as somebody else
    return Tokens(
        access_token=grant.access_token,
        refresh_token=grant.refresh_token,
        expires_at=datetime.fromtimestamp(grant.viewer.expires_at, UTC),
        viewer=Viewer.of(grant.viewer),
    )


@strawberry.type
class Mutation:
    @strawberry.mutation(description="Signs in with a password. Five wrong ones lock the account for a while.")
    async def login(self, info: Info, input: inputs.LoginInput) -> LoginResult:
        answer = await accounts.sign_in(info.context.system, sessions_of(info), input)
        return _tokens(info, answer) if isinstance(answer, Grant) else answer

    @strawberry.mutation(
        description="The next pair of tokens. A refresh token works once; used twice, it ends its session."
    )
    async def refresh_session(self, info: Info, refresh_token: str) -> RefreshSessionResult:
        async with info.context.system() as session:
            answer = await sessions_of(info).refresh(session, refresh_token)
        return _tokens(info, answer) if isinstance(answer, Grant) else answer

    @strawberry.mutation(description="Ends the viewer's session everywhere, at once.", extensions=[requires()])
    async def logout(self, info: Info) -> bool:
        async with info.context.system() as session:
            mine = models.Session.id == info.context.viewer.session_id
            await sessions_of(info).end_where(session, [mine], "signed out")
        return True

    @strawberry.mutation(description="Makes an account as a student of an organization, and signs it in.")
    async def register(self, info: Info, input: inputs.RegisterInput) -> RegisterResult:
        return _tokens(info, await accounts.register(info.context.system, sessions_of(info), input))

    @strawberry.mutation(
        description="Makes the viewer a student of another organization; then sign in with its slug.",
        extensions=[requires()],
    )
    async def join_organization(self, info: Info, organization_slug: str) -> MembershipResult:
        async with info.context.system() as session:
            viewer_id = _user_id(info.context.viewer)
            return Membership.of(await accounts.join(session, viewer_id, organization_slug))

    @strawberry.mutation(description="Changes the viewer's own profile.", extensions=[requires()])
    async def update_profile(self, info: Info, input: inputs.UpdateProfileInput) -> UserResult:
        async with info.context.system() as session:  # an account is no tenant's, and neither is its event
            return User.of(await accounts.update_profile(session, _user_id(info.context.viewer), input))

    @strawberry.mutation(
        description="Sets a new password and ends the viewer's other sessions.", extensions=[requires()]
    )
    async def change_password(self, info: Info, input: inputs.ChangePasswordInput) -> UserResult:
        changed = await accounts.change_password(info.context.system, sessions_of(info), info.context.viewer, input)
        return User.of(changed)

    @strawberry.mutation(description="Makes a tenant.", extensions=[requires("manage:organization")])
    async def create_organization(
        self, info: Info, input: inputs.CreateOrganizationInput, idempotency_key: str | None = None
    ) -> CreateOrganizationResult:
        async with info.context.system() as session:
            create = partial(organizations.create_organization, session, input)
            made = once(session, "createOrganization", idempotency_key, input, models.Organization, create)
            return Organization.of(await made)

    @strawberry.mutation(description="Changes a tenant.", extensions=[requires("manage:organization")])
    async def update_organization(self, info: Info, input: inputs.UpdateOrganizationInput) -> OrganizationResult:
        async with info.context.system() as session:
            cache = info.context.platform.cache
            return Organization.of(await organizations.update_organization(session, cache, input))

    @strawberry.mutation(
        description="Closes a tenant: its sessions end and nobody signs in to it again. Its data stays.",
        extensions=[requires("manage:organization")],
    )
    async def delete_organization(self, info: Info, id: strawberry.ID) -> OrganizationResult:
        async with info.context.system() as session:
            cache, sessions = info.context.platform.cache, sessions_of(info)
            return Organization.of(await organizations.delete_organization(session, cache, sessions, id))

    @strawberry.mutation(
        description="Sets one of a tenant's settings, or removes it.", extensions=[requires("manage:organization")]
    )
    async def set_organization_setting(
        self, info: Info, id: strawberry.ID, input: inputs.SettingInput
    ) -> OrganizationResult:
        async with info.context.system() as session:
            return Organization.of(await organizations.set_organization_setting(session, id, input))

    @strawberry.mutation(description="Adds a place to a tenant.", extensions=[requires("manage:organization")])
    async def create_branch(
        self, info: Info, input: inputs.CreateBranchInput, idempotency_key: str | None = None
    ) -> CreateBranchResult:
        async with info.context.system() as session:
            create = partial(organizations.create_branch, session, input)
            return Branch.of(await once(session, "createBranch", idempotency_key, input, models.Branch, create))

    @strawberry.mutation(description="Changes a place.", extensions=[requires("manage:organization")])
    async def update_branch(self, info: Info, input: inputs.UpdateBranchInput) -> BranchResult:
        async with info.context.system() as session:
            return Branch.of(await organizations.update_branch(session, info.context.platform.cache, input))

    @strawberry.mutation(
        description="Removes a place that nobody belongs to.", extensions=[requires("manage:organization")]
    )
    async def delete_branch(self, info: Info, id: strawberry.ID) -> DeleteResult:
        async with info.context.system() as session:
            await organizations.delete_branch(session, info.context.platform.cache, id)
        return Deleted(id=id)

    @strawberry.mutation(
        description="Sets one of a place's settings, or removes it.", extensions=[requires("manage:organization")]
    )
    async def set_branch_setting(self, info: Info, id: strawberry.ID, input: inputs.SettingInput) -> BranchResult:
        async with info.context.system() as session:
            return Branch.of(await organizations.set_branch_setting(session, id, input))

    @strawberry.mutation(
        description="Takes a new person into the viewer's organization. Who has an account joins by themselves.",
        extensions=[requires("manage:users")],
    )
    async def add_member(
        self, info: Info, input: inputs.AddMemberInput, idempotency_key: str | None = None
    ) -> AddMemberResult:
        organization_id = organization_of(info.context.viewer)
        new = await members.new_member(input)
        async with info.context.session() as session:
            create = partial(members.add_member, session, organization_id, new)
            # The key's row keeps a fast hash of the input, which must not be one of the password.
            told = input.model_copy(update={"password": None})
            return Membership.of(await once(session, "addMember", idempotency_key, told, models.Membership, create))

    @strawberry.mutation(
        description="Changes a member's role or branch; a new role counts at once.",
        extensions=[requires("manage:users")],
    )
    async def update_member(self, info: Info, input: inputs.UpdateMemberInput) -> MembershipResult:
        async with info.context.system() as session:
            viewer, sessions = info.context.viewer, sessions_of(info)
            return Membership.of(await members.update_member(session, sessions, viewer, input))

    @strawberry.mutation(
        description="Takes a person out of the organization; their account stays.",
        extensions=[requires("manage:users")],
    )
    async def remove_member(self, info: Info, id: strawberry.ID) -> DeleteResult:
        async with info.context.system() as session:
            await members.remove_member(session, sessions_of(info), info.context.viewer, id)
        return Deleted(id=id)

    # No idempotency key: of a lost answer the secret cannot be told again, so the key is revoked and another one made.
    @strawberry.mutation(
        description="Makes a key for a partner of the viewer's organization, and tells its secret, once.",
        extensions=[requires("manage:users")],
    )
    async def create_api_key(self, info: Info, input: inputs.CreateApiKeyInput) -> CreateApiKeyResult:
        async with info.context.session() as session:
            made = await api_keys.create_api_key(session, info.context.viewer, input)
            return NewApiKey(api_key=ApiKey.of(made.row), secret=made.secret)

    @strawberry.mutation(
        description="Ends a key for good: its requests are refused and its streams end within seconds.",
        extensions=[requires("manage:users")],
    )
    async def revoke_api_key(self, info: Info, id: strawberry.ID) -> RevokeApiKeyResult:
        organization_of(info.context.viewer)
        async with info.context.session() as session:
            return ApiKey.of(await api_keys.revoke_api_key(session, sessions_of(info), id))


def _user_id(viewer: Caller) -> UUID:
    assert viewer.user_id  # the guard has seen to it
    return viewer.user_id
