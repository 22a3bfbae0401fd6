"""Badge images that carry their credential: "baking" of PNG files (Open Badges 3.0, Baked Badge)."""

import json
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_KEYWORD = b"openbadgecredential\0"


class NotPng(ValueError):
    """These bytes are not a whole PNG image."""


class NotBaked(ValueError):
    """The image carries no credential, or one that is not written as the specification says."""


@dataclass(frozen=True, slots=True)
class _Chunk:
    kind: bytes
    content: bytes

    def encoded(self) -> bytes:
        check = zlib.crc32(self.kind + self.content)
        return len(self.content).to_bytes(4, "big") + self.kind + self.content + check.to_bytes(4, "big")

    @property
    def carries(self) -> bool:
        return self.kind == b"iTXt" and self.content.startswith(_KEYWORD)


def bake(png: bytes, credential: Mapping[str, Any] | str) -> bytes:
    """The image with the credential in it, a signed JSON document or a JWT; one that was there before is gone.

    Raises NotPng.
    """
    text = credential if isinstance(credential, str) else json.dumps(credential, ensure_ascii=False)
    # After the keyword: not compressed (two zeros), no language, no translated keyword.
    carrier = _Chunk(b"iTXt", _KEYWORD + b"\0\0" + b"\0" + b"\0" + text.encode())
    header, *rest = (chunk for chunk in _chunks(png) if not chunk.carries)
    return _SIGNATURE + b"".join(chunk.encoded() for chunk in (header, carrier, *rest))


def unbake(png: bytes) -> dict[str, Any] | str:
    """The credential that the image carries: a JSON document, or a JWT as text. Nothing about it is checked.

    Raises NotPng or NotBaked.
    """
    content = next((chunk.content for chunk in list(_chunks(png)) if chunk.carries), None)
    if content is None:
        raise NotBaked("The image carries no credential.")
    flags, described = content[len(_KEYWORD) : len(_KEYWORD) + 2], content[len(_KEYWORD) + 2 :]
    if flags != b"\0\0" or described.count(b"\0") < 2:
        raise NotBaked("The credential in the image is compressed or cut short.")
    _language, _translated, text = described.split(b"\0", 2)
    return _parsed(text)


def _parsed(text: bytes) -> dict[str, Any] | str:
    try:
        decoded = text.decode()
        parsed = json.loads(decoded) if decoded.lstrip().startswith("{") else decoded
    except ValueError as error:
        raise NotBaked("The credential in the image is neither JSON nor a JWT.") from error
    assert isinstance(parsed, dict | str)
    return parsed


def _chunks(png: bytes) -> Iterator[_Chunk]:
    """The chunks from IHDR to IEND (PNG, 5.3); what comes after IEND is not part of the image and is dropped."""
    if not png.startswith(_SIGNATURE + b"\0\0\0\x0dIHDR"):
        raise NotPng("This is no PNG image.")
    position, kind = len(_SIGNATURE), b""
    while kind != b"IEND":
        length = int.from_bytes(png[position : position + 4], "big")
        kind, content = png[position + 4 : position + 8], png[position + 8 : position + 8 + length]
        end = position + 12 + length
        chunk = _Chunk(kind, content)
        if chunk.encoded() != png[position:end]:
            raise NotPng("The PNG image is cut short or damaged.")
        yield chunk
        position = end
