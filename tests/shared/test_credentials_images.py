"""Badge images: drawn for every name, and baked without harm to the picture."""

import io
import json
import time
import zlib

import png
import pytest

from shared.credentials import NotBaked, NotPng, bake, draw_badge, unbake
from tests.shared.credentials import STRANGE, Tenant


@pytest.fixture(scope="module")
def image() -> bytes:
    return draw_badge("Graph builder", "Northlight Lyceum")


def pixels(image: bytes) -> list[bytes]:
    _, _, rows, _ = png.Reader(bytes=image).asRGBA8()
    return [bytes(row) for row in rows]


def chunk(kind: bytes, content: bytes) -> bytes:
    return len(content).to_bytes(4, "big") + kind + content + zlib.crc32(kind + content).to_bytes(4, "big")


def with_chunk(image: bytes, added: bytes) -> bytes:
    """The image with a chunk after its header."""
    return image[:33] + added + image[33:]


def test_baking_leaves_the_picture_as_it_was(image: bytes) -> None:
    document = Tenant().award().document
    baked = bake(image, document)
    assert unbake(baked) == document
    assert pixels(baked) == pixels(image)


def test_baking_again_replaces_what_was_there(image: bytes) -> None:
    first, second = Tenant().award(1), Tenant().award(2)
    baked = bake(bake(bake(image, first.document), first.jwt), second.document)
    assert unbake(baked) == second.document
    assert baked.count(b"openbadgecredential") == 1
    assert bake(baked, first.jwt) == bake(image, first.jwt)


def test_other_texts_in_the_image_stay(image: bytes) -> None:
    other = chunk(b"iTXt", b"openbadgecredentials\0\0\0\0\0not ours") + chunk(b"tEXt", b"Title\0A badge")
    baked = bake(with_chunk(image, other), Tenant().award().jwt)
    assert other in baked


def test_the_chunk_is_written_as_the_specification_says(image: bytes) -> None:
    baked = bake(image, "header.payload.signature")
    assert chunk(b"iTXt", b"openbadgecredential\0\0\0\0\0header.payload.signature") in baked


@pytest.mark.parametrize("text", STRANGE[:12], ids=ascii)
def test_every_script_survives_baking(image: bytes, text: str) -> None:
    document = Tenant().award(name=text).document
    assert unbake(bake(image, document)) == document


@pytest.mark.parametrize("end", [0, 8, 20, 33, 40, -1, -12])
def test_what_is_cut_short_is_no_image(image: bytes, end: int) -> None:
    for use in (unbake, lambda content: bake(content, "a.b.c")):
        with pytest.raises(NotPng):
            use(image[:end])


def test_what_is_damaged_or_of_another_kind_is_no_image(image: bytes) -> None:
    damaged = bytearray(image)
    damaged[len(image) // 2] ^= 1
    endless = image[:33] + b"\xff\xff\xff\xffIDAT"
    for content in (bytes(damaged), endless, b"GIF89a", b"<svg/>", b"\x89PNG\r\n\x1a\n" + image, image[8:]):
        with pytest.raises(NotPng):
            bake(content, "a.b.c")


def test_what_comes_after_the_image_is_dropped(image: bytes) -> None:
    assert bake(image + b"PK\x03\x04 an archive", "a.b.c") == bake(image, "a.b.c")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0",
        b"\0\0",
        b"\0\0en",
        b"\0\0\0\0\xff\xfe",
        b"\0\0\0\0{not json",
        b"\1\0\0\0" + zlib.compress(b"a.b.c"),
        b"\0\0\0\0" + b"[" * 3,
    ],
)
def test_what_is_baked_otherwise_is_refused(image: bytes, content: bytes) -> None:
    baked = with_chunk(image, chunk(b"iTXt", b"openbadgecredential\0" + content))
    if content.endswith(b"[[["):
        assert unbake(baked) == "[[["  # not a document; whoever checks it as a JWT refuses it
    else:
        with pytest.raises(NotBaked):
            unbake(baked)


def test_an_image_without_credential_is_told_from_a_broken_one(image: bytes) -> None:
    with pytest.raises(NotBaked):
        unbake(image)


@pytest.mark.parametrize(
    "name", [*STRANGE, "", '#import "x"', "$x^2$", "\0", "word" * 1000], ids=lambda n: ascii(n[:12])
)
def test_every_name_makes_a_picture(name: str) -> None:
    start = time.perf_counter()
    image = draw_badge(name, name)
    assert time.perf_counter() - start < 5
    width, height, _, _ = png.Reader(file=io.BytesIO(image)).read()
    assert (width, height) == (512, 512)
    assert len(set(pixels(image))) > 10


def test_a_badge_always_looks_the_same_and_unlike_others(image: bytes) -> None:
    assert draw_badge("Graph builder", "Northlight Lyceum") == image
    assert draw_badge("Graph builder", "Another Lyceum") != image


def test_a_document_is_written_as_json(image: bytes) -> None:
    document = Tenant().award(name="数据").document
    assert json.dumps(document, ensure_ascii=False).encode() in bake(image, document)
