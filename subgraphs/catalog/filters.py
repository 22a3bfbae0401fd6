"""Narrower lists: hashable, so that equal lists of one request share a statement."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_

from subgraphs.catalog.models import Course, CourseStatus, Enrollment, EnrollmentStatus


@dataclass(frozen=True, slots=True)
class Courses:
    """Courses of one status, or with a text in their title or slug, whatever its case."""

    status: CourseStatus | None = None
    text: str | None = None

    def conditions(self) -> Sequence[ColumnElement[bool]]:
        """What a course must satisfy."""
        conditions: list[ColumnElement[bool]] = []
        if self.status is not None:
            conditions.append(Course.status == self.status)
        if self.text:
            wanted = self.text.strip().lower()
            # strpos has no wildcards to escape, unlike LIKE.
            conditions.append(
                or_(*(func.strpos(func.lower(column), wanted) > 0 for column in (Course.title, Course.slug)))
            )
        return conditions


@dataclass(frozen=True, slots=True)
class Enrollments:
    """Enrolments of one status."""

    status: EnrollmentStatus | None = None

    def conditions(self) -> Sequence[ColumnElement[bool]]:
        """What an enrolment must satisfy."""
        return [] if self.status is None else [Enrollment.status == self.status]


@dataclass(frozen=True, slots=True)
class EnrollmentsOf:
    """The enrolments of one person."""

    user_id: UUID | None

    def conditions(self) -> Sequence[ColumnElement[bool]]:
        """What an enrolment must satisfy."""
        return [Enrollment.user_id == self.user_id]
