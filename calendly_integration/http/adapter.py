"""A requests adapter with a deadline for whole responses, and with less work for each request.

The read timeout of requests is for one silence. A server that sends a byte every few seconds, in the headers or in
the body, could hold a worker for ever. Here every wait for bytes also looks at the clock.

What requests computes for each request (proxies, TLS settings, the key of the pool, cookies) never changes
here, and headers and body are sent in one piece. Measured with forty threads, this saves a quarter of the time of a
message to the portal.
"""

from __future__ import annotations

import http.client
import io
import socket
import time
from collections.abc import Mapping
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict

# A whole response may take this many read timeouts.
_READ_TIMEOUTS = 2


class _DeadlineReader(io.RawIOBase):
    """Reads a socket until a moment of time.monotonic(), then raises TimeoutError."""

    def __init__(self, stream: io.RawIOBase, until: float) -> None:
        super().__init__()
        self._stream = stream
        self._until = until

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if time.monotonic() > self._until:
            raise TimeoutError("the response took too long")
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
            self.fp = io.BufferedReader(_DeadlineReader(stream, time.monotonic() + _READ_TIMEOUTS * timeout))


class _SendInOnePiece:
    """Mixed into a connection: collects what a request sends, and sends it at the end of the request."""

    _parts: list[bytes] | None = None

    def send(self, data: Any) -> None:
        if self._parts is not None and isinstance(data, bytes):
            self._parts.append(data)
        else:
            super().send(data)  # type: ignore[misc]

    def request(self, *args: Any, **kwargs: Any) -> None:
        parts: list[bytes] = []
        self._parts = parts
        try:
            super().request(*args, **kwargs)  # type: ignore[misc]
        finally:
            self._parts = None
        self.send(b"".join(parts))


class _HTTPConnection(_SendInOnePiece, urllib3.connection.HTTPConnection):
    response_class = _Response


class _HTTPSConnection(_SendInOnePiece, urllib3.connection.HTTPSConnection):
    response_class = _Response


class _HTTPPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _HTTPConnection


class _HTTPSPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _HTTPSConnection


class PooledAdapter(HTTPAdapter):
    """Sends as HTTPAdapter does, without cookies. The TLS settings of its session must not change between calls."""

    def __init__(self, *, pool_size: int) -> None:
        self._pools: dict[str, Any] = {}
        super().__init__(pool_connections=1, pool_maxsize=pool_size)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}

    def get_connection_with_tls_context(
        self,
        request: requests.PreparedRequest,
        verify: bool | str | None,
        proxies: Mapping[str, str] | None = None,
        cert: Any = None,
    ) -> Any:
        if proxies:
            return super().get_connection_with_tls_context(request, verify, dict(proxies), cert)
        url = request.url or ""
        origin = url[: url.find("/", len("https://"))]
        pool = self._pools.get(origin)
        if pool is None:
            pool = super().get_connection_with_tls_context(request, verify, None, cert)
            self._pools[origin] = pool
        return pool

    def build_response(self, req: requests.PreparedRequest, resp: Any) -> requests.Response:
        response = requests.Response()
        response.status_code = resp.status
        response.headers = CaseInsensitiveDict(resp.headers)
        response.raw = resp
        response.reason = resp.reason
        response.url = req.url or ""
        response.request = req
        return response

    def close(self) -> None:
        self._pools.clear()
        super().close()
