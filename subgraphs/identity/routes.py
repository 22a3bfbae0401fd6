"""What identity answers beside GraphQL: its public keys to anybody, and tokens for API keys to the router alone."""

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from shared import ids
from shared.context import Platform
from shared.endpoint import ROUTER_HEADER, is_router
from shared.errors import Unauthenticated, Unavailable
from shared.graphql import refusal_of
from subgraphs.identity.runtime import sessions_with
from subgraphs.identity.services import api_keys


def routes() -> list[BaseRoute]:
    """All of it."""
    return [
        Route("/.well-known/jwks.json", endpoint=_jwks),
        Route("/api-keys/token", endpoint=_token, methods=["POST"]),
    ]


async def _jwks(request: Request) -> Response:
    keys = sessions_with(request.app.state.platform).keys
    return JSONResponse(keys.jwks(), headers={"cache-control": "public, max-age=300"})


async def _token(request: Request) -> Response:
    """Takes `{"key": "lyceum_…"}`; 401 for a key that is not good, whatever is wrong with it."""
    platform: Platform = request.app.state.platform
    if not is_router(platform.settings, request.headers.get(ROUTER_HEADER)):
        return PlainTextResponse("API keys are exchanged for the router only.", 403)
    try:
        key = (await request.json())["key"]
        async with platform.database.system() as session:
            found = await api_keys.exchange(session, sessions_with(platform), str(key))
    except (ValueError, KeyError, TypeError):
        return PlainTextResponse('Send {"key": "lyceum_…"} as JSON.', 400)
    except Exception as error:
        if not isinstance(refusal_of(error), Unavailable):
            raise
        return JSONResponse({"code": Unavailable.code}, 503)
    if found is None:
        return JSONResponse({"code": Unauthenticated.code}, 401)
    answer = {
        "id": ids.encode("api_key", found.id),
        "organizationId": ids.encode("organization", found.organization_id),
        "accessToken": found.access_token,
        "expiresAt": found.expires_at,
    }
    return JSONResponse(answer, headers={"cache-control": "no-store"})
