"""`/graphql` of a subgraph, which answers the router alone: an operation in JSON by POST, and WebSockets by Strawberry.

Strawberry's own view of HTTP knows GET, forms, uploads, batches, streams and an explorer, none of which the router
sends; without it, and with one extension where there were five, a request that executes nothing costs half.
"""

import hmac
import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, NamedTuple

import orjson
import structlog
from cross_web import HTTPException
from starlette.requests import HTTPConnection
from starlette.types import Receive, Scope, Send
from strawberry.asgi import GraphQL
from strawberry.exceptions import ConnectionRejectionError, MissingQueryError
from strawberry.http import process_result
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.types.graphql import OperationType

from shared.auth import ANONYMOUS, Viewer
from shared.context import Context, Platform
from shared.errors import Refusal, Unauthenticated
from shared.graphql import Schema
from shared.postgres import Origin
from shared.settings import Settings
from shared.telemetry import trace_id_of, tracing
from shared.telemetry.operations import TracedSockets

_BODY = 1_048_576  # bytes; the router's `_entities` calls are the largest requests
_TOO_LARGE = "The request is too large."
_OPERATIONS = {OperationType.QUERY, OperationType.MUTATION}
_NO_OBJECT = "The request must be a JSON object of reasonable depth."
_PARTS = {"query": str, "variables": dict, "operationName": str, "extensions": dict}
ROUTER_HEADER = "x-lyceum-router"
"""What the router proves itself with, on HTTP and as a connection parameter."""


class Answer(NamedTuple):
    """An answer over HTTP."""

    status: int
    content: bytes
    media_type: bytes = b"application/json"


class RouterOnly(GraphQL[Context, None]):
    """The GraphQL endpoint. Whoever does not know the router's secret learns nothing, not even the schema."""

    def __init__(self, schema: Schema, platform: Platform) -> None:
        super().__init__(
            schema,
            graphql_ide=None,
            subscription_protocols=[GRAPHQL_TRANSPORT_WS_PROTOCOL],
            max_subscriptions_per_connection=None,  # the router shares one connection between equal viewers
        )
        if tracing.is_on():
            self.graphql_transport_ws_handler_class = TracedSockets
        self._platform = platform

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await super().__call__(scope, receive, send)
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        structlog.contextvars.bind_contextvars(trace_id=trace_id_of(headers))
        try:
            answer = await self._answer(scope, headers, receive)
        except HTTPException as refused:  # what is no request to GraphQL at all
            answer = Answer(refused.status_code, refused.reason.encode(), b"text/plain; charset=utf-8")
        length = str(len(answer.content)).encode()
        sent = [(b"content-type", answer.media_type), (b"content-length", length)]
        await send({"type": "http.response.start", "status": answer.status, "headers": sent})
        await send({"type": "http.response.body", "body": answer.content})

    async def _answer(self, scope: Scope, headers: Mapping[str, str], receive: Receive) -> Answer:
        if not is_router(self._platform.settings, headers.get(ROUTER_HEADER)):
            # Not a GraphQL answer: the router would hand one on to its client, whose fault this is not.
            raise HTTPException(403, "Subgraphs answer the router only.")
        with tracing.span("graphql", "server", headers.get("traceparent"), {"http.request.method": "POST"}):
            try:
                viewer = await self._viewer(headers)
            except Refusal as refusal:  # the token; nothing has been executed
                refused = {"data": None, "errors": [{"message": refusal.message, "extensions": refusal.extensions}]}
                return Answer(401 if isinstance(refusal, Unauthenticated) else 503, self.encode_json(refused).encode())
            if headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
                raise HTTPException(415, "The request must be in JSON.")
            asked = self._asked(await _body(headers, receive))
            return await self._executed(asked, Context(self._platform, viewer, _origin(scope, headers)))

    def _asked(self, body: bytes) -> Mapping[str, Any]:
        """The request, whose parts are of the types that GraphQL over HTTP gives them."""
        try:
            asked = self.decode_json(body)
        except ValueError:
            raise HTTPException(400, _NO_OBJECT) from None
        for name, kind in _PARTS.items():
            if not isinstance(asked.get(name), kind | None):
                raise HTTPException(400, f"`{name}` is of the wrong type.")
        return asked

    async def _executed(self, asked: Mapping[str, Any], context: Context) -> Answer:
        try:
            result = await self.schema.execute(
                asked.get("query"),
                asked.get("variables"),
                context_value=context,
                operation_name=asked.get("operationName"),
                allowed_operation_types=_OPERATIONS,
                operation_extensions=asked.get("extensions"),
            )
        except MissingQueryError:
            raise HTTPException(400, "No GraphQL query found in the request.") from None
        except CannotGetOperationTypeError as error:
            raise HTTPException(400, error.as_http_error_reason()) from error
        except InvalidOperationTypeError as error:
            raise HTTPException(400, error.as_http_error_reason("POST")) from error
        except UnicodeError:
            raise HTTPException(400, "The request holds text that is not valid Unicode.") from None
        return Answer(200, self.encode_json(process_result(result)).encode())

    async def get_context(self, request: HTTPConnection, response: Any) -> Context:
        """That of a WebSocket, whose viewer comes with its first message."""
        return Context(self._platform, ANONYMOUS, _origin(request.scope, request.headers))

    async def on_ws_connect(self, context: Context) -> Any:
        params = context.connection_params or {}
        if not is_router(self._platform.settings, params.get(ROUTER_HEADER)):
            raise ConnectionRejectionError
        # A token that is not good makes the viewer anonymous here, and each operation's guard says UNAUTHENTICATED:
        # of a socket that is closed on it the router would tell its client nothing.
        with suppress(Unauthenticated):
            context.viewer = await self._viewer(params)
        return await super().on_ws_connect(context)

    async def _viewer(self, params: Mapping[str, Any]) -> Viewer:
        authorization = params.get("authorization")
        if not authorization:
            return ANONYMOUS
        scheme, _, token = str(authorization).partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Unauthenticated("Send the access token as `Authorization: Bearer …`.")
        viewer = await self._platform.tokens.verify(token.strip())
        if self._platform.revocations.has_ended(viewer):
            raise Unauthenticated("The session has ended; sign in again.")
        return viewer

    def decode_json(self, data: str | bytes) -> dict[str, Any]:
        """Of a request, or of a message on a WebSocket. Raises ValueError where it is no JSON."""
        try:
            value = orjson.loads(data)
        except orjson.JSONDecodeError:
            value = _lenient(data)
        if not isinstance(value, dict):
            raise HTTPException(400, _NO_OBJECT)
        return value

    def encode_json(self, data: object) -> str:
        # Bytes would go out as binary WebSocket frames, which clients refuse.
        try:
            return orjson.dumps(data).decode()
        except TypeError:  # an error message that quotes half of a surrogate pair
            return json.dumps(data)


def is_router(settings: Settings, secret: Any) -> bool:
    """Whether this is the secret that only the router knows."""
    expected = settings.router_secret.get_secret_value()
    return isinstance(secret, str) and hmac.compare_digest(secret.encode(), expected.encode())


def _lenient(data: str | bytes) -> Any:
    """Of what a stricter parser does not take: half of a surrogate pair is refused where it is meant to be stored."""
    try:
        return json.loads(data)
    except RecursionError:
        return None


def _origin(scope: Scope, headers: Mapping[str, str]) -> Origin:
    forwarded = headers.get("x-forwarded-for", "").split(",")[0].strip()
    client = scope.get("client")
    return Origin(
        address=forwarded or (client[0] if client else None),
        user_agent=headers.get("user-agent", "")[:500] or None,
        trace_id=current[0] if (current := tracing.ids()) else trace_id_of(headers),
    )


async def _body(headers: Mapping[str, str], receive: Receive) -> bytes:
    """The body, unless it is too large; it may grow beyond the limit without having said so."""
    if int(headers.get("content-length") or 0) > _BODY:
        raise HTTPException(413, _TOO_LARGE)
    body, has_more = b"", True
    while has_more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise HTTPException(400, "The request ended before its body did.")
        body += message.get("body", b"")
        if len(body) > _BODY:
            raise HTTPException(413, _TOO_LARGE)
        has_more = message.get("more_body", False)
    return body
