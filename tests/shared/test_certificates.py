"""Certificates as a whole: what is on the page, how it looks to machines, and that it comes out the same again."""

import asyncio
import hashlib
import itertools
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from shared.certificates import (
    BadAddress,
    BadTemplate,
    Certificate,
    Layout,
    Logo,
    Paper,
    Signatory,
    Template,
    load_logo,
    render,
)
from shared.certificates.colours import contrast, readable
from tests.shared.certificates import URL, a_certificate, a_png, codes, glyphs, lines, read

SIGNATORIES = (Signatory("Amelia Hartmann", "Head of Physics"), Signatory("李伟", "院长"), Signatory("נועה", "דיקן"))
LOOKS = list(itertools.product(Layout, Paper))


async def test_everything_is_on_the_page() -> None:
    found = lines(await render(a_certificate(), Template(signatories=SIGNATORIES[:1])))
    assert found[:7] == [
        "Northlight Lyceum",
        "Certificate of Completion",
        "This is to certify that",
        "Katherine O’Brien",
        "has successfully completed the course",
        "Introduction to Astrophysics",
        "offered by Northlight Lyceum",
    ]
    rest = " ".join(found[7:])
    for text in ("24 November 2026", "Date of completion", "Amelia Hartmann", "Head of Physics"):
        assert text in rest
    assert found[-1] == f"Verify this certificate at {URL}"


@pytest.mark.parametrize(("layout", "paper"), LOOKS)
@pytest.mark.parametrize("locale", ["en", "ar"])
async def test_every_look_is_one_page_of_its_size_with_a_code_that_telephones_read(
    layout: Layout, paper: Paper, locale: str
) -> None:
    pdf = await render(
        a_certificate(locale=locale), Template(layout=layout, paper=paper, signatories=SIGNATORIES, logo=await _logo())
    )
    box = read(pdf).pages[0].mediabox
    inches = {Paper.A4: (297 / 25.4, 210 / 25.4), Paper.US_LETTER: (11, 8.5)}[paper]
    assert (float(box.width) / 72, float(box.height) / 72) == pytest.approx(inches, abs=0.01)
    assert len(read(pdf).pages) == 1
    assert codes(pdf) == [URL]
    assert len(pdf) < 200_000


async def _logo() -> Logo:
    return await load_logo(a_png())


async def test_the_longest_address_is_read_from_its_code() -> None:
    url = "https://learn.northlight.example/" + "verify" * 27
    pdf = await render(a_certificate(verification_url=url))
    assert codes(pdf) == [url]
    links = [annotation.get_object()["/A"]["/URI"] for annotation in read(pdf).pages[0]["/Annots"]]  # type: ignore[attr-defined]
    assert set(links) == {url}


async def test_the_pdf_says_what_it_is() -> None:
    reader = read(await render(a_certificate(locale="de-AT", recipient="Jürgen Groß")))
    assert reader.metadata is not None
    assert reader.metadata.title == "Zertifikat | Introduction to Astrophysics | Jürgen Groß"
    assert reader.metadata.author == "Northlight Lyceum"
    assert reader.metadata.creation_date_raw == reader.metadata.modification_date_raw == "D:20261124000000Z"
    assert reader.root_object["/Lang"] == "de-AT"
    metadata = reader.root_object["/Metadata"].get_data().decode()
    for part in ("<pdfaid:part>2</pdfaid:part>", "<pdfaid:conformance>A</pdfaid:conformance>"):
        assert part in metadata
    assert "<pdfuaid:part>1</pdfuaid:part>" in metadata


async def test_the_pdf_is_tagged_for_screen_readers() -> None:
    reader = read(await render(a_certificate(), Template(logo=await _logo())))
    assert reader.root_object["/MarkInfo"]["/Marked"]
    elements = list(_elements(reader.root_object["/StructTreeRoot"]["/K"]))
    kinds = [element["/S"] for element in elements]
    assert kinds.count("/H1") == 1
    figures = [element["/Alt"] for element in elements if element["/S"] == "/Figure"]
    assert figures == [
        "Logo of Northlight Lyceum",
        "QR code of the address where this certificate can be verified",
    ]


def _elements(node: Any) -> Iterator[Any]:
    node = node.get_object()
    if isinstance(node, list):
        for child in node:
            yield from _elements(child)
    elif isinstance(node, dict) and "/S" in node:
        yield node
        if "/K" in node:
            yield from _elements(node["/K"])


async def test_the_same_certificate_has_the_same_bytes_at_any_time() -> None:
    template = Template(signatories=SIGNATORIES, logo=await _logo())
    certificates = [a_certificate(locale=locale) for locale in ("en", "ar", "ja")]
    first = [await render(certificate, template) for certificate in certificates]
    await asyncio.sleep(1.1)
    again = await asyncio.gather(*(render(certificate, template) for certificate in reversed(certificates)))
    assert first == list(reversed(again))


async def test_another_process_makes_the_same_bytes() -> None:
    program = (
        "import asyncio, hashlib; from shared.certificates import render;"
        "from tests.shared.certificates import a_certificate;"
        "print(hashlib.sha256(asyncio.run(render(a_certificate(locale='ja')))).hexdigest())"
    )
    environment = os.environ | {"PYTHONHASHSEED": "1", "TZ": "Pacific/Auckland", "LC_ALL": "C"}
    other = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, stdout=subprocess.PIPE, env=environment, cwd=Path(__file__).parents[2]
    )
    output, _ = await other.communicate()
    assert output.decode().strip() == hashlib.sha256(await render(a_certificate(locale="ja"))).hexdigest()


async def test_every_field_changes_the_bytes() -> None:
    changes = [
        {"recipient": "Another"},
        {"course": "Another"},
        {"organization": "Another"},
        {"completed_on": date(2026, 11, 25)},
        {"verification_url": URL + "2"},
        {"locale": "de"},
    ]
    made = [await render(a_certificate(**change)) for change in [{}, *changes]]
    assert len(set(made)) == len(made)


async def test_a_batch_leaves_the_event_loop_free() -> None:
    """The wait of one timer shows who holds the loop: printing 60 certificates would hold it for half a second."""
    waits: list[float] = []
    batch = asyncio.gather(*(render(a_certificate(recipient=f"Learner {number}")) for number in range(60)))
    while not batch.done():
        before = time.perf_counter()
        await asyncio.sleep(0.001)
        waits.append(time.perf_counter() - before)
    assert len(set(await batch)) == 60
    assert statistics.median(waits) < 0.02


async def test_a_cancelled_certificate_harms_no_other() -> None:
    tasks = [asyncio.create_task(render(a_certificate(recipient=f"Learner {number}"))) for number in range(8)]
    await asyncio.sleep(0)
    tasks[3].cancel()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert [isinstance(answer, bytes) for answer in answers] == [number != 3 for number in range(8)]


@pytest.mark.parametrize("colour", ["#FFFFFF", "#ffee00", "#00FF00", "#B08D57", "#777777"])
def test_a_pale_colour_is_darkened_until_it_can_be_read(colour: str) -> None:
    assert contrast(colour) < 4.5 <= contrast(readable(colour)) < 8


@pytest.mark.parametrize("colour", ["#000000", "#1F3A5F", "#7a1f3d", "#767676"])
def test_a_dark_colour_stays(colour: str) -> None:
    assert readable(colour) == colour.lower()


def test_contrast_is_that_of_wcag() -> None:
    assert contrast("#ffffff") == pytest.approx(1)
    assert contrast("#000000") == pytest.approx(21)
    assert contrast("#767676") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize(
    "url", ["", "javascript:alert(1)", "https://", "https://a b", "https://ä.example", "https://x/" + "a" * 200]
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(BadAddress):
        a_certificate(verification_url=url)


def test_a_template_is_checked_when_it_is_made() -> None:
    for colour in ("red", "#12345", "#1234567", "#12345G", '#123456"'):
        with pytest.raises(BadTemplate, match="primary"):
            Template(primary=colour)
        with pytest.raises(BadTemplate, match="secondary"):
            Template(secondary=colour)
    with pytest.raises(BadTemplate, match="signatories"):
        Template(signatories=SIGNATORIES + SIGNATORIES)


async def test_a_certificate_needs_no_template() -> None:
    certificate: Certificate = a_certificate()
    assert await render(certificate) == await render(certificate, Template())
    assert all(number for _, number in glyphs(await render(certificate)))
