"""In-process transport: mounted on a `requests.Session`, it sends calls to the sandbox without a socket."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Mapping
from http.client import RemoteDisconnected
from typing import Any

import requests
from requests.adapters import BaseAdapter, HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPResponse
from urllib3.connection import HTTPConnection
from urllib3.exceptions import (
    ConnectTimeoutError,
    IncompleteRead,
    MaxRetryError,
    NewConnectionError,
    ProtocolError,
    ReadTimeoutError,
)

from .calendly import Calendly
from .faults import Fault
from .http_messages import Request, Response

CHUNK = 512


class SlowBody(io.RawIOBase):
    """A body that comes in small pieces, with pauses."""

    def __init__(self, body: bytes, seconds: float, sleep: Callable[[float], None]) -> None:
        self._body = io.BytesIO(body)
        self._pause = seconds / max(1, -(-len(body) // CHUNK))
        self._sleep = sleep

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        """Read at most one piece at a time."""
        self._sleep(self._pause)
        piece = self._body.read(min(CHUNK, len(buffer)))
        buffer[: len(piece)] = piece
        return len(piece)


class CutBody(io.BytesIO):
    """A body that ends with a broken connection."""

    def read(self, size: int | None = -1, /) -> bytes:
        piece = super().read(size)
        if not piece or size is None or size < 0:
            raise ProtocolError("Connection broken", IncompleteRead(len(piece), 1))
        return piece


class SandboxAdapter(BaseAdapter):
    """A transport adapter in front of a `Calendly`; faults become what `requests` raises for them."""

    def __init__(self, calendly: Calendly, *, sleep: Callable[[float], None] = time.sleep) -> None:
        super().__init__()
        self.calendly = calendly
        self.sleep = sleep
        self._builder = HTTPAdapter()

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: float | tuple[float, float] | tuple[float, None] | None = None,
        verify: bool | str = True,
        cert: bytes | str | tuple[bytes | str, bytes | str] | None = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Answer from the sandbox. Raises the exception of `requests` for the active fault."""
        body = request.body or b""
        raw = body.encode() if isinstance(body, str) else bytes(body)
        arrived = Request.make(request.method or "GET", request.url or "/", dict(request.headers), raw)
        response = self.calendly.handle(arrived)
        read_timeout = timeout[1] if isinstance(timeout, tuple) else timeout
        self._wait(self.calendly.latency, read_timeout, request)
        if response.fault is not None:
            self._raise_fault(response.fault, read_timeout, request)
        built: requests.Response = self._builder.build_response(
            request, self._response(response, request.method)
        )
        if not stream:
            _ = built.content
        return built

    def close(self) -> None:
        """Do nothing: no connection is open."""

    def _wait(self, seconds: float, read_timeout: float | None, request: requests.PreparedRequest) -> None:
        """Wait before the response. Raise a timeout at once if the caller would give up before: tests stay fast."""
        if read_timeout is not None and seconds > read_timeout:
            pool = HTTPConnectionPool("sandbox")
            error = ReadTimeoutError(pool, request.url, f"Read timed out. (read timeout={read_timeout})")
            raise requests.ReadTimeout(error, request=request)
        if seconds > 0:
            self.sleep(seconds)

    def _raise_fault(
        self, fault: Fault, read_timeout: float | None, request: requests.PreparedRequest
    ) -> None:
        if fault.kind == "refuse":
            raise requests.ConnectionError(_connect_error(request, timed_out=False), request=request)
        if fault.kind == "connect_timeout":
            raise requests.ConnectTimeout(_connect_error(request, timed_out=True), request=request)
        if fault.kind in ("drop", "lose_answer"):
            cause = RemoteDisconnected("Remote end closed connection without response")
            raise requests.ConnectionError(ProtocolError("Connection aborted.", cause), request=request)
        if fault.kind == "hang":
            self._wait(float("inf"), read_timeout or 0.0, request)
        if fault.kind == "slow":
            self._wait(fault.seconds, read_timeout, request)

    def _response(self, response: Response, method: str | None) -> HTTPResponse:
        body: io.IOBase = io.BytesIO(response.body)
        length = len(response.body)
        if response.fault is not None and response.fault.kind == "slow_body":
            body = SlowBody(response.body, response.fault.seconds, self.sleep)
        if response.fault is not None and response.fault.kind == "cut_body":
            body = CutBody(response.body[: length // 2])
        headers = {**response.headers, "Content-Length": str(length)}
        return HTTPResponse(
            body=io.BytesIO() if method == "HEAD" else body,
            headers=headers,
            status=response.status,
            preload_content=False,
            decode_content=False,
            request_method=method,
        )


def _connect_error(request: requests.PreparedRequest, *, timed_out: bool) -> MaxRetryError:
    """The error of urllib3 when nothing was sent."""
    connection, pool = HTTPConnection("sandbox"), HTTPConnectionPool("sandbox")
    reason: Exception = NewConnectionError(connection, "[Errno 111] Connection refused")
    if timed_out:
        reason = ConnectTimeoutError(connection, "Connection to sandbox timed out.")
    return MaxRetryError(pool, request.url or "/", reason)
