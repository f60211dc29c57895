"""How long to wait before a request is sent again."""

from __future__ import annotations

import random


def backoff_seconds(attempt: int, *, first: float, longest: float, at_least: float = 0.0) -> float:
    """The pause after so many failed attempts: ``first``, then twice as long each time, at most ``longest``.

    ``at_least`` is what the server asks for; it may be longer than ``longest``. Up to a fifth is added at random,
    so that many clients do not come back at the same moment.
    """
    growing = min(longest, first * 2.0 ** min(max(attempt, 1) - 1, 30))
    return max(growing, at_least) * random.uniform(1.0, 1.2)
