"""The way from data to PDF: typst in two threads of its own.

typst works without the interpreter's lock, so the event loop goes on while it prints. Each thread keeps its compiler,
which remembers what it has laid out before: a certificate then takes 11 ms of a core, 4 of them for its QR code.
"""

import asyncio
import functools
import json
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import typst

from shared.certificates.certificate import Certificate, Template
from shared.certificates.document import document
from shared.certificates.errors import BadLogo, Unprintable, UnsupportedScript
from shared.certificates.fonts import fonts
from shared.certificates.logo import Logo

_LAYOUT = Path(__file__).parent / "certificate.typ"
_THREADS = 2
_UNCOVERED = re.compile(r'the text `"(.+?)"` could not be displayed', re.DOTALL)
_ESCAPED = re.compile(r"\\u\{([0-9a-f]+)\}")

_own = threading.local()


async def render(certificate: Certificate, template: Template | None = None) -> bytes:
    """The certificate as PDF/A-2a and PDF/UA-1: one page, tagged, 26 to 45 KB without a logo.

    The same certificate and template give the same bytes, with the same versions of this package, typst and the fonts:
    a certificate can be made again instead of being kept. At most two are printed at a time, the others wait, so a
    job should not ask for all of its certificates at once. Raises `UnsupportedScript` when no font has a character.
    """
    return await asyncio.get_running_loop().run_in_executor(_threads(), print_now, certificate, template or Template())


async def load_logo(picture: bytes) -> Logo:
    """A logo that is sure to print, from a PNG or SVG; raises `BadLogo` for any other picture (see `Logo.of`)."""
    return await asyncio.get_running_loop().run_in_executor(_threads(), _load_logo, picture)


@functools.cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_THREADS, thread_name_prefix="certificates")


def print_now(certificate: Certificate, template: Template) -> bytes:
    """What `render` does, in this thread."""
    data = json.dumps(document(certificate, template))
    inputs = {"certificate": data, "logo": template.logo.svg if template.logo else ""}
    try:
        pdf = compiler().compile(format="pdf", sys_inputs=inputs, pdf_standards=["a-2a", "ua-1"])
    except typst.TypstError as error:
        raise _refusal(error) from None
    assert isinstance(pdf, bytes)
    return pdf


def _load_logo(picture: bytes) -> Logo:
    logo = Logo.of(picture)
    trial = Certificate(
        recipient="-", course="-", organization="-", completed_on=date.min, verification_url="http://-", locale="en"
    )
    try:
        print_now(trial, Template(logo=logo))
    except Unprintable:
        raise BadLogo("The logo cannot be drawn.") from None
    return logo


def compiler() -> typst.Compiler:
    """This thread's compiler: one works on one document at a time."""
    if not hasattr(_own, "compiler"):
        _own.compiler = typst.Compiler(_LAYOUT, root=_LAYOUT.parent, font_paths=fonts(), ignore_system_fonts=True)
    own: typst.Compiler = _own.compiler
    return own


def _refusal(error: typst.TypstError) -> Unprintable:
    """What typst found, for people; PDF/A forbids text without glyphs, so typst tells where it would print boxes."""
    if found := _UNCOVERED.search(error.message):
        text = _ESCAPED.sub(lambda escape: chr(int(escape[1], 16)), found[1])
        return UnsupportedScript(text[0])
    return Unprintable(f"typst could not print the certificate: {error.message}")
