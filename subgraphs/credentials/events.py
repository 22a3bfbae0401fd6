"""What credentials publishes, and how it reads what the others publish."""

from datetime import datetime
from uuid import UUID

from shared.events import Event


class BadgeCreated(Event, type="badge.created"):
    course_id: UUID | None


class BadgeUpdated(Event, type="badge.updated"):
    fields: list[str]


class BadgeCounted(Event, type="badge.counted"):
    """A new badge has been counted for the people up to `after`, in the order of their ids, and there are more."""

    after: UUID


class AwardIssued(Event, type="award.issued"):
    badge_id: UUID
    user_id: UUID


class AwardRevoked(Event, type="award.revoked"):
    badge_id: UUID
    user_id: UUID


class CertificateTemplateCreated(Event, type="certificate_template.created"):
    course_id: UUID | None


class CertificateTemplateUpdated(Event, type="certificate_template.updated"):
    fields: list[str]


class CertificateIssued(Event, type="certificate.issued"):
    course_id: UUID
    user_id: UUID


class CertificateRevoked(Event, type="certificate.revoked"):
    course_id: UUID
    user_id: UUID


class OrganizationCreated(Event, type="organization.created"):
    """Identity's: there is an organization."""

    name: str
    slug: str


class OrganizationUpdated(Event, type="organization.updated"):
    """Identity's: what the organization is called now."""

    name: str
    slug: str


class UserNamed(Event, type="user.named", unaudited=("display_name", "email", "locale")):
    """Identity's: what a person is called in the organization now, and which language they read."""

    display_name: str
    email: str
    locale: str = "en"


class CourseCreated(Event, type="course.created"):
    """Catalog's: there is a course."""

    title: str | None = None


class CourseUpdated(Event, type="course.updated"):
    """Catalog's: what the course is called now."""

    title: str | None = None


class CoursePublished(Event, type="course.published"):
    """Catalog's: the course is open."""


class EnrollmentCreated(Event, type="enrollment.created"):
    """Catalog's: somebody is in the course, for the first time or again."""

    course_id: UUID
    user_id: UUID


class EnrollmentCompleted(Event, type="enrollment.completed"):
    """Catalog's: somebody has completed all that the course requires."""

    course_id: UUID
    user_id: UUID
    completed_at: datetime | None = None


class ItemPublished(Event, type="item.published"):
    """Content's: an item is published in a course."""

    course_id: UUID


class ItemCompleted(Event, type="item.completed"):
    """Content's: somebody has completed an item, for the first time; `id` is the completion's."""

    item_id: UUID
    course_id: UUID
    user_id: UUID


class AssessmentCreated(Event, type="assessment.created"):
    """Assessment's: there is an assessment."""

    course_id: UUID


class AttemptGraded(Event, type="attempt.graded"):
    """Assessment's: an attempt has its score, from 0 to 1."""

    assessment_id: UUID
    course_id: UUID
    user_id: UUID
    score: float
