"""Whether Calendly answers: noted after each call, for all processes, in the row of a circuit breaker.

Nothing is held back while the row exists: it tells staff, and the worker tries Calendly each minute.
"""

import threading
import time

from django.utils import timezone

from ..models import CircuitState

CALENDLY_AWAY = "calendly does not answer"
# After a success, how often a process looks whether another one has found Calendly away.
LOOK_SECONDS = 10.0

_lock = threading.Lock()
_away = False
_looked_at = 0.0


def note_call(status: int | None, error: str | None) -> None:
    """Learn from a call. An answer that is an error of the client's is an answer all the same."""
    global _away, _looked_at
    if error is not None and (status is None or status >= 500):
        with _lock:
            _away = True
        row = CircuitState(pk=CALENDLY_AWAY, opened_at=timezone.now())
        CircuitState.objects.bulk_create([row], ignore_conflicts=True)
        return
    with _lock:
        is_due = _away or time.monotonic() - _looked_at > LOOK_SECONDS
        if is_due:
            _away, _looked_at = False, time.monotonic()
    if is_due and CircuitState.objects.filter(pk=CALENDLY_AWAY).exists():
        CircuitState.objects.filter(pk=CALENDLY_AWAY).delete()


def forget() -> None:
    """Forget what this process knows, for tests and after a fork."""
    global _away, _looked_at
    _away, _looked_at = False, time.monotonic()
