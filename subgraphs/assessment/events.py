"""What assessment publishes, and how it reads what catalog publishes."""

from uuid import UUID

from shared.events import Event


class AssessmentCreated(Event, type="assessment.created"):
    course_id: UUID


class AssessmentUpdated(Event, type="assessment.updated"):
    course_id: UUID
    fields: list[str]


class AttemptStarted(Event, type="attempt.started"):
    assessment_id: UUID
    course_id: UUID
    user_id: UUID
    enrollment_id: UUID


class AttemptGraded(Event, type="attempt.graded"):
    """`score` is from 0 to 1; an attempt whose time ran out is graded with 0."""

    assessment_id: UUID
    course_id: UUID
    user_id: UUID
    enrollment_id: UUID
    score: float
    passed: bool


class CourseCreated(Event, type="course.created"):
    """Catalog's: there is a course."""


class CoursePublished(Event, type="course.published"):
    """Catalog's: the course is open."""


class EnrollmentCreated(Event, type="enrollment.created"):
    """Catalog's: somebody is in the course, for the first time or again."""

    course_id: UUID
    user_id: UUID


class EnrollmentWithdrawn(Event, type="enrollment.withdrawn"):
    """Catalog's: somebody is not in the course any more."""

    course_id: UUID
    user_id: UUID
