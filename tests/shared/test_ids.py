"""Ids: public ones and the UUIDs they stand for; whatever is not one of them is like an unknown one."""

import random
import string
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from shared import ids

UUID_ = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
GOOD = "course_01h455vb4pex5vsknk084sn02q"

MALFORMED = [
    "",
    "_",
    "course",
    "course_",
    "_01h455vb4pex5vsknk084sn02q",
    "01h455vb4pex5vsknk084sn02q",
    GOOD.upper(),
    GOOD.capitalize(),
    GOOD[:-1] + GOOD[-1].upper(),
    GOOD[:-1],
    GOOD + "0",
    f" {GOOD}",
    f"{GOOD} ",
    f"{GOOD}\n",
    f"{GOOD}\x00",
    GOOD.replace("_", "-"),
    GOOD.replace("_", "__"),
    GOOD.replace("0", "o"),
    GOOD.replace("1", "l"),
    GOOD.replace("4", "i"),
    GOOD.replace("4", "u"),
    GOOD.replace("4", "é"),
    GOOD.replace("4", "٤"),
    "course_81h455vb4pex5vsknk084sn02q",
    "course_zzzzzzzzzzzzzzzzzzzzzzzzzz",
    "cöurse_01h455vb4pex5vsknk084sn02q",
    "c0urse_01h455vb4pex5vsknk084sn02q",
    "a" * 64 + "_01h455vb4pex5vsknk084sn02q",
    "course_" + "0" * 100_000,
    "\N{MATHEMATICAL DOUBLE-STRUCK DIGIT ZERO}" * 26,
    "\ud800",
    str(UUID_),
    "%s",
    "' OR 1 = 1 --",
]


@pytest.mark.parametrize("value", MALFORMED, ids=lambda value: ascii(value)[:40])
def test_a_malformed_id_is_nothing(value: str) -> None:
    assert ids.decode("course", value) is None
    assert ids.parse(value) is None or ids.encode(*ids.parse(value) or ("", UUID_)) == value


def test_an_id_of_another_kind_is_nothing() -> None:
    assert ids.decode("course", GOOD) == UUID_
    for prefix in ("module", "cours", "courses", "", "Course"):
        assert ids.decode(prefix, GOOD) is None


@pytest.mark.parametrize("prefix", ["course", "organization_setting", "user", "a"])
def test_every_uuid_comes_back_from_its_id(prefix: str) -> None:
    for uuid in (
        *(ids.new_id() for _ in range(200)),
        *(uuid4() for _ in range(200)),
        UUID(int=0),
        UUID(int=2**128 - 1),
    ):
        encoded = ids.encode(prefix, uuid)
        assert ids.decode(prefix, encoded) == uuid
        assert ids.parse(encoded) == (prefix, uuid)
        assert type(ids.decode(prefix, encoded)) is UUID


def test_no_change_to_an_id_gives_the_same_row() -> None:
    chance = random.Random(7)
    for _ in range(2_000):
        place = chance.randrange(len(GOOD))
        changed = GOOD[:place] + chance.choice(string.printable) + GOOD[place + 1 :]
        assert changed == GOOD or ids.decode("course", changed) != UUID_


def test_new_ids_are_unique_and_in_the_order_of_their_making() -> None:
    made = [ids.new_id() for _ in range(10_000)]
    assert len(set(made)) == len(made)
    assert made == sorted(made)
    assert {uuid.version for uuid in made} == {7}
    public = [ids.encode("course", uuid) for uuid in made]
    assert public == sorted(public)


def test_an_id_says_when_it_was_made_to_the_millisecond() -> None:
    before = datetime.now(UTC) - timedelta(milliseconds=1)
    time = ids.time_of(ids.new_id())
    assert time is not None
    assert before <= time <= datetime.now(UTC)
    past = datetime(2026, 3, 1, 12, 30, 15, 123_000, UTC)
    assert ids.time_of(ids.new_id(past)) == past
    assert len({ids.new_id(past) for _ in range(1_000)}) == 1_000


def test_an_id_of_another_kind_says_nothing_of_its_time() -> None:
    assert ids.time_of(uuid4()) is None
    assert ids.time_of(UUID(int=0)) is None
