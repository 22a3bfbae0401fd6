"""Logos come from outside: what is printed, and what is refused."""

import zlib

import pytest

from shared.certificates import BadLogo, Logo, Template, load_logo, render
from tests.shared.certificates import URL, a_certificate, a_png, codes, lines, read

SHAPES = '<rect width="9" height="9" fill="#a30"/>'


def svg(inside: str = SHAPES, attributes: str = 'viewBox="0 0 30 9"') -> bytes:
    """An SVG with this inside."""
    return f'<svg xmlns="http://www.w3.org/2000/svg" {attributes}>{inside}</svg>'.encode()


PRINTED = [
    a_png(),
    a_png(1500, 10),
    a_png(10, 1500),
    svg(),
    b'\xef\xbb\xbf<?xml version="1.0"?><!-- made by hand -->' + svg(),
    svg('<defs><linearGradient id="a"><stop offset="1"/></linearGradient></defs><path d="M0 0h9v9z" fill="url(#a)"/>'),
    svg('<g style="fill:url(#b);opacity:.5"><title>Source: us</title><circle r="4"/></g>'),
    svg(
        '<defs><linearGradient id="a"><stop offset="1"/></linearGradient>'
        '<linearGradient id="b" xlink:href="#a"/></defs><rect width="9" height="9" fill="url(#b)"/>',
        'xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 9 9"',
    ),
]


@pytest.mark.parametrize("picture", PRINTED)
async def test_a_logo_is_printed_instead_of_the_name_above(picture: bytes) -> None:
    logo = await load_logo(picture)
    pdf = await render(a_certificate(), Template(logo=logo))
    assert lines(pdf)[0] == "Certificate of Completion"
    assert codes(pdf) == [URL]
    assert len(pdf) < 200_000
    assert pdf == await render(a_certificate(), Template(logo=logo))


async def test_a_png_is_embedded_as_it_is() -> None:
    plain, pdf = await render(a_certificate()), await render(a_certificate(), Template(logo=await load_logo(a_png())))

    def sizes(made: bytes) -> set[tuple[int, int]]:
        objects = (read(made).get_object(number) for number in range(1, len(read(made).xref[0]) + 200))
        return {
            (item["/Width"], item["/Height"])
            for item in objects
            if isinstance(item, dict) and item.get("/Subtype") == "/Image"
        }

    assert sizes(pdf) - sizes(plain) == {(200, 80)}


REFUSED = {
    "nothing": b"",
    "text": b"not a picture",
    "a PDF": b"%PDF-1.7",
    "a JPEG": b"\xff\xd8\xff\xe0" + b"\0" * 100,
    "a file": svg('<image href="/etc/passwd"/>'),
    "a picture elsewhere": svg(
        '<image xlink:href="https://a.example/a.png"/>', 'xmlns:xlink="http://www.w3.org/1999/xlink"'
    ),
    "a picture inside": svg('<image href="data:image/png;base64,AAAA"/>'),
    "text with a font": svg('<text font-family="x">x</text>'),
    "HTML": svg("<foreignObject><p xmlns='http://www.w3.org/1999/xhtml'>x</p></foreignObject>"),
    "a script": svg("<script>alert(1)</script>"),
    "a style sheet": svg("<style>@import url(https://a.example)</style>"),
    "a fill elsewhere": svg('<rect fill="url(https://a.example/a.svg#a)" width="9" height="9"/>'),
    "a hidden fill elsewhere": svg('<rect fill="&#117;rl(/etc/passwd)" width="9" height="9"/>'),
    "an escaped fill elsewhere": svg('<rect style="fill:\\75 rl(/etc/passwd)" width="9" height="9"/>'),
    "a link of a gradient": svg('<linearGradient href="a.svg#b"/>'),
    "copies of copies": svg('<g id="a"/><use href="#a"/>'),
    "a filter": svg('<filter id="a"/>'),
    "an entity": b'<!DOCTYPE svg [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + svg("<title>&a;</title>"),
    "a billion laughs": b'<!DOCTYPE svg [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>' + svg("&b;"),
    "too many bytes": svg("<!--" + "x" * 150_000 + "-->"),
    "too many elements": svg("<g/>" * 2_001),
    "elements too deep": svg("<g>" * 20_000 + "</g>" * 20_000),
    "no end": svg()[:-3],
    "another language": b"<html/>",
    "no namespace": b"<svg/>",
    "not UTF-8": svg("\xe9").decode().encode("latin-1"),
    "a PNG that is too wide": a_png(1501, 1),
    "a PNG that is too high": a_png(1, 1501),
    "a PNG without pixels": a_png(0, 9),
    "half a PNG": a_png()[:60],
    "a PNG of noise": a_png()[:41] + b"\xff" * 20 + a_png()[61:],
    "a signature of PNG": b"\x89PNG\r\n\x1a\n",
    "no size": svg("", 'width="0" height="0"'),
}


@pytest.mark.parametrize("kind", REFUSED)
async def test_other_pictures_are_refused(kind: str) -> None:
    with pytest.raises(BadLogo):
        await load_logo(REFUSED[kind])


def test_a_large_picture_is_refused_before_anybody_decodes_it() -> None:
    bomb = a_png(1, 1)[:16] + (60_000).to_bytes(4, "big") * 2 + a_png(1, 1)[24:]
    with pytest.raises(BadLogo, match="60,000"):
        Logo.of(bomb)
    assert zlib.crc32(bomb)
