"""Questions about an item, made by the model from the item's text."""

from functools import partial

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from shared import ids
from shared.auth import Viewer, organization_of
from shared.errors import InvalidInput, NotFound, Rejected
from shared.model import Generated, Model, ModelUnavailable
from shared.waiting import Begin, until
from subgraphs.ai.errors import AiUnavailable
from subgraphs.ai.inputs import GenerateQuestionsInput
from subgraphs.ai.models import Item, Operation
from subgraphs.ai.services.usage import record

log = structlog.get_logger()


async def generate_questions(
    begin: Begin, model: Model, viewer: Viewer, input: GenerateQuestionsInput
) -> tuple[Item, Generated]:
    """An item and questions about it. Rejects with `NotFound` what is not published, with `InvalidInput` what says too
    little, and with `AiUnavailable` whatever is wrong with the model."""
    organization_of(viewer)
    item = await _item(begin, viewer, input.content_item_id)
    if not item.text.strip():
        raise _useless("This item has no text to ask about.")
    try:
        made = await model.generate_questions(item.text, input.difficulty, input.count)
    except ModelUnavailable as error:
        log.warning("model.unavailable", error=error.reason)
        await record(begin, viewer, Operation.GENERATE_QUESTIONS, model.generation_model, error.usage)
        raise Rejected(AiUnavailable()) from error
    await record(begin, viewer, Operation.GENERATE_QUESTIONS, made.model, made.usage)
    if not made.questions:
        raise _useless("The text of this item says too little to ask about.")
    return item, made


async def _item(begin: Begin, viewer: Viewer, id: str) -> Item:
    """The item, which may be told of in a moment if it has just been published."""
    await until(begin, partial(_is_there, viewer=viewer, id=id))
    async with begin() as session:
        item = await _find(session, viewer, id)
    if item is None:
        raise Rejected(NotFound())
    return item


async def _is_there(session: AsyncSession, viewer: Viewer, id: str) -> bool:
    return await _find(session, viewer, id) is not None


async def _find(session: AsyncSession, viewer: Viewer, id: str) -> Item | None:
    statement = select(Item).where(Item.id == ids.decode("content_item", id), Item.visible(viewer))
    return (await session.execute(statement)).scalar_one_or_none()


def _useless(message: str) -> Rejected:
    return Rejected(InvalidInput.at("input", "contentItemId", message=message))
