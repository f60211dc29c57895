"""A small HTTP/1.1 server protocol for asyncio: the portal takes thousands of small posts a second.

`http.server` starts a thread for each connection and parses heads slowly; one event loop is far faster.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from http.client import responses
from typing import cast

from .http_messages import Response, json_response

HEAD_LIMIT, BODY_LIMIT = 64 * 1024, 10 * 1024 * 1024
LENGTH_REQUIRED = json_response(411, {"error": "length required"}, {"Connection": "close"})


@dataclass(frozen=True)
class PortalRequest:
    """One request as the portal sees it; header names are lower-case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Reply:
    """The response and the pause before it; without a response the connection is cut."""

    response: Response | None
    pause: float = 0.0


class HttpProtocol(asyncio.Protocol):
    """One connection. Its requests are answered one after the other."""

    def __init__(
        self, respond: Callable[[PortalRequest], Reply], open_connections: set[HttpProtocol]
    ) -> None:
        self._respond = respond
        self._open = open_connections
        self._buffer = bytearray()
        self._waiting = False
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # always a Transport for a TCP server
        self._open.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._open.discard(self)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        self._advance()

    def cut(self) -> None:
        """Close at once."""
        if self._transport is not None:
            self._transport.abort()

    def _advance(self) -> None:
        if self._waiting or self._transport is None:
            return
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(self._buffer) > HEAD_LIMIT:
                self.cut()
            return
        try:
            method, target, headers = _parse_head(bytes(self._buffer[:end]))
            length = int(headers.get("content-length", "0"))
        except ValueError:
            self.cut()
            return
        if not 0 <= length <= BODY_LIMIT:
            self.cut()
            return
        if "transfer-encoding" in headers:
            # The rest of a chunked body would be read as the next request.
            self._transport.write(_encode(LENGTH_REQUIRED))
            self._transport.close()
            return
        if headers.get("expect") and len(self._buffer) == end + 4:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        if len(self._buffer) < end + 4 + length:
            return
        body = bytes(self._buffer[end + 4 : end + 4 + length])
        del self._buffer[: end + 4 + length]
        reply = self._respond(PortalRequest(method, target, headers, body))
        self._waiting = True
        if reply.pause > 0:
            asyncio.get_running_loop().call_later(reply.pause, self._finish, reply)
        else:
            self._finish(reply)

    def _finish(self, reply: Reply) -> None:
        self._waiting = False
        if self._transport is None:
            return
        if reply.response is None:
            self.cut()
            return
        self._transport.write(_encode(reply.response))
        if self._buffer:
            self._advance()


def _parse_head(head: bytes) -> tuple[str, str, dict[str, str]]:
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ", 2)
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    return method, target, headers


def _encode(response: Response) -> bytes:
    lines = [f"HTTP/1.1 {response.status} {responses.get(response.status, 'Unknown')}"]
    lines += [f"{name}: {value}" for name, value in response.headers.items()]
    if response.status != 204:
        lines.append(f"Content-Length: {len(response.body)}")
    return "\r\n".join((*lines, "", "")).encode("latin-1") + response.body
