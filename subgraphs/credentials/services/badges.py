"""Badges: making them, and changing what they are called."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared import ids
from shared.auth import Viewer, organization_of
from shared.errors import FieldError, InvalidInput, NotFound, Rejected
from shared.events import emit
from shared.idempotency import once
from shared.waiting import Begin, until
from subgraphs.credentials.events import BadgeCreated, BadgeUpdated
from subgraphs.credentials.inputs import CreateBadgeInput, CriterionInput, UpdateBadgeInput
from subgraphs.credentials.models import Assessment, Badge, Course, Criterion, CriterionKind, RequiredItem


@dataclass(frozen=True, slots=True)
class Known:
    """What of the ids in an input there is: courses with their number of published items, and courses of
    assessments."""

    items: dict[UUID, int]
    assessments: dict[UUID, UUID]

    def course_of(self, criterion: CriterionInput) -> UUID | None:
        """The course that a criterion is about; None when its target does not exist."""
        target_id = _target(criterion)
        if target_id is None:
            return None
        if criterion.kind == CriterionKind.PASS_ASSESSMENT:
            return self.assessments.get(target_id)
        return target_id if target_id in self.items else None


async def create_badge(begin: Begin, viewer: Viewer, input: CreateBadgeInput, key: str | None) -> Badge:
    """A badge with its criteria. Waits up to a second for courses, assessments and items that are not known yet;
    rejects with `NotFound` when the course is unknown, and with one entry per criterion that nobody could meet."""
    organization_id = organization_of(viewer)
    _refuse(_twice(input.criteria))
    await until(begin, partial(_is_possible, input=input))
    async with begin() as session:
        create = partial(_create, session, organization_id, input)
        return await once(session, "createBadge", key, input, Badge, create)


async def update_badge(session: AsyncSession, viewer: Viewer, input: UpdateBadgeInput) -> Badge:
    """Changes what was given."""
    statement = select(Badge).where(Badge.id == ids.decode("badge", input.id), Badge.visible(viewer))
    badge = (await session.execute(statement.with_for_update(key_share=True))).scalar_one_or_none()
    if badge is None:
        raise Rejected(NotFound())
    changes = input.model_dump(exclude={"id"}, exclude_none=True)
    for name, value in changes.items():
        setattr(badge, name, value)
    if changes:
        await emit(session, BadgeUpdated(id=badge.id, organization_id=badge.organization_id, fields=sorted(changes)))
    return badge


async def _create(session: AsyncSession, organization_id: UUID, input: CreateBadgeInput) -> Badge:
    known = await _known(session, input)
    course_id = ids.decode("course", input.course_id) if input.course_id is not None else None
    if input.course_id is not None and course_id not in known.items:
        raise Rejected(NotFound())
    _refuse(_impossible(known, input.criteria))
    badge = Badge(
        id=ids.new_id(),
        organization_id=organization_id,
        course_id=course_id,
        name=input.name,
        description=input.description,
    )
    session.add(badge)
    await session.flush()
    session.add_all(_criterion(badge, known, place, it) for place, it in enumerate(input.criteria))
    await emit(session, BadgeCreated(id=badge.id, organization_id=organization_id, course_id=course_id))
    return badge


def _criterion(badge: Badge, known: Known, position: int, input: CriterionInput) -> Criterion:
    target_id, course_id = _target(input), known.course_of(input)
    assert target_id
    assert course_id
    return Criterion(
        id=ids.new_id(),
        organization_id=badge.organization_id,
        badge_id=badge.id,
        position=position,
        kind=input.kind,
        target_id=target_id,
        course_id=course_id,
        threshold=input.threshold,
    )


async def _is_possible(session: AsyncSession, input: CreateBadgeInput) -> bool:
    known = await _known(session, input)
    is_placed = input.course_id is None or ids.decode("course", input.course_id) in known.items
    return is_placed and not _impossible(known, input.criteria)


async def _known(session: AsyncSession, input: CreateBadgeInput) -> Known:
    targets = [target for criterion in input.criteria if (target := _target(criterion))]
    courses = [*targets, ids.decode("course", input.course_id or "")]
    items = select(func.count()).where(RequiredItem.course_id == Course.id).scalar_subquery()
    found = await session.execute(select(Course.id, items).where(Course.id.in_(courses)))
    assessments = await session.execute(select(Assessment.id, Assessment.course_id).where(Assessment.id.in_(targets)))
    return Known(items={row[0]: row[1] for row in found}, assessments={row[0]: row[1] for row in assessments})


def _target(criterion: CriterionInput) -> UUID | None:
    kind = "assessment" if criterion.kind == CriterionKind.PASS_ASSESSMENT else "course"
    return ids.decode(kind, criterion.target_id)


def _twice(criteria: Sequence[CriterionInput]) -> list[FieldError]:
    asked = [(criterion.kind, criterion.target_id) for criterion in criteria]
    return [
        _at(place, "targetId", "Another criterion of this kind has the same target.")
        for place, what in enumerate(asked)
        if what in asked[:place]
    ]


def _impossible(known: Known, criteria: Sequence[CriterionInput]) -> list[FieldError]:
    """One entry for every criterion that nobody could ever meet."""
    wrong = []
    for place, criterion in enumerate(criteria):
        course_id = known.course_of(criterion)
        if course_id is None:
            what = "assessment" if criterion.kind == CriterionKind.PASS_ASSESSMENT else "course"
            wrong.append(_at(place, "targetId", f"There is no {what} with this id."))
        elif criterion.kind == CriterionKind.COMPLETE_ITEMS and criterion.threshold > known.items[course_id]:
            message = f"Nobody can reach this: the course has {known.items[course_id]} published items."
            wrong.append(_at(place, "threshold", message))
    return wrong


def _at(place: int, field: str, message: str) -> FieldError:
    return FieldError(path=["input", "criteria", str(place), field], message=message)


def _refuse(wrong: list[FieldError]) -> None:
    if wrong:
        raise Rejected(InvalidInput(fields=wrong))
