"""Read the body of a request from a socket: with a length, or in chunks."""

from __future__ import annotations

import re
from email.message import Message
from io import BufferedIOBase

LIMIT = 10 * 1024 * 1024
LINE_LIMIT = 8 * 1024
TRAILERS = 100
LENGTH = re.compile(r"[0-9]{1,15}")
CHUNK_SIZE = re.compile(rb"([0-9a-fA-F]{1,15})(?:[ \t]*;.*)?\r?\n")


class InvalidBody(Exception):
    """A body that cannot be read. The connection must be closed after the response."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


def read(headers: Message, stream: BufferedIOBase) -> bytes:
    """The whole body; empty where there is none. Raises InvalidBody with 400, or with 413 above the limit.

    Chunked bodies are read too: the rest of one would be read as the connection's next request.
    """
    lengths = set(headers.get_all("Content-Length", []))
    coding = headers.get("Transfer-Encoding")
    if coding is not None:
        if coding.strip().lower() != "chunked" or lengths:
            raise InvalidBody(400)
        return _chunked(stream)
    if not lengths:
        return b""
    length = lengths.pop()
    if lengths or LENGTH.fullmatch(length) is None:
        raise InvalidBody(400)
    if int(length) > LIMIT:
        raise InvalidBody(413)
    return stream.read(int(length))


def _chunked(stream: BufferedIOBase) -> bytes:
    pieces: list[bytes] = []
    total = 0
    while size := _chunk_size(stream):
        total += size
        if total > LIMIT:
            raise InvalidBody(413)
        pieces.append(stream.read(size))
        if stream.readline(LINE_LIMIT) not in (b"\r\n", b"\n"):
            raise InvalidBody(400)
    for _ in range(TRAILERS):
        if stream.readline(LINE_LIMIT) in (b"\r\n", b"\n", b""):
            return b"".join(pieces)
    raise InvalidBody(400)


def _chunk_size(stream: BufferedIOBase) -> int:
    match = CHUNK_SIZE.fullmatch(stream.readline(LINE_LIMIT))
    if match is None:
        raise InvalidBody(400)
    return int(match[1], 16)
