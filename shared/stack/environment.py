"""Which environment each process is given: the whole interface between the stack and what it starts."""

import os
from dataclasses import dataclass

from sqlalchemy.engine import make_url

from shared.migrations import logins
from shared.stack import keys
from shared.stack.ports import HOST
from shared.stack.project import Project

_RATE_LIMIT = "6000"  # requests a minute: everybody on this machine has one address


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the engines answer; `database` is the owner's address, who may make roles and schemas."""

    database: str
    redis: str
    database_is_external: bool = False


def passwords(project: Project, addresses: Addresses) -> dict[str, str] | None:
    """Role name to password for an external database; None for the embedded one, which trusts its socket."""
    if not addresses.database_is_external:
        return None
    roles = [login for name in project.subgraphs for login in logins(name)]
    return keys.database_passwords(project.home, roles)


def jwks_url(project: Project, identity_port: int | None) -> str:
    """Identity's public keys: served by it, or from a file while it does not run."""
    if identity_port is None:
        return keys.public_keys(project.home).as_uri()
    return f"http://{HOST}:{identity_port}/.well-known/jwks.json"


def for_subgraph(
    name: str, project: Project, addresses: Addresses, jwks: str, port: int | None = None
) -> dict[str, str]:
    """The environment of one subgraph's process; `port` is where clients reach it, if it serves."""
    secrets = passwords(project, addresses)
    tenant, system = logins(name)
    environment = _common(project, jwks) | {
        "DATABASE_URL": _login(addresses.database, tenant, secrets),
        "SYSTEM_DATABASE_URL": _login(addresses.database, system, secrets),
        "REDIS_URL": addresses.redis,
    }
    if port is not None:
        environment["LYCEUM_PUBLIC_URL"] = f"http://{HOST}:{port}"
    if name == "identity" and not {"LYCEUM_SIGNING_KEYS", "LYCEUM_SIGNING_KEYS_FILE"} & environment.keys():
        environment["LYCEUM_SIGNING_KEYS_FILE"] = str(keys.signing_keys(project.home))
    if name == "credentials":
        environment["LYCEUM_CREDENTIAL_SECRETS"] = keys.credential_secrets(project.home)
    return environment


def for_router(project: Project, addresses: Addresses, port: int, jwks: str) -> dict[str, str]:
    """The environment of the router's process; of the engines that the stack knows it gets the address of Redis."""
    environment = _common(project, jwks) | {
        "LYCEUM_PORT": str(port),
        "LYCEUM_RATE_LIMIT": os.environ.get("LYCEUM_RATE_LIMIT", _RATE_LIMIT),
        "LYCEUM_REDIS_URL": addresses.redis,
        "LYCEUM_SUPERGRAPH": str(project.supergraph),
        "NODE_ENV": "production",
    }
    environment.pop("DATABASE_URL", None)
    return environment


def for_composition(ports: dict[str, int] | None = None) -> dict[str, str]:
    """The environment of the composer: each subgraph's address, or none so that the list's defaults hold."""
    ours = {name: value for name, value in os.environ.items() if not _is_subgraph_url(name)}
    urls = {f"LYCEUM_{name.upper()}_URL": f"http://{HOST}:{port}/graphql" for name, port in (ports or {}).items()}
    return ours | urls


def _common(project: Project, jwks: str) -> dict[str, str]:
    return os.environ | {
        "LYCEUM_ENVIRONMENT": os.environ.get("LYCEUM_ENVIRONMENT", "development"),
        "LYCEUM_HOME": str(project.home),
        "LYCEUM_JWKS_URL": jwks,
        "LYCEUM_LOG_FORMAT": os.environ.get("LYCEUM_LOG_FORMAT", "console"),
        "LYCEUM_ROUTER_SECRET": keys.router_secret(project.home),
        "PYTHONUNBUFFERED": "1",
    }


def _is_subgraph_url(name: str) -> bool:
    return name.startswith("LYCEUM_") and name.endswith("_URL")


def _login(owner_url: str, role: str, secrets: dict[str, str] | None) -> str:
    url = make_url(owner_url).set(username=role, password=secrets[role] if secrets else None)
    return url.render_as_string(hide_password=False)
