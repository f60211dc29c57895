"""The ways to bring in what was seen, each a batch in its transaction."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils import timezone

from ...models import CalendlyAccount, CalendlyBooking, TimelineEntry
from .apply import Mirror, Result
from .observation import Observation


def apply_observations(
    account: CalendlyAccount,
    observations: Sequence[Observation],
    *,
    now: datetime,
    heard: Sequence[TimelineEntry] = (),
    of: uuid.UUID | None = None,
) -> list[Result]:
    """Bring observations into our tables, all or none. Returns a result for each, in their order.

    Opens its transaction, or joins the caller's. If another process makes the same new rows at the same moment,
    it is done once more, and finds them. `heard` are the calls that saw it: they stand in the timeline before it.
    `of` is the booking that they are expected to be of: it is not looked for where it holds what they refer to.
    """
    for last in (False, True):
        try:
            with transaction.atomic():
                return Mirror(account, now=now, heard=heard).apply(observations, of=None if last else of)
        except IntegrityError:
            if last:
                raise
    raise AssertionError("unreachable")


def canceled_by_us(
    calendly_booking: CalendlyBooking,
    *,
    by: str,
    at: datetime,
    reason: str,
    now: datetime,
    heard: Sequence[TimelineEntry] = (),
) -> None:
    """Calendly has answered our cancellation: bring that in, without waiting for its delivery."""
    with transaction.atomic(durable=True):
        Mirror(calendly_booking.booking.account, now=now, heard=heard).cancel(
            calendly_booking, by=by, at=at, reason=reason
        )


def unpaired(calendly_booking: CalendlyBooking) -> None:
    """After a Calendly booking could not be read: for the other half of a reschedule that means that the booking is
    not where it was. It means nothing for other Calendly bookings, nor if a delivery named the half meanwhile."""
    if calendly_booking.status != CalendlyBooking.Status.EXPECTED:
        return
    with transaction.atomic(durable=True):
        Mirror(calendly_booking.booking.account, now=timezone.now()).look_again(calendly_booking.booking_id)
