"""The page on which staff cancel a meeting."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from ..models import Booking, EventType
from ..services.bookings import cancel
from . import booking_page, error_messages, fields, reschedule
from .read_only import ReadOnlyAdmin

CANCEL = _("Cancel the meeting")


class ReasonForm(forms.Form):
    """The reason, and whether to plan a follow-up."""

    code = forms.ChoiceField(
        label=_("Why is it canceled?"),
        choices=lambda: _codes(),  # translated when it is shown
        widget=forms.RadioSelect(attrs={"class": "as-buttons"}),
        error_messages={"required": _("Choose a reason.")},
    )
    reason = fields.MultilineField(
        label=_("Reason"),
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_(
            "Calendly's mail shows the invitee the kind of reason and this text, in the language of this page."
        ),
    )
    follow_up = forms.BooleanField(
        label=_("Plan to offer another time"),
        label_suffix="",
        required=False,
        initial=True,
        help_text=_(
            "Creates a follow-up for staff, due at once, if the host cannot come or "
            "the time does not suit. The portal is not notified."
        ),
        widget=forms.CheckboxInput(attrs={"data-only-for": " ".join(sorted(cancel.CODES_WITH_FOLLOW_UP))}),
    )

    def clean(self) -> dict[str, Any]:
        """The reason “other” needs a text."""
        found = super().clean() or self.cleaned_data
        if found.get("code") == Booking.CancelCode.OTHER and not found.get("reason"):
            self.add_error("reason", _("Write the other reason."))
        return found

    def given(self) -> dict[str, object]:
        """The kind of reason, the text for Calendly, and whether a follow-up is planned."""
        code, text = self.cleaned_data["code"], self.cleaned_data["reason"]
        return {
            "code": code,
            "reason": reason_text(code, text),
            "follow_up": self.cleaned_data["follow_up"] and code in cancel.CODES_WITH_FOLLOW_UP,
        }


class FirstFocused(forms.RadioSelect):
    """Radio buttons of which the first has the focus when the page opens."""

    def create_option(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Django's option."""
        option: dict[str, Any] = super().create_option(*args, **kwargs)
        if option["index"] == "0":
            option["attrs"]["autofocus"] = True
        return option


class CancelForm(ReasonForm):
    """The same for one meeting, and whether to cancel it for all its invitees."""

    whole_event = forms.BooleanField(
        label=_("Cancel it for all its invitees"), label_suffix="", required=False
    )

    def __init__(self, *args: Any, shared: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].widget = FirstFocused(attrs={"class": "as-buttons"}, choices=_codes())
        if not shared:
            del self.fields["whole_event"]


def _codes() -> list[tuple[str, str]]:
    return [(code.value, capfirst(str(code.label))) for code in Booking.CancelCode]


def reason_text(code: str, text: str) -> str:
    """The text for Calendly, in the language of the page: the kind of reason and the typed text."""
    label = "" if code == Booking.CancelCode.OTHER else capfirst(str(Booking.CancelCode(code).label))
    return ": ".join(each for each in (label, text) if each)


def blocked(booking: Booking, now: datetime) -> str:
    """Why our row does not allow a cancellation; empty if Calendly has to be asked."""
    if booking.status != Booking.Status.CONFIRMED:
        return str(error_messages.NOT_CANCELABLE[booking.status])
    if booking.end_at is not None and booking.end_at <= now:
        return str(error_messages.NOT_CANCELABLE["past"])
    return ""


def offered(booking: Booking, now: datetime) -> bool:
    """Whether the booking's page has the button."""
    return not blocked(booking, now)


class CancelMixin(ReadOnlyAdmin[Booking]):
    """The part of the bookings' admin that cancels one meeting."""

    def cancel_view(self, request: HttpRequest, booking: Booking) -> HttpResponse:
        """Ask for confirmation, then cancel. An error is shown on the page, with what was typed."""
        now, failure = timezone.now(), ""
        form = CancelForm(request.POST or None, shared=_may_have_others(booking))
        if request.method == "POST" and (moved := reschedule.moved_since(request, booking)):
            failure = moved
        elif request.method == "POST" and form.is_valid():
            try:
                return self._cancel(request, booking, form, now)
            except error_messages.BOOKING_ERRORS as error:
                failure = error_messages.describe_booking_error(error)
                booking.refresh_from_db()
        return self.page(
            request,
            "cancel.html",
            title=CANCEL,
            row=booking,
            booking=booking,
            head=booking_page.head(booking),
            form=form,
            failure=failure,
            blocked=blocked(booking, now),
            companions=_companions(booking) if "whole_event" in form.fields else 0,
            css=("calendly_integration/bulk.css",),
            js=("calendly_integration/bulk.js",),
        )

    def _cancel(
        self, request: HttpRequest, booking: Booking, form: CancelForm, now: datetime
    ) -> HttpResponse:
        before, given = booking.status, form.given()
        try:
            after = cancel.cancel_booking(
                booking,
                reason=str(given["reason"]),
                by=self.actor(request),
                now=now,
                whole_event=form.cleaned_data.get("whole_event", False),
                code=str(given["code"]),
                follow_up=bool(given["follow_up"]),
            )
        except cancel.CancellationUnknown:
            text = _(
                "Calendly's answer was lost. The cancellation is retried until "
                "its outcome is known: look again in a minute."
            )
            return self.finish_action(
                request, booking, _("Asked Calendly to cancel."), text, messages.WARNING
            )
        if before == Booking.Status.CANCELED:
            text = _("This meeting was already canceled.")
            return self.finish_action(request, after, _("Was already canceled."), text, messages.INFO)
        done = str(_("The meeting is canceled at Calendly."))
        if given["follow_up"]:
            planned = _("A follow-up is planned.")
            done = f"{done} {planned}"
        return self.finish_action(request, after, _("Canceled."), done)


def _may_have_others(booking: Booking) -> bool:
    """Whether the event may have other invitees: only Calendly knows for sure."""
    kind = booking.event_type
    return kind is None or kind.kind == EventType.Kind.GROUP


def _companions(booking: Booking) -> int:
    """The number of our other confirmed bookings in the same event."""
    if not booking.event_id:
        return 0
    same = Booking.objects.filter(event_id=booking.event_id, status=Booking.Status.CONFIRMED)
    return same.exclude(pk=booking.pk).count()
