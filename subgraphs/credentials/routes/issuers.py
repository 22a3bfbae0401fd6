"""What an organization is to the public: its keys, its status lists, and the badges it has awarded."""

from starlette.requests import Request
from starlette.responses import Response

from shared import ids
from shared.context import Platform
from shared.credentials import did_document, jwks
from shared.credentials.vocabulary import BADGES_CONTEXT, CREDENTIALS_CONTEXT
from subgraphs.credentials.models import AchievementKind, Badge
from subgraphs.credentials.routes import pages
from subgraphs.credentials.routes.answers import FRESH, SHORT, answer, as_json, missing, preferred
from subgraphs.credentials.routes.reading import Issuer, as_tenant, awarded_badge, issuer_with
from subgraphs.credentials.runtime import addresses_of, issuing_of

_JSON = ["application/vc+ld+json", "application/vc", "application/ld+json", "application/json"]
_JWT = ["application/vc+jwt", "application/jwt"]
_MOST = 1_000_000  # no tenant comes to more lists


async def did(request: Request) -> Response:
    """The DID document (did:web)."""
    platform, issuer = await _asked(request)
    if issuer is None:
        return missing()
    async with as_tenant(platform, issuer.organization_id) as session:
        keys = await issuing_of(platform).public_keys(session, issuer.organization_id)
    document = did_document(addresses_of(platform).did(issuer.slug), keys)
    return answer(request, as_json(document), "application/did+ld+json", SHORT)


async def key_set(request: Request) -> Response:
    """The same keys as a JWK Set."""
    platform, issuer = await _asked(request)
    if issuer is None:
        return missing()
    async with as_tenant(platform, issuer.organization_id) as session:
        keys = await issuing_of(platform).public_keys(session, issuer.organization_id)
    return answer(request, as_json(jwks(keys)), "application/jwk-set+json", SHORT)


async def status_list(request: Request) -> Response:
    """A status list as it is at this moment, as JSON unless a JWT is asked for.

    Who says nothing at all of the form gets the JWT: openbadgeslib is such a one, and takes only that.
    """
    platform, issuer = await _asked(request)
    text = request.path_params["number"]
    number = int(text) if text.isascii() and text.isdecimal() and len(text) <= len(str(_MOST)) else 0
    if issuer is None or number == 0 or str(number) != text:
        return missing()
    async with as_tenant(platform, issuer.organization_id) as session:
        signed = await issuing_of(platform).status_list(session, issuer.organization_id, issuer.slug, number)
    if signed is None:
        return missing()
    media_type = preferred(request, [*_JSON, *_JWT]) if "accept" in request.headers else _JWT[0]
    body = signed.jwt.encode() if media_type in _JWT else as_json(signed.document)
    return answer(request, body, media_type, FRESH, {"vary": "accept"})


async def badge(request: Request) -> Response:
    """A badge that has been awarded, as an Achievement or as a page."""
    platform, issuer = await _asked(request)
    found = await awarded_badge(platform, issuer, ids.decode("badge", request.path_params["id"])) if issuer else None
    if issuer is None or found is None:
        return missing()
    media_type = preferred(request, ["application/ld+json", "application/json", "text/html"])
    if media_type == "text/html":
        return answer(
            request, pages.badge(found.name, found.description, issuer.name), media_type, SHORT, pages.HEADERS
        )
    return answer(request, as_json(_achievement(platform, issuer, found)), media_type, SHORT, {"vary": "accept"})


def _achievement(platform: Platform, issuer: Issuer, badge: Badge) -> dict[str, object]:
    addresses = addresses_of(platform)
    kind = {"achievementType": "CertificateOfCompletion"} if badge.kind == AchievementKind.CERTIFICATE else {}
    return kind | {
        "@context": [CREDENTIALS_CONTEXT, BADGES_CONTEXT],
        "id": addresses.badge(issuer.slug, badge.id),
        "type": ["Achievement"],
        "name": badge.name,
        "description": badge.description,
        "creator": {"id": addresses.did(issuer.slug), "type": ["Profile"], "name": issuer.name},
    }


async def _asked(request: Request) -> tuple[Platform, Issuer | None]:
    platform: Platform = request.app.state.platform
    return platform, await issuer_with(platform, request.path_params["slug"])
