"""The pages for people. They are whole in themselves: no script, no picture, no font and no style from elsewhere."""

import base64
import hashlib
from datetime import datetime
from html import escape
from pathlib import Path
from string import Template
from typing import Any

from starlette.responses import Response

from shared.credentials import Reason
from subgraphs.credentials.models import AchievementKind, AwardStatus
from subgraphs.credentials.routes.answers import SAFE
from subgraphs.credentials.services.addresses import Addresses

_HERE = Path(__file__).parent
_STYLE = (_HERE / "page.css").read_text()
_PAGE = Template((_HERE / "page.html").read_text())
_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

HEADERS = {
    "content-security-policy": f"{SAFE['content-security-policy']}; style-src 'sha256-{_HASH}'",
    "content-language": "en",
    "vary": "accept",
}
"""What goes with every page; its one style sheet is named by its hash."""

_UNNAMED = "(not known yet)"
_HELD = ("valid", "Valid", "This credential was issued here, is unchanged, and counts.")
_SAYINGS = {
    Reason.REVOKED: ("revoked", "Revoked", "REVOKED: its issuer has taken this credential back. It does not count."),
    Reason.EXPIRED: ("expired", "Expired", "EXPIRED: this credential is past its end."),
    Reason.TAMPERED: (
        "tampered",
        "Not to be trusted",
        "TAMPERED: what is stored of this credential is not what was signed.",
    ),
}


def verification(code: str, found: dict[str, Any], addresses: Addresses) -> bytes:
    """The page of a known code; `found` is what the loader of verifications says."""
    reason = Reason(found["reason"]) if found["reason"] else None
    kind, title, saying = _SAYINGS[reason] if reason else _HELD
    facts, links = [("Code", escape(code))], ""
    if reason != Reason.TAMPERED:  # names that nobody has signed are not shown under ours
        facts = _facts(found) + facts
        links = _links(code, found, addresses)
    return _page(title, kind, saying, facts, links)


def badge(name: str, description: str, issuer: str) -> bytes:
    """The page of a badge."""
    facts = [("Badge", _text(name)), ("Issuer", _text(issuer))]
    return _page(name, "plain", description, facts, "")


def unknown() -> Response:
    """404, for people."""
    saying = "UNKNOWN: no credential with this code was issued here. Check that it is spelt as it was given to you."
    body = _page("Unknown", "unknown", saying, [], "")
    return Response(body, 404, SAFE | HEADERS | {"cache-control": "no-store"}, "text/html")


def _facts(found: dict[str, Any]) -> list[tuple[str, str]]:
    issued = datetime.fromisoformat(found["issued_at"])
    day = f"{issued.day} {issued:%B %Y}"
    return [
        ("Course" if _is_certificate(found) else "Badge", _text(found["badge_name"])),
        ("Awarded to", _text(found["recipient_name"] or _UNNAMED)),
        ("Issuer", _text(found["issuer_name"] or _UNNAMED)),
        ("Issued", f'<time datetime="{escape(found["issued_at"])}">{day}</time>'),
    ]


def _is_certificate(found: dict[str, Any]) -> bool:
    return found["kind"] == AchievementKind.CERTIFICATE


def _links(code: str, found: dict[str, Any], addresses: Addresses) -> str:
    is_printed = _is_certificate(found) and found["status"] == AwardStatus.VALID
    forms = {addresses.pdf(code): "Certificate to print (PDF)"} if is_printed else {}
    if found["is_signed"]:
        forms |= {
            addresses.credential(code): "Credential (JSON)",
            f"{addresses.credential(code)}/jwt": "Credential (JWT)",
            addresses.image(code): "Badge with the credential in it (PNG)",
        }
    items = "".join(f'<li><a href="{escape(url)}">{name}</a></li>' for url, name in forms.items())
    return f'<nav aria-label="The credential"><ul>{items}</ul></nav>' if forms else ""


def _page(title: str, kind: str, saying: str, facts: list[tuple[str, str]], links: str) -> bytes:
    rows = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in facts)
    page = _PAGE.substitute(
        title=escape(title), style=_STYLE, kind=kind, saying=_text(saying), facts=f"<dl>{rows}</dl>", links=links
    )
    return page.encode("utf-8", "replace")


def _text(text: str) -> str:
    """Somebody's text, which runs in its own direction and leaves the page's alone."""
    return f"<bdi>{escape(text)}</bdi>"
