"""Certificates to print in tests, and what readers that nobody here wrote find in the PDF."""

import io
import struct
import zlib
from collections.abc import Iterator
from datetime import date
from typing import Any

import pypdf
import pypdfium2
import zxingcpp
from pypdf.generic import ContentStream

from shared.certificates import Certificate

URL = "https://learn.northlight.example/verify/K7QX-93MD-2ZPA"


def a_certificate(**changes: Any) -> Certificate:
    """A certificate that prints, but for what the test changes."""
    usual: dict[str, Any] = {
        "recipient": "Katherine O’Brien",
        "course": "Introduction to Astrophysics",
        "organization": "Northlight Lyceum",
        "completed_on": date(2026, 11, 24),
        "verification_url": URL,
        "locale": "en",
    }
    return Certificate(**(usual | changes))


def read(pdf: bytes) -> pypdf.PdfReader:
    """The PDF, taken apart."""
    return pypdf.PdfReader(io.BytesIO(pdf))


def lines(pdf: bytes) -> list[str]:
    """The text of the only page as PDFium, the reader of browsers, finds it."""
    document = pypdfium2.PdfDocument(pdf)
    assert len(document) == 1
    return document[0].get_textpage().get_text_range().splitlines()


def codes(pdf: bytes) -> list[str]:
    """What ZXing, the reader of telephones, reads off the page as PDFium draws it at 216 dots per inch."""
    bitmap = pypdfium2.PdfDocument(pdf)[0].render(scale=3, grayscale=True)
    picture = memoryview(bytes(bitmap.buffer)).cast("B", (bitmap.height, bitmap.stride))
    return [code.text for code in zxingcpp.read_barcodes(picture)]


def glyphs(pdf: bytes) -> Iterator[tuple[str, int]]:
    """Font and number of every glyph on the page; number 0 is `.notdef`, the box."""
    reader = read(pdf)
    page = reader.pages[0]
    fonts: Any = page["/Resources"]["/Font"]  # type: ignore[index]
    content = page.get_contents()
    assert content is not None
    name = ""
    for operands, operator in ContentStream(content, reader).operations:
        if operator == b"Tf":
            font = fonts[operands[0]].get_object()
            assert (font["/Subtype"], font["/Encoding"]) == ("/Type0", "/Identity-H")
            name = font["/BaseFont"].partition("+")[2]
        elif operator in {b"Tj", b"TJ"}:
            shown = operands[0] if operator == b"TJ" else operands
            pieces = [bytes(piece.original_bytes) for piece in shown if hasattr(piece, "original_bytes")]
            yield from ((name, number) for piece in pieces for (number,) in struct.iter_unpack(">H", piece))


def a_png(width: int = 200, height: int = 80) -> bytes:
    """A picture of one colour."""
    rows = (b"\0" + b"\x20\x60\xa0" * width) * height
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(rows)) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
