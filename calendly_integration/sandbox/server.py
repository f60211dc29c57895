"""The sandbox over HTTP: the API, the control endpoints and the pages, each connection in its own thread."""

from __future__ import annotations

import socket
import struct
import sys
import threading
from http.client import responses
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from . import control, hosts, pages, request_body
from .calendly import Calendly
from .exchange import Answer, Request, json_answer
from .faults import Fault
from .markup import STYLE_PATH
from .sender import Sender

PIECES = 20


class Listener(ThreadingHTTPServer):
    """Keeps its connections, so that stopping ends them: a stopped server must not answer on an old one."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 1024
    allow_reuse_address = True

    def __init__(self, address: tuple[str, int], calendly: Calendly) -> None:
        self.calendly = calendly
        self.stopping = threading.Event()
        self.open_sockets: set[socket.socket] = set()
        super().__init__(address, Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        self.open_sockets.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self.open_sockets.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that hangs up is no error of ours; anything else is, and is shown."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)

    def end_connections(self) -> None:
        """Cut every open connection."""
        for item in list(self.open_sockets):
            try:
                item.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    server: Listener
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_any(self) -> None:
        """Read the request, let the right part answer it, write the answer as its fault says."""
        try:
            body = request_body.read(self.headers, self.rfile)
        except request_body.BadBody as bad:
            self.send_error(bad.status)
            return
        request = Request.make(self.command, self.path, dict(self.headers.items()), body)
        self._reply(self._answer(request))

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = do_HEAD = do_OPTIONS = do_any

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What is no request that we understand: a JSON body, where the standard library writes HTML."""
        self.close_connection = True
        text = message or responses.get(code, "Unknown")
        self._write(json_answer(code, {"title": responses.get(code, "Unknown"), "message": text}))

    def _answer(self, request: Request) -> Answer:
        calendly = self.server.calendly
        is_control = request.path.startswith("/sandbox/") and request.path != STYLE_PATH
        is_page = not is_control and pages.answers(calendly, request)
        if is_control or is_page:
            refused = hosts.refusal(request.headers, control=is_control)
            if refused is not None:
                return refused
        if is_control:
            return control.handle(calendly, request)
        if is_page:
            return pages.handle(calendly, request)
        answer = calendly.handle(request)
        self.server.stopping.wait(calendly.latency)
        return answer

    def _reply(self, answer: Answer) -> None:
        fault = answer.fault
        if self.command == "HEAD" and fault is not None and fault.kind in IN_THE_BODY:
            fault = None
        if fault is not None and fault.kind in WAITING:
            self.server.stopping.wait(fault.seconds)
        if fault is not None and fault.kind == "slow_body":
            self._drip(answer, fault)
        elif fault is not None and fault.kind in BREAKING:
            if fault.kind == "cut_body":
                self.wfile.write(self._head(answer) + answer.body[: len(answer.body) // 2])
            self._hang_up(reset=fault.kind in ("drop", "refuse"))
        else:
            self._write(answer)

    def _drip(self, answer: Answer, fault: Fault) -> None:
        self.wfile.write(self._head(answer))
        size = max(1, -(-len(answer.body) // PIECES))
        for place in range(0, len(answer.body), size):
            self.server.stopping.wait(fault.seconds / PIECES)
            self.wfile.write(answer.body[place : place + size])

    def _hang_up(self, *, reset: bool) -> None:
        self.close_connection = True
        if reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.server.open_sockets.discard(self.connection)
            self.connection.close()

    def _write(self, answer: Answer) -> None:
        body = b"" if self.command == "HEAD" else answer.body
        self.wfile.write(self._head(answer) + body)

    def _head(self, answer: Answer) -> bytes:
        lines = [f"HTTP/1.1 {answer.status} {responses.get(answer.status, 'Unknown')}"]
        lines.append(f"Date: {self.date_time_string(int(self.server.calendly.now().timestamp()))}")
        lines += [f"{name}: {value}" for name, value in answer.headers.items()]
        if answer.status != 204:
            lines.append(f"Content-Length: {len(answer.body)}")
        return "\r\n".join((*lines, "", "")).encode("latin-1")

    def log_message(self, format: str, *args: Any) -> None:
        """The journal is at /sandbox/calls; nothing goes to standard error."""


IN_THE_BODY = ("slow_body", "cut_body")
WAITING = ("slow", "hang", "connect_timeout")
BREAKING = ("hang", "refuse", "connect_timeout", "drop", "lose_answer", "cut_body")


class SandboxServer:
    """A `Calendly` on a port. Port 0 takes a free one; after `stop` it may be started again on the same."""

    def __init__(
        self, calendly: Calendly, host: str = "127.0.0.1", port: int = 0, *, sender_threads: int = 4
    ) -> None:
        self.calendly = calendly
        self.host = host
        self.port = port
        self._sender_threads = sender_threads
        self._listener: Listener | None = None
        self._sender: Sender | None = None

    @property
    def url(self) -> str:
        """Without a trailing slash."""
        return f"http://{self.host}:{self.port}"

    def start(self) -> SandboxServer:
        """Listen, and send webhooks. Raises OSError if the port is taken."""
        listener = self._listener = Listener((self.host, self.port), self.calendly)
        self.port = listener.server_address[1]
        self.calendly.addresses |= {self.url, f"http://localhost:{self.port}"}
        threading.Thread(
            target=listener.serve_forever, kwargs={"poll_interval": 0.05}, name="sandbox", daemon=True
        ).start()
        self._sender = Sender(self.calendly, threads=self._sender_threads)
        self._sender.start()
        return self

    def stop(self) -> None:
        """Stop listening, cut connections, stop sending. What was not sent stays in the queue."""
        if self._sender is not None:
            self._sender.stop()
        if self._listener is not None:
            self._listener.stopping.set()
            self._listener.shutdown()
            self._listener.server_close()
            self._listener.end_connections()
        self._listener = self._sender = None

    def __enter__(self) -> SandboxServer:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()
