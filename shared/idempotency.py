"""Idempotency keys: the same creation sent twice makes one thing. Kept for seven days, per tenant and actor.

The row is inserted first in the business transaction, so a concurrent twin waits on the index until the first commits
or dies. A refusal rolls the row back with everything else: the retry is judged anew.
"""

import hashlib
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from uuid import UUID

import orjson
from pydantic import BaseModel
from sqlalchemy import Delete, delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from shared.auth import Viewer
from shared.errors import FieldError, InvalidInput, Rejected
from shared.postgres import Model
from shared.tables import idempotency

M = TypeVar("M", bound=Model)

_PLATFORM = UUID(int=0)  # the platform login acts for no organization


async def once(
    session: AsyncSession,
    operation: str,
    key: str | None,
    input: BaseModel,
    model: type[M],
    create: Callable[[], Awaitable[M]],
) -> M:
    """What `create` makes; with a key that was used before, what it made then. Another input with it is refused."""
    if key is None:
        return await create()
    claim = _claim(session, operation, key)
    if await _is_new(session, claim, _digest(input)):
        made = await create()
        await session.execute(update(idempotency).where(*_matches(claim)).values(result_id=made.id))
        return made
    return await _made_before(session, claim, _digest(input), model)


def forgetting() -> Delete:
    """The statement that drops keys that no client may still retry with."""
    return delete(idempotency).where(idempotency.c.created_at < func.now() - text("interval '7 days'"))


def _claim(session: AsyncSession, operation: str, key: str) -> dict[str, Any]:
    if not 1 <= len(key) <= 255:
        raise Rejected(InvalidInput.at("idempotencyKey", message="An idempotency key has 1 to 255 characters."))
    viewer: Viewer = session.info["viewer"]
    return {
        "organization_id": viewer.organization_id or _PLATFORM,
        "actor_id": viewer.user_id or _PLATFORM,
        "operation": operation,
        "key": key,
    }


async def _is_new(session: AsyncSession, claim: dict[str, Any], digest: bytes) -> bool:
    statement = insert(idempotency).values(**claim, input_hash=digest).on_conflict_do_nothing()
    return bool((await session.execute(statement.returning(idempotency.c.key))).first())


async def _made_before(session: AsyncSession, claim: dict[str, Any], digest: bytes, model: type[M]) -> M:
    columns = (idempotency.c.input_hash, idempotency.c.result_id)
    before = (await session.execute(select(*columns).where(*_matches(claim)))).one()
    if before.input_hash != digest:
        path = FieldError(path=["idempotencyKey"], message="This key was used with another input.")
        raise Rejected(InvalidInput(code="IDEMPOTENCY_MISMATCH", message=path.message, fields=[path]))
    return (await session.execute(select(model).where(model.id == before.result_id))).scalar_one()


def _matches(claim: dict[str, Any]) -> list[Any]:
    return [idempotency.c[name] == value for name, value in claim.items()]


def _digest(input: BaseModel) -> bytes:
    document = orjson.dumps(input.model_dump(mode="json"), option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(document).digest()
