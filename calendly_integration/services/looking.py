"""A booking looked up at Calendly at once, because a person asks: what the worker would do later anyway."""

from datetime import datetime

from django.db import transaction

from .. import jobs
from ..models import Booking, BookingLeg, TimelineEntry
from .actors import Actor, entry

Todo = BookingLeg.Todo


class NothingOpen(Exception):
    """Calendly has confirmed it, or it is over: there is no question left."""


def is_open(booking: Booking) -> bool:
    """Whether Calendly's word is still awaited: its outcome is unknown, or nothing has confirmed it."""
    unseen = booking.status == Booking.Status.CONFIRMED and booking.seen_at is None
    return unseen or booking.status == Booking.Status.PENDING


def look(booking: Booking, *, by: Actor, now: datetime) -> None:
    """Have the worker ask now. What it is just asking goes on. Raises NothingOpen."""
    with transaction.atomic(durable=True):
        locked = Booking.objects.select_for_update(of=("self",), no_key=True).get(pk=booking.pk)
        if not is_open(locked):
            raise NothingOpen
        legs = BookingLeg.objects.filter(booking=locked, lease_token__isnull=True)
        legs.filter(todo__in=[Todo.SETTLE, Todo.REFRESH]).update(next_attempt_at=now)
        # A move's other half that could not be read, and was given up.
        lost = legs.filter(status=BookingLeg.Status.EXPECTED, todo=Todo.NOTHING)
        lost.update(todo=Todo.REFRESH, next_attempt_at=now, attempts=0)
        if locked.status == Booking.Status.CONFIRMED and locked.current_leg_id:
            idle = legs.filter(pk=locked.current_leg_id, todo=Todo.NOTHING)
            idle.update(todo=Todo.REFRESH, next_attempt_at=now, attempts=0)
        TimelineEntry.objects.bulk_create([entry(locked.pk, at=now, by=by, action="look_requested")])
        jobs.wake()
