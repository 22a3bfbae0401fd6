"""Narrower lists: hashable, so that equal lists of one request share a statement."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement

from shared.auth import Role
from subgraphs.identity.models import Membership


@dataclass(frozen=True, slots=True)
class MembersOf:
    """Memberships of one role, or of one person."""

    role: Role | None = None
    user_id: UUID | None = None

    def conditions(self) -> Sequence[ColumnElement[bool]]:
        """What a membership must satisfy."""
        conditions: list[ColumnElement[bool]] = []
        if self.role is not None:
            conditions.append(Membership.role == self.role)
        if self.user_id is not None:
            conditions.append(Membership.user_id == self.user_id)
        return conditions
