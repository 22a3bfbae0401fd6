"""Who is where: tenants of very different sizes, their people and courses, and how far each person is with what.

Everything follows from numbers, the same on every machine. One in twenty of those in a course has completed it, and
most have not begun: as it is in catalogues that people enrol in freely.
"""

import hashlib
import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from enum import IntEnum
from functools import cached_property
from typing import NamedTuple
from uuid import UUID

from shared.auth import Role

TENANTS, PEOPLE, COURSES, ENROLLMENTS = 50, 200_000, 2_000, 1_000_000

MODULES = (4, 3, 3)
"""Items in each module of a course."""

ITEMS = sum(MODULES)
READER_ITEMS = 5
"""Items that the first badge of a course asks for."""

PASSING = 0.6
GOOD = 0.8
"""The score that the third badge of a course asks for."""

_LARGEST = 0.3  # the first tenant's share of people and courses; the others have a long tail
_FEWEST_PEOPLE, _FEWEST_COURSES = 100, 10
_EACH = (2, 3, 5, 5, 10)  # courses of a person, by turns: 5 on average
_BEGAN = int(datetime(2026, 3, 1, 8, tzinfo=UTC).timestamp() * 1000)
_BETWEEN = 10_000  # milliseconds from one enrolment to the next
_ITEM = 5 * 3_600_000  # milliseconds from one completed item to the next
_TEACHERS = 50  # one of so many people teaches
_ODD = 0x9E3779B97F4A7C15  # multiplying by an odd number never makes one of two numbers
_62_BITS = (1 << 62) - 1


class Kind(IntEnum):
    """What an id is of, so that two things never have the same one."""

    ORGANIZATION = 1
    USER = 2
    MEMBERSHIP = 3
    COURSE = 4
    MODULE = 5
    ITEM = 6
    TEXT = 7
    VERSION = 8
    ASSESSMENT = 9
    QUESTIONS = 10
    QUESTION = 11
    BADGE = 12
    CRITERION = 13
    ENROLLMENT = 14
    COMPLETION = 15
    ATTEMPT = 16
    PROGRESS = 17
    AWARD = 18


def volume_id(kind: Kind, number: int, at: int = _BEGAN) -> UUID:
    """A UUIDv7 of that time, made of numbers instead of chance; different for different numbers of one kind."""
    return UUID(int=(at << 16 | 0x7000 | kind) << 64 | 2 << 62 | (number * _ODD) & _62_BITS)


def time_of(at: int) -> datetime:
    """The milliseconds that ids are made with, as a time."""
    return datetime.fromtimestamp(at / 1000, UTC)


class Person(NamedTuple):
    """Somebody in a tenant."""

    number: int
    id: UUID
    membership_id: UUID
    role: Role
    name: str
    email: str


class Course(NamedTuple):
    """A published course. It has one assessment or two, and one to three badges."""

    number: int
    id: UUID
    module_ids: Sequence[UUID]
    item_ids: Sequence[UUID]
    assessment_ids: Sequence[UUID]
    badge_ids: Sequence[UUID]

    @property
    def items(self) -> Iterator[tuple[int, UUID, UUID]]:
        """The number of each item among all items, its id, and its module's."""
        modules = [module for module, count in zip(self.module_ids, MODULES, strict=True) for _ in range(count)]
        for place, (item_id, module_id) in enumerate(zip(self.item_ids, modules, strict=True)):
            yield self.number * ITEMS + place, item_id, module_id


class Enrollment(NamedTuple):
    """A person in a course, and what they have done there."""

    number: int
    id: UUID
    at: int
    """When it began, in milliseconds."""

    person: Person
    course: Course
    completed: int
    """Of the course's items, from the first one on."""

    score: float | None
    """At the course's first assessment, if they have tried it."""

    def completed_at(self, place: int) -> int:
        """When they completed the item at this place in the course, in milliseconds."""
        return self.at + (place + 1) * _ITEM

    def completion_id(self, place: int) -> UUID:
        """The same fact has one id everywhere."""
        return volume_id(Kind.COMPLETION, self.number * ITEMS + place, self.completed_at(place))

    @property
    def attempt_id(self) -> UUID:
        """Of their one attempt."""
        return volume_id(Kind.ATTEMPT, self.number, self.tried_at)

    @property
    def tried_at(self) -> int:
        """When they began it, in milliseconds."""
        return self.completed_at(self.completed)

    @property
    def progress(self) -> float:
        """The share of the items, from 0 to 1."""
        return self.completed / ITEMS


class Tenant:
    """An organization with its people, its courses and its enrolments, which are made when they are first asked for."""

    def __init__(self, number: int, people: range, courses: range) -> None:
        self.number, self._people, self._courses = number, people, courses
        self.id = volume_id(Kind.ORGANIZATION, number)
        self.slug = f"school-{number + 1:02}"
        self.name = f"School No. {number + 1}"
        self.began = time_of(_BEGAN)

    @cached_property
    def people(self) -> list[Person]:
        """The first is its admin, every fiftieth teaches, the others are students."""
        return [self._person(number, place) for place, number in enumerate(self._people)]

    @cached_property
    def courses(self) -> list[Course]:
        """In the order of their popularity."""
        return [_course(number) for number in self._courses]

    def course(self, number: int) -> Course:
        """One of its courses by its number among all courses."""
        return self.courses[number - self._courses.start]

    @cached_property
    def enrollments(self) -> list[Enrollment]:
        """In their order, which is that of their ids."""
        chance = random.Random(self.number)  # noqa: S311  # the same each time is what is wanted
        rounds, rest = divmod(self._people.start, len(_EACH))
        number = rounds * sum(_EACH) + sum(_EACH[:rest])
        found = []
        for person in self.people:
            first = int(chance.random() ** 2 * len(self.courses))
            for place in range(_EACH[person.number % len(_EACH)]):
                course = self.courses[(first + place) % len(self.courses)]
                found.append(_enrollment(number, person, course, chance.random()))
                number += 1
        return found

    @property
    def completions(self) -> Iterator[tuple[Enrollment, int]]:
        """Who has completed what: an enrolment, and the place of an item in its course."""
        return ((it, place) for it in self.enrollments for place in range(it.completed))

    def _person(self, number: int, place: int) -> Person:
        role = Role.ADMIN if place == 0 else Role.TEACHER if place % _TEACHERS == 1 else Role.STUDENT
        name = f"{_FIRST[number % len(_FIRST)]} {_LAST[number // len(_FIRST) % len(_LAST)]}"
        email = f"{role.lower()}-{place}@{self.slug}.example"
        return Person(number, volume_id(Kind.USER, number), volume_id(Kind.MEMBERSHIP, number), role, name, email)


def tenants() -> Iterator[Tenant]:
    """All of them, the largest first; each is forgotten with whoever has asked for it."""
    weights = [1 / place for place in range(1, TENANTS)]
    shares = [_LARGEST, *((1 - _LARGEST) * weight / sum(weights) for weight in weights)]
    people, courses = _parts(PEOPLE, shares, _FEWEST_PEOPLE), _parts(COURSES, shares, _FEWEST_COURSES)
    for number in range(TENANTS):
        yield Tenant(number, people[number], courses[number])


def code_of(enrollment: Enrollment, place: int, letters: str, length: int) -> str:
    """The code of the award of a course's badge at this place."""
    digest = hashlib.sha256(f"{enrollment.number}/{place}".encode()).digest()
    return "".join(letters[byte % len(letters)] for byte in digest[:length])


def _course(number: int) -> Course:
    return Course(
        number,
        volume_id(Kind.COURSE, number),
        [volume_id(Kind.MODULE, number * len(MODULES) + place, _after(place)) for place in range(len(MODULES))],
        [volume_id(Kind.ITEM, number * ITEMS + place, _after(place)) for place in range(ITEMS)],
        [volume_id(Kind.ASSESSMENT, number * 2 + place, _after(place)) for place in range(1 + number % 2)],
        [volume_id(Kind.BADGE, number * 3 + place, _after(place)) for place in range(1 + number % 3)],
    )


def _after(place: int) -> int:
    """Lists are in the order of their ids."""
    return _BEGAN + place


def _enrollment(number: int, person: Person, course: Course, luck: float) -> Enrollment:
    """Of a hundred people 5 complete the course, 15 stop on the way, and 80 never begin."""
    at = _BEGAN + number * _BETWEEN
    completed = ITEMS if luck < 0.05 else 7 if luck < 0.1 else 3 if luck < 0.15 else 1 if luck < 0.2 else 0
    score = (2 + int(luck * 10_000) % 4) / 5 if completed > 1 else None
    return Enrollment(number, volume_id(Kind.ENROLLMENT, number, at), at, person, course, completed, score)


def _parts(total: int, shares: Sequence[float], fewest: int) -> list[range]:
    """The numbers below the total, divided by shares, with at least so many for each; the first gets what is over."""
    counts = [fewest + int((total - fewest * len(shares)) * share) for share in shares]
    counts[0] += total - sum(counts)
    ends = [sum(counts[: place + 1]) for place in range(len(counts))]
    return [range(end - count, end) for end, count in zip(ends, counts, strict=True)]


_FIRST = (
    "Ada", "Amir", "Anna", "Ben", "Carla", "Chen", "Diego", "Elif", "Emma", "Femi", "Grace", "Hana", "Igor", "Ines",
    "Jonas", "Kofi", "Lena", "Luca", "Maria", "Mei", "Nadia", "Noah", "Olga", "Omar", "Priya", "Rosa", "Samir",
    "Sofia", "Tariq", "Yuki", "Zoe",
)  # fmt: skip
_LAST = (
    "Adeyemi", "Almeida", "Bauer", "Berg", "Costa", "Diallo", "Dubois", "Eriksen", "Fischer", "Garcia", "Haddad",
    "Ito", "Jansen", "Kaya", "Khan", "Kim", "Kowalski", "Laine", "Moreau", "Nguyen", "Novak", "Okafor", "Patel",
    "Petrov", "Quispe", "Rossi", "Silva", "Singh", "Tanaka", "Vargas", "Weber", "Yilmaz", "Zhang",
)  # fmt: skip
