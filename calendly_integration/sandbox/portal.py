"""A stand-in for the portal: it accepts messages, remembers them, shows them, and fails on demand."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable
from datetime import datetime
from urllib.parse import parse_qsl, unquote, urlsplit

from . import local_access, portal_pages
from .http_messages import Response, json_response
from .markup import STYLE_PATH
from .portal_http import HttpProtocol, PortalRequest, Reply
from .portal_state import SWITCHES, Arrival, PortalState
from .sandbox import system_clock

METADATA_PATH = "/calendly/metadata/"
ACCEPTED = json_response(200, {"success": True})


class Portal(PortalState):
    """A server on a port (0: a free one), with one event loop in a thread."""

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        key: str | None = None,
        clock: Callable[[], datetime] = system_clock,
    ) -> None:
        super().__init__(key=key, clock=clock)
        self.host = host
        self.port = port
        self._connections: set[HttpProtocol] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Without a trailing slash: VAI_API_URL."""
        return f"http://{self.host}:{self.port}"

    def start(self) -> Portal:
        """Listen. Raises OSError if the port is taken. After `stop` it may be started again."""
        ready = threading.Event()
        errors: list[OSError] = []
        self._thread = threading.Thread(target=self._run, args=(ready, errors), name="portal", daemon=True)
        self._thread.start()
        ready.wait()
        if errors:
            raise errors[0]
        return self

    def stop(self) -> None:
        """Stop listening and cut all connections; what arrived stays."""
        loop, thread = self._loop, self._thread
        if loop is not None and thread is not None:
            loop.call_soon_threadsafe(loop.stop)
            thread.join(timeout=5)
        self._loop = None

    def __enter__(self) -> Portal:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _run(self, ready: threading.Event, errors: list[OSError]) -> None:
        loop = self._loop = asyncio.new_event_loop()
        try:
            serving = loop.create_server(
                lambda: HttpProtocol(self._respond, self._connections), self.host, self.port, backlog=1024
            )
            server = loop.run_until_complete(serving)
        except OSError as error:
            errors.append(error)
            self._loop = None
            loop.close()
            ready.set()
            return
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        loop.run_forever()
        server.close()
        for connection in list(self._connections):
            connection.cut()
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()

    def _respond(self, request: PortalRequest) -> Reply:
        if request.method == "GET" or "/sandbox/" in request.target:
            return self._respond_to_reader(request)
        response, kept = self._decide(request)
        key = request.headers.get("idempotency-key")
        number = len(self.arrivals) + 1
        status = None if response is None else response.status
        path = request.target if "?" not in request.target else request.target.partition("?")[0]
        self.arrivals.append(Arrival(number, self.clock(), path, key, request.body, status, kept))
        return Reply(response, self.latency)

    def _decide(self, request: PortalRequest) -> tuple[Response | None, bool]:
        """The response to a message (None: cut the connection), and whether the message is accepted."""
        if self.drop:
            return None, False
        if self.down:
            return json_response(503, {"error": "down"}), False
        if not self._is_authorized(request):
            return json_response(401, {"error": "unauthorized"}), False
        if self.limit_for is not None:
            return json_response(429, {"error": "slow down"}, {"Retry-After": str(self.limit_for)}), False
        if request.target in self.refuse:
            status = self.refuse[request.target]
            return json_response(status, {"error": "refused"}), False
        return (None, True) if self.lose else (ACCEPTED, True)

    def _is_authorized(self, request: PortalRequest) -> bool:
        kind, _, key = request.headers.get("authorization", "").partition(" ")
        return kind.lower() == "bearer" and bool(key) and self.key in (None, key)

    def _respond_to_reader(self, request: PortalRequest) -> Reply:
        parts = urlsplit(request.target)
        path, query = unquote(parts.path), dict(parse_qsl(parts.query))
        if path.startswith(METADATA_PATH):
            return self._metadata_reply(request, path.removeprefix(METADATA_PATH))
        is_control = path.startswith("/sandbox/") and path != STYLE_PATH
        refused = local_access.refusal(request.headers, control=is_control)
        if refused is not None:
            return Reply(refused)
        if request.method == "GET" and path == "/sandbox/messages":
            return Reply(json_response(200, portal_pages.listing(self, query)))
        if request.method == "DELETE" and path == "/sandbox/messages":
            self.clear()
            return Reply(json_response(200, {}))
        if request.method == "POST" and path in ("/sandbox/switches", "/sandbox/metadata"):
            return Reply(self._switch(path, request.body))
        return Reply(portal_pages.handle(self, path, query))

    def _metadata_reply(self, request: PortalRequest, key: str) -> Reply:
        if self.drop:
            return Reply(None)
        if self.down:
            return Reply(json_response(503, {"error": "down"}))
        if not self._is_authorized(request):
            return Reply(json_response(401, {"error": "unauthorized"}))
        found = self.metadata.get(key)
        return Reply(
            json_response(404 if found is None else 200, found or {"error": "unknown"}), self.latency
        )

    def _switch(self, path: str, body: bytes) -> Response:
        try:
            data = dict(json.loads(body))
        except (ValueError, TypeError):
            return json_response(400, {"error": "not a JSON object"})
        if path == "/sandbox/metadata":
            self.metadata.update(data)
            return json_response(200, self.metadata)
        unknown = sorted(data.keys() - set(SWITCHES))
        if unknown:
            return json_response(400, {"error": f"no such switch: {unknown[0]}"})
        for name, value in data.items():
            setattr(self, name, value)
        return json_response(200, {name: getattr(self, name) for name in SWITCHES if name != "key"})
