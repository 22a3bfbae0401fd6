"""Awards: giving each once, be it of a badge or a certificate, and taking one back."""

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from sqlalchemy import ARRAY, Integer, Select, TableValuedAlias, Text, Uuid, case, cast, func, literal, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.dml import ReturningInsert

from shared import ids
from shared.auth import Viewer
from shared.cache import Cache
from shared.errors import InvalidInput, NotFound, Rejected
from shared.events import Event, emit, emit_all
from shared.live import Live
from shared.postgres import after_commit
from subgraphs.credentials.events import AwardIssued, AwardRevoked, CertificateRevoked
from subgraphs.credentials.models import (
    CODE_LENGTH,
    CODE_LETTERS,
    AchievementKind,
    Award,
    AwardStatus,
    Badge,
    Certificate,
    CriterionKind,
    Evidence,
    Organization,
    Person,
    Progress,
)
from subgraphs.credentials.services.status_lists import Place, free_places

A = TypeVar("A", bound=Award)

_TRIES = 10
"""How often somebody else may take the same place in a status list at the same time; once is rare."""


class Earned(NamedTuple):
    """That a person has met all criteria of a badge."""

    badge_id: UUID
    user_id: UUID


def new_code() -> str:
    """What anybody can check an award by; not to be guessed, and easy to read out."""
    return "".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_LENGTH))


async def give(session: AsyncSession, organization_id: UUID, earned: Sequence[Earned]) -> None:
    """Awards badges that have been earned, each once, and tells of it."""
    issued = await issue(session, organization_id, earned)
    if issued:
        await emit_all(session, [AwardIssued(organization_id=organization_id, **row._mapping) for row in issued])


async def issue(
    session: AsyncSession, organization_id: UUID, earned: Sequence[Earned], template_id: UUID | None = None
) -> list[Any]:
    """Stores awards of what has been earned, each once: what was awarded before, and perhaps revoked, stays as it is.
    Certificates, which are of courses, are given a template. Returns the ids of what is new."""
    if not earned:
        return []
    await _make_known(session, organization_id, earned)
    return await _store(session, earned, template_id)


async def _store(session: AsyncSession, earned: Sequence[Earned], template_id: UUID | None) -> list[Any]:
    """Stores what has not been awarded yet; what lost its place to somebody else at the same time gets another."""
    issued: list[Any] = []
    for _ in range(_TRIES):
        places = await free_places(session, len(earned))
        issued += (await session.execute(_issued(earned, places, template_id))).all()
        earned = await _left(session, earned, issued)
        if not earned:
            return issued
    raise RuntimeError("There is no place in the status lists.")


async def _left(session: AsyncSession, earned: Sequence[Earned], issued: Sequence[Any]) -> list[Earned]:
    made = {Earned(row.badge_id, row.user_id) for row in issued}
    left = [it for it in earned if it not in made]
    if not left:
        return []
    there = select(Award.badge_id, Award.user_id).where(tuple_(Award.badge_id, Award.user_id).in_(left))
    awarded = {Earned(*row) for row in await session.execute(there)}
    return [it for it in left if it not in awarded]


async def revoke_award(session: AsyncSession, cache: Cache, live: Live, viewer: Viewer, id: str, reason: str) -> Award:
    """Takes an award of a badge back, for good; twice is the same as once, with the first reason."""
    which = (Award.id == ids.decode("award", id), Award.visible(viewer))
    return await _revoke(session, cache, live, select(Award).where(*which), reason)


async def revoke_certificate(
    session: AsyncSession, cache: Cache, live: Live, viewer: Viewer, id: str, reason: str
) -> Certificate:
    """Takes a certificate back, likewise."""
    which = (Certificate.id == ids.decode("certificate", id), Certificate.visible(viewer))
    return await _revoke(session, cache, live, select(Certificate).where(*which), reason)


async def _revoke(session: AsyncSession, cache: Cache, live: Live, which: Select[A], reason: str) -> A:
    if not 1 <= len(reason.strip()) <= 1_000:
        raise Rejected(InvalidInput.at("reason", message="A reason has 1 to 1,000 characters."))
    award: A | None = (await session.execute(which.with_for_update(key_share=True))).scalar_one_or_none()
    if award is None:
        raise Rejected(NotFound())
    if award.status != AwardStatus.REVOKED:
        award.status, award.revoked_at, award.revocation_reason = AwardStatus.REVOKED, datetime.now(UTC), reason.strip()
        await emit(session, _revoked(award))
        after_commit(session, partial(show_revoked, cache, live, award))
    return award


def _revoked(award: Award) -> Event:
    own = {"id": award.id, "organization_id": award.organization_id, "user_id": award.user_id}
    if isinstance(award, Certificate):
        return CertificateRevoked(**own, course_id=award.course_id)
    return AwardRevoked(**own, badge_id=award.badge_id)


async def show_revoked(cache: Cache, live: Live, award: Award) -> None:
    """Has whoever checks the award, or watches the badge, see it as it is now; raises while Redis is away."""
    await cache.purge(Award.cache_key(award.code))
    await live.publish(Progress.topic(award.organization_id, award.badge_id, award.user_id))


async def _make_known(session: AsyncSession, organization_id: UUID, earned: Sequence[Earned]) -> None:
    """Makes rows of those whose names are still on their way: whoever brings the names waits for this transaction, and
    then finds the awards that lack them."""
    people = sorted({user_id for _, user_id in earned})
    issuer = insert(Organization).values(organization_id=organization_id, id=organization_id).on_conflict_do_nothing()
    person = func.unnest(cast(people, ARRAY(Uuid))).column_valued("person")
    added = insert(Person).from_select(["organization_id", "id"], select(literal(organization_id, Uuid), person))
    await session.execute(added.on_conflict_do_nothing().add_cte(issuer.returning(Organization.id).cte("issuer")))


def _issued(
    earned: Sequence[Earned], places: Sequence[Place], template_id: UUID | None
) -> ReturningInsert[UUID, UUID, UUID]:
    new, is_course = _unnested(earned, places), Badge.kind == AchievementKind.CERTIFICATE
    completed = select(Evidence.made_at).where(
        is_course,
        Evidence.user_id == Person.id,
        Evidence.kind == CriterionKind.COMPLETE_COURSE,
        Evidence.target_id == Badge.course_id,
    )
    values = {
        "organization_id": Badge.organization_id,
        "id": new.c.id,
        "kind": Badge.kind,
        "badge_id": Badge.id,
        "user_id": Person.id,
        "code": new.c.code,
        "status": literal(AwardStatus.VALID.value, Text),
        "issued_at": literal(datetime.now(UTC), Award.__table__.c.issued_at.type),
        "badge_name": Badge.name,
        "badge_description": Badge.description,
        "recipient_name": Person.name,
        "recipient_email": Person.email,
        "issuer_name": Organization.name,
        "status_list": new.c.status_list,
        "status_position": new.c.status_position,
        "course_id": case((is_course, Badge.course_id)),
        "template_id": literal(template_id, Uuid),
        "completed_at": completed.correlate(Badge, Person).scalar_subquery(),
    }
    rows = (
        select(*values.values())
        .join_from(new, Badge, Badge.id == new.c.badge_id)
        .join(Person, Person.id == new.c.user_id)
        .join(Organization, Organization.id == Badge.organization_id)
    )
    added = insert(Award).from_select(list(values), rows).on_conflict_do_nothing()
    return added.returning(Award.id, Award.badge_id, Award.user_id)


def _unnested(earned: Sequence[Earned], places: Sequence[Place]) -> TableValuedAlias:
    """What has been earned as rows, each with an id, a code and a place in a status list of its own."""
    columns = (
        cast([ids.new_id() for _ in earned], ARRAY(Uuid)),
        cast([new_code() for _ in earned], ARRAY(Text)),
        cast([badge_id for badge_id, _ in earned], ARRAY(Uuid)),
        cast([user_id for _, user_id in earned], ARRAY(Uuid)),
        cast([place.number for place in places], ARRAY(Integer)),
        cast([place.position for place in places], ARRAY(Integer)),
    )
    names = ("id", "code", "badge_id", "user_id", "status_list", "status_position")
    return func.unnest(*columns).table_valued(*names, name="new").render_derived()
