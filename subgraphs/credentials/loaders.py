"""Batched reads of credentials that are not rows of one table: criteria, progress, awards of people, doubts, what is
signed, codes."""

from collections import defaultdict, namedtuple
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Select, TableValuedAlias, Uuid, and_, bindparam, exists, func, select
from sqlalchemy.dialects.postgresql import JSONB, aggregate_order_by
from sqlalchemy.orm import aliased

from shared.auth import Viewer
from shared.context import Context
from shared.credentials import Reason
from shared.errors import Unavailable
from shared.statements import VIEWER, among, columns_of, kept, whose
from subgraphs.credentials.models import (
    Award,
    Badge,
    Certificate,
    Credential,
    Criterion,
    CriterionKind,
    Doubt,
    Enrollment,
    Evidence,
    Progress,
    sees_everybody,
)
from subgraphs.credentials.runtime import issuing_of

_PROGRESS = 3_600  # seconds; the brief's lifetimes in the cache
_VERIFICATION = 604_800

_ITEM = timedelta(seconds=1)  # nobody reads, hears or watches anything in less
_UNNAMED = "The credential is signed once all names in it are known; try again shortly."
_CLOCKS = timedelta(seconds=5)  # by which those of two servers may differ


_CRITERIA = select(*columns_of(Criterion)).where(among(Criterion.badge_id)).order_by(Criterion.position)


class Earner(NamedTuple):
    """A person, and the badge that they may earn."""

    badge_id: UUID
    user_id: UUID


class Learner(NamedTuple):
    """A person, and the course that they may complete."""

    course_id: UUID
    user_id: UUID


class Reached(NamedTuple):
    """How far a person is: the ratio from 0 to 1, and what they have reached by criterion."""

    ratio: float
    values: dict[str, float]
    updated_at: datetime


class Asks(NamedTuple):
    """A criterion, as it is read along with its badge."""

    id: UUID
    kind: str
    target_id: UUID
    threshold: float


class State(NamedTuple):
    """All that the viewer's progress towards a badge is made of, as it was at one moment."""

    badge: Any
    progress: Reached | None
    award: Any
    """None while there is none; like the badge as `Node.of` takes it."""


_AWARD = (*Award.__mapper__.column_attrs.keys(), "badge_now")
_PARTS: Any = [
    namedtuple("BadgeColumns", Badge.__mapper__.column_attrs.keys()),
    Reached,
    namedtuple("AwardColumns", _AWARD),
]
"""What a row of `_standing` is put together from."""


async def criteria_of(context: Context, badge_id: UUID) -> list[Criterion]:
    """The criteria of a badge that the viewer sees, in their order."""
    return await context.load.add("criteria", partial(_criteria, context)).load(badge_id)


async def progress_of(context: Context, earner: Earner) -> Reached | None:
    """How far a person is, from the cache if it is there; None before the first fact that counts, and for what is not
    to be seen."""
    if not sees_everybody(context.viewer) and earner.user_id != context.viewer.user_id:
        return None
    return await context.load.add("progress", partial(_cached, context)).load(earner)


async def award_of(context: Context, earner: Earner) -> Award | None:
    """The award of a badge to a person, if there is one that the viewer may see."""
    return await context.load.add("awarded", partial(_awards, context)).load(earner)


async def doubts_of(context: Context, earner: Earner) -> list[Doubt]:
    """What cannot be right about the facts that count for a person; see `_doubts`."""
    return await context.load.add("doubts", partial(_doubts, context)).load(earner)


async def standings_of(context: Context, enrollment_ids: list[UUID], *, criteria: bool) -> dict[UUID, list[Any]]:
    """By enrolment that the viewer may see, a row for each badge of the course: the columns of the badge, how far its
    learner is (`user_id`; `ratio`, `values` and `updated_at`, null before the first fact that counts) and, if they are
    wanted, the badge's `criteria` as `asks` takes them."""
    statement = _standings(criteria, whose(context.viewer))
    found: dict[UUID, list[Any]] = defaultdict(list)
    for row in await context.read(statement, keys=enrollment_ids, viewer=context.viewer.user_id):
        found[row.enrollment_id].append(row)
    return found


def asks(criteria: list[list[Any]]) -> list[Asks]:
    """Criteria as `standings_of` finds them."""
    return [Asks(UUID(id), kind, UUID(target_id), threshold) for id, kind, target_id, threshold in criteria]


@kept
def _standings(criteria: bool, viewer: Viewer) -> Any:
    reached = and_(Progress.badge_id == Badge.id, Progress.user_id == Enrollment.user_id, Progress.visible(viewer))
    asked = func.jsonb_build_array(*(getattr(Criterion, name) for name in Asks._fields))
    in_order = func.jsonb_agg(aggregate_order_by(asked, Criterion.position), type_=JSONB)
    of_badge = select(in_order).where(Criterion.badge_id == Badge.id).scalar_subquery()
    return (
        select(*columns_of(Badge), Enrollment.id.label("enrollment_id"), Enrollment.user_id)
        .add_columns(Progress.ratio, Progress.values, Progress.updated_at, *([of_badge.label("criteria")] * criteria))
        .join(Enrollment, Enrollment.course_id == Badge.course_id)
        .outerjoin(Progress, reached)
        .where(among(Enrollment.id), Enrollment.visible(viewer), Badge.visible(viewer))
        .order_by(Badge.id)
    )


async def enrollment_of(context: Context, id: UUID) -> Enrollment | None:
    """An enrolment that the viewer may see."""
    return await context.load.add("enrollment", partial(_enrollments, context)).load(id)


async def certificate_of(context: Context, course_id: UUID, user_id: UUID) -> Certificate | None:
    """The certificate of a course for a person, if there is one that the viewer may see."""
    return await context.load.add("certificate", partial(_certificates, context)).load(Learner(course_id, user_id))


async def credential_of(context: Context, award_id: UUID) -> Credential:
    """The signed credential of an award that the viewer sees. Raises Unavailable while its names are not known."""
    credential: Credential = await context.load.add("credential", partial(_credentials, context)).load(award_id)
    return credential


async def verified(context: Context, code: str) -> dict[str, Any] | None:
    """What anybody may know of the award with this code, from the cache if it is there; None for an unknown code."""
    return await context.load.add("verified", partial(_verified, context)).load(code)


async def state_of(context: Context, badge_id: UUID) -> State | None:
    """The viewer's progress in one read; None when they may not see the badge."""
    statement = _standing(whose(context.viewer))
    rows = await context.read(statement, badge_id=badge_id, viewer=context.viewer.user_id)
    if not rows:
        return None
    values = iter(tuple(rows[0]))
    badge, progress, award = (part._make(islice(values, len(part._fields))) for part in _PARTS)
    return State(badge, progress if progress.updated_at else None, award if award.id else None)


@kept
def _standing(viewer: Viewer) -> Any:
    """The columns of `_PARTS`; whichever row is not there is null all over."""
    reached = (getattr(Progress, name) for name in Reached._fields)
    return (
        select(*columns_of(Badge), *reached, *(column.label(None) for column in columns_of(Award, _AWARD)))
        .outerjoin(Progress, and_(Progress.badge_id == Badge.id, Progress.user_id == VIEWER))
        .outerjoin(Award, and_(Award.badge_id == Badge.id, Award.user_id == VIEWER))
        .where(Badge.id == bindparam("badge_id", type_=Uuid), Badge.visible(viewer))
    )


def know(context: Context, earner: Earner, criteria: list[Criterion], award: Award | None) -> None:
    """Gives the loaders what has been read already, so that they need not read it again."""
    context.load.add("criteria", partial(_criteria, context)).prime(earner.badge_id, criteria)
    context.load.add("awarded", partial(_awards, context)).prime(earner, award)


async def _criteria(context: Context, badge_ids: list[UUID]) -> Sequence[list[Criterion]]:
    found: dict[UUID, list[Any]] = defaultdict(list)
    for criterion in await context.read(_CRITERIA, keys=badge_ids):
        found[criterion.badge_id].append(criterion)
    return [found[badge_id] for badge_id in badge_ids]


async def _cached(context: Context, earners: list[Earner]) -> Sequence[Reached | None]:
    organization_id, cache = context.viewer.organization_id, context.platform.cache
    if organization_id is None:
        return [None] * len(earners)
    keys = {earner: Progress.cache_key(organization_id, *earner) for earner in earners}
    cached = dict(zip(earners, await cache.get(list(keys.values())), strict=True))
    found = {earner: _restored(values) for earner, values in cached.items() if values}
    missing = [earner for earner in earners if earner not in found]
    if missing:
        stored = await _progress(context, missing)
        await cache.fill({keys[earner]: reached._asdict() for earner, reached in stored.items()}, _PROGRESS)
        found |= stored
    return [found.get(earner) for earner in earners]


def _restored(values: dict[str, Any]) -> Reached:
    return Reached(values["ratio"], values["values"], datetime.fromisoformat(values["updated_at"]))


async def _progress(context: Context, earners: list[Earner]) -> dict[Earner, Reached]:
    rows = await _read_pairs(context, Progress, earners)
    return {Earner(row.badge_id, row.user_id): Reached(row.ratio, row.values, row.updated_at) for row in rows}


async def _awards(context: Context, earners: list[Earner]) -> Sequence[Award | None]:
    found = {Earner(row.badge_id, row.user_id): row for row in await _read_pairs(context, Award, earners, _AWARD)}
    return [found.get(earner) for earner in earners]


async def _certificates(context: Context, learners: list[Learner]) -> Sequence[Certificate | None]:
    found = {Learner(row.course_id, row.user_id): row for row in await _read_pairs(context, Certificate, learners)}
    return [found.get(learner) for learner in learners]


async def _read_pairs(
    context: Context,
    model: type[Any],
    pairs: Sequence[Earner] | Sequence[Learner],
    names: tuple[str, ...] | None = None,
) -> Sequence[Any]:
    statement = _of_pairs(model, names, pairs[0]._fields[0], whose(context.viewer))
    return await context.read(statement, **_columns(pairs), viewer=context.viewer.user_id)


@kept
def _of_pairs(model: type[Any], names: tuple[str, ...] | None, subject: str, viewer: Viewer) -> Select[Any]:
    """Rows of people and what they may reach."""
    asked = _asked()
    is_asked = and_(getattr(model, subject) == asked.c.subject, model.user_id == asked.c.person)
    return select(*columns_of(model, names)).join(asked, is_asked).where(model.visible(viewer))


def _asked() -> TableValuedAlias:
    """The pairs of `_columns` as rows: pairs that are joined have one plan for any number of them, which a list of
    conditions has not: planning one for each of 150 took 17 ms, and reading by them as long."""
    columns = (bindparam(name, type_=ARRAY(Uuid)) for name in ("subjects", "people"))
    return func.unnest(*columns).table_valued("subject", "person", name="asked").render_derived()


def _columns(pairs: Sequence[Earner] | Sequence[Learner]) -> dict[str, list[UUID]]:
    """Pairs as parameters."""
    return dict(zip(("subjects", "people"), map(list, zip(*pairs, strict=True)), strict=True))


async def _doubts(context: Context, earners: list[Earner]) -> Sequence[list[Doubt]]:
    """A fact is doubted when

    - its person completed another item of the same course within a second of it (`TOO_FAST`), or
    - the item was completed, or the attempt started, before the person enrolled in the course (`BEFORE_ENROLLMENT`).

    The times are those in the ids, which the servers make. A doubted fact is kept and counts like any other: clocks
    and imports may explain it, so that somebody has to judge, and may revoke what was awarded.
    """
    rows = await context.read(_doubtful(), **_columns(earners))
    found = {Earner(row.badge_id, row.user_id): [it for it in Doubt if getattr(row, it)] for row in rows}
    return [found.get(earner, []) for earner in earners]


@kept
def _doubtful() -> Any:
    """For people and badges, whether anything about the facts that count is in doubt, and by which rule."""
    asked, about = _asked(), (Evidence.target_id == Criterion.target_id, Evidence.kind == Criterion.kind)
    rules = {Doubt.TOO_FAST: _too_fast(), Doubt.BEFORE_ENROLLMENT: _before_enrollment()}
    return (
        select(Criterion.badge_id, Evidence.user_id, *(func.bool_or(rule).label(it) for it, rule in rules.items()))
        .join(asked, Criterion.badge_id == asked.c.subject)
        .join(Evidence, and_(*about, Evidence.user_id == asked.c.person))
        .group_by(Criterion.badge_id, Evidence.user_id)
    )


def _too_fast() -> ColumnElement[bool]:
    other = aliased(Evidence)
    is_near = other.made_at.between(Evidence.made_at - _ITEM, Evidence.made_at + _ITEM)
    same = (other.user_id == Evidence.user_id, other.kind == Evidence.kind, other.target_id == Evidence.target_id)
    return and_(Evidence.kind == CriterionKind.COMPLETE_ITEMS, exists().where(*same, other.id != Evidence.id, is_near))


def _before_enrollment() -> ColumnElement[bool]:
    later = Enrollment.began_at > Evidence.made_at + _CLOCKS
    same = (Enrollment.user_id == Evidence.user_id, Enrollment.course_id == Evidence.course_id)
    return and_(Evidence.kind != CriterionKind.COMPLETE_COURSE, exists().where(*same, later))


async def _enrollments(context: Context, enrollment_ids: list[UUID]) -> Sequence[Any]:
    statement = _enrolled(whose(context.viewer))
    found = {row.id: row for row in await context.read(statement, keys=enrollment_ids, viewer=context.viewer.user_id)}
    return [found.get(enrollment_id) for enrollment_id in enrollment_ids]


@kept
def _enrolled(viewer: Viewer) -> Select[Any]:
    return select(*columns_of(Enrollment)).where(among(Enrollment.id), Enrollment.visible(viewer))


async def _verified(context: Context, codes: list[str]) -> Sequence[dict[str, Any] | None]:
    cache = context.platform.cache
    cached = dict(zip(codes, await cache.get([Award.cache_key(code) for code in codes]), strict=True))
    found = {code: values for code, values in cached.items() if values}
    missing = [code for code in codes if code not in found]
    if missing:
        stored = await _public(context, missing)
        # What has been tampered with is looked at each time, so that a repair shows at once.
        kept = {code: it for code, it in stored.items() if it["reason"] in (None, Reason.REVOKED)}
        await cache.fill({Award.cache_key(code): values for code, values in kept.items()}, _VERIFICATION)
        found |= stored
    return [found.get(code) for code in codes]


async def _public(context: Context, codes: list[str]) -> dict[str, dict[str, Any]]:
    """Of whichever tenant: who checks a code knows nothing but the code. All but the tenant is read as that tenant."""
    statement = select(Award.organization_id, Award.code).where(Award.code.in_(codes))
    async with context.system() as session:
        rows = (await session.execute(statement)).all()
    by_tenant: dict[UUID, list[str]] = defaultdict(list)
    for organization_id, code in rows:
        by_tenant[organization_id].append(code)
    checked = []
    for organization_id, its in by_tenant.items():
        async with context.platform.database.begin(Viewer(organization_id=organization_id)) as session:
            checked += await issuing_of(context.platform).checked(session, its)
    return {it.award.code: _shown(it) for it in checked}


def _shown(checked: Any) -> dict[str, Any]:
    names = ("kind", "badge_name", "recipient_name", "issuer_name", "status")
    return {name: getattr(checked.award, name) for name in names} | {
        "issued_at": checked.award.issued_at.isoformat(),
        "reason": checked.reason,
        "is_signed": checked.is_signed,
    }


async def _credentials(context: Context, award_ids: list[UUID]) -> Sequence[Credential | Unavailable]:
    seen = Award.seen_by(context.viewer)  # of either kind
    found = await issuing_of(context.platform).signed(context.session, award_ids, seen)
    context.load.spend(len(found))
    return [found.get(award_id) or Unavailable(_UNNAMED) for award_id in award_ids]
