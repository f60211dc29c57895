"""gunicorn's threaded worker that gives a thread to whole requests only, and limits how long a client may take.

gunicorn reads a request in the thread that serves it, and waits without limit. As many clients as there are
threads, each sending a byte now and then, would keep everybody else out.
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

# Seconds within which a request must arrive.
ARRIVES_WITHIN = 10.0
# Bytes of a request that are waited for without a thread: more than our pages, agents and Calendly send.
MAX_WAITED_FOR = 64 * 1024
# Bytes above which every view of ours refuses a body unread.
REFUSED_ABOVE = 1024 * 1024
# Seconds for the rest of a longer request, which is read in its thread.
READ_WITHIN = 5.0
# Seconds for one write: the client must take a response in.
WRITE_WITHIN = 30.0
# Connections that wait, in threads of their own, for the client to close first, so that it can read the answer.
# gunicorn would wait up to two seconds for each in the thread that accepts connections. More are closed at once.
MAX_CLOSING = 16

EXPECTS_CONTINUE = re.compile(rb"\r\nexpect:[ \t]*100-continue[ \t]*\r\n", re.IGNORECASE)
CONTENT_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,18})[ \t]*\r\n", re.IGNORECASE)

T = TypeVar("T")


class TimedSocket(socket.socket):
    """A client's connection. Reads end at `read_before` (monotonic seconds), writes after WRITE_WITHIN.

    Raises ConnectionResetError then, which gunicorn takes for a client that went away.
    """

    read_before = 0.0

    def recv(self, *args: Any) -> bytes:
        """As a socket's, while there is time."""
        return self._within(self.read_before - time.monotonic(), super().recv, *args)

    def sendall(self, *args: Any) -> None:
        """As a socket's, while there is time."""
        return self._within(WRITE_WITHIN, super().sendall, *args)

    def sendfile(self, *args: Any, **options: Any) -> int:
        """As a socket's; the limit holds for each piece."""
        return self._within(WRITE_WITHIN, super().sendfile, *args, **options)

    def _within(self, seconds: float, act: Callable[..., T], *args: Any, **options: Any) -> T:
        before = self.gettimeout()
        if before == 0:
            return act(*args, **options)  # not blocking: nobody waits
        self.settimeout(min(max(seconds, 0.001), before or float("inf")))
        try:
            return act(*args, **options)
        except TimeoutError:
            raise ConnectionResetError(errno.ECONNRESET, "The client is too slow.") from None
        finally:
            if self.fileno() >= 0:
                self.settimeout(before)


def is_whole(data: bytes) -> bool:
    """True where a request has arrived, or so much of it that it is not waited for any longer.

    Only says when to begin: gunicorn's parser decides what the request is.
    """
    head, end, body = data.partition(b"\r\n\r\n")
    found = CONTENT_LENGTH.search(head + b"\r\n") if end else None
    length = int(found[1]) if found else 0
    if not end:
        return len(data) >= MAX_WAITED_FOR
    return length > REFUSED_ABOVE or len(body) >= min(length, MAX_WAITED_FOR)


class Worker(ThreadWorker):  # type: ignore[misc]
    """Clients that send nothing, slowly, or more than is read keep no thread waiting for long.

    Speaks plain HTTP only: TLS is the proxy's.
    """

    def init_process(self) -> None:
        """Serve."""
        self._closing = ThreadPoolExecutor(MAX_CLOSING, thread_name_prefix="closing")
        self._may_linger = threading.BoundedSemaphore(MAX_CLOSING)
        super().init_process()

    def enqueue_req(self, conn: Any) -> None:
        """Give a connection to a thread; a new one only once its request has arrived."""
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
            data = client.recv(MAX_WAITED_FOR)
        except BlockingIOError:
            return
        except OSError:
            data = b""  # gone: the parser finds it out
        had_head = b"\r\n\r\n" in conn.arrived
        conn.arrived += data
        if data and not is_whole(conn.arrived):
            head, end, _body = conn.arrived.partition(b"\r\n\r\n")
            if end and not had_head and EXPECTS_CONTINUE.search(head + b"\r\n"):
                with suppress(OSError):
                    client.send(b"HTTP/1.1 100 Continue\r\n\r\n")  # else its body would not come
            return
        conn.init()
        conn.parser.unreader.unread(conn.arrived)
        conn.arrived = b""
        super().on_pending_socket_readable(conn, client)

    def handle(self, conn: Any) -> Any:
        """Serve a request, in a thread."""
        conn.sock.read_before = time.monotonic() + READ_WITHIN
        return super().handle(conn)

    def handle_request(self, req: Any, conn: Any) -> Any:
        """Answer. What the application has not read of the body is not waited for."""
        keep = super().handle_request(req, conn)
        conn.sock.read_before = 0.0
        return keep

    def _await_request(self, conn: Any) -> None:
        conn.arrived = b""
        conn.timeout = time.monotonic() + ARRIVES_WITHIN
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
