"""gunicorn's threaded worker with time limits for clients: a thread serves complete requests only.

gunicorn reads a request in the thread that serves it, and waits without a limit. As many slow clients as there are
threads would block all others. Of the 15 tests in `tests/journeys/test_rough_senders.py`

- gunicorn 27's own gthread fails 6: silent clients hold all threads, and a dripping sender is never cut off;
- waitress 3.0 fails 3: it accepts chunked bodies, closes a broken-off body without the 400, and never cuts off a
  dripping sender. It has only one process.
"""

import errno
import functools
import re
import selectors
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, TypeVar

from gunicorn.workers.gthread import ThreadWorker

# Seconds in which a request must arrive.
ARRIVAL_TIMEOUT = 10.0
# Bytes of a request that are collected before it gets a thread: more than pages, agents and Calendly send.
MAX_COLLECTED = 64 * 1024
# Larger bodies are refused by every view without reading them.
MAX_ACCEPTED = 1024 * 1024
# Seconds for the rest of a larger request, which its thread reads.
READ_TIMEOUT = 5.0
# Seconds for one write to the client.
WRITE_TIMEOUT = 30.0
# Connections that wait in separate threads until the client closes, so that it can read the response. gunicorn
# waits up to two seconds for each in the thread that accepts connections. Further ones are closed at once.
MAX_CLOSING = 16

EXPECTS_CONTINUE = re.compile(rb"\r\nexpect:[ \t]*100-continue[ \t]*\r\n", re.IGNORECASE)
CONTENT_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,18})[ \t]*\r\n", re.IGNORECASE)

T = TypeVar("T")


class TimedSocket(socket.socket):
    """A client's connection. Reads end at `read_before` (monotonic seconds), writes after WRITE_TIMEOUT.

    Then it raises ConnectionResetError, which gunicorn treats as a client that has left.
    """

    read_before = 0.0

    def recv(self, *args: Any) -> bytes:
        """Like `socket.recv`, with the time limit."""
        return self._within(self.read_before - time.monotonic(), super().recv, *args)

    def sendall(self, *args: Any) -> None:
        """Like `socket.sendall`, with the time limit."""
        return self._within(WRITE_TIMEOUT, super().sendall, *args)

    def sendfile(self, *args: Any, **options: Any) -> int:
        """Like `socket.sendfile`, with the time limit for each write."""
        return self._within(WRITE_TIMEOUT, super().sendfile, *args, **options)

    def _within(self, seconds: float, act: Callable[..., T], *args: Any, **options: Any) -> T:
        before = self.gettimeout()
        if before == 0:
            return act(*args, **options)  # non-blocking: no wait
        self.settimeout(min(max(seconds, 0.001), before or float("inf")))
        try:
            return act(*args, **options)
        except TimeoutError:
            raise ConnectionResetError(errno.ECONNRESET, "The client is too slow.") from None
        finally:
            if self.fileno() >= 0:
                self.settimeout(before)


def is_ready(data: bytes) -> bool:
    """Whether the request is complete, or large enough to be read in a thread.

    This decides only when to start; gunicorn's parser validates the request.
    """
    head, end, body = data.partition(b"\r\n\r\n")
    found = CONTENT_LENGTH.search(head + b"\r\n") if end else None
    length = int(found[1]) if found else 0
    if not end:
        return len(data) >= MAX_COLLECTED
    return length > MAX_ACCEPTED or len(body) >= min(length, MAX_COLLECTED)


class Worker(ThreadWorker):  # type: ignore[misc]
    """A worker whose threads do not wait for silent, slow or endless clients.

    It speaks plain HTTP only: the proxy handles TLS.
    """

    def init_process(self) -> None:
        """Start to serve."""
        self._closing = ThreadPoolExecutor(MAX_CLOSING, thread_name_prefix="closing")
        self._may_linger = threading.BoundedSemaphore(MAX_CLOSING)
        super().init_process()

    def enqueue_req(self, conn: Any) -> None:
        """Give a connection to a thread; a new connection only when its request has arrived."""
        if isinstance(conn.sock, TimedSocket):
            super().enqueue_req(conn)
            return
        sock = conn.sock
        conn.sock = TimedSocket(sock.family, sock.type, sock.proto, fileno=sock.detach())
        conn.sock.setblocking(False)
        conn.close = functools.partial(self._close, conn.close)
        self._await_request(conn)

    def on_client_socket_readable(self, conn: Any, client: Any) -> None:
        """The next request of a kept connection begins."""
        self.poller.unregister(client)
        self.keepalived_conns.remove(conn)
        self._await_request(conn)

    def on_pending_socket_readable(self, conn: Any, client: Any) -> None:
        """More of a request has arrived."""
        try:
            data = client.recv(MAX_COLLECTED)
        except BlockingIOError:
            return
        except OSError:
            data = b""  # the client has left; the parser reports it
        had_head = b"\r\n\r\n" in conn.arrived
        conn.arrived += data
        if data and not is_ready(conn.arrived):
            head, end, _body = conn.arrived.partition(b"\r\n\r\n")
            if end and not had_head and EXPECTS_CONTINUE.search(head + b"\r\n"):
                with suppress(OSError):
                    client.send(b"HTTP/1.1 100 Continue\r\n\r\n")  # otherwise the client sends no body
            return
        conn.init()
        conn.parser.unreader.unread(conn.arrived)
        conn.arrived = b""
        super().on_pending_socket_readable(conn, client)

    def handle(self, conn: Any) -> Any:
        """Serve a request, in a thread."""
        conn.sock.read_before = time.monotonic() + READ_TIMEOUT
        return super().handle(conn)

    def handle_request(self, req: Any, conn: Any) -> Any:
        """Answer. The unread rest of the body is not waited for."""
        keep = super().handle_request(req, conn)
        conn.sock.read_before = 0.0
        return keep

    def _await_request(self, conn: Any) -> None:
        conn.arrived = b""
        conn.timeout = time.monotonic() + ARRIVAL_TIMEOUT
        self.pending_conns.append(conn)
        readable = functools.partial(self.on_pending_socket_readable, conn)
        self.poller.register(conn.sock, selectors.EVENT_READ, readable)

    def _close(self, close: Callable[..., None], graceful: bool = False) -> None:
        if graceful and self._may_linger.acquire(blocking=False):
            self._closing.submit(self._linger, close)
        else:
            close()

    def _linger(self, close: Callable[..., None]) -> None:
        try:
            close(graceful=True)
        finally:
            self._may_linger.release()
