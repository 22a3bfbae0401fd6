"""What certificates say in each language, for whom, and that every letter of it has a glyph."""

import json
from datetime import date

import pytest

from shared.certificates import BadTemplate, Template, TooLong, UnsupportedScript, render
from shared.certificates.document import document
from shared.certificates.languages import TEXTS, catalogue, wording
from shared.certificates.printing import compiler
from tests.shared.certificates import URL, a_certificate, codes, glyphs, lines, read

# locale, recipient, course, heading, date of 24 November 2026 (CLDR 48, as Babel 2.18 writes it), fonts
SPOKEN = [
    ("en-US", "Ann O'Hara", "Astrophysics", "Certificate of Completion", "November 24, 2026", {"LibertinusSerif"}),
    ("de", "Jürgen Groß", "Sternenkunde für Anfänger", "Zertifikat", "24. November 2026", {"LibertinusSerif"}),
    ("fr", "Zoë Lefèvre", "Astronomie élémentaire", "Certificat de réussite", "24 novembre 2026", {"LibertinusSerif"}),
    ("es", "Íñigo Núñez", "Astronomía", "Certificado de finalización", "24 de noviembre de 2026", {"LibertinusSerif"}),
    (
        "pt-BR",
        "João Conceição",
        "Introdução",
        "Certificado de conclusão",
        "24 de novembro de 2026",
        {"LibertinusSerif"},
    ),
    ("pl", "Łukasz Żółć", "Podstawy", "Certyfikat ukończenia kursu", "24 listopada 2026", {"LibertinusSerif"}),
    ("tr", "İbrahim Çağlayan", "Astrofiziğe Giriş", "Başarı Sertifikası", "24 Kasım 2026", {"LibertinusSerif"}),
    ("el", "Αλέξανδρος", "Αστροφυσική", "Πιστοποιητικό ολοκλήρωσης", "24 Νοεμβρίου 2026", {"LibertinusSerif"}),
    ("ru", "Екатерина Щёкина", "Физика", "Сертификат об окончании курса", "24 ноября 2026 г.", {"LibertinusSerif"}),
    ("ar", "محمد الخوارزمي", "علم الفلك", "شهادة إتمام", "24 نوفمبر 2026", {"Amiri"}),
    ("he", "שרה כהן", "מבוא לאסטרופיזיקה", "תעודת סיום", "24 בנובמבר 2026", {"LibertinusSerif"}),
    ("hi", "प्रियंका श्रीवास्तव", "खगोल भौतिकी", "पाठ्यक्रम पूर्णता प्रमाणपत्र", "24 नवंबर 2026", {"NotoSansDevanagari"}),
    ("zh-CN", "王小明", "天体物理学导论", "结业证书", "2026年11月24日", {"NotoSansSC"}),
    ("zh-TW", "陳怡君", "天體物理學導論", "結業證書", "2026年11月24日", {"NotoSansTC"}),
    ("ja", "山田太郎", "天体物理学入門", "修了証書", "2026年11月24日", {"NotoSansJP"}),
    ("ko", "홍길동", "천체물리학 입문", "수료증", "2026년 11월 24일", {"NotoSansKR"}),
]


def _without_spaces(text: str) -> str:
    """PDF has no spaces between words, so readers guess them."""
    return "".join(text.split())


@pytest.mark.parametrize(("locale", "recipient", "course", "heading", "day", "fonts"), SPOKEN)
async def test_each_language(locale: str, recipient: str, course: str, heading: str, day: str, fonts: set[str]) -> None:
    pdf = await render(a_certificate(recipient=recipient, course=course, organization=course, locale=locale))
    found = [_without_spaces(line) for line in lines(pdf)]
    for text in (heading, course):
        assert _without_spaces(text) in found
    assert any(line.startswith(_without_spaces(recipient)) for line in found)
    assert any(_without_spaces(day) in line for line in found)
    used = list(glyphs(pdf))
    assert all(number for _, number in used)
    assert fonts == {name.split("-")[0] for name, _ in used} - {"LibertinusSerif"} or fonts == {"LibertinusSerif"}
    assert read(pdf).root_object["/Lang"].split("-")[0] == locale.split("-", maxsplit=1)[0]
    assert codes(pdf) == [URL]
    assert len(pdf) < 200_000


# A name in each script that there is a font for, whatever the certificate's own language.
NAMES = {
    "LibertinusSerif": ["Nguyễn Thị Ánh", "Þórður Ægisson", "Ђорђе Ћирић", "Ὀδυσσεύς", "Әлия Қасымова", "שָׁלוֹם"],
    "Amiri": ["محمد الخوارزمي", "علی‌رضا گچپژ", "ٹیپو سلطان", "مُحَمَّد"],
    "NotoSansDevanagari": ["श्रीकृष्ण क्षत्रिय", "ज्ञानेश्वर ळ", "क्‍ष"],
    "NotoSansBengali": ["রবীন্দ্রনাথ ঠাকুর"],
    "NotoSansTamil": ["ஸ்ரீநிவாச ராமானுஜன்"],
    "NotoSansTelugu": ["శ్రీనివాస రావు"],
    "NotoSansThai": ["สมชาย ใจดี"],
    "NotoSansLao": ["ສົມສັກ ວົງວິໄລ"],
    "NotoSansKhmer": ["សុខ សុភា"],
    "NotoSansMyanmar": ["အောင်ဆန်း"],
    "NotoSansEthiopic": ["አበበ ቢቂላ"],
    "NotoSansSC": ["王小明", "欧阳"],
    "NotoSansJP": ["たなか さくら", "ｶﾀｶﾅ", "高橋みなみ"],
    "NotoSansKR": ["홍길동", "뷁"],
    "DejaVuSansMono": ["ნინო ბერიძე", "Արամ Խաչատրյան"],
}


@pytest.mark.parametrize(("font", "name"), [(font, name) for font, names in NAMES.items() for name in names])
@pytest.mark.parametrize("locale", ["en", "ar", "ja"])
async def test_names_in_every_script(font: str, name: str, locale: str) -> None:
    used = list(glyphs(await render(a_certificate(recipient=name, locale=locale))))
    assert all(number for _, number in used)
    allowed = {font, "NotoSansJP"} if locale == "ja" else {font}
    assert {family.split("-")[0] for family, _ in used} & allowed


@pytest.mark.parametrize(
    ("name", "script"),
    [
        ("ನಾಗರಾಜ", "Kannada"),
        ("മലയാളം", "Malayalam"),
        ("ગાંધી", "Gujarati"),
        ("ਗੁਰਪ੍ਰੀਤ", "Gurmukhi"),
        ("ଓଡ଼ିଆ", "Oriya"),
        ("නිමල්", "Sinhala"),
        ("བསྟན་འཛིན", "Tibetan"),
        ("ᠪᠠᠲᠤ", "Mongolian"),
        ("އަހުމަދު", "Thaana"),
        ("ꯃꯅꯤꯄꯨꯔ", "Meetei"),
        ("\U000200ff", "Cjk"),
    ],
)
async def test_a_script_without_font_is_named_instead_of_boxes(name: str, script: str) -> None:
    for certificate in (a_certificate(recipient=name), a_certificate(course=f"Introduction to {name}")):
        with pytest.raises(UnsupportedScript) as refused:
            await render(certificate)
        assert refused.value.script == script
        assert refused.value.character in name


async def test_the_check_for_boxes_sees_one() -> None:
    """Without PDF/A, typst prints what it has no glyph for as a box; the tests' own reader must tell."""
    data = json.dumps(document(a_certificate(recipient="ನಾ"), Template()))
    pdf = compiler().compile(format="pdf", sys_inputs={"certificate": data, "logo": ""})
    assert isinstance(pdf, bytes)
    assert 0 in {number for _, number in glyphs(pdf)}


@pytest.mark.parametrize(
    ("locale", "language"),
    [
        ("en-GB", "en"),
        ("de-CH-1996", "de"),
        ("de_AT", "de-AT"),
        ("PT-br", "pt"),
        ("pt-PT", "pt-PT"),
        ("zh", "zh"),
        ("zh-Hans-CN", "zh"),
        ("zh-Hant", "zh-Hant"),
        ("zh-Hant-HK", "zh-Hant"),
        ("zh-HK", "zh-Hant"),
        ("iw-IL", "he"),
        ("ar-EG", "ar-EG"),
        ("es-419", "es"),
        ("fa-IR", "en"),
        ("", "en"),
        ("../../wording/de", "en"),
        ("x" * 10_000, "en"),
    ],
)
def test_the_language_is_chosen_along_the_tag(locale: str, language: str) -> None:
    assert wording(locale, {}).language == language


def test_every_wording_is_complete() -> None:
    for said in catalogue().values():
        assert set(said.texts) == set(TEXTS)
        assert len(said.months) == 12
        assert "{name}" in said.texts["name"]
        assert all(said.texts[name] for name in ("heading", "completed", "verify", "logo", "code"))
        assert "{organization}" in said.texts["after_name"] + said.texts["after_course"]


@pytest.mark.parametrize(
    ("locale", "first"),
    [
        ("en", "1 January 2027"),
        ("en-US", "January 1, 2027"),
        ("fr", "1er janvier 2027"),
        ("pt", "1º de janeiro de 2027"),
        ("pt-PT", "1 de janeiro de 2027"),
        ("de-AT", "1. Jänner 2027"),
        ("ar-EG", "١ يناير ٢٠٢٧"),
        ("ru", "1 января 2027\u00a0г."),
        ("zh-HK", "2027年1月1日"),
    ],
)
def test_dates(locale: str, first: str) -> None:
    assert wording(locale, {}).written(date(2027, 1, 1)) == first


async def test_a_tenant_says_things_its_own_way() -> None:
    own = {"en": {"heading": "Diploma", "after_course": ""}, "en-US": {"completed": "Awarded at {organization}"}}
    found = lines(await render(a_certificate(locale="en-US"), Template(wording=own)))
    assert "Diploma" in found
    assert "Awarded at Northlight Lyceum" in " ".join(found)
    assert "offered by" not in " ".join(found)
    assert "Diploma" not in lines(await render(a_certificate(locale="de"), Template(wording=own)))


async def test_a_tenant_adds_a_language() -> None:
    dutch = dict.fromkeys(TEXTS, "iets") | {"heading": "Certificaat", "name": "{name}"}
    pdf = await render(a_certificate(locale="nl-BE"), Template(wording={"nl": dutch}))
    assert "Certificaat" in lines(pdf)
    assert "2026-11-24" in " ".join(lines(pdf))
    assert read(pdf).root_object["/Lang"] == "nl-BE"


@pytest.mark.parametrize(
    ("own", "message"),
    [
        ({"nl": {"heading": "Certificaat"}}, "not in the catalogue and lacks"),
        ({"en": {"header": "Diploma"}}, "unknown texts: header"),
        ({"en": {"name": "Somebody"}}, "does not hold"),
        ({"en": {"heading": ""}}, "empty"),
        ({"no such tag!": {}}, "no language tag"),
    ],
)
def test_what_a_tenant_cannot_say(own: dict[str, dict[str, str]], message: str) -> None:
    with pytest.raises(BadTemplate, match=message):
        Template(wording=own)


def test_a_tenant_cannot_say_too_much() -> None:
    with pytest.raises(TooLong, match=r"wording\.en\.heading"):
        Template(wording={"en": {"heading": "x" * 201}})
