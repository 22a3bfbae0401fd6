"""The one application factory: engines, background work, health, and `/graphql` for the router alone."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import structlog
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import Receive, Scope, Send

from shared.auth import JwksClient, KeySource, TokenVerifier
from shared.cache import Cache
from shared.consumer import Consumer
from shared.context import Platform
from shared.documents import open_store
from shared.endpoint import RouterOnly
from shared.events import Handler
from shared.graphql import Schema
from shared.live import Live
from shared.parking import Replays
from shared.postgres import Database
from shared.redis import connect
from shared.relay import Relay
from shared.revocations import Revocations
from shared.settings import Settings
from shared.telemetry import set_up_logs, tracing
from shared.telemetry.measuring import Gauge, Measuring

log = structlog.get_logger()

_GRAPHQL = "/graphql"

Handlers = Callable[[Platform], Sequence[Handler]]
"""Makes a subgraph's event handlers, which may use the process's engines."""

Work = Callable[[Platform], Coroutine[Any, Any, None]]
"""Something a subgraph does in the background for as long as its process runs."""


class Application(Starlette):
    """A subgraph. Operations go straight to their endpoint: Starlette's layers are for pages and files."""

    def __init__(self, endpoint: RouterOnly, routes: Sequence[BaseRoute], **options: Any) -> None:
        graphql = [Route(_GRAPHQL, endpoint=endpoint, methods=["POST"]), WebSocketRoute(_GRAPHQL, endpoint=endpoint)]
        super().__init__(routes=[*graphql, *routes], **options)
        self._endpoint = endpoint

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, or the life of the process."""
        is_operation = scope["type"] == "http" and scope["method"] == "POST" and scope["path"] == _GRAPHQL
        await (self._endpoint if is_operation else super().__call__)(scope, receive, send)


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

    app = Application(
        RouterOnly(schema, platform),
        lifespan=lambda _: _running(platform, _background(platform, handlers, work, gauges)),
        routes=[
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
