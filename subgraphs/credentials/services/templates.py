"""Templates of certificates: each is tried in print before it is stored, so that one that is stored prints."""

import base64
import binascii
from datetime import UTC, date, datetime
from functools import partial
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from shared import ids
from shared.auth import Viewer, organization_of
from shared.certificates import (
    BadLogo,
    Certificate,
    Layout,
    Logo,
    Paper,
    Signatory,
    Template,
    Unprintable,
    load_logo,
    render,
)
from shared.errors import InvalidInput, NotFound, Rejected
from shared.events import emit
from shared.idempotency import once
from shared.waiting import Begin, until
from subgraphs.credentials.events import CertificateTemplateCreated, CertificateTemplateUpdated
from subgraphs.credentials.inputs import (
    CreateCertificateTemplateInput,
    UpdateCertificateTemplateInput,
    WordingInput,
)
from subgraphs.credentials.models import CertificateTemplate, Course


def look_of(template: CertificateTemplate) -> Template:
    """What the printer is told of a template. Raises Unprintable for what cannot come out right."""
    return Template(
        layout=Layout(template.layout),
        paper=Paper(template.paper),
        primary=template.primary,
        secondary=template.secondary,
        logo=Logo(template.logo) if template.logo else None,
        signatories=tuple(Signatory(**it) for it in template.signed_by),
        wording=template.words,
    )


async def create_template(
    begin: Begin, viewer: Viewer, input: CreateCertificateTemplateInput, key: str | None
) -> CertificateTemplate:
    """A template. As the default one, or that of a course, it takes the place of the one before. Waits up to a second
    for a course that is not known yet."""
    organization_id = organization_of(viewer)
    if input.course_id is not None and input.is_default:
        raise Rejected(InvalidInput.at("input", "isDefault", message="The template of a course is not the default."))
    template = CertificateTemplate(
        organization_id=organization_id,
        id=ids.new_id(),
        course_id=ids.decode("course", input.course_id) if input.course_id is not None else None,
        signed_by=[it.model_dump() for it in input.signatories],
        words=_said(input.wording),
        logo=await _drawn(input.logo) or None,
        **input.model_dump(include={"name", "is_default", "layout", "paper", "primary", "secondary"}),
    )
    await _try(template)
    if input.course_id is not None:
        await until(begin, partial(_is_known, template=template))
    async with begin() as session:
        if input.course_id is not None and not await _is_known(session, template):
            raise Rejected(NotFound())
        return await once(
            session, "createCertificateTemplate", key, input, CertificateTemplate, partial(_create, session, template)
        )


async def update_template(begin: Begin, viewer: Viewer, input: UpdateCertificateTemplateInput) -> CertificateTemplate:
    """Changes what was given. Certificates that are printed already are printed anew when they are next asked for."""
    changes: dict[str, Any] = input.model_dump(exclude={"id", "signatories", "wording"}, exclude_none=True)
    if input.signatories is not None:
        changes["signed_by"] = [it.model_dump() for it in input.signatories]
    if input.wording is not None:
        changes["words"] = _said(input.wording)
    if input.logo is not None:
        changes["logo"] = await _drawn(input.logo)
    async with begin() as session:
        template = await _held(session, viewer, input.id)
    await _try(_changed(template, changes))
    async with begin() as session:
        template = await _held(session, viewer, input.id, lock=True)
        if changes.get("is_default"):
            if template.course_id is not None:
                message = "The template of a course is not the default."
                raise Rejected(InvalidInput.at("input", "isDefault", message=message))
            await _displace(session, template)
        _changed(template, changes)
        if changes:
            own = {"id": template.id, "organization_id": template.organization_id}
            await emit(session, CertificateTemplateUpdated(**own, fields=sorted(changes)))
        return template


async def archive_template(session: AsyncSession, viewer: Viewer, id: str) -> CertificateTemplate:
    """Has it used for no new certificate. Those that have it keep it. Twice is the same as once."""
    template = await _held(session, viewer, id, lock=True)
    if template.archived_at is None:
        template.archived_at = datetime.now(UTC)
        own = {"id": template.id, "organization_id": template.organization_id}
        await emit(session, CertificateTemplateUpdated(**own, fields=["archived_at"]))
    return template


async def _create(session: AsyncSession, template: CertificateTemplate) -> CertificateTemplate:
    if template.course_id is not None or template.is_default:
        await _displace(session, template)
    session.add(template)
    await session.flush()
    own = {"id": template.id, "organization_id": template.organization_id}
    await emit(session, CertificateTemplateCreated(**own, course_id=template.course_id))
    return template


async def _is_known(session: AsyncSession, template: CertificateTemplate) -> bool:
    return await session.scalar(select(Course.id).where(Course.id == template.course_id)) is not None


async def _displace(session: AsyncSession, template: CertificateTemplate) -> None:
    """Makes place: the default before is one among others, and that of a course is archived."""
    others = update(CertificateTemplate).where(
        CertificateTemplate.id != template.id, CertificateTemplate.archived_at.is_(None)
    )
    if template.course_id is None:
        await session.execute(others.where(CertificateTemplate.is_default).values(is_default=False))
    else:
        same = CertificateTemplate.course_id == template.course_id
        await session.execute(others.where(same).values(archived_at=datetime.now(UTC)))


async def _held(session: AsyncSession, viewer: Viewer, id: str, *, lock: bool = False) -> CertificateTemplate:
    statement = select(CertificateTemplate).where(
        CertificateTemplate.id == ids.decode("certificate_template", id), CertificateTemplate.visible(viewer)
    )
    statement = statement.with_for_update() if lock else statement
    template: CertificateTemplate | None = (await session.execute(statement)).scalar_one_or_none()
    if template is None:
        raise Rejected(NotFound())
    return template


def _changed(template: CertificateTemplate, changes: dict[str, Any]) -> CertificateTemplate:
    for name, value in changes.items():
        setattr(template, name, value or None if name == "logo" else value)
    return template


def _said(wording: list[WordingInput]) -> dict[str, dict[str, str]]:
    return {it.language: it.model_dump(exclude={"language"}, exclude_none=True) for it in wording}


async def _drawn(logo: str | None) -> str:
    """The checked picture as SVG; empty for none."""
    if not logo:
        return ""
    try:
        return (await load_logo(base64.b64decode(logo, validate=True))).svg
    except (binascii.Error, BadLogo) as error:
        message = str(error) if isinstance(error, BadLogo) else "The logo is not in base64."
        raise Rejected(InvalidInput.at("input", "logo", message=message)) from None


async def _try(template: CertificateTemplate) -> None:
    """Prints it in every language that it says something in; rejects what does not come out right."""
    try:
        look = look_of(template)
    except Unprintable as error:
        field = "signatories" if "signatory" in str(error) else "wording"
        raise Rejected(InvalidInput.at("input", field, message=str(error))) from None
    for language in ("en", *template.words):
        trial = Certificate(
            recipient="-",
            course="-",
            organization="-",
            completed_on=date(2000, 1, 1),
            verification_url="http://-",
            locale=language,
        )
        try:
            await render(trial, look)
        except Unprintable as error:
            field = "signatories" if language == "en" and "en" not in template.words else "wording"
            raise Rejected(InvalidInput.at("input", field, message=str(error))) from None
