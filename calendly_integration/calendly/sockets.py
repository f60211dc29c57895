"""A requests adapter whose answers have a deadline.

The read timeout of requests is for one silence. A server that sends a byte every few seconds, in the
headers or in the body, could hold a worker for ever; here every wait for bytes also looks at the clock.
"""

from __future__ import annotations

import http.client
import io
import socket
import time
from typing import Any

import urllib3
from requests.adapters import HTTPAdapter

# Whole answers may take this many read timeouts.
_READ_TIMEOUTS = 2


class _Deadline(io.RawIOBase):
    """A socket's bytes until a moment of time.monotonic(), then TimeoutError."""

    def __init__(self, stream: io.RawIOBase, until: float) -> None:
        super().__init__()
        self._stream = stream
        self._until = until

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if time.monotonic() > self._until:
            raise TimeoutError("the answer took too long")
        return self._stream.readinto(buffer)

    def close(self) -> None:
        self._stream.close()
        super().close()


class _Response(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        # urllib3 has just set the read timeout of this request on the socket.
        timeout = sock.gettimeout()
        if timeout is not None:
            self.fp.close()
            stream: Any = sock.makefile("rb", buffering=0)
            self.fp = io.BufferedReader(_Deadline(stream, time.monotonic() + _READ_TIMEOUTS * timeout))


class _HTTPConnection(urllib3.connection.HTTPConnection):
    response_class = _Response


class _HTTPSConnection(urllib3.connection.HTTPSConnection):
    response_class = _Response


class _HTTPPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _HTTPConnection


class _HTTPSPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _HTTPSConnection


class DeadlineAdapter(HTTPAdapter):
    """An HTTPAdapter that gives up when a whole answer takes longer than twice its read timeout."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}
