"""The pages on which staff mark a no-show and remove the mark."""

from collections.abc import Callable
from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ..models import Booking
from ..services.actors import Actor
from ..services.bookings import no_show
from . import booking_page, error_messages
from .object_actions import ObjectAction
from .read_only import ReadOnlyAdmin

LOST = _("Calendly's answer was lost. The result is being checked: look again in a minute.")


def _may_mark(booking: Booking, now: datetime) -> bool:
    return not blocked(booking, now, marked=False)


def _may_undo(booking: Booking, now: datetime) -> bool:
    return not blocked(booking, now, marked=True)


MARK = ObjectAction("no_show", _("Mark as no-show"), "mark_no_show", "no_show_view", _may_mark)
UNDO = ObjectAction("undo_no_show", _("Undo the no-show mark"), "mark_no_show", "no_show_view", _may_undo)
CONSEQUENCES = {
    MARK.name: (
        _("The invitee is marked as no-show at Calendly."),
        _("Calendly workflows for no-shows may send messages to the invitee."),
        _("The mark can be removed."),
    ),
    UNDO.name: (
        _("The mark is removed at Calendly."),
        _("Messages that Calendly workflows have already sent cannot be recalled."),
    ),
}


def blocked(booking: Booking, now: datetime, *, marked: bool) -> str:
    """Why no mark can be set, or with `marked` removed; empty if Calendly has to be asked."""
    why = no_show.why_not(booking, now=now)
    if not why and (booking.no_show_at is not None) != marked:
        why = "unmarked" if marked else "marked"
    return str(error_messages.NO_SHOW_NOT_POSSIBLE[why]) if why else ""


class NoShowMixin(ReadOnlyAdmin[Booking]):
    """The part of the bookings' admin that marks no-shows."""

    def no_show_view(self, request: HttpRequest, booking: Booking, action: ObjectAction) -> HttpResponse:
        """Ask for confirmation, then call the service. An error is shown on the page."""
        now, failure, undoing = timezone.now(), "", action.name == UNDO.name
        if request.method == "POST":
            try:
                return self._mark(request, booking, action, now)
            except no_show.NotMarkable as error:
                failure = str(error_messages.NO_SHOW_NOT_POSSIBLE[error.why])
            except error_messages.BOOKING_ERRORS as error:
                failure = error_messages.describe_booking_error(error)
            booking.refresh_from_db()
        cannot = blocked(booking, now, marked=undoing)
        return self.page(
            request,
            "booking_confirm.html",
            title=action.label,
            row=booking,
            head=booking_page.head(booking),
            failure="" if failure == cannot else failure,
            blocked=cannot,
            consequences=CONSEQUENCES[action.name],
            button=action.label,
        )

    def _mark(
        self, request: HttpRequest, booking: Booking, action: ObjectAction, now: datetime
    ) -> HttpResponse:
        undoing, was = action.name == UNDO.name, booking.no_show_at is not None
        do: Callable[..., Booking] = no_show.undo if undoing else no_show.mark
        try:
            after = do(booking, by=Actor.staff(request.user.get_username()), now=now)
        except no_show.MarkUnknown:
            log = (
                _("Asked Calendly to remove the no-show mark.") if undoing else _("Asked for a no-show mark.")
            )
            return self.finish_action(request, booking, log, LOST, messages.WARNING)
        if was != undoing:
            message = error_messages.NO_SHOW_NOT_POSSIBLE["unmarked" if undoing else "marked"]
            return self.finish_action(request, after, message, message, messages.INFO)
        done = (
            _("The no-show mark is removed at Calendly.") if undoing else _("Marked as no-show at Calendly.")
        )
        return self.finish_action(request, after, done, done)
