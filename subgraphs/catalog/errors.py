"""The ways catalog refuses a write."""

import strawberry

from shared.errors import Error


@strawberry.type(description="The course is not published, so nobody can enrol.")
class CourseNotOpen(Error):
    code: str = "COURSE_NOT_OPEN"
    message: str = "This course is not open for enrolment."
