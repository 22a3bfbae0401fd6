"""What assessment holds beside the platform's engines: its question sets, and the clock of its attempts."""

import asyncio
from functools import cache

import structlog
from sqlalchemy.exc import SQLAlchemyError

from shared.context import Platform
from shared.documents import Documents, Store
from subgraphs.assessment.documents import QuestionSet
from subgraphs.assessment.services import attempts

log = structlog.get_logger()

_EVERY = 1.0  # seconds between looks for attempts whose time has run out


@cache
def question_sets_of(platform: Platform) -> Documents[QuestionSet]:
    """The question sets, opened once."""
    return question_sets_in(platform.documents)


def question_sets_in(store: Store) -> Documents[QuestionSet]:
    """The question sets in a store."""
    return store.collection("question_set", QuestionSet)


async def close_overdue(platform: Platform) -> None:
    """Grades attempts whose time has run out, until cancelled; of several processes, each attempt is graded by one."""
    while True:
        try:
            async with platform.database.system() as session:
                closed = await attempts.close_overdue(session)
        except (SQLAlchemyError, OSError) as error:
            closed = 0
            log.warning("overdue.interrupted", error=type(error).__name__)
        if closed < attempts.AT_ONCE:
            await asyncio.sleep(_EVERY)
