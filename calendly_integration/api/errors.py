"""Our errors as answers: the serializers of failures, and the one table that our base view uses."""

import logging
from collections.abc import Callable
from typing import Any

from django import db
from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import exceptions, serializers

from ..models import Booking
from ..services import errors as failures
from ..services.agents import keys
from ..services.bookings import create, idempotency, queries, time_zones
from ..services.catalog import event_types
from . import authentication, messages, parsers
from .responses import AgentResponse, respond
from .serializers import (
    BaseFailureSerializer,
    BookingSerializer,
    ConstantField,
    EventTypeChoiceSerializer,
    NullableTextField,
)

log = logging.getLogger("calendly.api")

DATABASE_RETRY_AFTER_SECONDS = 10
REFUSED = gettext_lazy("The calendar did not accept this.")
UNAVAILABLE = gettext_lazy(
    "The calendar cannot be reached right now. Nothing has been changed; please try again shortly."
)


class InvalidSerializer(BaseFailureSerializer):
    code = ConstantField("invalid_request")
    errors = serializers.DictField(  # type: ignore[assignment]  # a field, not the property
        child=serializers.ListField(child=serializers.CharField())
    )


class FailureSerializer(BaseFailureSerializer):
    code = serializers.ChoiceField(
        choices=[
            "unauthorized",
            "forbidden",
            "not_found",
            "method_not_allowed",
            "not_acceptable",
            "length_required",
            "too_large",
            "unsupported_media_type",
            "internal_error",
        ]
    )
    scope = serializers.CharField(required=False, help_text="The right that the key lacks.")


class EventTypeNotFoundSerializer(BaseFailureSerializer):
    code = ConstantField("event_type_not_found")
    eventTypes = serializers.ListField(child=serializers.CharField())


class EventTypeAmbiguousSerializer(BaseFailureSerializer):
    code = ConstantField("event_type_ambiguous")
    eventTypes = EventTypeChoiceSerializer(many=True)


class HostNotFoundSerializer(BaseFailureSerializer):
    code = ConstantField("host_not_found")


class BookingNotFoundSerializer(BaseFailureSerializer):
    code = ConstantField("booking_not_found")


class NotCancelableSerializer(BaseFailureSerializer):
    code = ConstantField("not_cancelable")
    reason = serializers.CharField()
    booking = BookingSerializer()


class NotReschedulableSerializer(BaseFailureSerializer):
    code = ConstantField("not_reschedulable")
    reason = serializers.CharField()
    booking = BookingSerializer()
    rescheduleUrl = NullableTextField()


class OutcomeUnknownSerializer(BaseFailureSerializer):
    code = ConstantField("outcome_unknown")
    booking = BookingSerializer()


class QuotaExhaustedSerializer(BaseFailureSerializer):
    code = ConstantField("quota_exhausted")
    schedulingUrl = NullableTextField()


class MoveQuotaExhaustedSerializer(BaseFailureSerializer):
    code = ConstantField("quota_exhausted")
    rescheduleUrl = NullableTextField()


class CalendlyRefusedSerializer(BaseFailureSerializer):
    code = ConstantField("calendly_refused")
    detail = serializers.CharField()


class MoveRefusedSerializer(CalendlyRefusedSerializer):
    rescheduleUrl = NullableTextField()


class CalendlyUnavailableSerializer(BaseFailureSerializer):
    code = ConstantField("calendly_unavailable")
    detail = serializers.CharField()


class MoveUnavailableSerializer(CalendlyUnavailableSerializer):
    rescheduleUrl = NullableTextField()


class UnavailableSerializer(BaseFailureSerializer):
    code = ConstantField("unavailable")


class TooManyRequestsSerializer(BaseFailureSerializer):
    code = ConstantField("too_many_requests")


class InProgressSerializer(BaseFailureSerializer):
    code = ConstantField("in_progress")


class IdempotencyMismatchSerializer(BaseFailureSerializer):
    code = ConstantField("idempotency_mismatch")


def fail(
    status: int,
    serializer_class: type[BaseFailureSerializer],
    message: str,
    *,
    retry_after: int | None = None,
    **data: Any,
) -> AgentResponse:
    """The failure as an answer."""
    return respond(serializer_class, {"message": message, **data}, status=status, retry_after=retry_after)


# The services' errors


def _invalid_wish(error: create.InvalidBookingRequest) -> AgentResponse:
    return _invalid_field(error.field, messages.invalid(error.code, error.values))


def _unknown_zone(error: time_zones.UnknownZone) -> AgentResponse:
    return _invalid_field("timezone", messages.invalid("unknown_zone", {"name": str(error)}))


def _no_such_time(error: time_zones.NoSuchTime) -> AgentResponse:
    return _invalid_field("start", messages.invalid("no_such_time", {"time": str(error)}))


def _invalid_idempotency_key(error: idempotency.InvalidKey) -> AgentResponse:
    return _invalid_field(
        "Idempotency-Key", _("Idempotency-Key must be 1 to 255 printable ASCII characters.")
    )


def _invalid_field(field: str, text: str) -> AgentResponse:
    return fail(400, InvalidSerializer, text, errors={field: [text]})


def _event_type_not_found(error: event_types.EventTypeNotFound) -> AgentResponse:
    text = _("I know no such kind of meeting.")
    if error.names:
        text += " " + _("There is: %(names)s.") % {"names": ", ".join(error.names)}
    return fail(404, EventTypeNotFoundSerializer, text, eventTypes=error.names)


def _event_type_ambiguous(error: event_types.EventTypeAmbiguous) -> AgentResponse:
    choices = EventTypeChoiceSerializer(error.event_types, many=True).data
    names = "; ".join(
        f"{each['name']} ({', '.join(host['name'] for host in each['hosts']) or each['slug']})"
        for each in choices
    )
    text = _("Several kinds of meetings go by that name: %(names)s. Which one?") % {"names": names}
    return fail(409, EventTypeAmbiguousSerializer, text, eventTypes=error.event_types)


def _cancellation_unknown(error: queries.CancellationUnknown) -> AgentResponse:
    return fail(202, OutcomeUnknownSerializer, messages.outcome_unknown(), booking=error.booking)


def _quota_exhausted(error: failures.QuotaExhausted) -> AgentResponse:
    text = _("I cannot book automatically right now. Please choose a time yourself on the booking page.")
    url = error.scheduling_url
    return fail(429, QuotaExhaustedSerializer, text, retry_after=error.retry_after, schedulingUrl=url)


def _calendly_refused(error: failures.CalendlyRefused) -> AgentResponse:
    return fail(502, CalendlyRefusedSerializer, str(REFUSED), detail=str(error))


def _calendly_unavailable(error: failures.CalendlyUnavailable) -> AgentResponse:
    wait, detail = error.retry_after, str(error)
    return fail(503, CalendlyUnavailableSerializer, str(UNAVAILABLE), retry_after=wait, detail=detail)


def _in_progress(error: idempotency.InProgress) -> AgentResponse:
    text = _("I am still working on this request. One moment, please.")
    return fail(409, InProgressSerializer, text, retry_after=error.retry_after)


# The framework's and our own errors about the request


def _unauthorized(error: Exception) -> AgentResponse:
    text = _("A valid agent key is needed: Authorization: Bearer <key>.")
    response = fail(401, FailureSerializer, text, code="unauthorized")
    response.headers["WWW-Authenticate"] = 'Bearer realm="calendly"'
    return response


def _forbidden(error: Exception) -> AgentResponse:
    right = str(getattr(error, "detail", ""))
    data: dict[str, Any] = {"scope": right} if right else {}
    return fail(403, FailureSerializer, _("This agent key may not do that."), code="forbidden", **data)


def _too_many_calls(error: exceptions.Throttled) -> AgentResponse:
    text = _("Too many calls. Please try again shortly.")
    return fail(429, TooManyRequestsSerializer, text, retry_after=_wait(error))


def _too_many_wrong_keys(error: authentication.TooManyWrongKeys) -> AgentResponse:
    text = _("Too many attempts with a wrong agent key. Please try again in a minute.")
    return fail(429, TooManyRequestsSerializer, text, retry_after=_wait(error))


def _wait(error: exceptions.Throttled) -> int:
    return int(getattr(error, "wait", None) or 0)


def _validation_error(error: exceptions.ValidationError) -> AgentResponse:
    detail = error.detail if isinstance(error.detail, dict) else {"body": error.detail}
    errors = {str(name): messages.flatten_errors(texts) for name, texts in detail.items()}
    return fail(400, InvalidSerializer, messages.invalid_fields(errors), errors=errors)


def _parse_error(error: exceptions.ParseError) -> AgentResponse:
    return _validation_error(exceptions.ValidationError({"body": [_("This is not valid JSON in UTF-8.")]}))


def _too_large(error: parsers.TooLarge) -> AgentResponse:
    text = _("The request is too large: at most %(size)s KB.") % {"size": parsers.MAX_BODY_BYTES // 1024}
    return fail(413, FailureSerializer, text, code="too_large")


def _database_unavailable(error: Exception) -> AgentResponse:
    log.warning("the database is away: %s", type(error).__name__)
    text = _("We cannot answer right now. Please try again shortly.")
    return fail(503, UnavailableSerializer, text, retry_after=DATABASE_RETRY_AFTER_SECONDS)


def _fixed(
    status: int, serializer_class: type[BaseFailureSerializer], text: Any, **data: Any
) -> Callable[[Exception], AgentResponse]:
    """For errors that are always answered in the same way."""
    return lambda error: fail(status, serializer_class, str(text), **data)


def _plain(status: int, code: str, text: Any) -> Callable[[Exception], AgentResponse]:
    return _fixed(status, FailureSerializer, text, code=code)


_not_found = _plain(404, "not_found", gettext_lazy("There is nothing at this address."))

TABLE: dict[type[Exception], Callable[[Any], AgentResponse]] = {
    create.InvalidBookingRequest: _invalid_wish,
    time_zones.UnknownZone: _unknown_zone,
    time_zones.NoSuchTime: _no_such_time,
    idempotency.InvalidKey: _invalid_idempotency_key,
    idempotency.InProgress: _in_progress,
    idempotency.Mismatch: _fixed(
        422, IdempotencyMismatchSerializer, gettext_lazy("This Idempotency-Key was used for another request.")
    ),
    event_types.EventTypeNotFound: _event_type_not_found,
    event_types.EventTypeAmbiguous: _event_type_ambiguous,
    event_types.HostNotFound: _fixed(404, HostNotFoundSerializer, gettext_lazy("I know no such host.")),
    queries.BookingNotFound: _fixed(
        404, BookingNotFoundSerializer, gettext_lazy("I cannot find that booking.")
    ),
    queries.CancellationUnknown: _cancellation_unknown,
    failures.QuotaExhausted: _quota_exhausted,
    failures.CalendlyRefused: _calendly_refused,
    failures.CalendlyUnavailable: _calendly_unavailable,
    keys.InvalidKey: _unauthorized,
    exceptions.NotAuthenticated: _unauthorized,
    exceptions.AuthenticationFailed: _unauthorized,
    exceptions.PermissionDenied: _forbidden,
    DjangoPermissionDenied: _forbidden,
    exceptions.Throttled: _too_many_calls,
    authentication.TooManyWrongKeys: _too_many_wrong_keys,
    exceptions.ValidationError: _validation_error,
    exceptions.ParseError: _parse_error,
    parsers.TooLarge: _too_large,
    parsers.LengthRequired: _plain(
        411, "length_required", gettext_lazy("The request needs a Content-Length.")
    ),
    Http404: _not_found,
    exceptions.NotFound: _not_found,
    exceptions.MethodNotAllowed: _plain(
        405, "method_not_allowed", gettext_lazy("This address does not take that method.")
    ),
    exceptions.NotAcceptable: _plain(
        406, "not_acceptable", gettext_lazy("The answer can only be given as application/json.")
    ),
    exceptions.UnsupportedMediaType: _plain(
        415, "unsupported_media_type", gettext_lazy("The request must be sent as application/json.")
    ),
    # The database is away, full or read-only. Its other errors are mistakes of ours.
    db.OperationalError: _database_unavailable,
    db.InterfaceError: _database_unavailable,
    db.InternalError: _database_unavailable,
    Exception: _plain(
        500, "internal_error", gettext_lazy("Something went wrong on our side. It has been noted.")
    ),
}


def response_to(error: Exception) -> AgentResponse:
    """The answer to an error, by its class or the nearest one above it."""
    kind = next(kind for kind in type(error).__mro__ if kind in TABLE)
    return TABLE[kind](error)


def not_canceled(error: queries.NotCancelable, booking: Booking) -> AgentResponse:
    """The answer to an error that left a meeting as it is. The booking's own links may still help the invitee."""
    text = messages.not_cancelable(error.why)
    return fail(409, NotCancelableSerializer, text, reason=error.why, booking=booking)


NotMoved = (
    queries.NotReschedulable
    | failures.QuotaExhausted
    | failures.CalendlyRefused
    | failures.CalendlyUnavailable
)


def not_moved(error: NotMoved, booking: Booking) -> AgentResponse:
    """The answer to an error that left a meeting where it is: with the link by which the invitee can move it, never
    with that of a new booking."""
    url = booking.reschedule_url
    if isinstance(error, queries.NotReschedulable):
        text = messages.not_reschedulable(error.why)
        return fail(
            409, NotReschedulableSerializer, text, reason=error.why, booking=booking, rescheduleUrl=url
        )
    if isinstance(error, failures.QuotaExhausted):
        text, wait = messages.not_rescheduled_for_quota(), error.retry_after
        return fail(429, MoveQuotaExhaustedSerializer, text, retry_after=wait, rescheduleUrl=url)
    if isinstance(error, failures.CalendlyRefused):
        return fail(502, MoveRefusedSerializer, str(REFUSED), detail=str(error), rescheduleUrl=url)
    wait = error.retry_after
    return fail(
        503,
        MoveUnavailableSerializer,
        str(UNAVAILABLE),
        retry_after=wait,
        detail=str(error),
        rescheduleUrl=url,
    )
