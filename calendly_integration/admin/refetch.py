"""The action that refetches an unconfirmed booking from Calendly at once."""

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from ..models import Booking
from ..services.reconcile import refetch
from .object_actions import ConfirmedAction


def _offered(booking: Booking, now: datetime) -> bool:
    return refetch.is_open(booking)


REFETCH = ConfirmedAction(
    "refetch",
    _("Ask Calendly now"),
    "replay_webhookdelivery",
    "confirm_view",
    _offered,
    ask=_("Calendly is asked for the current state of this meeting. Nothing is booked, moved or canceled."),
    done=_("Calendly will be asked in a moment. Its answer appears on this page."),
    do=lambda row, by, now: refetch.request_refetch(row, by=by, now=now),
    error_messages={refetch.NothingOpen: _("Calendly has answered meanwhile: nothing was done.")},
)
