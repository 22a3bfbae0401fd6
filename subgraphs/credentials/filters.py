"""Narrower lists: hashable, so that equal lists of one request share a statement."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, false

from subgraphs.credentials.models import Badge


@dataclass(frozen=True, slots=True)
class BadgesOf:
    """The badges of one course; none when there is no such course."""

    course_id: UUID | None

    def conditions(self) -> Sequence[ColumnElement[bool]]:
        """What a badge must satisfy."""
        return [false() if self.course_id is None else Badge.course_id == self.course_id]
