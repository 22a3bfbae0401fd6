"""Credentials as strangers get them, over HTTP from the running subgraph, before two libraries that nobody here wrote.

did:web resolves by https only, so the look-up of a DID is turned into the address that it stands for; everything else
is fetched where the documents say.
"""

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator
from typing import Any
from urllib.request import Request, urlopen

import pytest
import uvicorn
from openbadgeslib.ob3 import OB3LdpVerifier, OB3VerificationError, OB3Verifier
from openbadgeslib.ob3.contexts import load_context

from shared.app import create_app
from shared.credentials import unbake
from shared.credentials.document import CONTEXTS
from shared.stack import programs
from shared.stack.ports import HOST, port_of, reserve
from subgraphs.credentials.routes import routes
from subgraphs.credentials.schema import schema
from tests.conftest import Subgraph, Tenant
from tests.credentials.conftest import REVOKE, verify
from tests.credentials.issuing_kit import awarded, slug_of
from tests.shared.credentials import STRANGE, VERIFIER

FORMS = ["application/json", "application/vc+jwt"]


@pytest.fixture(scope="module")
async def public(credentials: Subgraph) -> AsyncIterator[str]:
    """The public address of another process of the subgraph, which is reached where it listens."""
    port = reserve()
    settings = credentials.platform.settings.model_copy(update={"public_url": f"http://{HOST}:{port_of(port)}"})
    app = create_app("credentials", schema, settings, routes=routes())
    server = uvicorn.Server(uvicorn.Config(app, log_config=None))
    serving = asyncio.create_task(server.serve(sockets=[port]))
    while not server.started:
        await asyncio.sleep(0.01)
    yield f"http://{HOST}:{port_of(port)}"
    server.should_exit = True
    await serving


def download(url: str, accept: str | None = None) -> bytes:
    """What is there; like openbadgeslib's own download, it says nothing of the form unless told."""
    host, _, path = url.partition("://")[2].partition("/")
    assert host.startswith("127.0.0.1:"), url
    with urlopen(Request(f"http://{host}/{path}", headers={"accept": accept} if accept else {})) as response:
        content: bytes = response.read()
    return content


def openbadgeslib_refuses(credential: dict[str, Any] | str, issuer: str) -> str | None:
    """What openbadgeslib has against a credential of either form."""
    verifier = OB3Verifier if isinstance(credential, str) else OB3LdpVerifier
    try:
        verifier.for_issuer_did(issuer, download=download).verify(credential, check_status=True, download=download)
    except OB3VerificationError as error:
        return str(error)
    return None


def digitalbazaar_refuses(*credentials: dict[str, Any]) -> list[str | None]:
    """What Digital Bazaar's libraries have against each credential."""
    if not (VERIFIER / "node_modules" / ".installed").exists():
        pytest.fail("The foreign verifier is not installed; `make test` does it.")
    web: dict[str, Any] = {url: load_context(url) for url in CONTEXTS[1:]}
    for credential in credentials:
        url = credential["credentialStatus"]["statusListCredential"]
        organization = url.rpartition("/status/")[0]
        web[url] = json.loads(download(url, "application/ld+json, application/json"))
        document = json.loads(download(f"{organization}/did.json", "application/json"))
        web[document["id"]] = document
    given = json.dumps({"documents": web, "credentials": credentials})
    ran = subprocess.run(
        [programs.node(), VERIFIER / "verify.mjs"], input=given, capture_output=True, text=True, timeout=120, check=True
    )
    results = json.loads(ran.stdout)
    return ["revoked" if it["revoked"] else None if it["verified"] else it["error"] for it in results]


def fetched(base: str, code: str) -> tuple[dict[str, Any], str]:
    """A credential in both forms."""
    url = f"{base}/credentials/{code}"
    return json.loads(download(url, FORMS[0])), download(url, FORMS[1]).decode()


async def test_both_accept_what_they_fetch_in_every_form(credentials: Subgraph, tenant: Tenant, public: str) -> None:
    (award,) = await awarded(credentials, tenant)
    document, jwt = await asyncio.to_thread(fetched, public, award["code"])
    baked = unbake(await asyncio.to_thread(download, f"{public}/credentials/{award['code']}/image.png"))
    issuer = f"did:web:{public.partition('//')[2].replace(':', '%3A')}:organizations:{slug_of(tenant)}"
    assert document["issuer"]["id"] == issuer
    assert baked == document
    for credential in (document, jwt, baked):
        assert await asyncio.to_thread(openbadgeslib_refuses, credential, issuer) is None
    assert (await verify(credentials, award["code"]))["valid"], "whatever address it was signed at"
    assert await asyncio.to_thread(digitalbazaar_refuses, document, baked) == [None, None]


async def test_both_refuse_one_changed_byte(credentials: Subgraph, tenant: Tenant, public: str) -> None:
    (award,) = await awarded(credentials, tenant)
    document, jwt = await asyncio.to_thread(fetched, public, award["code"])
    changed = json.loads(json.dumps(document).replace("Ada Lovelace", "Ada Lovelacf"))
    header, claims, signature = jwt.split(".")
    middle = len(claims) // 2
    letter = "A" if claims[middle] != "A" else "B"
    forged = f"{header}.{claims[:middle]}{letter}{claims[middle + 1 :]}.{signature}"
    for credential in (changed, forged):
        assert await asyncio.to_thread(openbadgeslib_refuses, credential, document["issuer"]["id"])
    (refused,) = await asyncio.to_thread(digitalbazaar_refuses, changed)
    assert "Invalid signature" in (refused or "")


async def test_both_refuse_it_once_it_is_revoked(credentials: Subgraph, tenant: Tenant, public: str) -> None:
    revoked, other = await awarded(credentials, tenant, count=2)
    documents = [await asyncio.to_thread(fetched, public, it["code"]) for it in (revoked, other)]
    issuer = documents[0][0]["issuer"]["id"]
    await credentials.ask(REVOKE, tenant.admin, id=revoked["id"], reason="Somebody else's work")
    for credential in documents[0]:
        assert "'revocation' is set" in (await asyncio.to_thread(openbadgeslib_refuses, credential, issuer) or "")
    for credential in documents[1]:
        assert await asyncio.to_thread(openbadgeslib_refuses, credential, issuer) is None
    refused = await asyncio.to_thread(digitalbazaar_refuses, documents[0][0], documents[1][0])
    assert refused == ["revoked", None]


async def test_both_accept_names_in_every_script(credentials: Subgraph, public: str) -> None:
    documents = []
    for name in (it for it in STRANGE if 2 < len(it) < 256):
        tenant = Tenant.new()
        (award,) = await awarded(credentials, tenant, name=name, issuer=name, description=name)
        document, jwt = await asyncio.to_thread(fetched, public, award["code"])
        for credential in (document, jwt):
            refused = await asyncio.to_thread(openbadgeslib_refuses, credential, document["issuer"]["id"])
            assert refused is None, name
        documents.append(document)
    assert await asyncio.to_thread(digitalbazaar_refuses, *documents) == [None] * len(documents)
