"""Objects (files) in a folder or a cloud bucket, through obstore. Clients move the bytes themselves, by signed URL.

A bucket signs for itself. A folder cannot, so the process that holds it signs its own addresses and serves them beside
GraphQL: `routes`.
"""

import asyncio
import hashlib
import hmac
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote, urlencode, urlsplit

import obstore
import structlog
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import LocalStore, from_url
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

log = structlog.get_logger()

_LIFETIME = timedelta(hours=1)

_SCHEMES = ("s3", "gs", "az")
# Reading a film may take longer than the usual half a minute. Plain HTTP is for whoever names such an endpoint.
_CLIENT: Any = {"connect_timeout": "3s", "read_timeout": "8s", "timeout": "10m", "allow_http": True}
_RETRY: Any = {"max_retries": 2, "retry_timeout": timedelta(seconds=8)}


@dataclass(frozen=True, slots=True)
class Stored:
    """What really lies under a key."""

    size: int
    sha256: str


class Objects:
    """One store. Every key starts with its organization. Raises `ConnectionError` when the store is away."""

    def __init__(self, url: str | None, folder: Path, secret: bytes, base: str) -> None:
        """`url` names a bucket (`s3://`, `gs://`, `az://`), whose credentials are in the variables of its provider
        (`AWS_ACCESS_KEY_ID` …); without one, objects lie in `folder` and are served at `base`, by addresses signed
        with `secret`. Raises ValueError when there is no such kind of bucket, or a variable is missing."""
        self._folder = None if url else folder
        self._store: Any = _bucket(url) if url else LocalStore(folder, mkdir=True)
        self._secret, self._base = secret, base

    async def upload_url(self, key: str, size: int) -> str:
        """Where to PUT an object of this many bytes, within the hour."""
        if self._folder is None:
            return await self._signed_by_bucket("PUT", key)
        return self._signed("PUT", key, str(size))

    async def download_url(self, key: str, media_type: str) -> str:
        """Where to GET the object, whole or in ranges, within the hour."""
        if self._folder is None:
            return await self._signed_by_bucket("GET", key)
        return self._signed("GET", key, media_type)

    async def stored(self, key: str) -> Stored | None:
        """The size and SHA-256 of what was uploaded, read once through; None when there is nothing."""
        digest, size = hashlib.sha256(), 0
        with _answering():
            try:
                result = await obstore.get_async(self._store, key)
            except (NotFoundError, FileNotFoundError):
                return None
            async for chunk in result.stream():
                await asyncio.to_thread(digest.update, chunk)
                size += len(chunk)
        return Stored(size, digest.hexdigest())

    async def put(self, key: str, content: bytes) -> None:
        """Stores an object, over the one that was there."""
        with _answering():
            await obstore.put_async(self._store, key, content)

    async def get(self, key: str) -> bytes | None:
        """All of an object that is small; None when there is nothing."""
        with _answering():
            try:
                result = await obstore.get_async(self._store, key)
            except (NotFoundError, FileNotFoundError):
                return None
            return bytes(await result.bytes_async())

    async def move(self, key: str, to: str) -> None:
        """Gives the object another key; nothing happens if there is none."""
        with _answering(), suppress(NotFoundError, FileNotFoundError):
            await obstore.rename_async(self._store, key, to, overwrite=True)

    async def delete(self, key: str) -> None:
        """Removes the object, if there is one."""
        with _answering(), suppress(NotFoundError, FileNotFoundError):
            await obstore.delete_async(self._store, key)

    def routes(self) -> list[BaseRoute]:
        """What serves a folder's objects; none for a bucket."""
        if self._folder is None:
            return []
        # Players and forms of any web page may use an address: the signature is what it takes, and no cookie counts.
        anywhere = Middleware(
            CORSMiddleware,
            allow_origins=["*"],
            allow_methods=["GET", "PUT"],
            allow_headers=["content-type", "range"],
            expose_headers=["accept-ranges", "content-length", "content-range"],
        )
        return [
            Route("/media/{key:path}", endpoint=self._serve, methods=["GET", "PUT", "OPTIONS"], middleware=[anywhere])
        ]

    async def _serve(self, request: Request) -> Response:
        key, query = request.path_params["key"], request.query_params
        expires, what = query.get("expires", ""), query.get("what", "")
        method = "GET" if request.method == "HEAD" else request.method
        expected = self._signature(method, key, expires, what)
        if not hmac.compare_digest(query.get("signature", "").encode(), expected.encode()):
            return PlainTextResponse("This address is not signed by us.", 403)
        if int(expires) < time.time():
            return PlainTextResponse("This address has expired; ask for a new one.", 403)
        return await (self._receive(request, key, int(what)) if method == "PUT" else self._send(key, what))

    async def _send(self, key: str, media_type: str) -> Response:
        assert self._folder is not None
        path = self._folder / key
        if not await asyncio.to_thread(path.is_file):
            return PlainTextResponse("There is no such object.", 404)
        # Whatever was uploaded must never run in a browser as one of our pages.
        headers = {"x-content-type-options": "nosniff", "content-security-policy": "sandbox"}
        return FileResponse(path, media_type=media_type, headers=headers)

    async def _receive(self, request: Request, key: str, size: int) -> Response:
        try:
            await obstore.put_async(self._store, key, _at_most(request.stream(), size))
        except _TooLarge:
            return PlainTextResponse(f"The object has more than the {size} bytes that were announced.", 413)
        except ClientDisconnect:
            return PlainTextResponse("The object has not come to its end.", 400)  # nobody reads it; it is no fault
        return Response(status_code=201)

    async def _signed_by_bucket(self, method: Literal["GET", "PUT"], key: str) -> str:
        with _answering():  # it may have to fetch credentials
            return await obstore.sign_async(self._store, method, key, _LIFETIME)

    def _signed(self, method: str, key: str, what: str) -> str:
        """`what` is the size of what may be sent, or the media type of what is fetched."""
        expires = str(int(time.time() + _LIFETIME.total_seconds()))
        query = {"expires": expires, "what": what, "signature": self._signature(method, key, expires, what)}
        return f"{self._base}/{quote(key)}?{urlencode(query)}"

    def _signature(self, method: str, key: str, expires: str, what: str) -> str:
        message = "\n".join((method, key, expires, what)).encode()
        return hmac.new(self._secret, message, hashlib.sha256).hexdigest()


def _bucket(url: str) -> Any:
    if urlsplit(url).scheme not in _SCHEMES:
        raise ValueError("OBJECT_STORE_URL must begin with s3://, gs:// or az://.")
    try:
        return from_url(url, client_options=_CLIENT, retry_config=_RETRY)
    except (BaseError, ValueError) as error:
        reason = str(error).partition("\n")[0]  # below it are values, which may be secret
        raise ValueError(f"OBJECT_STORE_URL cannot be used: {reason}") from None


@contextmanager
def _answering() -> Iterator[None]:
    """Turns a store that is away, or refuses us, into what every engine raises then."""
    try:
        yield
    except BaseError as error:
        log.warning("objects.away", error=type(error).__name__)
        raise ConnectionError("The object store is away") from error


class _TooLarge(Exception):
    """More bytes came than were announced."""


async def _at_most(stream: AsyncIterator[bytes], size: int) -> AsyncIterator[bytes]:
    async for chunk in stream:
        size -= len(chunk)
        if size < 0:
            raise _TooLarge
        if chunk:
            yield chunk
