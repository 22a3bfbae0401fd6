"""How ai reads what content and catalog publish; it publishes nothing."""

from uuid import UUID

from shared.events import Event


class ItemPublished(Event, type="item.published"):
    """Content's: a version of an item is shown, with the beginning of its text."""

    course_id: UUID
    module_id: UUID
    version: int
    title: str
    tags: list[str]
    text: str


class ItemCompleted(Event, type="item.completed"):
    """Content's: somebody has finished an item; `id` is the completion, and says when."""

    item_id: UUID
    user_id: UUID


class CourseCreated(Event, type="course.created"):
    """Catalog's: a course, with its modules in their order."""

    module_ids: list[UUID]


class CoursePublished(Event, type="course.published"):
    """Catalog's: the course is open."""


class EnrollmentCreated(Event, type="enrollment.created"):
    """Catalog's: somebody is in the course."""

    course_id: UUID
    user_id: UUID


class EnrollmentWithdrawn(Event, type="enrollment.withdrawn"):
    """Catalog's: somebody is not in the course any more."""

    course_id: UUID
    user_id: UUID
