"""What operators want to know of catalog: how much of what people begin they complete."""

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.telemetry.measuring import Gauge
from subgraphs.catalog.models import Enrollment, EnrollmentStatus


async def completion_rate(session: AsyncSession) -> float | None:
    """Completed enrolments among all that were not given up (0 to 1); None while there are none."""
    completed = func.count().filter(Enrollment.status == EnrollmentStatus.COMPLETED)
    statement = select(completed, func.count()).where(Enrollment.status != EnrollmentStatus.WITHDRAWN)
    found, everyone = (await session.execute(statement)).one()
    return found / everyone if everyone else None


GAUGES = [
    Gauge(
        "lms.course_completion_rate",
        "",  # with "1", Prometheus would call it lms_course_completion_rate_ratio
        "Completed enrolments among all that were not given up, 0 to 1.",
        completion_rate,
    )
]
