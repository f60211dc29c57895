"""Rate limits per user, by plan."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime

from .options import Plan

MINUTE, HOUR, DAY = 60, 3600, 86400
GENERAL: dict[Plan, int] = {
    "generous": 1_000_000,
    "enterprise": 500,
    "paid": 500,
    "free": 50,
    "trial": 500,
}
OAUTH_TOKENS = 8
# Open point: the Free plan's limit for bookings is not published. The trial's limit is used.
BOOKINGS: dict[Plan, list[tuple[int, int]]] = {
    "generous": [(MINUTE, 1_000_000)],
    "enterprise": [(MINUTE, 500)],
    "paid": [(MINUTE, 10), (HOUR, 50), (DAY, 100)],
    "free": [(DAY, 5)],
    "trial": [(DAY, 5)],
}


@dataclass
class Window:
    """A fixed window that opens with its first request."""

    opened: datetime
    used: int = 0


@dataclass(frozen=True)
class RateLimit:
    """The values of the rate-limit headers, and whether the request is allowed."""

    allowed: bool
    limit: int
    remaining: int
    reset: int


class Limits:
    """Counters by user. Two tokens of one user share them."""

    def __init__(self) -> None:
        self._windows: dict[tuple[str, str, int], Window] = {}

    def count(self, user_id: str, plan: Plan, *, booking: bool, now: datetime) -> RateLimit:
        """Count one request. A refused request is not counted, so a window ends at the announced time."""
        rules = [("all", MINUTE, GENERAL[plan])]
        if booking:
            rules += [("booking", length, most) for length, most in BOOKINGS[plan]]
        windows = [(self._window(user_id, name, length, now), length, most) for name, length, most in rules]
        full = [item for item in windows if item[0].used >= item[2]]
        if not full:
            for window, _, _ in windows:
                window.used += 1
        shown = max(full, key=lambda item: _left(item, now)) if full else windows[-1]
        window, _, most = shown
        return RateLimit(not full, most, max(0, most - window.used), math.ceil(_left(shown, now)))

    def count_oauth_token(self, user_id: str, plan: Plan, now: datetime) -> bool:
        """Count a token made for a user. False if the limit is reached."""
        window = self._window(user_id, "oauth", MINUTE, now)
        if plan != "generous" and window.used >= OAUTH_TOKENS:
            return False
        window.used += 1
        return True

    def clear(self) -> None:
        """Reset all counters."""
        self._windows.clear()

    def _window(self, user_id: str, name: str, length: int, now: datetime) -> Window:
        key = (user_id, name, length)
        window = self._windows.get(key)
        if window is None or not 0 <= (now - window.opened).total_seconds() < length:
            window = self._windows[key] = Window(now)
        return window


def _left(item: tuple[Window, int, int], now: datetime) -> float:
    window, length, _ = item
    return length - (now - window.opened).total_seconds()
