"""The act by which staff have the old half of a move canceled again, where Calendly has refused that."""

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from ..models import Booking
from ..services.actors import Actor
from ..services.bookings import cancel
from .object_actions import ConfirmedAction


class NothingLeft(Exception):
    """The old half is canceled, or it is tried already."""


def _offered(booking: Booking, now: datetime) -> bool:
    return booking.calendly_bookings.left_standing(now).exists()


def _retry(booking: Booking, by: Actor, now: datetime) -> None:
    standing = list(booking.calendly_bookings.left_standing(now))
    if not standing:
        raise NothingLeft
    for calendly_booking in standing:
        cancel.retry_cancel_replaced(calendly_booking, by=by, now=now)


RETRY = ConfirmedAction(
    "retry_old",
    _("Cancel the old meeting again"),
    "reschedule_booking",
    "plain_act",
    _offered,
    ask=_(
        "The meeting was moved, but Calendly refused to cancel it at its old time: both stand in the host's"
        " calendar. The cancellation of the old one is tried again."
    ),
    done=_("The old meeting is being canceled. What Calendly says appears on this page."),
    do=_retry,
    refusals={NothingLeft: _("No old meeting is left to cancel: nothing was done.")},
)
