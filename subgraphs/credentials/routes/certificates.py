"""What a certificate is to the public beside its credential: a page to print."""

from functools import partial

from sqlalchemy import select
from starlette.requests import Request
from starlette.responses import Response

from shared.certificates import Unprintable, render
from shared.context import Platform
from subgraphs.credentials.models import AchievementKind, Award, AwardStatus, Certificate, as_code
from subgraphs.credentials.routes.answers import FRESH, answer, gone, missing, unavailable, unprintable
from subgraphs.credentials.routes.reading import as_tenant
from subgraphs.credentials.runtime import printing_of
from subgraphs.credentials.services.printing import Refused


async def pdf(request: Request) -> Response:
    """The certificate, for whoever knows its code."""
    platform: Platform = request.app.state.platform
    code = as_code(request.path_params["code"])
    columns = (Award.organization_id, Award.kind, Award.status)
    async with platform.database.system() as session:
        row = (await session.execute(select(*columns).where(Award.code == code))).one_or_none() if code else None
    if row is None or row.kind != AchievementKind.CERTIFICATE:
        return missing()
    if row.status == AwardStatus.REVOKED:
        return gone()
    begin, printing = partial(as_tenant, platform, row.organization_id), printing_of(platform)
    async with begin() as session:
        orders = await printing.orders(session, Certificate.code == code)
    if not orders:
        return unavailable()  # its names are still on their way
    (order,) = orders
    if isinstance(order, Refused):
        return unprintable(order.reason)
    try:
        content = await printing.pdf(begin, order, render)
    except Unprintable as error:
        return unprintable(str(error))
    headers = {"content-disposition": f'inline; filename="certificate-{code}.pdf"'}
    return answer(request, content, "application/pdf", FRESH, headers)
