"""Inputs of identity: what GraphQL takes, what is validated, and what the services are told."""

import json
import re
from datetime import UTC, datetime
from typing import Annotated, Any
from zoneinfo import available_timezones

import strawberry
from pydantic import AfterValidator, Field, StringConstraints
from strawberry.scalars import JSON

from shared.auth import Role
from shared.inputs import Color, Email, Input, Link, Moment, Phone, Slug, Storable, Title
from subgraphs.identity.models import Plan

_PASSWORD_LENGTH = (12, 128)
_DISTINCT = 5
_SETTING_LENGTH = 10_000
_TIME_ZONES = frozenset(available_timezones())
_LOCALE = re.compile(r"^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$")

strawberry.enum(Role, description="What somebody may do in an organization.")
strawberry.enum(Plan, description="What an organization has subscribed to.")


def _time_zone(value: str) -> str:
    if value not in _TIME_ZONES:
        raise ValueError("This is not a time zone of the IANA database, such as Europe/Lisbon")
    return value


def _locale(value: str) -> str:
    if not _LOCALE.match(value):
        raise ValueError("This is not a language tag, such as pt or pt-BR")
    return value


def _password(value: str) -> str:
    # ASVS 5.0 6.2.5: length, not composition; a handful of characters repeated is no length.
    if len(set(value)) < _DISTINCT:
        raise ValueError(f"A password needs at least {_DISTINCT} different characters")
    return value


def _value(value: Any) -> Any:
    try:
        document = json.dumps(value, ensure_ascii=False, allow_nan=False)
        document.encode()
    except ValueError:
        raise ValueError("A setting must be JSON of finite numbers and valid Unicode") from None
    if len(document) > _SETTING_LENGTH:
        raise ValueError(f"A setting has at most {_SETTING_LENGTH:,} characters as JSON")
    return value


def _future(value: datetime) -> datetime:
    if value <= datetime.now(UTC):
        raise ValueError("This must lie in the future")
    return value


Password = Annotated[
    str,
    StringConstraints(min_length=_PASSWORD_LENGTH[0], max_length=_PASSWORD_LENGTH[1], strip_whitespace=False),
    Storable,
    AfterValidator(_password),
]
DisplayName = Annotated[str, StringConstraints(min_length=1, max_length=255), Storable]
Locale = Annotated[str, AfterValidator(_locale)]
TimeZone = Annotated[str, AfterValidator(_time_zone)]
Required = Annotated[str, StringConstraints(min_length=1, max_length=255), Storable]
Description = Annotated[str, StringConstraints(max_length=1000), Storable]
Address = Annotated[str, StringConstraints(min_length=1, max_length=500), Storable]
PostalCode = Annotated[str, StringConstraints(min_length=1, max_length=20), Storable]
Latitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
Longitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
Value = Annotated[JSON, AfterValidator(_value)]
Scopes = Annotated[list[str], Field(min_length=1, max_length=20)]
Future = Annotated[Moment, AfterValidator(_future)]
Key = Annotated[str, StringConstraints(min_length=1, max_length=100), Storable]


@strawberry.pydantic.input(description="Signing in with a password.")
class LoginInput(Input):
    email: Annotated[str, StringConstraints(max_length=255), Storable] = Field(description="The account's address.")
    password: Annotated[str, StringConstraints(max_length=1024, strip_whitespace=False)] = Field(
        description="Its password."
    )
    organization_slug: Annotated[str, Storable] | None = Field(
        None, description="Which membership to act under; the first one when omitted."
    )


@strawberry.pydantic.input(description="A new account, as a student of an organization.")
class RegisterInput(Input):
    email: Email = Field(description="The address to sign in with.")
    password: Password = Field(description="12 to 128 characters; any characters.")
    display_name: DisplayName = Field(description="The name others see.")
    organization_slug: Annotated[str, Storable] = Field(description="The organization to join.")


@strawberry.pydantic.input(description="A new tenant.")
class CreateOrganizationInput(Input):
    name: Title = Field(description="3 to 255 characters.")
    slug: Slug = Field(description="3 to 100 of a-z, 0-9 and -; unique on the platform.")
    description: Description | None = Field("", description="Up to 1,000 characters.")
    contact_email: Email = Field(description="Where the platform reaches the organization.")
    contact_phone: Phone = Field(description="A telephone number.")
    address: Address = Field(description="A postal address.")
    plan: Plan = Field(description="What it subscribes to.")
    primary_color: Color | None = Field(None, description="A colour such as #1A2B3C.")
    secondary_color: Color | None = Field(None, description="A colour such as #1A2B3C.")
    logo_url: Link | None = Field(None, description="An absolute https address.")


@strawberry.pydantic.input(description="Changes to a tenant; what is left out stays as it is.")
class UpdateOrganizationInput(Input):
    id: strawberry.ID = Field(description="The organization.")
    name: Title | None = Field(None, description="3 to 255 characters.")
    description: Description | None = Field(None, description="Up to 1,000 characters.")
    contact_email: Email | None = Field(None, description="Where the platform reaches the organization.")
    contact_phone: Phone | None = Field(None, description="A telephone number.")
    address: Address | None = Field(None, description="A postal address.")
    plan: Plan | None = Field(None, description="What it subscribes to.")
    primary_color: Color | None = Field(None, description="A colour such as #1A2B3C.")
    secondary_color: Color | None = Field(None, description="A colour such as #1A2B3C.")
    logo_url: Link | None = Field(None, description="An absolute https address.")


@strawberry.pydantic.input(description="A place of an organization.")
class CreateBranchInput(Input):
    organization_id: strawberry.ID = Field(description="The organization it belongs to.")
    name: Title = Field(description="3 to 255 characters.")
    slug: Slug = Field(description="3 to 100 of a-z, 0-9 and -; unique in the organization.")
    address: Address = Field(description="Street and number.")
    city: Required = Field(description="The city.")
    state: Required = Field(description="The state, province or county.")
    country: Required = Field(description="The country.")
    postal_code: PostalCode = Field(description="The postal code.")
    latitude: Latitude | None = Field(None, description="Degrees, -90 to 90.")
    longitude: Longitude | None = Field(None, description="Degrees, -180 to 180.")


@strawberry.pydantic.input(description="Changes to a branch; what is left out stays as it is.")
class UpdateBranchInput(Input):
    id: strawberry.ID = Field(description="The branch.")
    name: Title | None = Field(None, description="3 to 255 characters.")
    address: Address | None = Field(None, description="Street and number.")
    city: Required | None = Field(None, description="The city.")
    state: Required | None = Field(None, description="The state, province or county.")
    country: Required | None = Field(None, description="The country.")
    postal_code: PostalCode | None = Field(None, description="The postal code.")
    latitude: Latitude | None = Field(None, description="Degrees, -90 to 90.")
    longitude: Longitude | None = Field(None, description="Degrees, -180 to 180.")
    is_active: bool | None = Field(None, description="Whether the branch is in use.")


@strawberry.pydantic.input(description="One setting of an organization or a branch; null removes it.")
class SettingInput(Input):
    key: Key = Field(description="1 to 100 characters.")
    value: Value | None = Field(None, description="Any JSON value, up to 10,000 characters.")


@strawberry.pydantic.input(description="A person to take into the viewer's organization.")
class AddMemberInput(Input):
    email: Email = Field(description="The address to sign in with.")
    display_name: DisplayName = Field(description="The name others see.")
    role: Role = Field(description="STUDENT, TEACHER or ADMIN.")
    password: Password | None = Field(None, description="A first password; without one the person cannot sign in yet.")


@strawberry.pydantic.input(description="A key for a partner's programs.")
class CreateApiKeyInput(Input):
    name: DisplayName = Field(description="What it is for; the account that it acts as is called this, too.")
    scopes: Scopes = Field(description="What it may do, such as read:course: nothing that you may not do yourself.")
    expires_at: Future | None = Field(None, description="When it ends by itself; never when omitted.")


@strawberry.pydantic.input(description="Changes to a membership; what is left out stays as it is.")
class UpdateMemberInput(Input):
    id: strawberry.ID = Field(description="The membership.")
    role: Role | None = Field(None, description="STUDENT, TEACHER or ADMIN.")
    branch_id: strawberry.ID | None = Field(None, description="A branch of the organization.")


@strawberry.pydantic.input(description="Changes to the viewer's own profile; what is left out stays as it is.")
class UpdateProfileInput(Input):
    display_name: DisplayName | None = Field(None, description="The name others see.")
    locale: Locale | None = Field(None, description="A language tag, such as pt-BR.")
    time_zone: TimeZone | None = Field(None, description="A time zone of the IANA database, such as Europe/Lisbon.")


@strawberry.pydantic.input(description="A new password for the viewer.")
class ChangePasswordInput(Input):
    current_password: Annotated[str, StringConstraints(max_length=1024, strip_whitespace=False)] = Field(
        description="The password so far."
    )
    new_password: Password = Field(description="12 to 128 characters; any characters.")
