"""What catalog publishes, and how it reads what identity and content publish."""

from datetime import datetime
from uuid import UUID

from shared.events import Event


class CourseCreated(Event, type="course.created"):
    slug: str
    title: str
    module_ids: list[UUID]


class CourseUpdated(Event, type="course.updated"):
    """`title` is what it is now, changed or not."""

    title: str
    fields: list[str]


class CoursePublished(Event, type="course.published"):
    pass


class CourseArchived(Event, type="course.archived"):
    pass


class EnrollmentCreated(Event, type="enrollment.created"):
    course_id: UUID
    user_id: UUID


class EnrollmentWithdrawn(Event, type="enrollment.withdrawn"):
    course_id: UUID
    user_id: UUID


class EnrollmentCompleted(Event, type="enrollment.completed"):
    """Somebody has completed all that the course requires; told once per enrolment."""

    course_id: UUID
    user_id: UUID
    completed_at: datetime


class MembershipCreated(Event, type="membership.created"):
    """Identity's: somebody belongs to the organization now."""

    user_id: UUID
    role: str


class MembershipUpdated(Event, type="membership.updated"):
    """Identity's: somebody is something else in the organization now."""

    user_id: UUID
    role: str


class MembershipDeleted(Event, type="membership.deleted"):
    """Identity's: somebody does not belong to the organization any more."""

    user_id: UUID


class ItemPublished(Event, type="item.published"):
    """Content's: an item is published in a course, for the first time or in a later version."""

    course_id: UUID


class ItemCompleted(Event, type="item.completed"):
    """Content's: somebody has completed an item, for the first time; `id` is the completion's."""

    item_id: UUID
    course_id: UUID
    user_id: UUID
