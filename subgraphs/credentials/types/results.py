"""What mutations answer."""

from typing import Annotated

import strawberry

from shared.errors import InvalidInput, NotFound
from subgraphs.credentials.types.earning import Award, Badge, Certificate
from subgraphs.credentials.types.jobs import Job
from subgraphs.credentials.types.templates import CertificateTemplate

CreateBadgeResult = Annotated[
    Badge | NotFound | InvalidInput,
    strawberry.union("CreateBadgeResult", description="The new badge, or what is in the way."),
]
UpdateBadgeResult = Annotated[
    Badge | NotFound | InvalidInput,
    strawberry.union("UpdateBadgeResult", description="The badge as it is now, or what is in the way."),
]
RevokeAwardResult = Annotated[
    Award | NotFound | InvalidInput,
    strawberry.union("RevokeAwardResult", description="The award as it is now, or what is in the way."),
]
CreateCertificateTemplateResult = Annotated[
    CertificateTemplate | NotFound | InvalidInput,
    strawberry.union("CreateCertificateTemplateResult", description="The new template, or what is in the way."),
]
UpdateCertificateTemplateResult = Annotated[
    CertificateTemplate | NotFound | InvalidInput,
    strawberry.union(
        "UpdateCertificateTemplateResult", description="The template as it is now, or what is in the way."
    ),
]
ArchiveCertificateTemplateResult = Annotated[
    CertificateTemplate | NotFound,
    strawberry.union(
        "ArchiveCertificateTemplateResult", description="The template as it is now, or that there is none."
    ),
]
RevokeCertificateResult = Annotated[
    Certificate | NotFound | InvalidInput,
    strawberry.union("RevokeCertificateResult", description="The certificate as it is now, or what is in the way."),
]
BeginJobResult = Annotated[
    Job | NotFound | InvalidInput,
    strawberry.union("BeginJobResult", description="The job that has begun, or what is in the way."),
]
CancelJobResult = Annotated[
    Job | NotFound,
    strawberry.union("CancelJobResult", description="The job as it is now, or that there is none."),
]
