"""A server on loopback that is a function of a socket: what no HTTP server would say can be said by it."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator

Answering = Callable[[socket.socket, bytes], object]
"""Called with a connection and the request that it brought; what it leaves open is open until the test
ends."""


class RawServer:
    """Each connection is taken by a thread of its own; a request whose answer leaves the connection open is
    followed by the next. `asked` are the requests, head and body, in order of their coming."""

    def __init__(
        self, answering: Answering, *, reads_body: bool = True, tls: ssl.SSLContext | None = None
    ) -> None:
        self.asked: list[bytes] = []
        self.stopping = threading.Event()
        self._answering = answering
        self._reads_body = reads_body
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.url = f"http{'s' if tls else ''}://127.0.0.1:{self.port}"
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def _accept(self) -> None:
        while not self.stopping.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._converse, args=(connection,))
            self._threads.append(thread)
            thread.start()

    def _converse(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), self._secured(connection) as connection:
            while request := self._request(connection):
                self.asked.append(request)
                connection.settimeout(10)
                self._answering(connection, request)
                if connection.fileno() < 0:
                    return

    def _secured(self, connection: socket.socket) -> socket.socket:
        connection.settimeout(10)
        return self._tls.wrap_socket(connection, server_side=True) if self._tls else connection

    def _request(self, connection: socket.socket) -> bytes:
        connection.settimeout(0.02)
        data = b""
        while not self.stopping.is_set():
            head, ends, body = data.partition(b"\r\n\r\n")
            if ends and (not self._reads_body or len(body) >= _length(head)):
                return data
            try:
                more = connection.recv(65536)
            except TimeoutError:
                continue
            if not more:
                break
            data += more
        return b""

    def pause(self, seconds: float) -> bool:
        """Between two bytes; False once the test is over."""
        return not self.stopping.wait(seconds)

    def stop(self) -> None:
        self.stopping.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(10)


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            return int(value)
    return 0


@contextlib.contextmanager
def serving(
    answering: Answering, *, reads_body: bool = True, tls: ssl.SSLContext | None = None
) -> Iterator[RawServer]:
    server = RawServer(answering, reads_body=reads_body, tls=tls)
    try:
        yield server
    finally:
        server.stop()


def whole(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    """A correct answer."""
    lines = [f"HTTP/1.1 {status}", "Content-Type: application/json", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def reset(connection: socket.socket) -> None:
    """Ends a connection with RST."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()
