"""What an award is to the public: the page to check it on, the credential in both forms, and the baked picture."""

import asyncio
from functools import lru_cache

from starlette.requests import Request
from starlette.responses import Response

from shared.context import Context, Platform
from shared.credentials import bake, draw_badge
from subgraphs.credentials.loaders import verified
from subgraphs.credentials.models import Credential, as_code
from subgraphs.credentials.routes import pages
from subgraphs.credentials.routes.answers import (
    FRESH,
    LONG,
    answer,
    as_json,
    missing,
    preferred,
    tag_of,
    unavailable,
    unchanged,
)
from subgraphs.credentials.routes.reading import Unsigned, credential_with
from subgraphs.credentials.runtime import addresses_of

_JSON = ["application/vc+ld+json", "application/vc", "application/ld+json", "application/json"]
_JWT = ["application/vc+jwt", "application/jwt"]

# Drawing takes all of a processor, so that one at a time is drawn.
_DRAWING = asyncio.Semaphore(1)
_drawn = lru_cache(maxsize=128)(draw_badge)


async def page(request: Request) -> Response:
    """The page on which anybody reads whether the award holds."""
    code = as_code(request.path_params["code"])
    found = await verified(Context(_platform(request)), code) if code else None
    if code is None or found is None:
        return pages.unknown()
    body = pages.verification(code, found, addresses_of(_platform(request)))
    return answer(request, body, "text/html", FRESH, pages.HEADERS)


async def credential(request: Request) -> Response:
    """The credential, as JSON unless a JWT is asked for."""
    found = await _found(request)
    if isinstance(found, Response):
        return found
    media_type = preferred(request, [*_JSON, *_JWT])
    body = found.jwt.encode() if media_type in _JWT else as_json(found.document)
    return answer(request, body, media_type, LONG, {"vary": "accept"})


async def token(request: Request) -> Response:
    """The credential as a JWT, at an address of its own, because a link cannot ask for a form."""
    found = await _found(request)
    return found if isinstance(found, Response) else answer(request, found.jwt.encode(), _JWT[0], LONG)


async def image(request: Request) -> Response:
    """The badge's picture with the credential in it."""
    found = await _found(request)
    if isinstance(found, Response):
        return found
    said = found.document
    # The tag is of what goes into the picture, so that who has it already is told so before it is drawn.
    headers = {"cache-control": LONG, "etag": tag_of(b"image" + as_json(said))}
    if known := unchanged(request, headers):
        return known
    async with _DRAWING:
        picture = await asyncio.to_thread(_drawn, said["name"], said["issuer"]["name"])
    return answer(request, bake(picture, said), "image/png", LONG, headers)


async def _found(request: Request) -> Credential | Response:
    code = as_code(request.path_params["code"])
    try:
        found = await credential_with(_platform(request), code) if code else None
    except Unsigned:
        return unavailable()
    return found or missing()


def _platform(request: Request) -> Platform:
    platform: Platform = request.app.state.platform
    return platform
