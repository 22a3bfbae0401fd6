"""Pages and cursors at their edges."""

import base64
import dataclasses
from typing import Any
from uuid import UUID

import pytest

from shared import ids
from shared.connections import Page, connection_of, cursor_of
from shared.errors import BadInput


@dataclasses.dataclass
class Row:
    """Something in a list."""

    uuid: UUID


async def counted() -> int:
    """How many there are."""
    return 42


def encoded(value: bytes) -> str:
    """Base64 as cursors have it."""
    return base64.urlsafe_b64encode(value).decode().rstrip("=")


def test_a_page_has_ten_rows_unless_it_says_how_many() -> None:
    assert Page.of(None) == Page(10)
    for first in (0, 1, 100):
        assert Page.of(first).first == first


@pytest.mark.parametrize("first", [-1, 101, -(2**31), 2**31 - 1])
def test_a_page_outside_its_limits_is_refused_by_name(first: int) -> None:
    with pytest.raises(BadInput, match=rf"`first` must be between 0 and 100; it is {first}\."):
        Page.of(first)


def test_a_cursor_leads_back_to_its_row() -> None:
    for uuid in (ids.new_id(), UUID(int=0), UUID(int=2**128 - 1)):
        assert Page.of(5, cursor_of(uuid)) == Page(5, uuid)


GOOD = cursor_of(UUID("01890a5d-ac96-774b-bcce-b302099a8057"))


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        " ",
        "=",
        "A",
        "AAAA",
        GOOD[:-1],
        GOOD + "A",
        GOOD + "=",
        GOOD + "==",
        f" {GOOD}",
        f"{GOOD}\n",
        GOOD[:-1] + "x",  # the same bytes in another spelling
        GOOD.swapcase() + "A",
        encoded(b"x" * 15),
        encoded(b"x" * 17),
        encoded(b"x" * 100_000),
        "é" * 22,
        "\x00" * 22,
        "\ud800" * 22,
        "+" * 22,
        "course_01h455vb4pex5vsknk084sn02q",
        "01890a5d-ac96-774b-bcce-b302099a8057",
    ],
    ids=lambda value: ascii(value)[:30],
)
def test_what_is_no_cursor_is_refused_by_name(cursor: str) -> None:
    with pytest.raises(BadInput, match="`after` is not a cursor of this list"):
        Page.of(5, cursor)


@pytest.mark.parametrize(
    ("found", "first", "shown", "has_next"),
    [(0, 5, 0, False), (4, 5, 4, False), (5, 5, 5, False), (6, 5, 5, True), (1, 0, 0, True), (0, 0, 0, False)],
)
async def test_the_row_too_many_says_that_the_list_goes_on(found: int, first: int, shown: int, has_next: bool) -> None:
    rows: list[Any] = [Row(ids.new_id()) for _ in range(found)]
    for after in (None, ids.new_id()):
        connection = connection_of(rows, Page(first, after), counted)
        assert [edge.node for edge in connection.edges] == rows[:shown]
        info = connection.page_info
        assert (info.has_next_page, info.has_previous_page) == (has_next, after is not None)
        assert info.start_cursor == (cursor_of(rows[0].uuid) if shown else None)
        assert info.end_cursor == (cursor_of(rows[shown - 1].uuid) if shown else None)
        counting: Any = connection.total_count()  # type: ignore[operator]  # a field is its resolver here
        # A list that is all on its first page need not be counted.
        assert counting == found if after is None and not has_next else await counting == 42
