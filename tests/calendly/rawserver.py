"""A server made of a socket, for what ``responses`` cannot play: resets, half answers, drips and silence."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable
from typing import Self

Step = Callable[["RawServer", socket.socket], bool]


class RawServer:
    """Plays one step per request, the last one for ever. ``requests`` holds what was received."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.requests: list[bytes] = []
        self.connections = 0
        self.stopped = threading.Event()
        self._lock = threading.Lock()
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._acceptor = threading.Thread(target=self._accept, daemon=True)
        self._acceptor.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stopped.set()
        # Closing alone would not wake the accept().
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._acceptor.join(5)
        for sock in self._open:
            sock.close()

    def play(self, *steps: Step) -> None:
        self.steps = list(steps)

    def _accept(self) -> None:
        while not self.stopped.is_set():
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(sock)
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        try:
            while request := _read_request(sock):
                with self._lock:
                    self.requests.append(request)
                    step = self.steps.pop(0) if len(self.steps) > 1 else self.steps[0]
                if not step(self, sock):
                    break
        except OSError:
            pass
        finally:
            sock.close()


def _read_request(sock: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        more = sock.recv(65536)
        if not more:
            return b""
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    while len(body) < length:
        body += sock.recv(65536)
    return head + b"\r\n\r\n" + body


def reply(body: bytes = b"{}", status: str = "200 OK", *headers: str, keep: bool = True) -> Step:
    """A whole answer."""

    def step(_: RawServer, sock: socket.socket) -> bool:
        sock.sendall(head(len(body), status, *headers) + body)
        return keep

    return step


def head(length: int, status: str = "200 OK", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", "Content-Type: application/json", f"Content-Length: {length}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


def raw(data: bytes) -> Step:
    """These bytes, then the end of the connection."""

    def step(_: RawServer, sock: socket.socket) -> bool:
        sock.sendall(data)
        return False

    return step


def reset(first: bytes = b"") -> Step:
    """These bytes, then a reset."""

    def step(_: RawServer, sock: socket.socket) -> bool:
        sock.sendall(first)
        if first:
            threading.Event().wait(0.05)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return False

    return step


def silence(first: bytes = b"") -> Step:
    """These bytes, then nothing while the test lasts."""

    def step(server: RawServer, sock: socket.socket) -> bool:
        sock.sendall(first)
        server.stopped.wait(10)
        return False

    return step


def drip(first: bytes, drop: bytes, every: float) -> Step:
    """These bytes, then one drop after the other, each sooner than any read timeout."""

    def step(server: RawServer, sock: socket.socket) -> bool:
        sock.sendall(first)
        while not server.stopped.wait(every):
            sock.sendall(drop)
        return False

    return step
