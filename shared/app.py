"""The one application factory: engines, background work, health, and `/graphql` for the router alone."""

import asyncio
import hmac
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

import orjson
import structlog
from cross_web import HTTPException
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import Message, Receive, Scope, Send
from strawberry.asgi import GraphQL
from strawberry.exceptions import ConnectionRejectionError
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL

from shared.auth import ANONYMOUS, JwksClient, KeySource, TokenVerifier, Viewer
from shared.cache import Cache
from shared.consumer import Consumer
from shared.context import Context, Platform
from shared.documents import open_store
from shared.errors import Refusal, Unauthenticated
from shared.events import Handler
from shared.graphql import Schema
from shared.live import Live
from shared.parking import Replays
from shared.postgres import Database, Origin
from shared.redis import connect
from shared.relay import Relay
from shared.revocations import Revocations
from shared.settings import Settings
from shared.telemetry import set_up_logs, trace_id_of, tracing
from shared.telemetry.measuring import Gauge, Measuring
from shared.telemetry.operations import TracedSockets

log = structlog.get_logger()

_BODY = 1_048_576  # bytes; the router's `_entities` calls are the largest requests
_TOO_LARGE = "The request is too large."
ROUTER_HEADER = "x-lyceum-router"
"""What the router proves itself with, on HTTP and as a connection parameter."""

Handlers = Callable[[Platform], Sequence[Handler]]
"""Makes a subgraph's event handlers, which may use the process's engines."""

Work = Callable[[Platform], Coroutine[Any, Any, None]]
"""Something a subgraph does in the background for as long as its process runs."""


def create_app(
    subgraph: str,
    schema: Schema,
    settings: Settings,
    *,
    keys: KeySource | None = None,
    handlers: Handlers = lambda _: (),
    work: Sequence[Work] = (),
    routes: Sequence[BaseRoute] = (),
    gauges: Sequence[Gauge] = (),
) -> Starlette:
    """A subgraph as an ASGI application. It starts without its engines and uses them once they are there.

    `keys` are the public keys of access tokens where the subgraph has them itself; `handlers` take other subgraphs'
    events; `work` runs in the background; `routes` are served beside GraphQL, to anyone; `gauges` are what operators
    want to know of the subgraph beside what is measured of each.
    """
    set_up_logs(subgraph, settings.log_format)
    tracing.start(subgraph)
    platform = _platform(subgraph, settings, keys)
    endpoint = _RouterOnly(schema, platform)

    app = Starlette(
        lifespan=lambda _: _running(platform, _background(platform, handlers, work, gauges)),
        routes=[
            Route("/graphql", endpoint=endpoint, methods=["POST"]),
            WebSocketRoute("/graphql", endpoint=endpoint),
            Route("/health", endpoint=_health(platform)),
            Route("/ready", endpoint=_health(platform, away=503)),
            *routes,
        ],
    )
    app.state.platform = platform
    return app


@asynccontextmanager
async def _running(platform: Platform, background: Iterable[Coroutine[Any, Any, None]]) -> AsyncIterator[None]:
    """From the start of a process to its end, which leaves nothing open."""
    tasks = [asyncio.create_task(coroutine) for coroutine in background]
    yield
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await platform.resources.aclose()
    await platform.documents.close()
    await platform.redis.aclose()
    await platform.database.close()
    await asyncio.to_thread(tracing.stop)


def _platform(subgraph: str, settings: Settings, keys: KeySource | None) -> Platform:
    redis = connect(settings.redis_url)
    database = Database(subgraph, settings)
    return Platform(
        subgraph=subgraph,
        settings=settings,
        database=database,
        redis=redis,
        cache=Cache(redis),
        documents=open_store(subgraph, settings.mongodb_url, database),
        live=Live(redis),
        tokens=TokenVerifier(keys or JwksClient(settings.jwks_url), settings.issuer, settings.audience),
        revocations=Revocations(redis),
    )


def _background(
    platform: Platform, handlers: Handlers, work: Sequence[Work], gauges: Sequence[Gauge]
) -> list[Coroutine[Any, Any, None]]:
    taken = handlers(platform)
    sources = {handler.source for handler in taken}
    return [
        _kept_up(platform.live.run),
        _kept_up(platform.revocations.run),
        _kept_up(Relay(platform.subgraph, platform.database, platform.redis).run),
        *(_kept_up(consumer.run) for consumer in _consumers(platform, taken)),
        *([_kept_up(Replays(platform.database, taken).run)] if taken else []),
        *(_kept_up(lambda start=start: start(platform)) for start in work),  # type: ignore[misc]
        *([_kept_up(Measuring(platform, sources, gauges).run)] if tracing.is_on() else []),
    ]


def _consumers(platform: Platform, handlers: Sequence[Handler]) -> list[Consumer]:
    """One per source: while what the handlers of one source need is away, the events of the others go on."""
    by_source: dict[str, list[Handler]] = defaultdict(list)
    for handler in handlers:
        by_source[handler.source].append(handler)
    turns = asyncio.Lock()
    return [Consumer(source, platform.database, platform.redis, taken, turns) for source, taken in by_source.items()]


async def _kept_up(run: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Starts background work again if a fault ends it: a subgraph must not go on half alive."""
    while True:
        try:
            return await run()
        except Exception:
            log.exception("background.failed")
            await asyncio.sleep(1)


def _health(platform: Platform, away: int = 200) -> Callable[[Request], Coroutine[Any, Any, Response]]:
    async def health(_: Request) -> Response:
        """200 while the process serves; `status` is `degraded`, and the answer's `away`, while an engine is away.

        A process that has started goes on without its engines; one that never found them must not replace one that has.
        """
        checks = {"postgres": platform.database.ping(), "redis": platform.redis.ping()}
        answers = await asyncio.gather(
            *(asyncio.wait_for(check, 2) for check in checks.values()), return_exceptions=True
        )
        engines = {
            name: "away" if isinstance(answer, BaseException) else "ok"
            for name, answer in zip(checks, answers, strict=True)
        }
        status = "ok" if set(engines.values()) == {"ok"} else "degraded"
        body = {"status": status, "subgraph": platform.subgraph, "engines": engines}
        return JSONResponse(body, 200 if status == "ok" else away)

    return health


class _RouterOnly(GraphQL[Context, None]):
    """The GraphQL endpoint. Whoever does not know the router's secret learns nothing, not even the schema."""

    def __init__(self, schema: Schema, platform: Platform) -> None:
        super().__init__(
            schema,
            graphql_ide=None,
            allow_queries_via_get=False,
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
        headers = Headers(scope=scope)
        structlog.contextvars.bind_contextvars(trace_id=trace_id_of(headers))
        if not is_router(self._platform.settings, headers.get(ROUTER_HEADER)):
            # Not a GraphQL answer: the router would hand one on to its client, whose fault this is not.
            await PlainTextResponse("Subgraphs answer the router only.", 403)(scope, receive, send)
        elif int(headers.get("content-length") or 0) > _BODY:
            await PlainTextResponse(_TOO_LARGE, 413)(scope, receive, send)
        else:
            with tracing.span("graphql", "server", headers.get("traceparent"), {"http.request.method": "POST"}):
                await super().__call__(scope, _limited(receive), send)

    async def run(self, request: Any) -> Any:  # type: ignore[override]  # it is overloaded on the kind of request
        try:
            return await super().run(request)
        except Refusal as refusal:  # the token; nothing has been executed
            return _refused(refusal, 401 if isinstance(refusal, Unauthenticated) else 503)
        except UnicodeError:
            return PlainTextResponse("The request holds text that is not valid Unicode.", 400)

    async def get_context(self, request: HTTPConnection, response: Any) -> Context:
        headers = request.headers
        viewer = ANONYMOUS if request.scope["type"] == "websocket" else await self._viewer(headers)
        return Context(self._platform, viewer, _origin(request))

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

    def decode_json(self, data: str | bytes) -> object:
        try:
            value = super().decode_json(data)
        except RecursionError:
            value = None
        if not isinstance(value, dict):
            raise HTTPException(400, "The request must be a JSON object of reasonable depth.")
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


def _refused(refusal: Refusal, status: int) -> Response:
    return JSONResponse(
        {"data": None, "errors": [{"message": refusal.message, "extensions": refusal.extensions}]}, status
    )


def _origin(request: HTTPConnection) -> Origin:
    headers = request.headers
    forwarded = headers.get("x-forwarded-for", "").split(",")[0].strip()
    return Origin(
        address=forwarded or (request.client.host if request.client else None),
        user_agent=headers.get("user-agent", "")[:500] or None,
        trace_id=current[0] if (current := tracing.ids()) else trace_id_of(headers),
    )


def _limited(receive: Receive) -> Receive:
    """Refuses a body that grows beyond the limit without having said so."""
    size = 0

    async def limited() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > _BODY:
            raise HTTPException(413, _TOO_LARGE)
        return message

    return limited
