"""Identity as an ASGI application, with the public keys of access tokens beside GraphQL."""

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from shared.app import create_app
from subgraphs.identity.consumers import handlers
from subgraphs.identity.runtime import signing_keys
from subgraphs.identity.schema import schema
from subgraphs.identity.settings import Settings

settings = Settings.load()
keys = signing_keys(settings)


async def _jwks(_: Request) -> JSONResponse:
    return JSONResponse(keys.jwks(), headers={"cache-control": "public, max-age=300"})


app = create_app(
    "identity",
    schema,
    settings,
    keys=keys,
    handlers=handlers,
    routes=[Route("/.well-known/jwks.json", endpoint=_jwks)],
)
