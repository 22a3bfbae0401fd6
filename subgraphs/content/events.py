"""What content publishes, and how it reads its own events and what catalog publishes."""

from uuid import UUID

from shared.events import Event

LONGEST_TEXT = 40_000
"""Characters of an item's text that are told; whoever wants the rest must be asked for it."""


class ItemCreated(Event, type="item.created"):
    course_id: UUID
    module_id: UUID


class ItemUpdated(Event, type="item.updated"):
    course_id: UUID
    fields: list[str]


class ItemPublished(Event, type="item.published", stream="course_id", unaudited=("text",)):
    """Whoever completes an item later is told of later: what a course requires is known before it is done."""

    course_id: UUID
    module_id: UUID
    version: int
    content_type: str
    title: str
    difficulty: str
    tags: list[str]
    text: str
    """Its first `LONGEST_TEXT` characters; empty where there is none."""


class ItemCompleted(Event, type="item.completed", stream="course_id"):
    """`id` is the completion: everybody's completions of an item go their own ways."""

    item_id: UUID
    course_id: UUID
    user_id: UUID


class CourseCreated(Event, type="course.created"):
    """Catalog's: a course, with its modules."""

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
