"""Persisted operations as clients send them: by the ids that the committed manifest gives them."""

import json
from typing import Any

from tests.graph.stack import ROOT

MANIFEST: dict[tuple[str, str], dict[str, Any]] = {
    (operation["clientName"], operation["name"]): operation
    for operation in json.loads((ROOT / "router" / "persisted-query-manifest.json").read_text())["operations"]
}
"""Operations by client class and name."""


def named(client: str, version: str = "1.2.3") -> dict[str, str]:
    """The headers by which a client says who it is."""
    return {"graphql-client-name": client, "graphql-client-version": version}


WEB = named("web")


def id_of(client: str, name: str) -> str:
    """The id of an operation."""
    return str(MANIFEST[client, name]["id"])


def persisted(client: str, name: str, /, **variables: Any) -> dict[str, Any]:
    """The body of a request that names an operation by `documentId`."""
    return {"documentId": id_of(client, name), "variables": variables}


def hashed(id: str, /, **variables: Any) -> dict[str, Any]:
    """The same as Apollo's clients send it."""
    return {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": id}}, "variables": variables}
