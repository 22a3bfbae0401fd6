"""Certificates of completed courses, as PDF: tagged, archivable, in the learner's language.

    pdf = await render(Certificate(recipient="…", course="…", …, locale="pt-BR"), Template(primary="#204060"))

Nothing is stored: the same input gives the same bytes. What tenants choose is data and never runs (`Template`).
"""

from shared.certificates.certificate import Certificate, Layout, Paper, Signatory, Template
from shared.certificates.errors import BadAddress, BadLogo, BadTemplate, Blank, TooLong, Unprintable, UnsupportedScript
from shared.certificates.logo import Logo
from shared.certificates.press import Press
from shared.certificates.printing import load_logo, render

__all__ = [
    "BadAddress",
    "BadLogo",
    "BadTemplate",
    "Blank",
    "Certificate",
    "Layout",
    "Logo",
    "Paper",
    "Press",
    "Signatory",
    "Template",
    "TooLong",
    "Unprintable",
    "UnsupportedScript",
    "load_logo",
    "render",
]
