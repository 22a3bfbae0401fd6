"""The tables of credentials: what others tell of courses and people, facts about people, and what comes of them."""

from subgraphs.credentials.models.earning import Award, Badge, Certificate, Criterion, Progress
from subgraphs.credentials.models.issuing import CertificateTemplate, Credential, IssuerKey
from subgraphs.credentials.models.kinds import (
    CODE_LENGTH,
    CODE_LETTERS,
    AchievementKind,
    AwardStatus,
    Base,
    CriterionKind,
    Doubt,
    JobKind,
    as_code,
    sees_everybody,
)
from subgraphs.credentials.models.told import (
    Assessment,
    Course,
    Enrollment,
    Evidence,
    Organization,
    Person,
    RequiredItem,
)

__all__ = [
    "CODE_LENGTH",
    "CODE_LETTERS",
    "AchievementKind",
    "Assessment",
    "Award",
    "AwardStatus",
    "Badge",
    "Base",
    "Certificate",
    "CertificateTemplate",
    "Course",
    "Credential",
    "Criterion",
    "CriterionKind",
    "Doubt",
    "Enrollment",
    "Evidence",
    "IssuerKey",
    "JobKind",
    "Organization",
    "Person",
    "Progress",
    "RequiredItem",
    "as_code",
    "sees_everybody",
]
