"""The drain: works off all that is due, then lingers for what comes next.

A queued task only says "look now". Whoever looks takes a seat, so that a few drains at most work at a time,
and goes round the sources: the inbox, what is left to do at Calendly, what to ask the portal, the outbox.
"""

import logging
from collections.abc import Callable
from datetime import UTC, datetime

from django.db import DatabaseError, InterfaceError, connections

from ... import jobs
from .. import outbox
from ..backoffice import bulk
from ..bookings import pending_actions
from ..outbox import confirmations
from ..reconcile import metadata
from ..webhooks import inbox
from . import due_work, heartbeat, worker_slots
from .loop import Shift
from .shutdown_pipe import hold_lifeline, stopping

__all__ = ["drain", "hold_lifeline", "rehearse", "stopping", "sweep"]

log = logging.getLogger("calendly.worker")

Clock = Callable[[], datetime]


def drain(*, clock: Clock) -> int:
    """Work until nothing is due, at most about 40 s. Returns how many things were done; 0 at once where
    enough drains are at work. Database errors are logged: the next drain tries again.
    """
    with jobs.attended():
        try:
            seat = worker_slots.take(clock=clock)
            if seat is None:
                return 0
            shift = Shift(seat, clock=clock)
            try:
                shift.run()
            finally:
                seat.leave()
            # Between the last look and the leaving of the seat somebody may have come, found no seat, and
            # gone. What came due since the shift began is therefore looked for once more.
            if shift.cut_off or due_work.arrived(shift.sources, since=shift.began, now=clock()):
                jobs.wake_successor()
        except (DatabaseError, InterfaceError) as error:
            log.warning("The drain stops: the database does not answer (%s).", type(error).__name__)
            connections.close_all()
            return 0
    return shift.done


def sweep(*, clock: Clock) -> None:
    """Every minute: mend what is stuck, then work off what is due, with or without a wake."""
    now = clock()
    heartbeat.beat(now=now)
    outbox.heal(now=now)
    drain(clock=clock)


def rehearse() -> None:
    """Go through the motions at a time when nothing was due: what Python and Django build on first use is then
    there before the workers are forked, once and not in each of them."""
    long_ago = datetime(2000, 1, 1, tzinfo=UTC)
    due_work.read(due_work.SOURCES)
    inbox.process(now=long_ago, limit=1)
    confirmations.process(now=long_ago, limit=1)
    pending_actions.claim(now=long_ago, limit=1)
    metadata.claim(now=long_ago, limit=1)
    bulk.claim(now=long_ago, limit=1)
    outbox.stats(long_ago)
    heartbeat.queue_state(long_ago)
