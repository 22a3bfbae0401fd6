"""A certificate and a template, turned into what the layout prints: plain data."""

from typing import Any

import segno

from shared.certificates.certificate import Certificate, Template
from shared.certificates.colours import readable
from shared.certificates.fonts import families
from shared.certificates.languages import Wording, normal, wording
from shared.certificates.text import breakable, is_right_to_left, script

_SLANTED = frozenset({"LATIN", "GREEK", "CYRILLIC"})
"""Scripts that have italics and may be spaced out; others lose their joins, or look broken."""

_LINE = 100
"""Characters of an address that surely fit into a line of the smaller paper."""

_REGIONS = {"zh": "CN", "zh-Hant": "TW"}


def document(certificate: Certificate, template: Template) -> dict[str, Any]:
    """What is printed, as JSON: every text with its fonts and direction, in the wording for the learner's locale."""
    said = wording(certificate.locale, template.wording)
    organization, language = certificate.organization, said.language

    def line(text: str) -> dict[str, Any]:
        return _line(text, language)

    heading = said.say("heading", organization=organization)
    return {
        "language": language.split("-")[0],
        "region": _region(certificate.locale, said),
        "right_to_left": is_right_to_left(heading),
        "slanted": script(heading[0]) in _SLANTED,
        "layout": template.layout,
        "paper": template.paper,
        "primary": readable(template.primary),
        "secondary": template.secondary,
        "title": f"{heading} | {certificate.course} | {certificate.recipient}",
        "author": organization,
        "date": [certificate.completed_on.year, certificate.completed_on.month, certificate.completed_on.day],
        "organization": line(organization),
        "heading": line(heading),
        "before_name": line(said.say("before_name", organization=organization)),
        "name": line(said.say("name", name=certificate.recipient)),
        "after_name": line(said.say("after_name", organization=organization)),
        "course": line(certificate.course),
        "after_course": line(said.say("after_course", organization=organization)),
        "completed": line(said.say("completed", organization=organization)),
        "completed_on": line(said.written(certificate.completed_on)),
        "verify": line(said.say("verify", organization=organization)),
        "url": certificate.verification_url,
        "url_shown": _shown(certificate.verification_url),
        "signatories": [{"name": line(person.name), "role": line(person.role)} for person in template.signatories],
        "logo_says": said.say("logo", organization=organization),
        "code_says": said.say("code", organization=organization),
        "code": qr_code(certificate.verification_url),
    }


def _line(text: str, language: str) -> dict[str, Any]:
    fonts = families(text, language)
    return {"text": breakable(text), "fonts": fonts, "right_to_left": is_right_to_left(text)}


def _shown(url: str) -> str:
    """The address as printed; one that fits into a line is to be copied without invisible characters."""
    return url if len(url) <= _LINE else breakable(url)


def _region(locale: str, said: Wording) -> str | None:
    """The learner's region, if the texts are in the learner's language; it decides on shapes and hyphens."""
    parts = normal(locale).split("-")
    named = next((part.upper() for part in parts[1:] if len(part) == 2), None)
    return named if named and parts[0] == said.language.split("-")[0] else _REGIONS.get(said.language)


def qr_code(url: str) -> str:
    """The address as a QR code, in SVG: level M, which stands 15 % of damage, in black on white with a quiet zone."""
    code = segno.make_qr(url, error="m", boost_error=False)
    return code.svg_inline(border=4, dark="#000", light="#fff", omitsize=True)
