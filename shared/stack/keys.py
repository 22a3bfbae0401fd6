"""The secrets of one home, made once: what the router shows the subgraphs, what identity signs tokens with, and what
credentials seals its keys with."""

import base64
import json
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


def router_secret(home: Path) -> str:
    """`LYCEUM_ROUTER_SECRET`, or the home's own."""
    return os.environ.get("LYCEUM_ROUTER_SECRET") or str(_once(home / "secrets.json", _new_secrets)["router_secret"])


def credential_secrets(home: Path) -> str:
    """`LYCEUM_CREDENTIAL_SECRETS`, or the home's own: what credentials seals the signing keys of tenants with."""
    given = os.environ.get("LYCEUM_CREDENTIAL_SECRETS")
    if given is not None:
        return given
    path = home / "secrets.json"
    content = _once(path, _new_secrets)
    if "credential_secrets" not in content:  # a home from before there were credentials
        content["credential_secrets"] = new_credential_secret()
        write_private(path, content)
    return str(content["credential_secrets"])


def password_variable(role: str) -> str:
    """The environment variable that gives a login role its password from outside."""
    return f"{role.upper()}_PASSWORD"


def database_passwords(home: Path, roles: list[str]) -> dict[str, str]:
    """A password for each login role: that of its variable, or the home's own; roles new to the home get one."""
    given = {role: password for role in roles if (password := os.environ.get(password_variable(role)))}
    return given | _own_passwords(home, [role for role in roles if role not in given])


def _own_passwords(home: Path, roles: list[str]) -> dict[str, str]:
    if not roles:
        return {}
    path = home / "secrets.json"
    content = _once(path, _new_secrets)
    passwords: dict[str, str] = content["database_passwords"]
    missing = [role for role in roles if role not in passwords]
    if missing:
        passwords.update((role, new_password()) for role in missing)
        write_private(path, content)
    return {role: passwords[role] for role in roles}


def signing_keys(home: Path) -> Path:
    """The file with the private JWK Set (one Ed25519 key) that identity signs with."""
    path = home / "signing-keys.json"
    _once(path, new_signing_keys)
    return path


def public_keys(home: Path) -> Path:
    """The file with the public half, for processes that start while identity does not run."""
    path = home / "jwks.json"
    private = json.loads(signing_keys(home).read_text())
    keys = [{name: value for name, value in key.items() if name != "d"} for key in private["keys"]]
    write_private(path, {"keys": keys})
    return path


def write_private(path: Path, content: dict[str, Any]) -> None:
    """Writes JSON that only we can read, all of it or nothing."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(content, file, indent=2)
    unfinished.replace(path)


def _once(path: Path, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    if not path.exists():
        write_private(path, make())
    content: dict[str, Any] = json.loads(path.read_text())
    return content


def _new_secrets() -> dict[str, Any]:
    return {
        "router_secret": new_password(),
        "credential_secrets": new_credential_secret(),
        "database_passwords": {},
    }


def new_password() -> str:
    """256 random bits, as text that needs no quoting in a URL."""
    return secrets.token_urlsafe(32)


def new_credential_secret() -> str:
    """What credentials seals keys with."""
    return base64.b64encode(secrets.token_bytes(32)).decode()


def new_signing_keys() -> dict[str, Any]:
    """A private JWK Set of one Ed25519 key."""
    key = Ed25519PrivateKey.generate()
    return {
        "keys": [
            {
                "kty": "OKP",
                "crv": "Ed25519",
                "kid": secrets.token_hex(8),
                "x": _base64url(key.public_key().public_bytes_raw()),
                "d": _base64url(key.private_bytes_raw()),
                "alg": "EdDSA",
                "use": "sig",
            }
        ]
    }


def _base64url(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
