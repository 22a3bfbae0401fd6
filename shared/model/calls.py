"""Requests to a server that may be slow, busy or away: a deadline, a few tries, and rest after repeated failures."""

import asyncio
import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from random import uniform
from typing import Any

import httpx
import orjson

from shared.model.protocol import ModelUnavailable

_TRIES = 3
_FIRST_PAUSE = 0.5  # seconds, doubled with each try, more or less by a quarter
_PASSING = frozenset({408, 429, 500, 502, 503, 504})
_ABOUT_THE_REQUEST = frozenset({400, 404, 409, 413, 415, 422})
_MOST_BYTES = 64_000_000  # of an answer; 256 vectors of 16,000 numbers take 22 MB
_FAILURES_TO_OPEN = 5
_OPEN_SECONDS = 15.0
_CODE = re.compile(r"[a-z_]{1,60}")


class Circuit:
    """Lets nothing through for some seconds after repeated failures, so that nobody waits for what will fail."""

    def __init__(self) -> None:
        self._failures = 0
        self._open_until = 0.0

    def check(self) -> None:
        """Raises `ModelUnavailable` while it is open."""
        if time.monotonic() < self._open_until:
            raise ModelUnavailable("not tried: the last calls have all failed")

    def succeeded(self) -> None:
        """Forgets the failures."""
        self._failures = 0

    def failed(self) -> None:
        """Counts a failure; after the fifth in a row, each opens the circuit again."""
        self._failures += 1
        if self._failures >= _FAILURES_TO_OPEN:
            self._open_until = time.monotonic() + _OPEN_SECONDS


class _Passing(Exception):
    """A failure that another try may get over, not before `pause` seconds have passed."""

    def __init__(self, reason: str, pause: float = 0.0) -> None:
        super().__init__(reason)
        self.pause = pause


class Calls:
    """Requests to one path of a server."""

    def __init__(self, client: httpx.AsyncClient, path: str, seconds: float) -> None:
        self._client = client
        self._path = path
        self._seconds = seconds
        self._circuit = Circuit()

    async def post(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """The answer, a JSON object. Raises `ModelUnavailable` within `seconds` when there is none."""
        self._circuit.check()
        deadline = time.monotonic() + self._seconds
        try:
            async with asyncio.timeout(self._seconds):
                answer = await self._tried(orjson.dumps(body), deadline)
        except TimeoutError:
            self._circuit.failed()
            raise ModelUnavailable(f"no answer within {self._seconds:g} s") from None
        self._circuit.succeeded()
        return answer

    async def _tried(self, content: bytes, deadline: float) -> dict[str, Any]:
        for number in range(_TRIES):
            try:
                return _object(await self._once(content))
            except _Passing as error:
                pause = max(error.pause, _FIRST_PAUSE * 2**number * uniform(0.75, 1.25))  # noqa: S311  # no secret
                if number + 1 == _TRIES or time.monotonic() + pause >= deadline:
                    self._circuit.failed()
                    raise ModelUnavailable(str(error)) from error.__cause__
                await asyncio.sleep(pause)
        raise AssertionError("the last try returns or raises")

    async def _once(self, content: bytes) -> bytes:
        try:
            async with self._client.stream("POST", self._path, content=content, timeout=self._seconds) as response:
                read = bytearray()
                async for part in response.aiter_bytes():
                    read += part
                    if len(read) > _MOST_BYTES:
                        raise ModelUnavailable("the answer is too long")
        except (httpx.TransportError, httpx.DecodingError) as error:
            raise _Passing(f"the connection failed: {type(error).__name__}") from error
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            raise ModelUnavailable(f"the request failed: {type(error).__name__}") from error
        if response.status_code != httpx.codes.OK:
            self._refused(response, bytes(read))
        return bytes(read)

    def _refused(self, response: httpx.Response, content: bytes) -> None:
        """Raises what an answer with another status than 200 means."""
        code = _code(content)
        reason = f"the server answers {response.status_code} {code}".rstrip()
        if response.status_code in _PASSING and code != "insufficient_quota":
            raise _Passing(reason, _retry_after(response.headers))
        if response.status_code not in _ABOUT_THE_REQUEST:
            self._circuit.failed()
        raise ModelUnavailable(reason)


def _object(content: bytes) -> dict[str, Any]:
    try:
        answer = orjson.loads(content)
    except orjson.JSONDecodeError:
        raise ModelUnavailable("the answer is not JSON") from None
    if not isinstance(answer, dict):
        raise ModelUnavailable("the answer is not a JSON object")
    return answer


def _code(content: bytes) -> str:
    """The code of an error as the API gives it, never the message: that may quote the key or the text."""
    try:
        error = orjson.loads(content)["error"]
        found = error["code"] or error["type"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return ""
    return found if isinstance(found, str) and _CODE.fullmatch(found) else ""


def _retry_after(headers: httpx.Headers) -> float:
    """How many seconds the server wants to be left alone: a number, or an HTTP date."""
    value = headers.get("retry-after", "")
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        date = parsedate_to_datetime(value)
        return max(0.0, (date.astimezone(UTC) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError, OverflowError):
        return 0.0
