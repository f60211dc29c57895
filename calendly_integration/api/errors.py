"""Our errors as answers: one table, attached in our own base view, never through the host's settings."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from django import db
from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework import exceptions

from ..models import Booking
from ..services import errors as failures
from ..services.agents import keys
from ..services.bookings import cancel, create, idempotency, queries, time_zones
from ..services.bookings.attempts import NotReschedulable
from ..services.catalog import event_types
from . import bodies, messages, refusals, shapes, throttling

log = logging.getLogger("calendly.api")

DATABASE_RETRY_AFTER = 10
# The database is away, full or read-only. Other errors of it are mistakes of ours.
AWAY = (db.OperationalError, db.InterfaceError, db.InternalError)


@dataclass(frozen=True, slots=True)
class Failure:
    """An answer that is no success. `more` stands in the body beside code and message."""

    status: int
    code: str
    message: str
    more: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def body(self) -> dict[str, Any]:
        """As it is sent."""
        return {"success": False, "code": self.code, "message": self.message, **self.more}


E = TypeVar("E", bound=Exception)
TABLE: dict[type[Exception], Callable[[Any], Failure]] = {}


def _answers(*kinds: type[Exception]) -> Callable[[Callable[[E], Failure]], Callable[[E], Failure]]:
    def enter(build: Callable[[E], Failure]) -> Callable[[E], Failure]:
        TABLE.update(dict.fromkeys(kinds, build))
        return build

    return enter


def answer_to(error: Exception) -> Failure:
    """The answer to an error, by its class or the nearest one above it."""
    for kind in type(error).__mro__:
        if kind in TABLE:
            return TABLE[kind](error)
    return Failure(500, "internal_error", _("Something went wrong on our side. It has been noted."))


def answer_to_move(error: Exception, booking: Booking) -> Failure:
    """The answer to an error that left a meeting where it was: with the link by which the invitee can move it, and
    never the link of a new booking."""
    failure = answer_to(error)
    more = {name: value for name, value in failure.more.items() if name != "schedulingUrl"}
    message = failure.message
    if isinstance(error, failures.QuotaExhausted):
        message = messages.not_moved_for_quota()
    if isinstance(error, NotReschedulable):
        more["booking"] = shapes.booking(booking)
    return replace(failure, message=message, more=more | {"rescheduleUrl": booking.reschedule_url or None})


def _later(seconds: int) -> dict[str, str]:
    return {"Retry-After": str(max(1, seconds))}


# The services' errors


@_answers(create.InvalidBookingRequest)
def _invalid_wish(error: create.InvalidBookingRequest) -> Failure:
    text = refusals.said(error)
    return Failure(400, "invalid_request", text, {"errors": {error.field: [text]}})


@_answers(time_zones.UnknownZone)
def _unknown_zone(error: time_zones.UnknownZone) -> Failure:
    return _invalid_wish(create.InvalidBookingRequest("timezone", "unknown_zone", name=str(error)))


@_answers(time_zones.NoSuchTime)
def _no_such_time(error: time_zones.NoSuchTime) -> Failure:
    return _invalid_wish(create.InvalidBookingRequest("start", "no_such_time", time=str(error), zone=""))


@_answers(event_types.EventTypeNotFound)
def _no_event_type(error: event_types.EventTypeNotFound) -> Failure:
    text = _("I know no such kind of meeting.")
    if error.names:
        text += " " + _("There is: %(names)s.") % {"names": ", ".join(error.names)}
    return Failure(404, "event_type_not_found", text, {"eventTypes": error.names})


@_answers(event_types.EventTypeAmbiguous)
def _ambiguous(error: event_types.EventTypeAmbiguous) -> Failure:
    choices = [shapes.event_type_choice(each) for each in error.event_types]
    named = "; ".join(
        f"{each['name']} ({', '.join(host['name'] for host in each['hosts']) or each['slug']})"
        for each in choices
    )
    text = _("Several kinds of meetings go by that name: %(names)s. Which one?") % {"names": named}
    return Failure(409, "event_type_ambiguous", text, {"eventTypes": choices})


@_answers(event_types.HostNotFound)
def _no_host(error: event_types.HostNotFound) -> Failure:
    return Failure(404, "host_not_found", _("I know no such host."))


@_answers(queries.BookingNotFound)
def _no_booking(error: queries.BookingNotFound) -> Failure:
    return Failure(404, "booking_not_found", _("I cannot find that booking."))


@_answers(cancel.NotCancelable)
def _not_cancelable(error: cancel.NotCancelable) -> Failure:
    return Failure(409, "not_cancelable", refusals.not_cancelable(error.why), {"reason": error.why})


@_answers(NotReschedulable)
def _not_reschedulable(error: NotReschedulable) -> Failure:
    return Failure(409, "not_reschedulable", refusals.not_reschedulable(error.why), {"reason": error.why})


@_answers(cancel.CancellationUnknown)
def _cancellation_unknown(error: cancel.CancellationUnknown) -> Failure:
    more = {"booking": shapes.booking(error.booking)}
    return Failure(202, "outcome_unknown", messages.unknown(), more)


@_answers(failures.QuotaExhausted)
def _quota(error: failures.QuotaExhausted) -> Failure:
    text = _("I cannot book automatically right now. Please choose a time yourself on the booking page.")
    more = {"schedulingUrl": error.scheduling_url or None}
    return Failure(429, "quota_exhausted", text, more, _later(error.retry_after))


@_answers(failures.CalendlyRefused)
def _refused(error: failures.CalendlyRefused) -> Failure:
    text = _("The calendar did not accept this.")
    return Failure(502, "calendly_refused", text, {"detail": str(error)})


@_answers(failures.CalendlyUnavailable)
def _unavailable(error: failures.CalendlyUnavailable) -> Failure:
    text = _("The calendar cannot be reached right now. Nothing has been changed; please try again shortly.")
    return Failure(503, "calendly_unavailable", text, {"detail": str(error)}, _later(error.retry_after))


@_answers(idempotency.InvalidKey)
def _invalid_idempotency_key(error: idempotency.InvalidKey) -> Failure:
    text = _("Idempotency-Key must be 1 to 255 printable ASCII characters.")
    return Failure(400, "invalid_request", text, {"errors": {"Idempotency-Key": [text]}})


@_answers(idempotency.Mismatch)
def _mismatch(error: idempotency.Mismatch) -> Failure:
    return Failure(422, "idempotency_mismatch", _("This Idempotency-Key was used for another request."))


@_answers(idempotency.InProgress)
def _in_progress(error: idempotency.InProgress) -> Failure:
    text = _("I am still working on this request. One moment, please.")
    return Failure(409, "in_progress", text, {}, _later(error.retry_after))


# Who may


@_answers(exceptions.NotAuthenticated, exceptions.AuthenticationFailed, keys.InvalidKey)
def _nobody(error: Exception) -> Failure:
    text = _("A valid agent key is needed: Authorization: Bearer <key>.")
    return Failure(401, "unauthorized", text, {}, {"WWW-Authenticate": 'Bearer realm="calendly"'})


@_answers(exceptions.PermissionDenied, DjangoPermissionDenied)
def _not_allowed(error: Exception) -> Failure:
    needed = getattr(error, "detail", "")
    more = {"scope": str(needed)} if needed else {}
    return Failure(403, "forbidden", _("This agent key may not do that."), more)


@_answers(exceptions.Throttled)
def _too_many_calls(error: exceptions.Throttled) -> Failure:
    text = _("Too many calls. Please try again shortly.")
    return Failure(429, "too_many_requests", text, {}, _later(int(getattr(error, "wait", None) or 0)))


@_answers(throttling.TooManyWrongKeys)
def _too_many_wrong_keys(error: throttling.TooManyWrongKeys) -> Failure:
    text = _("Too many attempts with a wrong agent key. Please try again in a minute.")
    return Failure(429, "too_many_requests", text, {}, _later(int(getattr(error, "wait", None) or 0)))


# What is wrong with the request


@_answers(exceptions.ValidationError)
def _invalid(error: exceptions.ValidationError) -> Failure:
    detail = error.detail if isinstance(error.detail, dict) else {"body": error.detail}
    errors = {str(name): refusals.flat(texts) for name, texts in detail.items()}
    return Failure(400, "invalid_request", refusals.aloud(errors), {"errors": errors})


@_answers(exceptions.ParseError)
def _unparsable(error: exceptions.ParseError) -> Failure:
    return _invalid(exceptions.ValidationError({"body": [_("This is not valid JSON in UTF-8.")]}))


@_answers(bodies.TooLarge)
def _too_large(error: bodies.TooLarge) -> Failure:
    text = _("The request is too large: at most %(size)s KB.") % {"size": bodies.LARGEST // 1024}
    return Failure(413, "too_large", text)


@_answers(bodies.LengthRequired)
def _length_required(error: bodies.LengthRequired) -> Failure:
    return Failure(411, "length_required", _("The request needs a Content-Length."))


@_answers(Http404, exceptions.NotFound)
def _nothing_here(error: Exception) -> Failure:
    return Failure(404, "not_found", _("There is nothing at this address."))


@_answers(exceptions.MethodNotAllowed)
def _method(error: exceptions.MethodNotAllowed) -> Failure:
    return Failure(405, "method_not_allowed", _("This address does not take that method."))


@_answers(exceptions.NotAcceptable)
def _not_acceptable(error: exceptions.NotAcceptable) -> Failure:
    return Failure(406, "not_acceptable", _("The answer can only be given as application/json."))


@_answers(exceptions.UnsupportedMediaType)
def _media_type(error: exceptions.UnsupportedMediaType) -> Failure:
    return Failure(415, "unsupported_media_type", _("The request must be sent as application/json."))


@_answers(*AWAY)
def _database_away(error: Exception) -> Failure:
    log.warning("the database is away: %s", type(error).__name__)
    text = _("We cannot answer right now. Please try again shortly.")
    return Failure(503, "unavailable", text, {}, _later(DATABASE_RETRY_AFTER))
