"""A tenant's logo: a picture from outside, so nothing of it is believed before it is checked."""

import base64
import re
import struct
from dataclasses import dataclass
from typing import Self
from xml.etree import ElementTree

from shared.certificates.errors import BadLogo

_MOST_BYTES = 150_000  # a picture is embedded whole, and the PDF is to stay below 200 KB
_MOST_PIXELS = 1_500  # on a side: 60 mm at more than 600 dots per inch
_MOST_ELEMENTS = 2_000
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_NAMESPACE = "{http://www.w3.org/2000/svg}"

# What draws by itself. `use` and `pattern` multiply, `image` and `text` fetch files and fonts, `filter` makes pixels.
_ELEMENTS = frozenset(
    {"svg", "g", "path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "defs", "title", "desc"}
    | {"linearGradient", "radialGradient", "stop", "clipPath"}
)
_DEEPEST = 50
_FETCHING = re.compile(r"url\(\s*[\"']?(?!#)|@import|\\", re.IGNORECASE)
"""What in a value leads outside the picture; CSS may hide it behind backslashes."""


@dataclass(frozen=True, slots=True)
class Logo:
    """A checked logo, as SVG; a PNG is wrapped in one, so that the layout knows one kind of picture."""

    svg: str

    @classmethod
    def of(cls, picture: bytes) -> Self:
        """A PNG of at most 1,500 pixels a side, or an SVG of shapes, of at most 150,000 bytes; else `BadLogo`."""
        if len(picture) > _MOST_BYTES:
            raise BadLogo(f"The logo has {len(picture):,} bytes; at most {_MOST_BYTES:,} are allowed.")
        return cls(_wrapped(picture) if picture.startswith(_SIGNATURE) else _checked(picture))


def _wrapped(png: bytes) -> str:
    if len(png) < 33 or png[12:16] != b"IHDR":
        raise BadLogo("The logo is a broken PNG.")
    width, height = struct.unpack(">II", png[16:24])
    if not (0 < width <= _MOST_PIXELS and 0 < height <= _MOST_PIXELS):
        raise BadLogo(f"The logo has {width:,} by {height:,} pixels; at most {_MOST_PIXELS:,} a side are allowed.")
    data = base64.b64encode(png).decode()
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">'
        f'<image width="{width}" height="{height}" href="data:image/png;base64,{data}"/></svg>'
    )


def _checked(picture: bytes) -> str:
    try:
        svg = picture.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadLogo("The logo is neither a PNG nor an SVG in UTF-8.") from None
    # Without a document type there are no entities, neither of files nor of a billion laughs.
    if "<!" in re.sub("<!--.*?-->", "", svg, flags=re.DOTALL):
        raise BadLogo("The logo has a document type or CDATA; save it as plain SVG.")
    try:
        root = ElementTree.fromstring(svg)  # noqa: S314  # no entities, and small
    except (ElementTree.ParseError, ValueError) as error:
        raise BadLogo(f"The logo is not well-formed SVG: {error}.") from None
    if root.tag != f"{_NAMESPACE}svg":
        raise BadLogo("The logo is XML, but not SVG.")
    _check_elements(root)
    return svg


def _check_elements(root: ElementTree.Element) -> None:
    """Raises `BadLogo` for what is not a shape, leads outside the picture or would take long to draw."""
    level, count, depth = [root], 0, 0
    while level:
        count, depth = count + len(level), depth + 1
        if count > _MOST_ELEMENTS or depth > _DEEPEST:
            raise BadLogo(f"The logo has more than {_MOST_ELEMENTS:,} elements, or {_DEEPEST} inside each other.")
        for element in level:
            _check_element(element)
        level = [child for element in level for child in element]


def _check_element(element: ElementTree.Element) -> None:
    name = str(element.tag).removeprefix(_NAMESPACE)
    if name not in _ELEMENTS:
        raise BadLogo(f"The logo has an element that is no shape: {name[:100]}.")
    for attribute, value in element.attrib.items():
        is_link = attribute.rpartition("}")[2] in {"href", "src"}
        if (is_link and not value.startswith("#")) or _FETCHING.search(value):
            raise BadLogo("The logo refers to something outside itself.")
