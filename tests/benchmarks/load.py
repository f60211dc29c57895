"""The load: many signed deliveries, so many at a time, sent by a separate small process.

`python -m tests.benchmarks.load` reads what to send from standard input and writes the outcome to standard output.
"""

import hashlib
import hmac
import json
import selectors
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Spec:
    """Send `bodies` to `path` at `port`, `at_once` at a time, signed with `key`."""

    port: int
    path: str
    key: str
    at_once: int
    bodies: Sequence[str]


@dataclass(frozen=True, slots=True)
class Outcome:
    """`seconds` from the first byte to the last answer; `latencies` in seconds, sorted."""

    seconds: float
    statuses: dict[str, int]
    latencies: list[float]
    ended_at: float

    @property
    def rate(self) -> float:
        return len(self.latencies) / self.seconds

    def percentile(self, share: float) -> float:
        """In milliseconds."""
        return self.latencies[min(int(len(self.latencies) * share), len(self.latencies) - 1)] * 1000


def send(spec: Spec) -> Outcome:
    """Send it from a separate process and wait for the end."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.load"],
        input=json.dumps(asdict(spec)).encode(),
        stdout=subprocess.PIPE,
        check=True,
    )
    return Outcome(**json.loads(done.stdout))


def _request(spec: Spec, body: str, moment: int) -> bytes:
    raw = body.encode()
    digest = hmac.digest(spec.key.encode(), b"%d.%b" % (moment, raw), hashlib.sha256).hex()
    head = (
        f"POST {spec.path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Calendly-Webhook-Signature: t={moment},v1={digest}\r\nContent-Length: {len(raw)}\r\n\r\n"
    )
    return head.encode() + raw


class _Connection:
    """One connection, one request on it at a time."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.received = b""
        self.began = 0.0

    def send(self, request: bytes) -> None:
        self.received, self.began = b"", time.perf_counter()
        self.socket.sendall(request)

    def answer(self) -> str | None:
        """The status once the whole answer is there."""
        came = self.socket.recv(65536)
        if not came:
            raise ConnectionError("the server closed the connection")
        self.received += came
        head, blank, body = self.received.partition(b"\r\n\r\n")
        if not blank:
            return None
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0])
        return head[9:12].decode() if len(body) >= length else None


def _run(spec: Spec) -> Outcome:
    moment = int(time.time())
    requests = [_request(spec, body, moment) for body in spec.bodies]
    requests.reverse()
    lines = selectors.DefaultSelector()
    latencies: list[float] = []
    statuses: dict[str, int] = {}
    began = time.perf_counter()
    open_lines = 0
    for _ in range(min(spec.at_once, len(requests))):
        line = _Connection(spec.port)
        lines.register(line.socket, selectors.EVENT_READ, line)
        line.send(requests.pop())
        open_lines += 1
    while open_lines:
        for key, _events in lines.select():
            line = key.data
            status = line.answer()
            if status is None:
                continue
            latencies.append(time.perf_counter() - line.began)
            statuses[status] = statuses.get(status, 0) + 1
            if requests:
                line.send(requests.pop())
            else:
                lines.unregister(line.socket)
                line.socket.close()
                open_lines -= 1
    return Outcome(time.perf_counter() - began, statuses, sorted(latencies), time.time())


def main() -> None:
    spec: dict[str, Any] = json.load(sys.stdin)
    json.dump(asdict(_run(Spec(**spec))), sys.stdout)


if __name__ == "__main__":
    main()
