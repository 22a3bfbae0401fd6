"""Progress: facts come in, in any order and more than once, and each person's nearness to badges follows from them.

Values only grow, and they are computed from all stored facts each time: so no order of events and no repetition
changes where it ends. What could still be lost is what two transactions do at once; locks keep them apart:

- a fact about a person waits for other facts about the same person, and holds its course, shared with other people;
- counting a new badge holds the courses of its criteria alone. Facts that came before are committed then and counted;
  those that come later see the badge.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Float,
    ScalarSelect,
    Select,
    TableValuedAlias,
    Uuid,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from shared import audit, ids
from subgraphs.credentials.models import Award, Criterion, CriterionKind, Evidence, Progress
from subgraphs.credentials.services.awards import Earned, give

AT_ONCE = 200
"""How many people a new badge is counted for in one transaction."""

_COURSE, _PERSON = 0x636F757273650000, 0x706572736F6E0000
"""What sets the locks apart from each other and from those of other subgraphs, which share the database."""


@dataclass(frozen=True, slots=True)
class Fact:
    """What another subgraph has told of a person; see `Evidence`, whose columns these are."""

    id: UUID
    organization_id: UUID
    kind: CriterionKind
    user_id: UUID
    target_id: UUID
    subject_id: UUID
    course_id: UUID
    value: float = 1.0
    made_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a person is with a badge: `values` by criterion, before and now."""

    badge_id: UUID
    user_id: UUID
    before: dict[str, float] | None
    ratio_before: float
    values: dict[str, float]
    ratio: float
    is_met: bool
    is_awarded: bool

    @property
    def has_changed(self) -> bool:
        """Whether something counts that did not count before."""
        return self.values != (self.before or dict.fromkeys(self.values, 0.0))


def share(reached: Iterable[tuple[float, float]]) -> float:
    """How near one is to a badge, from 0 to 1, for the value and the threshold of each of its criteria."""
    shares = [min(1.0, value / threshold) for value, threshold in reached]
    return sum(shares) / len(shares)


async def take(session: AsyncSession, fact: Fact) -> list[Standing]:
    """Keeps a fact and moves the progress that it counts for; nothing when it was known. Returns what has changed."""
    if not await _keep(session, fact):
        return []
    about = {"target_id": fact.target_id, "kind": fact.kind}
    return await _count(session, fact.organization_id, _REACHED_BY_FACT, about, [fact.user_id], cause=fact.id)


async def count_badge(
    session: AsyncSession, organization_id: UUID, badge_id: UUID, after: UUID | None
) -> tuple[list[Standing], UUID | None]:
    """Counts a badge for the next `AT_ONCE` people with facts that it asks for. Returns what has changed, and after
    whom to go on; None when these were the last."""
    await _hold_courses(session, badge_id)
    facts = select(Evidence.user_id).join(
        Criterion, and_(Criterion.target_id == Evidence.target_id, Criterion.kind == Evidence.kind)
    )
    facts = facts.where(Criterion.badge_id == badge_id).distinct().order_by(Evidence.user_id).limit(AT_ONCE)
    if after is not None:
        facts = facts.where(Evidence.user_id > after)
    people = (await session.execute(facts)).scalars().all()
    if not people:
        return [], None
    about = {"badge_id": badge_id}
    changed = await _count(session, organization_id, _REACHED_OF_BADGE, about, people, cause=badge_id)
    return changed, people[-1] if len(people) == AT_ONCE else None


async def _keep(session: AsyncSession, fact: Fact) -> bool:
    """Locks, then stores unless it is there; both in one statement, whose successors see what others committed."""
    locks = select(
        func.pg_advisory_xact_lock(_key(fact.user_id, _PERSON)).label("person"),
        func.pg_advisory_xact_lock_shared(_key(fact.course_id, _COURSE)).label("course"),
    ).cte("locks")
    columns = Evidence.__table__.c
    values = {name: getattr(fact, name) for name in Fact.__slots__} | {"made_at": fact.made_at or ids.time_of(fact.id)}
    row = select(*(literal(value, columns[name].type) for name, value in values.items())).select_from(locks)
    added = insert(Evidence).from_select(list(values), row).on_conflict_do_nothing()
    return await session.scalar(added.returning(Evidence.id)) is not None


async def _hold_courses(session: AsyncSession, badge_id: UUID) -> None:
    """In the order of their ids, as whoever counts another badge does."""
    statement = select(Criterion.course_id).where(Criterion.badge_id == badge_id).distinct()
    for course_id in sorted((await session.execute(statement)).scalars()):
        await session.execute(select(func.pg_advisory_xact_lock(_key(course_id, _COURSE))))


def _key(id: UUID, salt: int) -> Any:
    return literal(int.from_bytes(id.bytes[8:], signed=True) ^ salt, BigInteger)


async def _count(
    session: AsyncSession,
    organization_id: UUID,
    reached: Select[Any],
    about: dict[str, Any],
    people: Sequence[UUID],
    *,
    cause: UUID,
) -> list[Standing]:
    found = _standings((await session.execute(reached, about | {"people": people})).all())
    changed = [standing for standing in found if standing.has_changed]
    if changed:
        await _store(session, organization_id, changed)
        await audit.record_all(session, [_step(organization_id, standing, cause) for standing in changed])
    earned = [Earned(it.badge_id, it.user_id) for it in found if it.is_met and not it.is_awarded]
    await give(session, organization_id, earned)
    return changed


def _value(person: TableValuedAlias) -> ScalarSelect[Any]:
    """How many items a person has completed, or their best score; null when there is no such fact."""
    items, best = cast(func.count(), Float), func.max(Evidence.value)
    value = select(case((Criterion.kind == CriterionKind.COMPLETE_ITEMS, items), else_=best)).where(
        Evidence.user_id == person.c.id, Evidence.kind == Criterion.kind, Evidence.target_id == Criterion.target_id
    )
    return value.correlate(Criterion, person).scalar_subquery()


def _reached(badges: Any) -> Select[Any]:
    """A row per criterion of the badges and person: what they have reached by all facts, and what is stored of it."""
    people = bindparam("people", type_=ARRAY(Uuid))
    person = func.unnest(people).table_valued("id", name="person").render_derived()
    columns = (
        Criterion.badge_id,
        person.c.id.label("user_id"),
        Criterion.id.label("criterion_id"),
        Criterion.threshold,
        func.coalesce(_value(person), 0.0).label("value"),
        Progress.values.label("before"),
        func.coalesce(Progress.ratio, 0.0).label("ratio_before"),
        Award.id.is_not(None).label("is_awarded"),
    )
    return (
        select(*columns)
        .join_from(Criterion, person, true())
        .outerjoin(Progress, and_(Progress.badge_id == Criterion.badge_id, Progress.user_id == person.c.id))
        .outerjoin(Award, and_(Award.badge_id == Criterion.badge_id, Award.user_id == person.c.id))
        .where(Criterion.badge_id.in_(badges))
        .order_by(Criterion.badge_id, person.c.id, Criterion.position)
    )


_about = aliased(Criterion)
_REACHED_BY_FACT = _reached(
    select(_about.badge_id).where(_about.target_id == bindparam("target_id"), _about.kind == bindparam("kind"))
)
_REACHED_OF_BADGE = _reached(select(bindparam("badge_id", type_=Uuid)))


def _standings(rows: Iterable[Any]) -> list[Standing]:
    grouped = groupby(rows, key=lambda row: (row.badge_id, row.user_id))
    return [_standing(list(criteria)) for _, criteria in grouped]


def _standing(criteria: Sequence[Any]) -> Standing:
    first = criteria[0]
    return Standing(
        badge_id=first.badge_id,
        user_id=first.user_id,
        before=first.before,
        ratio_before=first.ratio_before,
        values={str(row.criterion_id): row.value for row in criteria},
        ratio=share((row.value, row.threshold) for row in criteria),
        is_met=all(row.value >= row.threshold for row in criteria),
        is_awarded=first.is_awarded,
    )


async def _store(session: AsyncSession, organization_id: UUID, changed: Sequence[Standing]) -> None:
    now = datetime.now(UTC)
    rows = [
        {
            "organization_id": organization_id,
            "id": ids.new_id(),
            "badge_id": standing.badge_id,
            "user_id": standing.user_id,
            "ratio": standing.ratio,
            "values": standing.values,
            "updated_at": now,
        }
        for standing in changed
    ]
    added = insert(Progress.__table__)  # type: ignore[arg-type]  # a declared table is one
    new = {name: added.excluded[name] for name in ("ratio", "values", "updated_at")}
    await session.execute(added.on_conflict_do_update(constraint="progress_user_key", set_=new), rows)


def _step(organization_id: UUID, standing: Standing, cause: UUID) -> audit.Entry:
    details = {"before": standing.ratio_before, "after": standing.ratio, "cause": str(cause)}
    return audit.Entry(
        "progress.moved", "badge", standing.badge_id, organization_id, user_id=standing.user_id, details=details
    )
