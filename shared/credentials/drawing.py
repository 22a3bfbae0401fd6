"""The picture of a badge for which nobody has uploaded one."""

import hashlib
from pathlib import Path

import typst

_TEMPLATE = Path(__file__).with_name("badge.typ")
# Longer names are cut: more than this could not be read anyway, and to set 10,000 characters takes a second.
_LONGEST = 120


def draw_badge(name: str, issuer: str) -> bytes:
    """A PNG of 512 by 512 pixels with both names; its colour follows from them, so one badge always looks the same.

    It keeps a processor busy for about 50 ms, so a server calls it in a thread. Scripts for which the machine has no
    font show as empty boxes.
    """
    digest = hashlib.sha256(f"{name}\0{issuer}".encode()).digest()
    hue = int.from_bytes(digest[:2], "big") % 360
    inputs = {"name": _cut(name), "issuer": _cut(issuer), "hue": str(hue)}
    image = typst.compile(_TEMPLATE, format="png", ppi=144, sys_inputs=inputs)
    assert isinstance(image, bytes)
    return image


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1].rstrip() + "…"
