"""Our calls to Calendly as timeline entries: which call, its result, how long it took.

A service records with `calls()`, and writes `entries` in the transaction that applies the result. Calls that are
not written are dropped.
"""

import uuid
from datetime import datetime

from ..clients.api_call_log import recorded_calls as calls
from ..clients.api_call_log import take_calls
from ..models import TimelineEntry
from .actors import SYSTEM, entry

__all__ = ["ACTION", "calls", "entries"]

ACTION = "called"
# Only the last calls of many, so that the timeline stays readable.
MAX_ENTRIES = 20


def entries(booking_id: uuid.UUID, *, at: datetime) -> list[TimelineEntry]:
    """The calls recorded since the last time, as timeline entries that are not saved."""
    return [
        entry(
            booking_id,
            at=at,
            by=SYSTEM,
            action=ACTION,
            call=each.call,
            outcome=each.outcome,
            ms=round(each.seconds * 1000),
            tries=each.tries,
        )
        for each in take_calls()[-MAX_ENTRIES:]
    ]
