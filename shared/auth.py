"""Who is asking: access tokens (RFC 9068, EdDSA), the brief's scopes, and the guard `requires`."""

import asyncio
import time
from collections import OrderedDict
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit
from uuid import UUID

import httpx
import jwt
import structlog
from strawberry.federation.schema_directives import Authenticated, RequiresScopes
from strawberry.permission import BasePermission, PermissionExtension

from shared import ids
from shared.errors import Forbidden, Unauthenticated, Unavailable

log = structlog.get_logger()


class Role(StrEnum):
    """What somebody may do in an organization. SUPER_ADMIN is the platform's own login."""

    STUDENT = "STUDENT"
    TEACHER = "TEACHER"
    ADMIN = "ADMIN"
    SUPER_ADMIN = "SUPER_ADMIN"


_STUDENT = frozenset({"read:course", "view:analytics"})
_TEACHER = _STUDENT | {"write:course"}
_ADMIN = _TEACHER | {"delete:course", "manage:users"}

SCOPES: dict[Role, frozenset[str]] = {
    Role.STUDENT: _STUDENT,
    Role.TEACHER: _TEACHER,
    Role.ADMIN: _ADMIN,
    Role.SUPER_ADMIN: _ADMIN | {"manage:organization"},
}
"""The brief's permissions per role; an admin does not manage the organization itself."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """The verified caller of a request. Anonymous requests have `ANONYMOUS`, with no user and no scopes."""

    user_id: UUID | None = None
    session_id: UUID | None = None
    organization_id: UUID | None = None
    role: Role | None = None
    scopes: frozenset[str] = frozenset()
    expires_at: float = float("inf")

    @property
    def is_platform(self) -> bool:
        """Whether this is the platform login, acting for no single organization."""
        return self.role == Role.SUPER_ADMIN and self.organization_id is None


ANONYMOUS = Viewer()


class SignedIn(BasePermission):
    """Signed in, and with the scope where one is named. The same object prints the directive for the router."""

    def __init__(self, scope: str | None) -> None:
        self.scope = scope
        # The base class declares a class variable; a directive per scope has to be one per instance.
        directive = RequiresScopes(scopes=[[scope]]) if scope else Authenticated()
        self._schema_directive = directive  # type: ignore[misc]

    def has_permission(self, source: Any, info: Any, **kwargs: Any) -> bool:
        viewer: Viewer = info.context.viewer
        if viewer.user_id is None:
            raise Unauthenticated
        if self.scope and self.scope not in viewer.scopes:
            raise Forbidden(f"This needs the scope {self.scope}.")
        return True


def requires(scope: str | None = None) -> PermissionExtension:
    """The guard of a field: refuses here, and prints `@requiresScopes` (without a scope: `@authenticated`)."""
    return PermissionExtension(permissions=[SignedIn(scope)])


class KeySource(Protocol):
    """Where the public signing keys come from."""

    async def key(self, kid: str) -> jwt.PyJWK | None:
        """The key with this id; None when there is no such key."""


class JwksClient:
    """Identity's published keys (RFC 7517), fetched when a token names one that is not known yet."""

    _PAUSE = 5.0  # seconds between fetches, so that made-up key ids cannot turn into a stream of requests
    _RETRY = 1.0  # seconds between failures, so that those who waited for one do not wait for the next

    def __init__(self, url: str) -> None:
        self._url = url
        self._keys: dict[str, jwt.PyJWK] = {}
        self._fetched = self._failed = float("-inf")
        self._lock = asyncio.Lock()

    async def key(self, kid: str) -> jwt.PyJWK | None:
        """The key, after at most one fetch; raises `Unavailable` when the keys cannot be had."""
        if kid not in self._keys:
            async with self._lock:
                if kid not in self._keys and time.monotonic() - self._fetched > self._PAUSE:
                    if time.monotonic() - self._failed < self._RETRY:
                        raise Unavailable
                    await self._fetch()
        return self._keys.get(kid)

    async def _fetch(self) -> None:
        try:
            keys = jwt.PyJWKSet.from_json(await self._read()).keys
        # PyJWT raises the last two for JSON of another shape.
        except (httpx.HTTPError, OSError, ValueError, jwt.PyJWTError, AttributeError, TypeError) as error:
            self._failed = time.monotonic()
            log.warning("jwks.unavailable", error=repr(error))
            raise Unavailable from error
        self._keys = {key.key_id: key for key in keys if key.key_id}
        self._fetched = time.monotonic()

    async def _read(self) -> str:
        parts = urlsplit(self._url)
        if parts.scheme == "file":
            return await asyncio.to_thread(Path(parts.path).read_text)
        async with httpx.AsyncClient(timeout=3.0, follow_redirects=False, trust_env=False) as client:
            return (await client.get(self._url)).raise_for_status().text


class TokenVerifier:
    """Turns an access token into a `Viewer`; the answer for a token is kept until it expires or is pushed out."""

    _KEPT = 10_000

    def __init__(self, keys: KeySource, issuer: str, audience: str) -> None:
        self._keys, self._issuer, self._audience = keys, issuer, audience
        self._viewers: OrderedDict[str, Viewer] = OrderedDict()

    async def verify(self, token: str) -> Viewer:
        """The caller a token speaks for; raises `Unauthenticated` for anything but a good access token."""
        viewer = self._viewers.get(token)
        if viewer is None:
            viewer = await self._read(token)
            self._viewers[token] = viewer
            if len(self._viewers) > self._KEPT:
                self._viewers.popitem(last=False)
        if viewer.expires_at <= time.time():
            self._viewers.pop(token, None)
            raise Unauthenticated("The access token has expired; refresh the session.")
        return viewer

    async def _read(self, token: str) -> Viewer:
        refused = Unauthenticated("The access token is not valid.")
        try:
            header = jwt.get_unverified_header(token)
            # PyJWT leaves `typ` to its caller; another kind of token signed with the same key must not pass.
            if str(header.get("typ", "")).lower() != "at+jwt" or header.get("alg") != "EdDSA":
                raise refused
            key = await self._keys.key(str(header.get("kid", "")))
            if key is None:
                raise refused
            return viewer_of(self._claims(token, key))
        except jwt.ExpiredSignatureError as error:
            raise Unauthenticated("The access token has expired; refresh the session.") from error
        except (jwt.PyJWTError, ValueError, KeyError, AttributeError, TypeError) as error:  # or claims of another type
            raise refused from error

    def _claims(self, token: str, key: jwt.PyJWK) -> dict[str, Any]:
        return jwt.decode(
            token,
            key,
            algorithms=["EdDSA"],
            issuer=self._issuer,
            audience=self._audience,
            options={"require": ["exp", "iat", "sub", "aud", "iss", "jti", "sid"]},
        )


def organization_of(viewer: Viewer) -> UUID:
    """The organization that the viewer acts for; refuses the platform's own login, which may act for none."""
    if viewer.organization_id is None:
        raise Forbidden("Sign in with `organizationSlug` to act for an organization.")
    return viewer.organization_id


def viewer_of(claims: dict[str, Any]) -> Viewer:
    """The viewer in verified claims (`sub`, `sid`, `tid`, `role`, `scope`, `exp`); ValueError if they are odd."""
    tenant = claims.get("tid")
    viewer = Viewer(
        user_id=ids.decode("user", claims["sub"]),
        session_id=ids.decode("session", claims["sid"]),
        organization_id=ids.decode("organization", tenant) if tenant else None,
        role=Role(claims["role"]),
        scopes=frozenset(claims["scope"].split()),
        expires_at=float(claims["exp"]),
    )
    if viewer.user_id is None or viewer.session_id is None or bool(tenant) != bool(viewer.organization_id):
        raise ValueError("malformed ids in the claims")
    return viewer


def claims_of(viewer: Viewer) -> dict[str, Any]:
    """The claims that `viewer_of` reads back; the inverse, for whoever signs tokens."""
    assert viewer.user_id
    assert viewer.session_id
    assert viewer.role
    claims = {
        "sub": ids.encode("user", viewer.user_id),
        "sid": ids.encode("session", viewer.session_id),
        "role": viewer.role.value,
        "scope": " ".join(sorted(viewer.scopes)),
        "exp": int(viewer.expires_at),
    }
    if viewer.organization_id:
        claims["tid"] = ids.encode("organization", viewer.organization_id)
    return claims
