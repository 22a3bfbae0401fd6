"""Asking a process over HTTP whether it is ready.

As a program, for the health checks of containers: `python -m shared.stack.health [PORT [PATH]]` ends with 0 for 200.
"""

import http.client
import json
import sys

from shared.stack.ports import HOST

_TIMEOUT_SECONDS = 3.0  # an answer takes up to two, while an engine is away


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


def main(port: str = "8000", path: str = "/ready") -> int:
    """The exit code for whether what listens there answers the path with 200."""
    return 0 if _get(int(port), path)[0] == 200 else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
