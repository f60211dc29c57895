"""The body of a request as it comes over a socket: with a length, or in chunks."""

from __future__ import annotations

import re
from email.message import Message
from io import BufferedIOBase

LIMIT = 10 * 1024 * 1024
LINE_LIMIT = 8 * 1024
TRAILERS = 100
LENGTH = re.compile(r"[0-9]{1,15}")
CHUNK_SIZE = re.compile(rb"([0-9a-fA-F]{1,15})(?:[ \t]*;.*)?\r?\n")


class BadBody(Exception):
    """A body that cannot be read: the connection has to end after the answer."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


def read(headers: Message, stream: BufferedIOBase) -> bytes:
    """The whole body; empty where there is none. Raises BadBody with 400, or with 413 above the limit.

    Chunked bodies are read: what is left of one would pass for the connection's next request.
    """
    lengths = set(headers.get_all("Content-Length", []))
    coding = headers.get("Transfer-Encoding")
    if coding is not None:
        if coding.strip().lower() != "chunked" or lengths:
            raise BadBody(400)
        return _chunked(stream)
    if not lengths:
        return b""
    length = lengths.pop()
    if lengths or LENGTH.fullmatch(length) is None:
        raise BadBody(400)
    if int(length) > LIMIT:
        raise BadBody(413)
    return stream.read(int(length))


def _chunked(stream: BufferedIOBase) -> bytes:
    pieces: list[bytes] = []
    total = 0
    while size := _chunk_size(stream):
        total += size
        if total > LIMIT:
            raise BadBody(413)
        pieces.append(stream.read(size))
        if stream.readline(LINE_LIMIT) not in (b"\r\n", b"\n"):
            raise BadBody(400)
    for _ in range(TRAILERS):
        if stream.readline(LINE_LIMIT) in (b"\r\n", b"\n", b""):
            return b"".join(pieces)
    raise BadBody(400)


def _chunk_size(stream: BufferedIOBase) -> int:
    match = CHUNK_SIZE.fullmatch(stream.readline(LINE_LIMIT))
    if match is None:
        raise BadBody(400)
    return int(match[1], 16)
