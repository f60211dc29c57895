"""The sandbox over HTTP: the API, the control endpoints and the pages, each connection in its own thread."""

from __future__ import annotations

import socket
import struct
import sys
import threading
from http.client import responses
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from . import control, local_access, pages, request_body
from .calendly import Calendly
from .faults import Fault
from .http_messages import Request, Response, json_response
from .markup import STYLE_PATH
from .sender import Sender

PIECES = 20


class Listener(ThreadingHTTPServer):
    """Remembers its connections and closes them when it stops: a stopped server must not answer on an old one."""

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
        """Ignore a caller that hangs up; report every other error."""
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
        """Read the request, dispatch it, and write the response with its fault."""
        try:
            body = request_body.read(self.headers, self.rfile)
        except request_body.InvalidBody as bad:
            self.send_error(bad.status)
            return
        request = Request.make(self.command, self.path, dict(self.headers.items()), body)
        self._respond(self._handle(request))

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = do_HEAD = do_OPTIONS = do_any

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer an invalid request with a JSON body. The standard library would write HTML."""
        self.close_connection = True
        text = message or responses.get(code, "Unknown")
        self._write(json_response(code, {"title": responses.get(code, "Unknown"), "message": text}))

    def _handle(self, request: Request) -> Response:
        calendly = self.server.calendly
        is_control = request.path.startswith("/sandbox/") and request.path != STYLE_PATH
        is_page = not is_control and pages.handles(calendly, request)
        if is_control or is_page:
            refused = local_access.refusal(request.headers, control=is_control)
            if refused is not None:
                return refused
        if is_control:
            return control.handle(calendly, request)
        if is_page:
            return pages.handle(calendly, request)
        response = calendly.handle(request)
        self.server.stopping.wait(calendly.latency)
        return response

    def _respond(self, response: Response) -> None:
        fault = response.fault
        if self.command == "HEAD" and fault is not None and fault.kind in BODY_FAULTS:
            fault = None
        if fault is not None and fault.kind in WAITING_FAULTS:
            self.server.stopping.wait(fault.seconds)
        if fault is not None and fault.kind == "slow_body":
            self._write_slowly(response, fault)
        elif fault is not None and fault.kind in BREAKING_FAULTS:
            if fault.kind == "cut_body":
                self.wfile.write(self._head(response) + response.body[: len(response.body) // 2])
            self._drop_connection(reset=fault.kind in ("drop", "refuse"))
        else:
            self._write(response)

    def _write_slowly(self, response: Response, fault: Fault) -> None:
        self.wfile.write(self._head(response))
        size = max(1, -(-len(response.body) // PIECES))
        for place in range(0, len(response.body), size):
            self.server.stopping.wait(fault.seconds / PIECES)
            self.wfile.write(response.body[place : place + size])

    def _drop_connection(self, *, reset: bool) -> None:
        self.close_connection = True
        if reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.server.open_sockets.discard(self.connection)
            self.connection.close()

    def _write(self, response: Response) -> None:
        body = b"" if self.command == "HEAD" else response.body
        self.wfile.write(self._head(response) + body)

    def _head(self, response: Response) -> bytes:
        lines = [f"HTTP/1.1 {response.status} {responses.get(response.status, 'Unknown')}"]
        lines.append(f"Date: {self.date_time_string(int(self.server.calendly.now().timestamp()))}")
        lines += [f"{name}: {value}" for name, value in response.headers.items()]
        if response.status != 204:
            lines.append(f"Content-Length: {len(response.body)}")
        return "\r\n".join((*lines, "", "")).encode("latin-1")

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing: the journal is at /sandbox/calls."""


BODY_FAULTS = ("slow_body", "cut_body")
WAITING_FAULTS = ("slow", "hang", "connect_timeout")
BREAKING_FAULTS = ("hang", "refuse", "connect_timeout", "drop", "lose_answer", "cut_body")


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
        """Stop listening, cut connections, stop sending. Unsent deliveries stay in the queue."""
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
