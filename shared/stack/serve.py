"""Runs one subgraph in this process."""

import gc
import socket

import uvicorn

_YOUNG = 10_000  # objects between two looks for cycles; requests make few that counting references does not free


def serve(name: str, host: str, port: int, descriptor: int | None) -> None:
    """Serves `subgraphs.NAME.app:app` until it is told to stop, on a bound socket's descriptor or on host and port."""
    config = uvicorn.Config(
        f"subgraphs.{name}.app:app",
        host=host,
        port=port,
        loop="uvloop",
        http="httptools",
        ws="websockets-sansio",
        ws_ping_interval=10,
        ws_ping_timeout=10,
        log_config=None,
        access_log=False,
        proxy_headers=False,  # who asked the router is in what the router says
        server_header=False,
        timeout_graceful_shutdown=5,
    )
    sockets = None if descriptor is None else [socket.socket(fileno=descriptor)]
    config.load()
    gc.freeze()  # schemas and modules stay for ever, and need not be looked at again
    gc.set_threshold(_YOUNG)
    server = uvicorn.Server(config)
    server.run(sockets)
    if not server.started:
        raise SystemExit(3)
