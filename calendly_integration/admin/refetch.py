"""Staff refetch an unconfirmed booking from Calendly at once."""

from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ..models import Booking
from ..services.reconcile import refetch
from .read_only import ReadOnlyAdmin

REFETCH = _("Ask Calendly now")


def offered(booking: Booking, now: datetime) -> bool:
    """Whether Calendly's answer is missing."""
    return refetch.is_open(booking)


class RefetchMixin(ReadOnlyAdmin[Booking]):
    """The part of the bookings' admin that asks Calendly again. It changes nothing at Calendly, so the button
    posts at once."""

    def refetch_view(self, request: HttpRequest, booking: Booking) -> HttpResponse:
        """Have the worker ask Calendly now."""
        if request.method != "POST":
            ask = _(
                "Calendly is asked for the current state of this meeting. Nothing is booked, moved or canceled."
            )
            return self.confirm_page(request, booking, title=REFETCH, ask=ask)
        try:
            refetch.request_refetch(booking, by=self.actor(request), now=timezone.now())
        except refetch.NothingOpen:
            return self.refuse_action(
                request, booking, _("Calendly has answered meanwhile: nothing was done.")
            )
        done = _("Calendly will be asked in a moment. Its answer appears on this page.")
        return self.finish_action(request, booking, log=REFETCH, text=done)
