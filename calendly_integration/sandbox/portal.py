"""A stand-in for the portal: takes what we send, remembers it, shows it, and fails when told to."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from . import hosts, portal_pages
from .core import system_clock
from .exchange import Answer, json_answer
from .markup import STYLE_PATH
from .portal_wire import Post, Reply, Wire
from .store import Json

METADATA_PATH = "/calendly/metadata/"
ACCEPTED = json_answer(200, {"success": True})
SWITCHES = ("down", "refuse", "limit_for", "latency", "drop", "lose", "key")


@dataclass
class Arrival:
    """One try, whether accepted or not. `status` is None where the connection was cut."""

    number: int
    at: datetime
    path: str
    key: str | None
    body: bytes
    status: int | None
    kept: bool

    @cached_property
    def json(self) -> Any:
        """The body parsed, or None."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


@dataclass
class Message:
    """All tries with one Idempotency-Key; without a key each try is a message of its own."""

    path: str
    key: str | None
    json: Any
    first_at: datetime
    last_at: datetime
    number: int
    tries: int = 0
    times_accepted: int = 0
    statuses: list[int | None] = field(default_factory=list)

    @property
    def accepted(self) -> bool:
        """Whether the portal has it, even if the answer was lost."""
        return self.times_accepted > 0


class Portal:
    """A server on a port (0: a free one), one event loop in a thread. The switches may be set at any time."""

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        key: str | None = None,
        clock: Callable[[], datetime] = system_clock,
    ) -> None:
        self.host = host
        self.port = port
        self.key = key
        """The bearer key wanted; None takes any, but not none at all."""
        self.clock = clock
        self.down = False
        """Answer everything with 503."""
        self.refuse: dict[str, int] = {}
        """Path to the 4xx that it is answered with."""
        self.limit_for: int | None = None
        """Answer 429 with Retry-After of so many seconds."""
        self.latency = 0.0
        """Seconds before each answer; others are served meanwhile."""
        self.drop = False
        """Cut the connection without taking the message."""
        self.lose = False
        """Take the message, then cut the connection without an answer."""
        self.metadata: dict[str, Json] = {}
        self.arrivals: list[Arrival] = []
        self._wires: set[Wire] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Without a trailing slash: VAI_API_URL."""
        return f"http://{self.host}:{self.port}"

    def start(self) -> Portal:
        """Listen. Raises OSError if the port is taken. After `stop` it may be started again."""
        ready = threading.Event()
        trouble: list[OSError] = []
        self._thread = threading.Thread(target=self._run, args=(ready, trouble), name="portal", daemon=True)
        self._thread.start()
        ready.wait()
        if trouble:
            raise trouble[0]
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

    def messages(self, *, last: int | None = None) -> list[Message]:
        """What arrived, one entry for each Idempotency-Key, in the order of first arrival.

        With `last`, only so many of the latest arrivals are looked at.
        """
        found: dict[object, Message] = {}
        for item in self.arrivals[-last:] if last else list(self.arrivals):
            mark = item.number if item.key is None else (item.path, item.key)
            message = found.get(mark)
            if message is None:
                message = Message(item.path, item.key, item.json, item.at, item.at, item.number)
                found[mark] = message
            message.tries += 1
            message.last_at = item.at
            message.statuses.append(item.status)
            message.times_accepted += item.kept
        return list(found.values())

    def accepted(self, path: str | None = None) -> list[Message]:
        """Messages that were accepted, of one path or of all."""
        return [item for item in self.messages() if item.accepted and path in (None, item.path)]

    def clear(self) -> None:
        """Forget what arrived."""
        self.arrivals.clear()

    def _run(self, ready: threading.Event, trouble: list[OSError]) -> None:
        loop = self._loop = asyncio.new_event_loop()
        try:
            serving = loop.create_server(
                lambda: Wire(self._respond, self._wires), self.host, self.port, backlog=1024
            )
            server = loop.run_until_complete(serving)
        except OSError as error:
            trouble.append(error)
            self._loop = None
            loop.close()
            ready.set()
            return
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        loop.run_forever()
        server.close()
        for wire in list(self._wires):
            wire.cut()
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()

    def _respond(self, post: Post) -> Reply:
        if post.method == "GET" or "/sandbox/" in post.target:
            return self._respond_to_others(post)
        answer, kept = self._judge(post)
        key = post.headers.get("idempotency-key")
        number = len(self.arrivals) + 1
        status = None if answer is None else answer.status
        path = post.target if "?" not in post.target else post.target.partition("?")[0]
        self.arrivals.append(Arrival(number, self.clock(), path, key, post.body, status, kept))
        return Reply(answer, self.latency)

    def _judge(self, post: Post) -> tuple[Answer | None, bool]:
        """The answer to a message (None: cut the connection), and whether the message is taken."""
        if self.drop:
            return None, False
        if self.down:
            return json_answer(503, {"error": "down"}), False
        if not self._known(post):
            return json_answer(401, {"error": "unauthorized"}), False
        if self.limit_for is not None:
            return json_answer(429, {"error": "slow down"}, {"Retry-After": str(self.limit_for)}), False
        if post.target in self.refuse:
            status = self.refuse[post.target]
            return json_answer(status, {"error": "refused"}), False
        return (None, True) if self.lose else (ACCEPTED, True)

    def _known(self, post: Post) -> bool:
        kind, _, key = post.headers.get("authorization", "").partition(" ")
        return kind.lower() == "bearer" and bool(key) and self.key in (None, key)

    def _respond_to_others(self, post: Post) -> Reply:
        parts = urlsplit(post.target)
        path, query = unquote(parts.path), dict(parse_qsl(parts.query))
        if path.startswith(METADATA_PATH):
            return self._tell_metadata(post, path.removeprefix(METADATA_PATH))
        is_control = path.startswith("/sandbox/") and path != STYLE_PATH
        refused = hosts.refusal(post.headers, control=is_control)
        if refused is not None:
            return Reply(refused)
        if post.method == "GET" and path == "/sandbox/messages":
            return Reply(json_answer(200, portal_pages.listing(self, query)))
        if post.method == "DELETE" and path == "/sandbox/messages":
            self.clear()
            return Reply(json_answer(200, {}))
        if post.method == "POST" and path in ("/sandbox/switches", "/sandbox/metadata"):
            return Reply(self._switch(path, post.body))
        return Reply(portal_pages.handle(self, path, query))

    def _tell_metadata(self, post: Post, key: str) -> Reply:
        if self.drop:
            return Reply(None)
        if self.down:
            return Reply(json_answer(503, {"error": "down"}))
        if not self._known(post):
            return Reply(json_answer(401, {"error": "unauthorized"}))
        found = self.metadata.get(key)
        return Reply(json_answer(404 if found is None else 200, found or {"error": "unknown"}), self.latency)

    def _switch(self, path: str, body: bytes) -> Answer:
        try:
            data = dict(json.loads(body))
        except (ValueError, TypeError):
            return json_answer(400, {"error": "not a JSON object"})
        if path == "/sandbox/metadata":
            self.metadata.update(data)
            return json_answer(200, self.metadata)
        unknown = sorted(data.keys() - set(SWITCHES))
        if unknown:
            return json_answer(400, {"error": f"no such switch: {unknown[0]}"})
        for name, value in data.items():
            setattr(self, name, value)
        return json_answer(200, {name: getattr(self, name) for name in SWITCHES if name != "key"})
