"""Staff mark a no-show, and remove the mark, with one click on the booking's page."""

from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from ..models import Booking
from ..services.bookings import no_show
from . import booking_page, error_messages
from .read_only import ReadOnlyAdmin

MARK, UNDO = _("Mark as no-show"), _("Undo the no-show mark")
LOST = _("Calendly's answer was lost. The result is being checked: look again in a minute.")
MARK_CONSEQUENCES = (
    _("The invitee is marked as no-show at Calendly."),
    _("Calendly workflows for no-shows may send messages to the invitee."),
    _("The mark can be removed."),
)
UNDO_CONSEQUENCES = (
    _("The mark is removed at Calendly."),
    _("Messages that Calendly workflows have already sent cannot be recalled."),
)


def may_mark(booking: Booking, now: datetime) -> bool:
    """Whether the meeting has begun and is not marked."""
    return not blocked(booking, now, marked=False)


def may_undo(booking: Booking, now: datetime) -> bool:
    """Whether there is a mark to remove."""
    return not blocked(booking, now, marked=True)


def blocked(booking: Booking, now: datetime, *, marked: bool) -> str:
    """Why no mark can be set, or with `marked` removed; empty if Calendly has to be asked."""
    why = no_show.why_not(booking, now=now)
    if not why and (booking.no_show_at is not None) != marked:
        why = "unmarked" if marked else "marked"
    return str(error_messages.NO_SHOW_NOT_POSSIBLE[why]) if why else ""


class NoShowMixin(ReadOnlyAdmin[Booking]):
    """The part of the bookings' admin that marks no-shows. The buttons post; the page that asks is for those
    who come by a link, and after an error."""

    def no_show_view(self, request: HttpRequest, booking: Booking) -> HttpResponse:
        """Mark, with a link in the message that undoes it."""
        now, failure = timezone.now(), ""
        if request.method == "POST":
            try:
                after = no_show.mark(booking, by=self.actor(request), now=now)
            except no_show.MarkUnknown:
                log = _("Asked for a no-show mark.")
                return self.finish_action(request, booking, log, LOST, messages.WARNING)
            except (no_show.NotMarkable, *error_messages.BOOKING_ERRORS) as error:
                failure = self._describe(error)
            else:
                if booking.no_show_at is not None:
                    return self._nothing_done(request, after, "marked")
                done = _("Marked as no-show at Calendly.")
                undo = f"{self.url('undo_no_show', booking)}?{urlencode({'next': self.next_url(request, booking)})}"
                message = format_html('{} <a href="{}">{}</a>', done, undo, UNDO)
                return self.finish_action(request, after, done, message)
        return self._ask(request, booking, MARK, MARK_CONSEQUENCES, failure, marked=False)

    def undo_no_show_view(self, request: HttpRequest, booking: Booking) -> HttpResponse:
        """Remove the mark."""
        now, failure = timezone.now(), ""
        if request.method == "POST":
            try:
                after = no_show.undo(booking, by=self.actor(request), now=now)
            except no_show.MarkUnknown:
                log = _("Asked Calendly to remove the no-show mark.")
                return self.finish_action(request, booking, log, LOST, messages.WARNING)
            except (no_show.NotMarkable, *error_messages.BOOKING_ERRORS) as error:
                failure = self._describe(error)
            else:
                if booking.no_show_at is None:
                    return self._nothing_done(request, after, "unmarked")
                done = _("The no-show mark is removed at Calendly.")
                return self.finish_action(request, after, done, done)
        return self._ask(request, booking, UNDO, UNDO_CONSEQUENCES, failure, marked=True)

    def _describe(self, error: Exception) -> str:
        if isinstance(error, no_show.NotMarkable):
            return str(error_messages.NO_SHOW_NOT_POSSIBLE[error.why])
        return error_messages.describe_booking_error(error)

    def _nothing_done(self, request: HttpRequest, booking: Booking, why: str) -> HttpResponse:
        message = error_messages.NO_SHOW_NOT_POSSIBLE[why]
        return self.finish_action(request, booking, message, message, messages.INFO)

    def _ask(
        self,
        request: HttpRequest,
        booking: Booking,
        title: object,
        consequences: tuple[object, ...],
        failure: str,
        *,
        marked: bool,
    ) -> HttpResponse:
        if failure:
            booking.refresh_from_db()
        cannot = blocked(booking, timezone.now(), marked=marked)
        return self.page(
            request,
            "booking_confirm.html",
            title=str(title),
            row=booking,
            head=booking_page.head(booking),
            failure="" if failure == cannot else failure,
            blocked=cannot,
            consequences=consequences,
            button=title,
        )
