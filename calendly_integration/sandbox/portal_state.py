"""What the stand-in portal has received, and the switches that make it fail."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from .sandbox import system_clock
from .store import Json

SWITCHES = ("down", "refuse", "limit_for", "latency", "drop", "lose", "key")


@dataclass
class Arrival:
    """One received request, accepted or not. `status` is None if the connection was cut."""

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
class ReceivedMessage:
    """All requests with one Idempotency-Key. A request without a key is a separate message."""

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


class PortalState:
    """The received requests and the switches. The switches may be set at any time."""

    def __init__(self, *, key: str | None = None, clock: Callable[[], datetime] = system_clock) -> None:
        self.key = key
        """The required bearer key; None accepts any key, but a key must be there."""
        self.clock = clock
        self.down = False
        """Answer everything with 503."""
        self.refuse: dict[str, int] = {}
        """For each path the 4xx status that it answers."""
        self.limit_for: int | None = None
        """Answer 429 with a Retry-After of so many seconds."""
        self.latency = 0.0
        """Seconds before each answer. Other requests are served meanwhile."""
        self.drop = False
        """Cut the connection without accepting the message."""
        self.lose = False
        """Accept the message, then cut the connection without an answer."""
        self.metadata: dict[str, Json] = {}
        self.arrivals: list[Arrival] = []

    def messages(self, *, last: int | None = None) -> list[ReceivedMessage]:
        """The received messages, one for each Idempotency-Key, in the order of first arrival.

        With `last`, only the latest so many arrivals are read.
        """
        found: dict[object, ReceivedMessage] = {}
        for item in self.arrivals[-last:] if last else list(self.arrivals):
            mark = item.number if item.key is None else (item.path, item.key)
            message = found.get(mark)
            if message is None:
                message = ReceivedMessage(item.path, item.key, item.json, item.at, item.at, item.number)
                found[mark] = message
            message.tries += 1
            message.last_at = item.at
            message.statuses.append(item.status)
            message.times_accepted += item.kept
        return list(found.values())

    def accepted(self, path: str | None = None) -> list[ReceivedMessage]:
        """Messages that were accepted, of one path or of all."""
        return [item for item in self.messages() if item.accepted and path in (None, item.path)]

    def clear(self) -> None:
        """Delete all received messages."""
        self.arrivals.clear()
