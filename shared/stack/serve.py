"""Runs one subgraph in this process."""

import socket

import uvicorn


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
    server = uvicorn.Server(config)
    server.run(sockets)
    if not server.started:
        raise SystemExit(3)
