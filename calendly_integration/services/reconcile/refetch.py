"""A booking looked up at Calendly at once, because a person asks: what the worker would do later anyway."""

from datetime import datetime

from django.db import transaction

from ... import jobs
from ...models import Booking, CalendlyBooking, TimelineEntry
from ..actors import Actor, entry

PendingAction = CalendlyBooking.PendingAction


class NothingOpen(Exception):
    """Calendly has confirmed it, or it is over: there is no question left."""


def is_open(booking: Booking) -> bool:
    """Whether Calendly's word is still awaited: its outcome is unknown, or nothing has confirmed it."""
    unseen = booking.status == Booking.Status.CONFIRMED and booking.confirmed_at is None
    return unseen or booking.status == Booking.Status.PENDING


def look(booking: Booking, *, by: Actor, now: datetime) -> None:
    """Have the worker ask now. What it is just asking goes on. Raises NothingOpen."""
    with transaction.atomic(durable=True):
        locked = Booking.objects.select_for_update(of=("self",), no_key=True).get(pk=booking.pk)
        if not is_open(locked):
            raise NothingOpen
        calendly_bookings = CalendlyBooking.objects.filter(booking=locked, lease_token__isnull=True)
        calendly_bookings.filter(pending_action__in=[PendingAction.RESOLVE, PendingAction.REFETCH]).update(
            next_attempt_at=now
        )
        # A move's other half that could not be read, and was given up.
        lost = calendly_bookings.filter(status=CalendlyBooking.Status.EXPECTED)
        lost.request_refetch(now=now)
        if locked.status == Booking.Status.CONFIRMED and locked.current_calendly_booking_id:
            current = calendly_bookings.filter(pk=locked.current_calendly_booking_id)
            current.request_refetch(now=now)
        TimelineEntry.objects.bulk_create([entry(locked.pk, at=now, by=by, action="look_requested")])
        jobs.wake()
