"""How long to wait before a request is sent again."""

from __future__ import annotations

import random


def backoff_seconds(attempt: int, *, first: float, longest: float) -> float:
    """The pause after so many failed attempts: ``first``, then twice as long each time, at most ``longest``; all
    of them with jitter."""
    return with_jitter(min(longest, first * 2.0 ** min(max(attempt, 1) - 1, 30)))


def with_jitter(seconds: float) -> float:
    """Up to a fifth longer at random, so that many clients do not come back at the same moment."""
    return seconds * random.uniform(1.0, 1.2)
