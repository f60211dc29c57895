from __future__ import annotations

import pytest

from calendly_integration.http.backoff import backoff_seconds, with_jitter


@pytest.mark.parametrize(("attempt", "seconds"), [(0, 2), (1, 2), (2, 4), (5, 32), (6, 60), (10_000, 60)])
def test_pauses_double_up_to_the_longest(attempt: int, seconds: float) -> None:
    assert seconds <= backoff_seconds(attempt, first=2, longest=60) <= seconds * 1.2


def test_what_the_server_asks_for_is_waited_for() -> None:
    assert 100 <= with_jitter(100) <= 120


def test_pauses_differ() -> None:
    assert len({backoff_seconds(1, first=2, longest=60) for _ in range(20)}) > 1
