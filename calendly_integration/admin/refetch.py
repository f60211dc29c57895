"""The act by which staff have Calendly asked at once about a booking that it has not confirmed."""

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from ..models import Booking
from ..services.reconcile import refetch
from .object_actions import ConfirmedAction


def _offered(booking: Booking, now: datetime) -> bool:
    return refetch.is_open(booking)


LOOK = ConfirmedAction(
    "look",
    _("Ask Calendly now"),
    "replay_webhookdelivery",
    "plain_act",
    _offered,
    ask=_(
        "Calendly is asked at once what became of this meeting. Nothing is booked, moved or canceled by that."
    ),
    done=_("Calendly will be asked in a moment. What it says appears on this page."),
    do=lambda row, by, now: refetch.request_refetch(row, by=by, now=now),
    refusals={refetch.NothingOpen: _("Calendly has answered meanwhile: nothing was done.")},
)
