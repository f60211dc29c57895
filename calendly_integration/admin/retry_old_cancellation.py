"""The action that retries the cancellation of a moved meeting's old booking, after Calendly refused it."""

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from ..models import Booking
from ..services.actors import Actor
from ..services.bookings import cancel
from .object_actions import ConfirmedAction


class NothingLeft(Exception):
    """The old booking is canceled, or its cancellation is already being retried."""


def _offered(booking: Booking, now: datetime) -> bool:
    return booking.calendly_bookings.left_standing(now).exists()


def _retry(booking: Booking, by: Actor, now: datetime) -> None:
    standing = list(booking.calendly_bookings.left_standing(now))
    if not standing:
        raise NothingLeft
    for calendly_booking in standing:
        cancel.retry_cancel_replaced(calendly_booking, by=by, now=now)


RETRY = ConfirmedAction(
    "retry_old_cancellation",
    _("Cancel the old meeting again"),
    "reschedule_booking",
    "confirm_view",
    _offered,
    ask=_(
        "The meeting was moved, but Calendly refused to cancel it at its old time, so both are in "
        "the host's calendar. The cancellation of the old one is retried."
    ),
    done=_("The old meeting is being canceled. Calendly's answer appears on this page."),
    do=_retry,
    error_messages={NothingLeft: _("No old meeting is left to cancel: nothing was done.")},
)
