"""Narrower lists: hashable, so that equal lists of one request share a statement."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement

from subgraphs.assessment.models import Attempt


@dataclass(frozen=True, slots=True)
class AttemptsOf:
    """The attempts of one person."""

    user_id: UUID | None

    def conditions(self) -> Sequence[ColumnElement[bool]]:
        """What an attempt must satisfy."""
        return [Attempt.user_id == self.user_id]
