"""Free TCP ports on the loopback address."""

import contextlib
import http.client
import secrets
import socket

# Below the range from which the kernel takes ports for outgoing connections: one of those could be gone by the time a
# server binds it.
LOWEST, HIGHEST = 20_000, 30_000
TRIES = 200


def free(*, length: int = 1) -> int:
    """Return the first of that many ports in a row on which nobody listens right now.

    Raises: RuntimeError when no such row turns up.
    """
    for _ in range(TRIES):
        first = LOWEST + secrets.randbelow(HIGHEST - LOWEST - length)
        if all(is_free(port=port) for port in range(first, first + length)):
            return first
    raise RuntimeError(f"no {length} free ports in a row")


def is_free(*, port: int) -> bool:
    """Say whether a server could listen there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def answers(*, port: int) -> bool:
    """Say whether somebody accepts connections there."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=0.5):
        return True
    return False


def serves(*, port: int, path: str) -> bool:
    """Say whether an HTTP server answers there without a fault: accepting alone says only that somebody listens."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
    try:
        connection.request("GET", path)
        return connection.getresponse().status < http.client.INTERNAL_SERVER_ERROR
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
