"""The page on which staff send the confirmation mail again."""

import uuid
from datetime import datetime

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ..models import Booking
from ..services.outbox import confirmations
from . import booking_page, error_messages, formatting
from .read_only import ReadOnlyAdmin

SEND = _("Send the confirmation again")
SENT_ALREADY = _("It was already sent and is not sent twice.")


class OnceForm(forms.Form):
    """Identifies the form, so that a double click sends one mail."""

    once = forms.UUIDField(widget=forms.HiddenInput)


def blocked(booking: Booking, now: datetime) -> str:
    """Why no confirmation can be sent; empty if one can."""
    why = confirmations.why_not(booking, now=now)
    return str(error_messages.CONFIRMATION_NOT_POSSIBLE[why]) if why else ""


def offered(booking: Booking, now: datetime) -> bool:
    """Whether the booking's page has the button."""
    return not blocked(booking, now)


class ConfirmationMixin(ReadOnlyAdmin[Booking]):
    """The part of the bookings' admin that sends confirmations."""

    def confirmation_view(self, request: HttpRequest, booking: Booking) -> HttpResponse:
        """Ask for confirmation, then write the message. The portal mails as soon as it receives it."""
        now, failure = timezone.now(), ""
        form = OnceForm(request.POST if request.method == "POST" else None, initial={"once": uuid.uuid4()})
        if request.method == "POST" and form.is_valid():
            try:
                return self._send(request, booking, form.cleaned_data["once"], now)
            except confirmations.NotSendable as error:
                failure = str(error_messages.CONFIRMATION_NOT_POSSIBLE[error.why])
                booking.refresh_from_db()
        elif request.method == "POST":
            failure, form = str(_("Please try again.")), OnceForm(initial={"once": uuid.uuid4()})
        cannot = blocked(booking, now)
        return self.page(
            request,
            "booking_confirm.html",
            title=SEND,
            row=booking,
            head=booking_page.head(booking),
            form=form,
            failure="" if failure == cannot else failure,
            blocked=cannot,
            consequences=(
                _("The portal mails %s the confirmation again, with the current time and link.")
                % formatting.plain(booking.invitee_email, 320),
                _("Waiting messages of this booking are sent first."),
            ),
            button=SEND,
        )

    def _send(self, request: HttpRequest, booking: Booking, once: uuid.UUID, now: datetime) -> HttpResponse:
        if not confirmations.send_again(booking, once=once, by=self.actor(request), now=now):
            return self.finish_action(request, booking, SENT_ALREADY, SENT_ALREADY, messages.INFO)
        message = _("The confirmation is on its way to the portal.")
        return self.finish_action(request, booking, _("Sent the confirmation again."), message)
