"""TCP ports on the loopback address, held by a bound socket from the moment they are chosen."""

import socket

from shared.stack.errors import StackError

HOST = "127.0.0.1"


def reserve(port: int = 0) -> socket.socket:
    """A socket bound to this port (0: any free one) that does not listen yet; StackError when it is taken."""
    reserved = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        reserved.bind((HOST, port))
    except OSError as error:
        reserved.close()
        raise StackError(
            f"Port {port} is taken ({error.strerror}). Set LYCEUM_PORT to another, or to 0 for any."
        ) from error
    return reserved


def port_of(reserved: socket.socket) -> int:
    """The port that the socket is bound to."""
    return int(reserved.getsockname()[1])
