"""What the tests of credentials share: a tenant that issues, and what two foreign libraries say of a credential."""

import json
import socket
import subprocess
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from openbadgeslib.ob3 import OB3LdpVerifier, OB3VerificationError, OB3Verifier
from openbadgeslib.ob3.contexts import load_context

from shared.credentials import (
    Badge,
    Issuer,
    Recipient,
    Signed,
    SigningKey,
    StatusList,
    TenantKeys,
    did_document,
    did_web,
    issue,
    sign,
)
from shared.credentials.document import CONTEXTS
from shared.stack import programs

VERIFIER = Path(__file__).parent.parent / "credentials" / "verifier"

# Names as people have them, and as they have them who want to see something break.
STRANGE = [
    "Zoë Ångström",
    "数据结构与算法",
    "مبتدئ في الرياضيات",
    "हिन्दी प्रमाणपत्र",
    "עברית \u200f(א)",
    "می‌خواهم",
    "👩🏽‍🏫 Ma\u0301ths 🏅",
    "\U0001d518\U0001d52b\U0001d526 \U0010fffd\ue000\uffff",
    '<script>alert("1")</script>',
    "\"quoted\" 'twice' `thrice` \\backslash\\ \\u0041 \\n",
    "line\nline\r\nline\ttab",
    '" . <urn:x:evil> <https://schema.org/name> "Forged',
    "_:c14n0 <b> ^^<c> @en {{ }} ${x}",
    "@id",
    "@context",
    "https://example.com/not-an-id",
    "x" * 10_000,
    " ",
]

ADDRESSES = [
    "https://a.example",
    "https://a.example/a/../b/./c//d?q=[x]&y='z'#f",
    "https://münchen.example/straße?ключ=значение",
    "http://[::1]:80/a%20b",
    "urn:isbn:0-486-27557-4",
    "did:web:a.example%3A1:b#c",
    "mailto:anna@example.com",
]


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every connection and every look-up of a name fails."""

    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("Somebody used the network.")

    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, refuse)
    for name in ("getaddrinfo", "create_connection"):
        monkeypatch.setattr(socket, name, refuse)


@dataclass
class Tenant:
    """An organization that issues credentials, with what it publishes on the web."""

    id: uuid.UUID = field(default_factory=uuid.uuid4)
    base: str = "https://learn.example:8443"
    revoked: set[int] = field(default_factory=set)
    now: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))

    def __post_init__(self) -> None:
        self.key: SigningKey = TenantKeys.make(self.id)
        self.keys = [self.key.public]
        self.did = did_web(self.base, "northlight")
        self.statuses = StatusList(f"{self.base}/organizations/northlight/status/1", self.did, self.revoked)

    def document(self, position: int = 5, **changes: Any) -> dict[str, Any]:
        """An award without proof; `name`, `description` and so on go into the badge."""
        badge = {"name": "Graph builder", "description": "Builds graphs.", "criteria": "Build a graph."}
        own = ("name", "description", "criteria", "image", "type")
        badge |= {name: changes.pop(name) for name in own if name in changes}
        arguments: dict[str, Any] = {
            "id": f"{self.base}/credentials/{position}",
            "issuer": Issuer(self.did, "Northlight Lyceum", f"{self.base}/organizations/northlight"),
            "badge": Badge(f"{self.base}/badges/1", **badge),
            "recipient": Recipient(f"urn:uuid:{uuid.uuid4()}", "anna@example.com", "Anna"),
            "status": self.statuses.entry(position),
            "valid_from": self.now,
        }
        return issue(**arguments | changes)

    def award(self, position: int = 5, **changes: Any) -> Signed:
        """An award in both forms."""
        return sign(self.document(position, **changes), self.key, self.now)

    def status(self) -> Signed:
        """The status list as it is published now."""
        return sign(self.statuses.document(self.now, self.now + timedelta(days=1)), self.key, self.now)

    def web(self) -> dict[str, Any]:
        """What is at which address, for those who want JSON."""
        return {
            self.statuses.url: self.status().document,
            self.did: did_document(self.did, self.keys),
        }

    def download(self, url: str) -> bytes:
        """What is at this address, for those who want JWTs."""
        web = {
            self.statuses.url: self.status().jwt.encode(),
            f"{self.base}/organizations/northlight/did.json": json.dumps(did_document(self.did, self.keys)).encode(),
        }
        return web[url]


def openbadgeslib_refuses(tenant: Tenant, credential: dict[str, Any] | str) -> str | None:
    """What openbadgeslib has against a credential, of either form, when it knows the issuer's DID and nothing else."""
    verifier = OB3Verifier if isinstance(credential, str) else OB3LdpVerifier
    try:
        verifier.for_issuer_did(tenant.did, download=tenant.download).verify(
            credential, check_status=True, download=tenant.download
        )
    except OB3VerificationError as error:
        return str(error)
    return None


def digitalbazaar_refuses(tenant: Tenant, *credentials: dict[str, Any]) -> list[str | None]:
    """What Digital Bazaar's libraries have against each credential."""
    if not (VERIFIER / "node_modules" / ".installed").exists():
        pytest.fail("The foreign verifier is not installed; `make test` does it.")
    contexts = {url: load_context(url) for url in CONTEXTS[1:]}
    given = json.dumps({"documents": contexts | tenant.web(), "credentials": credentials})
    ran = subprocess.run(
        [programs.node(), VERIFIER / "verify.mjs"], input=given, capture_output=True, text=True, timeout=120, check=True
    )
    return [_refusal(result) for result in json.loads(ran.stdout)]


def _refusal(result: dict[str, Any]) -> str | None:
    if result["revoked"]:
        return "revoked"
    return None if result["verified"] else result["error"]
