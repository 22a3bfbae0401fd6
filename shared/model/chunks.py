"""A text in parts of a size that an embedding can stand for."""

from collections.abc import Iterator

from shared.model.sentences import Block, blocks, spans

LONGEST_CHUNK = 2_000
"""Characters of a chunk, title included: 8,000 bytes of UTF-8 at most, all of which is embedded."""

_FEWEST_WORDS, _MOST_WORDS = 150, 250
_FEWEST_LAST_WORDS = 60
_LONGEST_TITLE = 300


def chunks_of(title: str, text: str) -> list[str]:
    """The text in chunks of about 150 to 250 words, each under the title, and the same for the same text.

    A chunk ends with a paragraph where it can, else with a sentence, and is never longer than `LONGEST_CHUNK`. Together
    they hold everything but white space at the joints; a text with nothing in it gives one chunk, the title.
    """
    head = title.strip()[:_LONGEST_TITLE]
    room = LONGEST_CHUNK - len(head) - 2
    bodies = list(_joined(list(_pieces(text, room)), room))
    return [f"{head}\n\n{body}" if head else body for body in bodies] or [head]


def _pieces(text: str, room: int) -> Iterator[str]:
    """What is never divided again: paragraphs that are short enough, and sentences of the others."""
    for block in blocks(text):
        whole = text[block.start : block.end]
        if len(whole.split()) <= _MOST_WORDS and len(whole) <= room:
            yield whole + "\n\n"
        else:
            yield from _parts(text, block, room)


def _parts(text: str, block: Block, room: int) -> Iterator[str]:
    """The sentences of a long paragraph or the lines of long code, cut where even those are too long."""
    if block.is_code:
        parts = text[block.start : block.end].splitlines()
    else:
        parts = [text[start:end] for start, end in spans(text, block.start, block.end)]
    end = "\n" if block.is_code else " "
    for number, part in enumerate(parts, 1):
        for place in range(0, len(part), room):
            is_last = number == len(parts) and place + room >= len(part)
            yield part[place : place + room] + ("\n\n" if is_last else end if place + room >= len(part) else "")


def _joined(pieces: list[str], room: int) -> Iterator[str]:
    """Pieces together until there are words enough, or no room for the next; a short rest stays with the last."""
    body, count = "", 0
    left = sum(len(piece.split()) for piece in pieces)
    for piece in pieces:
        words = len(piece.split())
        is_long = count + words > _MOST_WORDS or len(body) + len(piece.rstrip()) > room
        if body and (is_long or (count >= _FEWEST_WORDS and left >= _FEWEST_LAST_WORDS)):
            yield body.rstrip()
            body, count = "", 0
        body, count, left = body + piece, count + words, left - words
    if body:
        yield body.rstrip()
