"""A server on loopback that does exactly what a test says to each connection, byte for byte."""

import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

Behaviour = Callable[[socket.socket, bytes], None]


@dataclass
class Wire:
    """What the server saw: the requests in order, and how many connections carried them."""

    port: int
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def answer(status: int, body: object, *, headers: str = "") -> Behaviour:
    """Answer with a JSON body, or with bytes as they are."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()

    def behave(connection: socket.socket, _request: bytes) -> None:
        head = (
            f"HTTP/1.1 {status} Word\r\nContent-Length: {len(raw)}\r\nContent-Type: application/json\r\n{headers}\r\n"
        )
        connection.sendall(head.encode() + raw)

    return behave


def reset(connection: socket.socket, _request: bytes) -> None:
    """Take the request, then reset the connection."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def hang_up(connection: socket.socket, _request: bytes) -> None:
    """Take the request, then close without a word."""
    connection.shutdown(socket.SHUT_RDWR)


def silence(connection: socket.socket, _request: bytes) -> None:
    """Take the request and say nothing until the client gives up."""
    connection.recv(1)


def free_port() -> int:
    """Return a port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(*script: Behaviour) -> Iterator[Wire]:
    """Serve requests with the behaviours in turn; the last one stays."""
    listener = socket.create_server(("127.0.0.1", 0))
    wire = Wire(port=listener.getsockname()[1])
    threading.Thread(target=_accept, args=(listener, wire, script), daemon=True).start()
    try:
        yield wire
    finally:
        listener.close()


def _accept(listener: socket.socket, wire: Wire, script: tuple[Behaviour, ...]) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        wire.connections += 1
        threading.Thread(target=_serve, args=(connection, wire, script), daemon=True).start()


def _serve(connection: socket.socket, wire: Wire, script: tuple[Behaviour, ...]) -> None:
    with connection:
        try:
            while request := _read(connection):
                wire.requests.append(request)
                script[min(len(wire.requests), len(script)) - 1](connection, request)
        except OSError:
            return


def _read(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = connection.recv(65536)
        if not chunk:
            return b""
        data += chunk
    head, _, body = data.partition(b"\r\n\r\n")
    lengths = [line.split(b":")[1] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")]
    while len(body) < int(lengths[0]) if lengths else False:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body
