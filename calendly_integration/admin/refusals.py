"""What our services refuse, said to staff."""

from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from ..calendly.errors import CalendlyError
from ..clients import NoToken
from ..services import errors
from ..services.bookings import cancel, create
from ..services.bookings.attempts import NotReschedulable
from . import formatting

# All that a cancellation or a move may raise after which the meeting stands as it stood.
KNOWN = (
    cancel.NotCancelable,
    NotReschedulable,
    create.InvalidBookingRequest,
    errors.CalendlyRefused,
    errors.CalendlyUnavailable,
    errors.QuotaExhausted,
    CalendlyError,
    NoToken,
)

NOT_CANCELABLE = {
    "past": _("This meeting is over: it cannot be canceled any more."),
    "pending": _("It is not certain yet whether this meeting was booked or moved. Try again in two minutes."),
    "failed": _("This meeting was never booked: there is nothing to cancel."),
    "canceled": _("This meeting is canceled already."),
    "group": _(
        "Others come to the same meeting. Calendly can only cancel it for all of them: tick the box for that."
    ),
}
NOT_RESCHEDULABLE = {
    "canceled": _("This meeting is canceled: it cannot be moved. Book a new one."),
    "past": _("This meeting has begun or is over: it cannot be moved any more."),
    "pending": _("It is not certain yet whether this meeting was booked or moved. Try again in two minutes."),
    "failed": _("This meeting was never booked: there is nothing to move."),
    "group": _(
        "Others come to the same meeting: Calendly cannot move one of them. Give the invitee the link to move."
    ),
    "gone": _("Its event type is switched off or unknown here: Calendly has no free starts for it."),
    "same": _("That is the start that the meeting has."),
    "not_taken": _("That event type cannot take this meeting over. Choose another one."),
}
INVALID = {
    "past": _("That start is past."),
    "no_such_time": _("The clocks skip that time."),
    "out_of_range": _("That start is too far away."),
    "unanswered": _("Answer the required questions."),
    "unknown_question": _("The questions have changed at Calendly. Answer those that are shown now."),
    "answered_twice": _("Give one answer to each question that takes one."),
    "not_a_choice": _("Choose among the answers that the event type offers."),
    "not_a_phone": _("A question asks for a phone number: write it with its country code, such as +40."),
}
STANDS = _("The meeting stands as it stood.")


def text(error: Exception) -> str:
    """One or two sentences: what stood in the way, and that the meeting stands."""
    if isinstance(error, cancel.NotCancelable):
        return str(NOT_CANCELABLE.get(error.why, _("This meeting cannot be canceled.")))
    if isinstance(error, NotReschedulable):
        return str(NOT_RESCHEDULABLE.get(error.why, _("This meeting cannot be moved.")))
    if isinstance(error, create.InvalidBookingRequest):
        return str(INVALID.get(error.code, _("Calendly takes no such start.")))
    if isinstance(error, errors.QuotaExhausted):
        why = gettext("The booking allowance at Calendly is used up.")
        return f"{why} {later(error.retry_after)} {STANDS}"
    if isinstance(error, errors.CalendlyUnavailable):
        why = gettext("Calendly cannot be reached now.")
        return f"{why} {later(error.retry_after)} {STANDS}"
    if isinstance(error, CalendlyError) and (error.retryable or error.outcome_unknown):
        why = gettext("Calendly cannot be reached now. Try again in a minute.")
        return f"{why} {STANDS}"
    why = gettext("Calendly refused: %s") % formatting.told(error, 300)
    return f"{why} {STANDS}"


def later(seconds: int) -> str:
    """When to try again."""
    if seconds < 120:
        return ngettext("Try again in %d second.", "Try again in %d seconds.", seconds) % seconds
    minutes = round(seconds / 60)
    return ngettext("Try again in %d minute.", "Try again in %d minutes.", minutes) % minutes
