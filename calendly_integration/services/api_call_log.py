"""Calendly's calls in the timeline: what was asked for a booking, how it ended, how long it took.

A service listens with `calls()` and writes `entries` with the outcome, in the transaction that it needs anyway.
What is heard and not written is forgotten: nobody's booking has to do with it.
"""

import uuid
from datetime import datetime

from ..clients.api_call_log import recorded_calls as calls
from ..clients.api_call_log import take_calls
from ..models import TimelineEntry
from .actors import SYSTEM, entry

__all__ = ["ACTION", "calls", "entries"]

ACTION = "called"
# The last of a long row of calls: a story is to be read.
MOST = 20


def entries(booking_id: uuid.UUID, *, at: datetime) -> list[TimelineEntry]:
    """What was heard since the last time, as timeline entries that are not saved yet: one for each act."""
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
        for each in take_calls()[-MOST:]
    ]
