"""What credentials shows to everybody over HTTP, beside GraphQL: everything that it takes to check a credential."""

from collections.abc import Awaitable, Callable
from functools import wraps

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from shared.graphql import refusal_of
from subgraphs.credentials.routes import awards, certificates, issuers
from subgraphs.credentials.routes.answers import missing, unavailable

Endpoint = Callable[[Request], Awaitable[Response]]


def routes() -> list[BaseRoute]:
    """All of it. To be read only, by any web page, and without anybody being signed in."""
    endpoints: dict[str, Endpoint] = {
        "/verify/{code}": awards.page,
        "/credentials/{code}": awards.credential,
        "/credentials/{code}/jwt": awards.token,
        "/credentials/{code}/image.png": awards.image,
        "/credentials/{code}/certificate.pdf": certificates.pdf,
        "/organizations/{slug}/did.json": issuers.did,
        "/organizations/{slug}/jwks.json": issuers.key_set,
        "/organizations/{slug}/status/{number}": issuers.status_list,
        "/organizations/{slug}/badges/{id}": issuers.badge,
    }
    return [Route(path, endpoint=_answering(endpoint), methods=["GET"]) for path, endpoint in endpoints.items()]


def _answering(endpoint: Endpoint) -> Endpoint:
    """The endpoint, which answers 503 while an engine is away, and 404 to what no database could hold."""

    @wraps(endpoint)
    async def answer(request: Request) -> Response:
        try:
            return await endpoint(request)
        except Exception as error:
            refusal = refusal_of(error)
            if refusal is None:
                raise
            return unavailable() if refusal.code == "SERVICE_UNAVAILABLE" else missing()

    return answer
