"""Requests to Pinecone: the address of the index, time limits, what is tried again, and when it is away."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
import orjson
from pydantic import SecretStr

_VERSION = "2026-04"  # of the API; each is served for at least a year after the next
_TRY_SECONDS = 10.0  # for one request; what a call may take altogether is less where somebody waits for it
_PAUSES = (0.1, 0.4)  # seconds before the second and the third try, unless the answer says how long
_LONGEST_WAIT = 1.0  # seconds that an answer may ask to wait, of the three that a query may take
_BUSY = (408, 429, 500, 502, 503, 504)
_REFUSED = (401, 402, 403, 404)  # the key, the account or the index: for operators to mend, and events wait for them
_POLL = 0.1  # seconds


class PineconeClient:
    """One index. Every request names a namespace, is safe to repeat, and raises an `OSError` when Pinecone is away."""

    def __init__(self, api_key: SecretStr, host: str | None, index: str, api: str, dimensions: int) -> None:
        key = api_key.get_secret_value()
        if not key or not key.isascii() or not key.isprintable() or " " in key:
            raise ValueError("PINECONE_API_KEY must be a key")
        self._host = _address(host, "PINECONE_HOST") if host is not None else None
        self._description = f"{_address(api, 'PINECONE_CONTROLLER_HOST')}/indexes/{quote(index, safe='')}"
        self._dimensions = dimensions
        headers = {"Api-Key": key, "X-Pinecone-Api-Version": _VERSION, "Content-Type": "application/json"}
        self._http = httpx.AsyncClient(headers=headers, trust_env=False, timeout=_TRY_SECONDS)
        self._is_open = False
        self._written: dict[str, int] = defaultdict(int)

    @asynccontextmanager
    async def within(self, seconds: float) -> AsyncIterator[None]:
        """As long as what is awaited may take altogether; the first time it finds the index first."""
        async with asyncio.timeout(seconds):
            if not self._is_open:
                await self._open()
            yield

    async def post(self, path: str, namespace: str, **fields: Any) -> dict[str, Any]:
        """What the index answers; nothing when there is no such namespace, which the first upsert makes."""
        return _answer(await self._post(path, namespace, **fields))

    async def count(self, namespace: str) -> int:
        """How many vectors there are in the namespace."""
        answer = _answer(await self._send("GET", f"{self._host}/namespaces/{namespace}"))
        with understood():
            return int(answer.get("record_count", 0))

    async def refresh(self) -> None:
        """Returns once queries see what was written through this client."""
        for namespace, last in list(self._written.items()):
            await self._until_indexed(namespace, last)
            if self._written[namespace] == last:
                del self._written[namespace]

    async def close(self) -> None:
        """Gives up its connections."""
        await self._http.aclose()

    async def _post(self, path: str, namespace: str, **fields: Any) -> httpx.Response:
        body = orjson.dumps({"namespace": namespace} | fields)
        response = await self._send("POST", f"{self._host}{path}", body)
        with understood():
            written = int(response.headers.get("x-pinecone-request-lsn", 0))
        if written:
            self._written[namespace] = max(self._written[namespace], written)
        return response

    async def _until_indexed(self, namespace: str, last: int) -> None:
        somewhere = [1.0] + [0.0] * (self._dimensions - 1)
        while True:
            response = await self._post("/query", namespace, vector=somewhere, topK=1)
            with understood():
                if float(response.headers.get("x-pinecone-max-indexed-lsn", "inf")) >= last:
                    return
            await asyncio.sleep(_POLL)

    async def _open(self) -> None:
        """Finds the index, and whether it is one for these embeddings; calls at once may do so several times."""
        if self._host is None:
            answer = _answer(await self._send("GET", self._description))
            with understood():
                self._host = _address(answer["host"], "host")
        stats = _answer(await self._send("POST", f"{self._host}/describe_index_stats", b"{}"))
        with understood():
            dimensions, metric = int(stats["dimension"]), stats.get("metric", "cosine")
        if dimensions != self._dimensions or metric not in ("cosine", "dotproduct"):
            raise RuntimeError(
                f"Pinecone's index has {dimensions} dimensions and the metric {metric}; needed are"
                f" {self._dimensions} and cosine: PINECONE_INDEX or PINECONE_HOST must name another"
            )
        self._is_open = True

    async def _send(self, method: str, url: str, body: bytes | None = None) -> httpx.Response:
        """The answer of one of three tries, if it says that the request was carried out."""
        for pause in (*_PAUSES, None):
            try:
                response = await self._http.request(method, url, content=body)
            except httpx.RequestError as error:
                if pause is None:
                    raise ConnectionError(f"Pinecone is away: {type(error).__name__}") from error
                await asyncio.sleep(pause)
                continue
            if response.status_code not in _BUSY:
                return _carried_out(response)
            wait = _wait(response)
            if pause is None or wait > _LONGEST_WAIT:
                break
            await asyncio.sleep(max(pause, wait))
        raise ConnectionError(f"Pinecone is away: it answers {response.status_code}")


@contextmanager
def understood() -> Iterator[None]:
    """Turns what does not read like an answer of Pinecone into `ConnectionError`."""
    try:
        yield
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        raise ConnectionError("Pinecone is away: something else answers") from error


def _carried_out(response: httpx.Response) -> httpx.Response:
    status = response.status_code
    if status == 200 or _has_no_namespace(response):
        return response
    if status in _REFUSED:
        raise ConnectionError(f"Pinecone is away: it answers {status}, so PINECONE_API_KEY or the index are wrong")
    raise RuntimeError(f"Pinecone refused a request: {status} {response.text[:500]}")


def _has_no_namespace(response: httpx.Response) -> bool:
    return response.status_code == 404 and "namespace" in response.text.lower()


def _answer(response: httpx.Response) -> dict[str, Any]:
    if response.status_code == 404:
        return {}
    with understood():
        answer = orjson.loads(response.content)
        if not isinstance(answer, dict):
            raise TypeError("not an object")
        return answer


def _wait(response: httpx.Response) -> float:
    """The seconds that the answer asks to wait; a date there is not worth reading, since calls take seconds."""
    value = response.headers.get("retry-after", "0")
    return float(value) if value.isdecimal() else 0.0


def _address(value: str, name: str) -> str:
    url = value if "://" in value else f"https://{value}"
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/") or parts.query:
        raise ValueError(f"{name} must be a host name or https://host")
    return url.rstrip("/")
