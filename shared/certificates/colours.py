"""Colours that can be read on white paper."""

import re

from shared.certificates.errors import BadTemplate

_CONTRAST = 4.5
"""What WCAG 2.2 asks of text at level AA (success criterion 1.4.3)."""

_FORM = re.compile("#[0-9A-Fa-f]{6}")
_STEPS = 20


def checked(colour: str, field: str) -> str:
    """The colour, when it is a hash sign and six hexadecimal digits; else raises `BadTemplate`."""
    if not _FORM.fullmatch(colour):
        raise BadTemplate(f"{field} is not a colour such as #1A2B3C.")
    return colour


def readable(colour: str) -> str:
    """The colour itself if text in it can be read on white, else the lightest of 20 darker shades that can."""
    channels = [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
    shades = ([channel * (_STEPS - step) // _STEPS for channel in channels] for step in range(_STEPS + 1))
    return next("#{:02x}{:02x}{:02x}".format(*shade) for shade in shades if _contrast(shade) >= _CONTRAST)


def contrast(colour: str) -> float:
    """The contrast to white, from 1 (white) to 21 (black), as WCAG counts it."""
    return _contrast([int(colour[at : at + 2], 16) for at in (1, 3, 5)])


def _contrast(channels: list[int]) -> float:
    shares = (channel / 255 for channel in channels)
    red, green, blue = (share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares)
    return 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)
