"""Asking a process over HTTP whether it is ready."""

import http.client
import json

from shared.stack.ports import HOST

_TIMEOUT_SECONDS = 2.0


def subgraph_is_ready(port: int) -> bool:
    """Whether a subgraph answers `/health` with 200 and the status ok or degraded."""
    status, body = _get(port, "/health")
    if status != 200:
        return False
    try:
        return json.loads(body).get("status") in ("ok", "degraded")
    except (ValueError, AttributeError):
        return False


def router_is_ready(port: int) -> bool:
    """Whether the router answers `/readiness` with 200: it has loaded the supergraph."""
    return _get(port, "/readiness")[0] == 200


def _get(port: int, path: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(HOST, port, timeout=_TIMEOUT_SECONDS)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read()
    except (OSError, http.client.HTTPException):
        return 0, b""
    finally:
        connection.close()
