"""What people write is printed as it stands, never run, and cannot turn its neighbours around or leave the page."""

import pypdfium2
import pytest

from shared.certificates import Blank, Layout, Signatory, Template, TooLong, render
from shared.certificates.languages import TEXTS
from shared.certificates.text import breakable, cleaned
from tests.shared.certificates import a_certificate, glyphs, lines

CODE = [
    '#read("/etc/passwd")',
    '"#read("/etc/passwd")"',
    '#image("/etc/passwd")',
    '#include "certificate.typ"',
    '#import "@preview/cades:0.3.0"',
    '] #panic("x") [',
    '"); panic("x"); ("',
    "#{while true {}}",
    "$ x^2 $ *bold* _it_ `raw` = H @ref <label>",
    "\\u{41} \\ \\\\ \\n ' \" ''",
    "{name} {organization} {0} {} %s ${x}",
    "// comment /* comment */",
    "<script>alert(1)</script> &amp; &#65;",
    "]]> <!-- -->",
]


@pytest.mark.parametrize("text", CODE)
async def test_code_is_text_wherever_it_is_written(text: str) -> None:
    own = {"en": {name: (text + "{name}" if name == "name" else text) for name in TEXTS}}
    template = Template(signatories=(Signatory(text, text),), wording=own)
    certificate = a_certificate(recipient=text, course=text, organization=text)
    plain, other = await render(certificate), await render(certificate, template)
    expected = " ".join(text.split())
    assert lines(plain).count(expected) >= 3  # organization, name, course
    everything = "\n".join(lines(other))
    assert "root:" not in everything
    # Only a tenant's own wording has places to fill, and once: `{organization}` gives the text, whose places stay.
    assert everything.count(expected) >= 6


async def test_a_name_that_looks_like_a_place_stays_a_name() -> None:
    found = lines(await render(a_certificate(recipient="{organization} {date}", organization="{name}")))
    assert "{organization} {date}" in found
    assert "offered by {name}" in found


@pytest.mark.parametrize(
    ("written", "printed"),
    [
        ("  Ana\t\n Maria \u2028 Lima\x00 ", "Ana Maria Lima"),
        ("Zoe\u0308", "Zoë"),
        ("evil\u202egnp.exe\u202c", "evilgnp.exe"),
        ("\u2066a\u2067b\u2068c\u2069d\u200e\u200f\u061c", "abcd"),
        ("A\u200bn\u2060a\ufeff\u00ad", "Ana"),
        ("A\u200dn\u200ca", "Ana"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("क्\u200dष", "क्\u200dष"),
        ("علی\u200c", "علی"),
        ("Ana 🌸👩🏽‍🎓❤️ Lima 🏳️‍🌈", "Ana Lima"),
        ("🏴\U000e0067\U000e0062\U000e007f Ana 1️⃣", "Ana 1"),
        ("㈱山田 ™ № ©", "㈱山田 ™ № ©"),
        ("Z\u0301\u0302\u0303\u0304\u0305\u0306\u0307algo", "Ź\u0302\u0303\u0304algo"),
        ("ཨ\u0f72", "ཨ\u0f72"),
        ("a\ud800b\ue000c\ufffed\U0010ffffe", "abcde"),
        ("\u3164Ana\u115f\u2800", "Ana"),
        ("葛\U000e0100城", "葛城"),
    ],
)
def test_cleaned(written: str, printed: str) -> None:
    assert cleaned(written, "recipient", 255) == printed
    assert cleaned(printed, "recipient", 255) == printed


@pytest.mark.parametrize("text", ["", "   ", "\u200b", "🌸", "\u202e\u202c", "\u200c\u200d", "\u3164"])
def test_text_of_which_nothing_is_left(text: str) -> None:
    for field in ("recipient", "course", "organization"):
        with pytest.raises(Blank, match=field):
            a_certificate(**{field: text})


@pytest.mark.parametrize("length", [256, 10_000, 10_000_000])
def test_text_that_fits_on_no_page(length: int) -> None:
    with pytest.raises(TooLong, match="recipient") as refused:
        a_certificate(recipient="x" * length)
    assert (refused.value.length, refused.value.limit) == (length, 255)


LONGEST = ["W" * 255, ("Wolfeschlegelsteinhausenbergerdorff " * 8)[:255], "鷹" * 255, "ﷺ" * 255, "क्ष्म्य" * 36, "ש" * 255]


@pytest.mark.parametrize("text", LONGEST, ids=range(len(LONGEST)))
@pytest.mark.parametrize("layout", Layout)
async def test_the_longest_texts_stay_on_the_page(text: str, layout: Layout) -> None:
    person = Signatory(text[:100], text[:100])
    pdf = await render(
        a_certificate(
            recipient=text, course=text, organization=text, verification_url="https://a.example/" + "W" * 182
        ),
        Template(layout=layout, signatories=(person, person, person)),
    )
    page = pypdfium2.PdfDocument(pdf)[0]
    width, height = page.get_size()
    boxes = [item.get_bounds() for item in page.get_objects() if item.type == 1]  # FPDF_PAGEOBJ_TEXT
    assert boxes
    for left, bottom, right, top in boxes:
        assert 10 < left <= right < width - 10
        assert 10 < bottom <= top < height - 10
    assert all(number for _, number in glyphs(pdf))


@pytest.mark.parametrize("name", ["Ana \u202eamiL", "Ana \u2067Lima\u2069", "A\u200bna"])
async def test_what_is_stripped_is_nowhere_in_the_pdf(name: str) -> None:
    assert not set("\u202e\u2067\u2069\u200b") & set("\n".join(lines(await render(a_certificate(recipient=name)))))


def test_only_long_words_get_places_to_break() -> None:
    assert breakable("An ordinary name-with-hyphens") == "An ordinary name-with-hyphens"
    assert breakable("x" * 30) == "x" * 30
    assert breakable("x" * 61) == "x" * 30 + "\u200b" + "x" * 30 + "\u200bx"
