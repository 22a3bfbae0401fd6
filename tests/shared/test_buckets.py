"""Objects in a bucket: what can be held without one. obstore signs addresses by itself, which is tested here; that a
provider accepts them, and what `stored`, `move` and `delete` do there, is not: no server with S3's API is at hand.
"""

import asyncio
import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from shared.errors import Unavailable
from shared.graphql import refusal_of
from shared.objects import Objects
from tests.shared.test_documents_away import closed_port

KEY = "organization/arriving/a file"


def bucket(url: str) -> Objects:
    """A store that must not touch this machine's folders."""
    return Objects(url, Path("/nowhere"), b"secret", "http://unused.example")


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the owner of a bucket sets."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_REGION", "eu-central-1")


@pytest.mark.parametrize("prefix", ["", "/media"])
async def test_an_address_of_s3_is_signed_for_an_hour_without_asking_anybody(prefix: str) -> None:
    objects = bucket(f"s3://lyceum{prefix}")
    addresses = [await objects.upload_url(KEY, 3), await objects.download_url(KEY, "video/mp4")]
    for address in addresses:
        parts, query = urlsplit(address), parse_qs(urlsplit(address).query)
        assert (parts.scheme, parts.hostname) == ("https", "s3.eu-central-1.amazonaws.com")
        assert parts.path == f"/lyceum{prefix}/organization/arriving/a%20file"
        assert query["X-Amz-Expires"] == ["3600"]
        assert query["X-Amz-Credential"][0].startswith("AKIAEXAMPLE/")
    assert len({parse_qs(urlsplit(address).query)["X-Amz-Signature"][0] for address in addresses}) == 2
    assert objects.routes() == [], "its objects are not served by us"


@pytest.mark.parametrize(
    "url", ["", "lyceum", "ftp://lyceum", "http://lyceum", "file:///tmp", "memory:///", "s3://", "az://lyceum"]
)
def test_an_address_that_is_no_bucket_is_refused_by_its_name(url: str) -> None:
    with pytest.raises(ValueError, match="OBJECT_STORE_URL"):
        bucket(url or " ")


def test_half_of_the_credentials_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(ValueError, match=r"OBJECT_STORE_URL.*SecretAccessKey"):
        bucket("s3://lyceum")


async def test_a_bucket_that_is_away_says_so_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    async with closed_port() as port:
        monkeypatch.setenv("AWS_ENDPOINT", f"http://127.0.0.1:{port}")
        objects = bucket("s3://lyceum")
        started = time.monotonic()
        failures = await asyncio.gather(
            objects.stored(KEY), objects.move(KEY, "elsewhere"), objects.delete(KEY), return_exceptions=True
        )
    assert time.monotonic() - started < 8
    assert all(isinstance(it, BaseException) and isinstance(refusal_of(it), Unavailable) for it in failures), failures
