"""What tests of certificates share: templates, people who have completed courses, and what comes of jobs."""

import asyncio
from typing import Any
from uuid import UUID

from shared import ids
from shared.auth import Viewer
from tests.conftest import Answer, Subgraph, Tenant
from tests.credentials.conftest import apply, course_done, named, organization_named, user_id

REFUSED = "... on Error { code message } ... on InvalidInput { fields { path message } }"
TEMPLATE = f"""
__typename
... on CertificateTemplate {{
  id name isDefault layout paper primary secondary hasLogo archivedAt course {{ id }} signatories {{ name role }}
  wording {{ language heading completed }}
}}
{REFUSED}
"""
CREATE = f"""
mutation($input: CreateCertificateTemplateInput!, $key: String) {{
  made: createCertificateTemplate(input: $input, idempotencyKey: $key) {{ {TEMPLATE} }}
}}
"""
UPDATE = f"""
mutation($input: UpdateCertificateTemplateInput!) {{ made: updateCertificateTemplate(input: $input) {{ {TEMPLATE} }} }}
"""
ARCHIVE = """
mutation($id: ID!) {
  made: archiveCertificateTemplate(id: $id) { __typename ... on CertificateTemplate { id archivedAt } }
}
"""
CERTIFICATE = """
id code status issuedAt completedAt revokedAt revocationReason verificationUrl pdfUrl
course { id } user { id } template { id }
"""
REVOKE = f"""
mutation($id: ID!, $reason: String!) {{
  made: revokeCertificate(id: $id, reason: $reason) {{ __typename ... on Certificate {{ {CERTIFICATE} }} {REFUSED} }}
}}
"""
OF_USER = f"... on User {{ certificates(first: 100) {{ totalCount edges {{ node {{ {CERTIFICATE} }} }} }} }}"
OF_ENROLLMENT = f"... on Enrollment {{ certificate {{ {CERTIFICATE} }} }}"
JOB = "id kind status total done failed createdAt finishedAt errors { code message user { id } }"
ISSUE = f"""
mutation($input: IssueCertificatesInput!, $key: String) {{
  made: issueCertificates(input: $input, idempotencyKey: $key) {{ __typename ... on Job {{ {JOB} }} {REFUSED} }}
}}
"""
AWARD = f"""
mutation($input: IssueAwardsInput!, $key: String) {{
  made: issueAwards(input: $input, idempotencyKey: $key) {{ __typename ... on Job {{ {JOB} }} {REFUSED} }}
}}
"""
CANCEL = (
    f"mutation($id: ID!) {{ made: cancelJob(id: $id) {{ __typename ... on Job {{ {JOB} }} ... on Error {{ code }} }} }}"
)
ASK = f"query($id: ID!) {{ job(id: $id) {{ {JOB} }} }}"


async def made(credentials: Subgraph, document: str, who: Viewer, **variables: Any) -> dict[str, Any]:
    """What one of the mutations answers."""
    return (await credentials.ask(document, who, **variables)).data["made"]


async def new_template(credentials: Subgraph, tenant: Tenant, **values: Any) -> dict[str, Any]:
    """A template, the default one unless it is said to be otherwise."""
    input = {"name": "Usual", "isDefault": "courseId" not in values} | values
    found = await made(credentials, CREATE, tenant.admin, input=input)
    assert found["__typename"] == "CertificateTemplate", found
    return found


async def complete(
    credentials: Subgraph, tenant: Tenant, course_id: UUID, *people: Viewer, names: bool = True, **values: Any
) -> None:
    """Has people, who have names, complete a course."""
    if names:
        told = [named(who, f"Learner {place}") for place, who in enumerate(people)]
        await apply(credentials, tenant, organization_named(tenant), *told)
    await apply(credentials, tenant, *(course_done(who, course_id, **values) for who in people))


async def certificates(credentials: Subgraph, who: Viewer, of: Viewer | None = None) -> list[dict[str, Any]]:
    """The certificates of somebody, as somebody sees them."""
    answer = await certificates_answer(credentials, who, of)
    ((found),) = answer.data["_entities"]
    assert found["certificates"]["totalCount"] == len(found["certificates"]["edges"])
    return [edge["node"] for edge in found["certificates"]["edges"]]


async def certificates_answer(credentials: Subgraph, who: Viewer, of: Viewer | None = None) -> Answer:
    """The same with the statements that it took."""
    return await credentials.entities(who, OF_USER, {"__typename": "User", "id": user_id(of or who)})


async def finished(credentials: Subgraph, who: Viewer, job: dict[str, Any], within: float = 30) -> dict[str, Any]:
    """The job, once it has ended."""
    async with asyncio.timeout(within):
        while True:
            found = (await credentials.ask(ASK, who, id=job["id"])).data["job"]
            if found["finishedAt"]:
                return found
            await asyncio.sleep(0.05)


def course_of(course_id: UUID) -> str:
    """The public id of a course."""
    return ids.encode("course", course_id)
