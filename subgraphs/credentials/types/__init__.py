"""The GraphQL types of credentials, and what it adds to courses, enrolments and people."""

from subgraphs.credentials.types.earning import Award, Badge, BadgeProgress, Certificate, Course, Enrollment, User
from subgraphs.credentials.types.jobs import Job
from subgraphs.credentials.types.results import (
    ArchiveCertificateTemplateResult,
    BeginJobResult,
    CancelJobResult,
    CreateBadgeResult,
    CreateCertificateTemplateResult,
    RevokeAwardResult,
    RevokeCertificateResult,
    UpdateBadgeResult,
    UpdateCertificateTemplateResult,
)
from subgraphs.credentials.types.templates import CertificateTemplate
from subgraphs.credentials.types.verification import CredentialVerification

__all__ = [
    "ArchiveCertificateTemplateResult",
    "Award",
    "Badge",
    "BadgeProgress",
    "BeginJobResult",
    "CancelJobResult",
    "Certificate",
    "CertificateTemplate",
    "Course",
    "CreateBadgeResult",
    "CreateCertificateTemplateResult",
    "CredentialVerification",
    "Enrollment",
    "Job",
    "RevokeAwardResult",
    "RevokeCertificateResult",
    "UpdateBadgeResult",
    "UpdateCertificateTemplateResult",
    "User",
]
