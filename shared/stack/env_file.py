"""The secrets of an installation, as a file of environment variables (`.env`) that compose.yaml is filled from."""

import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from shared.migrations import logins
from shared.stack import keys

_ASSIGNMENT = re.compile(r"^\s*(?:export\s+)?(\w+)\s*=", re.MULTILINE)


def complete(path: Path, subgraphs: Sequence[str]) -> list[str]:
    """Adds the secrets that the file lacks, and makes it ours alone to read; returns their names."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "r+") as file:
        os.fchmod(descriptor, 0o600)
        text = file.read()
        missing = {name: make for name, make in _makers(subgraphs).items() if name not in _ASSIGNMENT.findall(text)}
        if text and not text.endswith("\n"):
            file.write("\n")
        file.writelines(f"{name}={make()}\n" for name, make in missing.items())
    return list(missing)


def _makers(subgraphs: Sequence[str]) -> Mapping[str, Callable[[], str]]:
    """How each secret is made: those of the graph, of the databases' logins, and of the engines in compose.yaml."""
    passwords = [keys.password_variable(login) for name in subgraphs for login in logins(name)]
    passwords += ["POSTGRES_PASSWORD", "REDIS_PASSWORD", "MONGODB_PASSWORD", "ELASTIC_PASSWORD", "GRAFANA_PASSWORD"]
    return {
        "LYCEUM_ROUTER_SECRET": keys.new_password,
        "LYCEUM_SIGNING_KEYS": lambda: json.dumps(keys.new_signing_keys(), separators=(",", ":")),
        "LYCEUM_CREDENTIAL_SECRETS": keys.new_credential_secret,
        **dict.fromkeys(passwords, keys.new_password),
    }
