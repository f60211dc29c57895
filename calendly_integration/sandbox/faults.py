"""Faults on demand: what goes wrong with which calls, and how often."""

from __future__ import annotations

import re
import threading
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

Kind = Literal[
    "status",
    "slow",
    "hang",
    "refuse",
    "connect_timeout",
    "drop",
    "lose_answer",
    "cut_body",
    "truncate",
    "html",
    "redirect",
    "huge",
    "slow_body",
]

# With these kinds the call takes effect, but the caller gets no good answer. The others prevent the effect,
# unless the rule sets `after_effect`.
WITH_EFFECT = ("slow", "lose_answer", "cut_body", "truncate", "html", "huge", "slow_body")


@dataclass
class Fault:
    """One rule. `path` is a regular expression that must match the whole path, without the query."""

    kind: Kind
    method: str = "*"
    path: str = ".*"
    times: int | None = 1
    """How often; None means until removed."""
    after_effect: bool = False
    status: int = 500
    seconds: float = 30.0
    """slow: before the answer; hang: until the connection is closed; slow_body: for the whole body;
    status 429: what X-RateLimit-Reset says."""
    location: str = "https://elsewhere.example/"
    size: int = 10 * 1024 * 1024 + 1024
    used: int = 0

    def takes_effect(self) -> bool:
        """Whether the call is still carried out."""
        return self.after_effect or self.kind in WITH_EFFECT

    def matches(self, method: str, path: str) -> bool:
        """Whether the rule applies to that call and is not used up."""
        if self.times is not None and self.used >= self.times:
            return False
        return self.method in ("*", method) and re.fullmatch(self.path, path) is not None


class Faults:
    """The active rules; the first match applies."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rules: list[Fault] = []

    def add(self, kind: Kind, **values: Any) -> Fault:
        """Switch a fault on; fields as in `Fault`. Raises ValueError for an unknown kind or field."""
        if kind not in get_args(Kind):
            raise ValueError(f"unknown fault {kind!r}")
        try:
            fault = Fault(kind, **values)
            re.compile(fault.path)
        except (TypeError, re.error) as error:
            raise ValueError(str(error)) from error
        with self._lock:
            self._rules.append(fault)
        return fault

    def clear(self) -> None:
        """Switch all faults off."""
        with self._lock:
            self._rules.clear()

    def take(self, method: str, path: str) -> Fault | None:
        """The fault for this call, counted as used."""
        with self._lock:
            for fault in self._rules:
                if fault.matches(method, path):
                    fault.used += 1
                    return fault
        return None

    def listing(self) -> list[dict[str, Any]]:
        """The rules as JSON."""
        with self._lock:
            return [asdict(fault) for fault in self._rules]
