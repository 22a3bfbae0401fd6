"""How we answer the public: with a tag to ask again by, in the form that is asked for, and harmless in any browser."""

import hashlib
from collections.abc import Mapping, Sequence

import orjson
from starlette.requests import Request
from starlette.responses import Response

FRESH = "no-cache"
"""May be kept, but has to be asked about each time: what a revocation changes."""

SHORT = "public, max-age=300"
LONG = "public, max-age=86400"

SAFE = {
    "access-control-allow-origin": "*",  # it is the same for everybody: no cookie, no token counts
    "content-security-policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "cross-origin-resource-policy": "cross-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
"""What goes with every answer."""


def answer(
    request: Request, body: bytes, media_type: str, lasts: str, headers: Mapping[str, str] | None = None
) -> Response:
    """200 with the body, or 304 when the client has it; `lasts` is the Cache-Control."""
    given = {"cache-control": lasts, "etag": tag_of(body)} | dict(headers or {})
    return unchanged(request, given) or Response(body, media_type=media_type, headers=SAFE | given)


def unchanged(request: Request, headers: Mapping[str, str]) -> Response | None:
    """304 when the client holds what has the tag among these headers (RFC 9110, 13.1.2)."""
    held = [it.strip().removeprefix("W/") for it in request.headers.get("if-none-match", "").split(",")]
    return Response(status_code=304, headers=SAFE | dict(headers)) if {headers["etag"], "*"} & set(held) else None


def tag_of(content: bytes) -> str:
    """The entity tag of what is made of this."""
    return f'"{hashlib.sha256(content).hexdigest()[:32]}"'


def as_json(value: object) -> bytes:
    """JSON, the same bytes for the same value."""
    return orjson.dumps(value)


def missing() -> Response:
    """404."""
    return _problem(404, "Nothing is here.")


def gone() -> Response:
    """410, for what was taken back."""
    return _problem(410, "This was revoked.")


def unprintable(reason: str) -> Response:
    """422, for what cannot be printed, with the reason."""
    return _problem(422, reason)


def unavailable() -> Response:
    """503, for a moment."""
    return _problem(503, "This is away for the moment; try again shortly.", {"retry-after": "5"})


def preferred(request: Request, offered: Sequence[str]) -> str:
    """Which of the offered media types the client likes best (RFC 9110, 12.5.1); the first when it does not care, or
    wants something else."""
    wishes = [_wish(it) for it in request.headers.get("accept", "*/*").split(",")]

    def liking(media_type: str) -> tuple[float, int]:
        ranges = (media_type, media_type.partition("/")[0] + "/*", "*/*")
        for exactness, range_ in zip((2, 1, 0), ranges, strict=True):
            for wanted, weight in wishes:
                if wanted == range_:
                    return weight, exactness if weight else 0
        return 0.0, 0

    return max(offered, key=liking)


def _wish(text: str) -> tuple[str, float]:
    media_type, *parameters = (part.strip().lower() for part in text.split(";"))
    weights = [it.removeprefix("q=") for it in parameters if it.startswith("q=")]
    try:
        return media_type, float(weights[0]) if weights else 1.0
    except ValueError:
        return media_type, 0.0


def _problem(status: int, title: str, headers: Mapping[str, str] | None = None) -> Response:
    body = as_json({"status": status, "title": title})
    return Response(
        body, status, SAFE | {"cache-control": "no-store"} | dict(headers or {}), "application/problem+json"
    )
