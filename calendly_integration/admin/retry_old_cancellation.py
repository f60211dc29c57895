"""Staff retry the cancellation of a moved meeting's old booking, after Calendly refused it."""

from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ..models import Booking
from ..services.bookings import cancel
from .read_only import ReadOnlyAdmin

RETRY = _("Cancel the old meeting again")


def offered(booking: Booking, now: datetime) -> bool:
    """Whether the old meeting is still in the host's calendar."""
    return booking.calendly_bookings.left_standing(now).exists()


class RetryOldCancellationMixin(ReadOnlyAdmin[Booking]):
    """The part of the bookings' admin that cancels what a move has left behind."""

    def retry_old_cancellation_view(self, request: HttpRequest, booking: Booking) -> HttpResponse:
        """Ask for confirmation, then retry each cancellation that was refused."""
        now = timezone.now()
        if request.method != "POST":
            ask = _(
                "The meeting was moved, but Calendly refused to cancel it at its old time, so both are in "
                "the host's calendar. The cancellation of the old one is retried."
            )
            return self.confirm_page(request, booking, title=RETRY, ask=ask)
        standing = list(booking.calendly_bookings.left_standing(now))
        if not standing:
            return self.refuse_action(
                request, booking, _("No old meeting is left to cancel: nothing was done.")
            )
        for calendly_booking in standing:
            cancel.retry_cancel_replaced(calendly_booking, by=self.actor(request), now=now)
        done = _("The old meeting is being canceled. Calendly's answer appears on this page.")
        return self.finish_action(request, booking, log=RETRY, text=done)
