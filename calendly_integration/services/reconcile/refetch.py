"""Reads a booking at Calendly at once, because staff ask. The worker would do so later."""

from datetime import datetime

from django.db import transaction

from ...models import Booking, CalendlyBooking, TimelineEntry
from ..actors import Actor, entry

PendingAction = CalendlyBooking.PendingAction


class NothingOpen(Exception):
    """Calendly has confirmed the booking, or it has ended."""


def is_open(booking: Booking) -> bool:
    """True where the outcome of the booking is unknown, or Calendly has not confirmed it."""
    unconfirmed = booking.status == Booking.Status.CONFIRMED and booking.confirmed_at is None
    return unconfirmed or booking.status == Booking.Status.PENDING


def request_refetch(booking: Booking, *, by: Actor, now: datetime) -> None:
    """Make the worker read the booking now. What it is reading goes on. Raises NothingOpen."""
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
