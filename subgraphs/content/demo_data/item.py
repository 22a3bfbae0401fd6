"""The shape of a demo item: pure data that the loader turns into rows."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DemoItem:
    """An item with its course (a slug) and module (an exact title) as the catalog's demo data name them.

    The paragraphs of `text` are separated by a blank line and wrapped for reading here; a line that begins with four
    spaces is program code and keeps its line break.
    """

    course: str
    module: str
    type: str
    title: str
    text: str
    difficulty: str
    tags: tuple[str, ...]
    duration_minutes: int
