"""The admin's error texts: each error of a service as one or two sentences for staff."""

from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from ..calendly.errors import CalendlyError, RateLimited, Unauthenticated
from ..clients import NoToken, encryption
from ..services import errors
from ..services.bookings import cancel
from ..services.bookings.attempts import NotReschedulable
from ..services.webhooks import subscriptions
from . import formatting

# What a cancellation or a move may raise. The meeting is unchanged after each of them.
BOOKING_ERRORS = (
    cancel.NotCancelable,
    NotReschedulable,
    errors.InvalidBookingRequest,
    errors.CalendlyRefused,
    errors.CalendlyUnavailable,
    errors.QuotaExhausted,
    CalendlyError,
    NoToken,
)
# What a sync or new event types may raise.
CALENDLY_ERRORS = (CalendlyError, NoToken)
# What the actions on a Calendly account may raise.
ACCOUNT_ERRORS = (
    *CALENDLY_ERRORS,
    subscriptions.NoSigningKey,
    subscriptions.NotRenewed,
    subscriptions.TakenElsewhere,
    encryption.Unreadable,
)

Texts = dict[str, str | Promise]
UNCERTAIN = _("It is not certain yet whether this meeting was booked or moved. Try again in two minutes.")
UNCHANGED = _("The meeting is unchanged.")
NOT_CANCELABLE: Texts = {
    "past": _("This meeting is over and cannot be canceled."),
    "pending": UNCERTAIN,
    "failed": _("This meeting was never booked, so there is nothing to cancel."),
    "canceled": _("This meeting is already canceled."),
    "group": _(
        "This meeting has other invitees. Calendly can only cancel it for all of them: tick the box to do that."
    ),
}
NOT_RESCHEDULABLE: Texts = {
    "canceled": _("This meeting is canceled and cannot be moved. Book a new one."),
    "past": _("This meeting has begun or is over and cannot be moved."),
    "pending": UNCERTAIN,
    "failed": _("This meeting was never booked, so there is nothing to move."),
    "group": _(
        "This meeting has other invitees, and Calendly cannot move one "
        "of them. Send the invitee the link to move it."
    ),
    "gone": _("The event type is inactive or unknown here, so Calendly has no free start times for it."),
    "same": _("The meeting already starts at that time."),
    "not_taken": _("The meeting cannot be reassigned to that event type. Choose another one."),
}
INVALID: Texts = {
    "past": _("That start time is in the past."),
    "no_such_time": _("That start time does not exist: the clocks skip it."),
    "out_of_range": _("That start time is too far in the future."),
    "unanswered": _("Answer the required questions."),
    "unknown_question": _("The questions have changed at Calendly. Answer the ones shown now."),
    "answered_twice": _("Give one answer to each question that takes one."),
    "not_a_choice": _("Choose one of the answers that the event type offers."),
    "not_a_phone": _("A question asks for a phone number. Write it with its country code, such as +40."),
}
INVALID_NEW_BOOKING: Texts = {
    "location_needed": _("This event type needs a location. Write where the meeting takes place."),
    "phone_needed": _(
        "The host calls the invitee. Write the phone number with its country code, such as +40."
    ),
    "too_many_guests": _("At most ten guests are possible, including the portal's own address."),
    "unknown_zone": _("This time zone does not exist."),
    **INVALID,
}
INVALID_START = _("Calendly does not accept this start time.")
NO_SHOW_NOT_POSSIBLE: Texts = {
    "early": _("This meeting has not begun, so a no-show cannot be marked yet."),
    "pending": UNCERTAIN,
    "failed": _("This meeting was never booked."),
    "canceled": _("This meeting is canceled, so a no-show cannot be marked."),
    "marked": _("The invitee is already marked as no-show."),
    "unmarked": _("The invitee is not marked as no-show."),
}
CONFIRMATION_NOT_POSSIBLE: Texts = {
    "not_ours": _(
        "The portal only sends mail for bookings that an agent made. Calendly sent the mail for this one."
    ),
    "pending": UNCERTAIN,
    "failed": _("This meeting was never booked."),
    "canceled": _("This meeting is canceled, so there is nothing to confirm."),
    "unseen": _("Calendly has not confirmed this booking yet. The first mail is sent as soon as it does."),
    "waiting": _("A confirmation is waiting for the conference link. It is sent within a minute."),
    "past": _("This meeting is over, so there is nothing to confirm."),
}


def describe_booking_error(error: Exception) -> str:
    """What prevented a change of a booking, and that the meeting is unchanged."""
    if isinstance(error, cancel.NotCancelable):
        return str(NOT_CANCELABLE.get(error.why, _("This meeting cannot be canceled.")))
    if isinstance(error, NotReschedulable):
        return str(NOT_RESCHEDULABLE.get(error.why, _("This meeting cannot be moved.")))
    if isinstance(error, errors.InvalidBookingRequest):
        return str(INVALID.get(error.code, INVALID_START))
    if isinstance(error, errors.QuotaExhausted):
        why = gettext("The booking allowance at Calendly is used up.")
        return f"{why} {retry_text(error.retry_after)} {UNCHANGED}"
    if isinstance(error, errors.CalendlyUnavailable):
        why = gettext("Calendly cannot be reached.")
        return f"{why} {retry_text(error.retry_after)} {UNCHANGED}"
    if isinstance(error, CalendlyError) and (error.retryable or error.outcome_unknown):
        why = gettext("Calendly cannot be reached. Try again in a minute.")
        return f"{why} {UNCHANGED}"
    why = gettext("Calendly refused: %s") % formatting.error_text(error, 300)
    return f"{why} {UNCHANGED}"


def describe_calendly_error(error: Exception) -> str:
    """What prevented a sync, a subscription or a new event type, and what to do."""
    if isinstance(error, NoToken):
        return gettext("There is no usable access token: %s") % formatting.error_text(error, 300)
    if isinstance(error, RateLimited):
        wait = errors.seconds(error.retry_after)
        text = ngettext(
            "Calendly asks us to wait. Try again in %d second.",
            "Calendly asks us to wait. Try again in %d seconds.",
            wait,
        )
        return text % wait
    if isinstance(error, Unauthenticated):
        return gettext("Calendly rejects our access token: %s") % formatting.error_text(error, 300)
    if isinstance(error, CalendlyError) and (error.retryable or error.outcome_unknown):
        return gettext("Calendly cannot be reached. Try again in a minute; nothing is done twice.")
    return gettext("Calendly refused: %s") % formatting.error_text(error, 300)


def describe_account_error(error: Exception) -> str:
    """What prevented an action on a Calendly account, and what to do."""
    if isinstance(error, subscriptions.NoSigningKey):
        return gettext(
            "There is no signing key yet. Use “Change the signing key”: "
            "it creates one and subscribes the webhook."
        )
    if isinstance(error, subscriptions.NotRenewed):
        nothing = gettext("There is no webhook subscription now, so Calendly sends us nothing.")
        return f"{nothing} {describe_calendly_error(error.error)}"
    if isinstance(error, subscriptions.TakenElsewhere):
        return gettext(
            "Calendly has a subscription for our address that this access token cannot see. Delete it with the "
            "token that created it, or set another PUBLIC_URL."
        )
    if isinstance(error, encryption.Unreadable):
        return gettext("Secrets cannot be stored encrypted: %s") % formatting.error_text(error, 300)
    return describe_calendly_error(error)


def retry_text(seconds: int) -> str:
    """When to try again."""
    if seconds < 120:
        return ngettext("Try again in %d second.", "Try again in %d seconds.", seconds) % seconds
    minutes = round(seconds / 60)
    return ngettext("Try again in %d minute.", "Try again in %d minutes.", minutes) % minutes
