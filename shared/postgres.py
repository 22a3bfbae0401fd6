"""PostgreSQL with the tenant set per transaction: who the session is for decides what row-level security shows."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

import asyncpg
import structlog
from pydantic import SecretStr
from redis.exceptions import RedisError
from sqlalchemy import ColumnElement, Connection, Uuid, event, text, true
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DisconnectionError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, SessionTransaction, mapped_column

from shared import ids
from shared.auth import ANONYMOUS, Viewer
from shared.compiled import Scope, Statements
from shared.errors import Error, Rejected
from shared.reading import Reads
from shared.settings import Settings
from shared.telemetry import tracing

log = structlog.get_logger()

_SCOPE = (
    "SELECT set_config('app.tenant', '{tenant}', true), set_config('app.user', '{user}', true)"
    ", set_config('plan_cache_mode', 'auto', true)"  # sessions search and count, too, by values that matter to a plan
)


class Model(DeclarativeBase):
    """What the tables of a subgraph inherit from; each subgraph makes its own subclass with its own metadata."""

    __abstract__ = True
    type_annotation_map: ClassVar = {UUID: Uuid(as_uuid=True)}

    id: Mapped[UUID] = mapped_column(primary_key=True, default=ids.new_id, sort_order=-10)

    @classmethod
    def visible(cls, viewer: Viewer) -> ColumnElement[bool]:
        """Which rows of the viewer's tenant the viewer may see, on every path. All of them unless overridden."""
        return true()


class Tenanted:
    """A table whose rows belong to an organization: it comes first in the primary key, as in every index."""

    organization_id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-20)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request came from, for the audit trail."""

    address: str | None = None
    user_agent: str | None = None
    trace_id: str | None = None


class Database:
    """The two logins of a subgraph: the tenant-bound one, and the system one that few paths use."""

    def __init__(self, subgraph: str, settings: Settings) -> None:
        self._tenant = _engine(subgraph, settings.database_url, settings.database_pool_size)
        self._system = _engine(subgraph, settings.system_database_url, settings.database_pool_size)
        self._plain = _plain(subgraph, settings.system_database_url)
        self._statements = Statements()
        self._running: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def begin(self, viewer: Viewer, origin: Origin | None = None) -> AsyncIterator[AsyncSession]:
        """One transaction for this viewer: committed at the end, rolled back on any exception.

        The platform login acts for no tenant and so runs as the system login, which sees the tables that name it in
        a policy, and no others.
        """
        async with self._transaction(self._engine_for(viewer), viewer, origin) as session:
            yield session

    @asynccontextmanager
    async def system(self, viewer: Viewer = ANONYMOUS, origin: Origin | None = None) -> AsyncIterator[AsyncSession]:
        """One transaction across tenants, for what happens before a tenant is known (signing in, the relay)."""
        async with self._transaction(self._system, viewer, origin) as session:
            yield session

    def reads(self, viewer: Viewer) -> Reads:
        """Runs statements that change nothing, for this viewer. One costs a fraction of what a session does where it
        was built once for all requests."""
        scope = Scope(str(viewer.organization_id or ""), str(viewer.user_id or ""))
        return Reads(viewer, scope, self._engine_for(viewer), self._statements, self._running)

    def _engine_for(self, viewer: Viewer) -> AsyncEngine:
        return self._system if viewer.is_platform else self._tenant

    @asynccontextmanager
    async def _transaction(
        self, engine: AsyncEngine, viewer: Viewer, origin: Origin | None
    ) -> AsyncIterator[AsyncSession]:
        session = AsyncSession(engine, expire_on_commit=False)
        session.info.update(viewer=viewer, origin=origin or Origin(), after_commit=[], scope=_scope(viewer))
        async with session, session.begin():
            yield session
        await _run(session.info["after_commit"])

    @property
    def system_engine(self) -> AsyncEngine:
        """For advisory locks that are held on a connection of their own."""
        return self._system

    def plain_pool(self, size: int) -> asyncpg.Pool:
        """Up to so many connections of the system login without SQLAlchemy, for a library that listens on them."""
        return asyncpg.create_pool(**self._plain, min_size=1, max_size=size)

    async def ping(self) -> None:
        """Raises when PostgreSQL does not answer."""
        async with self._tenant.connect() as connection:
            await connection.execute(text("SELECT 1"))

    async def close(self) -> None:
        """Ends once the reads that run have been answered."""
        await asyncio.gather(*self._running, return_exceptions=True)
        await self._tenant.dispose()
        await self._system.dispose()


class _TenantConnection(asyncpg.Connection):
    """Says whose rows a transaction sees along with its BEGIN, which saves each of them a round trip."""

    scope = ""

    async def execute(self, query: str, *arguments: Any, **options: Any) -> str:
        """As the driver's, which sends `BEGIN;` through here."""
        if query.startswith("BEGIN"):
            query, self.scope = query + self.scope, ""
        status: str = await super().execute(query, *arguments, **options)
        return status


@event.listens_for(Session, "after_begin")
def _bind(session: Session, transaction: SessionTransaction, connection: Connection) -> None:
    """Before the first statement of a session's transaction; unset means no rows: row-level security fails closed."""
    driver: Any = connection.connection.driver_connection
    if not transaction.nested:
        driver.scope = session.info["scope"]


def _scope(viewer: Viewer) -> str:
    return _SCOPE.format(tenant=viewer.organization_id or "", user=viewer.user_id or "")


def _engine(subgraph: str, url: SecretStr, pool_size: int) -> AsyncEngine:
    engine = create_async_engine(
        make_url(url.get_secret_value()).set(drivername="postgresql+asyncpg"),
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_timeout=10,  # as long as the router waits for an answer
        hide_parameters=True,  # they hold names, addresses and hashes, which do not belong in logs
        connect_args=_connecting(subgraph) | {"connection_class": _TenantConnection},
    )
    event.listen(engine.sync_engine, "checkout", _refuse_closed)
    tracing.follow_statements(engine, subgraph)
    return engine


def _refuse_closed(connection: Any, _record: Any, _proxy: Any) -> None:
    """Makes the pool connect anew where the driver knows that the server has hung up, as when PostgreSQL restarts."""
    if connection.driver_connection.is_closed():
        raise DisconnectionError


def _plain(subgraph: str, url: SecretStr) -> dict[str, Any]:
    dsn = make_url(url.get_secret_value()).set(drivername="postgresql").render_as_string(hide_password=False)
    return {"dsn": dsn, **_connecting(subgraph)}


def _connecting(subgraph: str) -> dict[str, Any]:
    settings = {
        "search_path": subgraph,  # each subgraph has its own PostgreSQL schema and names no other
        "application_name": f"lyceum-{subgraph}",
        "statement_timeout": "5000",
        "lock_timeout": "2000",
        "idle_in_transaction_session_timeout": "10000",
        # Of reads, kept statements that find rows by their keys: the plan is the same whatever the keys are, and
        # PostgreSQL would make it anew each time, since it takes lists of keys to be shorter than they are.
        "plan_cache_mode": "force_generic_plan",
        "jit": "off",  # compiling costs more than the short queries of an API take
    }
    return {"server_settings": settings, "timeout": 3, "command_timeout": 10}


async def act_for(session: AsyncSession, viewer: Viewer) -> None:
    """Sets whose rows the rest of this transaction sees, where they are not the same already."""
    scope = _scope(viewer)
    if scope != session.info["scope"]:
        await session.execute(text(scope))
        session.info["scope"] = scope


def after_commit(session: AsyncSession, effect: Callable[[], Awaitable[None]]) -> None:
    """Runs the effect at once after the commit, and never without one.

    It may be lost with the process or while Redis is away: whatever must happen is done again by an event's handler.
    """
    session.info["after_commit"].append(effect)


async def _run(effects: Iterable[Callable[[], Awaitable[None]]]) -> None:
    for effect in effects:
        try:
            await effect()
        except (RedisError, OSError) as error:
            log.warning("after_commit.failed", error=type(error).__name__)


async def insert_unique(session: AsyncSession, row: Model, constraint: str, taken: Error) -> None:
    """Stores a new row; rejects with `taken` when this unique constraint has another row already."""
    session.add(row)
    try:
        await session.flush()
    except IntegrityError as error:
        if _violated(error) != constraint:
            raise
        raise Rejected(taken) from error


def _violated(error: IntegrityError) -> str | None:
    """The name of the constraint that refused a write."""
    cause: Any = getattr(error.orig, "__cause__", None)
    return getattr(cause, "constraint_name", None)


def one_of(column: str, values: Iterable[str]) -> str:
    """The check that a text column holds one of these values: equality on text is indexable under row-level security,
    on an enum it is not."""
    quoted = ", ".join(f"'{value}'" for value in values)
    return f"{column} IN ({quoted})"
