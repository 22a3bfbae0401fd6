"""Organizations, their branches, and the settings of both."""

from functools import partial
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from shared import ids
from shared.cache import Cache
from shared.errors import InvalidInput, NotFound, Rejected, SlugTaken
from shared.events import emit
from shared.inputs import Input
from shared.postgres import Model, after_commit, insert_unique
from subgraphs.identity import events
from subgraphs.identity.inputs import (
    CreateBranchInput,
    CreateOrganizationInput,
    SettingInput,
    UpdateBranchInput,
    UpdateOrganizationInput,
)
from subgraphs.identity.models import ApiKey, Branch, BranchSetting, Organization, OrganizationSetting, Session
from subgraphs.identity.services import api_keys
from subgraphs.identity.services.sessions import Sessions

M = TypeVar("M", bound=Model)


async def create_organization(session: AsyncSession, input: CreateOrganizationInput) -> Organization:
    """A new tenant."""
    organization = Organization(**input.model_dump() | {"description": input.description or ""})
    await insert_unique(session, organization, "organization_slug_key", SlugTaken(slug=input.slug))
    await emit(session, events.OrganizationCreated(**_told(organization)))
    return organization


async def update_organization(session: AsyncSession, cache: Cache, input: UpdateOrganizationInput) -> Organization:
    """Changes what was given."""
    organization = await _organization(session, input.id)
    fields = _change(organization, input)
    await emit(session, events.OrganizationUpdated(**_told(organization), fields=fields))
    after_commit(session, partial(cache.purge, Organization.cache_key(organization.id)))
    return organization


async def delete_organization(session: AsyncSession, cache: Cache, sessions: Sessions, id: str) -> Organization:
    """Closes an organization: all its sessions end and nobody signs in again. Its data stays until it is erased."""
    organization = await _organization(session, id)
    if not organization.is_active:
        return organization
    organization.is_active = False
    await emit(session, events.OrganizationDeleted(id=organization.id, organization_id=organization.id))
    await sessions.end_where(session, [Session.organization_id == organization.id], "organization closed")
    await api_keys.revoke_where(session, sessions, [ApiKey.organization_id == organization.id], "organization closed")
    after_commit(session, partial(cache.purge, Organization.cache_key(organization.id)))
    return organization


async def create_branch(session: AsyncSession, input: CreateBranchInput) -> Branch:
    """A new place of an organization."""
    organization = await _organization(session, input.organization_id)
    branch = Branch(organization_id=organization.id, **input.model_dump(exclude={"organization_id"}))
    await insert_unique(session, branch, "branch_slug_key", SlugTaken(slug=input.slug))
    await emit(session, events.BranchCreated(id=branch.id, organization_id=organization.id, slug=branch.slug))
    return branch


async def update_branch(session: AsyncSession, cache: Cache, input: UpdateBranchInput) -> Branch:
    """Changes what was given."""
    branch = await _branch(session, input.id)
    fields = _change(branch, input)
    updated = events.BranchUpdated(id=branch.id, organization_id=branch.organization_id, fields=fields)
    await emit(session, updated)
    after_commit(session, partial(cache.purge, Branch.cache_key(branch.organization_id, branch.id)))
    return branch


async def delete_branch(session: AsyncSession, cache: Cache, id: str) -> UUID:
    """Removes a place that nobody belongs to; returns its id."""
    branch = await _branch(session, id)
    await session.delete(branch)
    try:
        await session.flush()
    except IntegrityError as error:
        raise Rejected(InvalidInput.at("id", message="The branch still has members.")) from error
    await emit(session, events.BranchDeleted(id=branch.id, organization_id=branch.organization_id))
    after_commit(session, partial(cache.purge, Branch.cache_key(branch.organization_id, branch.id)))
    return branch.id


async def set_organization_setting(session: AsyncSession, id: str, input: SettingInput) -> Organization:
    """Sets or removes one setting."""
    organization = await _organization(session, id)
    values = {"organization_id": organization.id, "key": input.key}
    await _set(session, OrganizationSetting, values, input)
    await emit(
        session,
        events.OrganizationSettingsUpdated(id=organization.id, organization_id=organization.id, key=input.key),
    )
    return organization


async def set_branch_setting(session: AsyncSession, id: str, input: SettingInput) -> Branch:
    """Sets or removes one setting."""
    branch = await _branch(session, id)
    values = {"organization_id": branch.organization_id, "branch_id": branch.id, "key": input.key}
    await _set(session, BranchSetting, values, input)
    updated = events.BranchSettingsUpdated(id=branch.id, organization_id=branch.organization_id, key=input.key)
    await emit(session, updated)
    return branch


async def _set(session: AsyncSession, model: type[Any], values: dict[str, Any], input: SettingInput) -> None:
    if input.value is None:
        await session.execute(delete(model).where(*(getattr(model, name) == value for name, value in values.items())))
        return
    statement = insert(model).values(id=ids.new_id(), value=input.value, **values)
    await session.execute(
        statement.on_conflict_do_update(index_elements=list(values), set_={"value": statement.excluded.value})
    )


def _told(organization: Organization) -> dict[str, Any]:
    """What others know of an organization."""
    return {
        "id": organization.id,
        "organization_id": organization.id,
        "name": organization.name,
        "slug": organization.slug,
    }


def _change(row: Model, input: Input) -> list[str]:
    changes = input.model_dump(exclude={"id"}, exclude_none=True)
    for name, value in changes.items():
        setattr(row, name, value)
    return sorted(changes)


async def _organization(session: AsyncSession, id: str) -> Organization:
    return await _found(session, Organization, ids.decode("organization", id))


async def _branch(session: AsyncSession, id: str) -> Branch:
    return await _found(session, Branch, ids.decode("branch", id))


async def _found(session: AsyncSession, model: type[M], id: UUID | None) -> M:
    row = (await session.execute(select(model).where(model.id == id).with_for_update())).scalar_one_or_none()
    if row is None:
        raise Rejected(NotFound())
    return row
